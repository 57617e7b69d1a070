// SPDX-License-Identifier: Apache-2.0
// `edgedyno tune`: which variant, backend and number of threads each device shall use.
#include "harness/cli/measured.h"
#include "harness/tune_spec.h"

static void begin(struct ed_suite *suite) {
    suite->tune.active = true;
}

static enum ed_status settle(struct ed_suite *suite, const struct ed_arguments *arguments,
                             struct ed_error *err) {
    struct ed_tune_spec spec;
    (void)arguments;
    return ed_tune_spec_make(&spec, suite, err);
}

static const struct ed_measured_command command = {.chooses = true,
                                                   .begin = begin,
                                                   .check = ed_measured_check_plain,
                                                   .settle = settle,
                                                   .measure = ed_measured_measure_plain};

static int tune(struct ed_cli *cli) {
    return ed_measured_run(cli, &command);
}

static const char *const usages[] = {"[OPTION...] SUITE.json", "[OPTION...] MODEL... --reference MODEL",
                                     "--resume DIR", NULL};
static const char *const notes[] = {
    "Measures every configuration (variant x engine build x backend x threads x options) on every device, as "
    "`run` "
    "does, and chooses one for each: of those that pass every requirement the best, or, of those that cannot "
    "be "
    "told apart from the best, the one with the smaller files, then the fewer threads. Models given by file "
    "are "
    "variants of one model.",
    "Never chosen: what did not end well, fell back to another processor, was simulated or measured in a bad "
    "state "
    "of the device, and what a requirement leaves undecided (unless --inconclusive pass). choice.json in the "
    "campaign's directory says what to use on each device.",
    "Exit status: 0 one chosen for every device, 1 none passes on some device, 3 not decided, 4 a device or "
    "engine "
    "failed, 5 invalid.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno tune examples/digits/tune.json", "six forms of one model, on this machine"},
    {"edgedyno tune suite.json --require 'accuracy_drop <= 1 %' --minimize latency_p50_ns -t 1,2,4 -d phones",
     "a variant and a number of threads for each phone"},
    {"edgedyno tune suite.json --minimize energy_per_inference_uj --require 'latency_p90_ns <= 50 ms'",
     "the least energy that is fast enough"},
    {"edgedyno tune suite.json --export choice=choice.json --export report.html",
     "the decision as a file for a program, and as a page to sign"},
};

const struct ed_cli_command ed_cli_tune = {
    .name = "tune",
    .summary = "choose a variant and configuration for each device",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_tune, &ed_options_measuring, &ed_options_report_output, &ed_options_fleet},
    .n_groups = 4,
    .operand_is_file = true,
    .run = tune,
};
