// SPDX-License-Identifier: Apache-2.0
// `edgedyno tune`: which variant, backend and number of threads each device shall use.
#include <string.h>

#include "harness/cli/measuring.h"
#include "harness/cli/suite_args.h"
#include "harness/tune_spec.h"

static enum ed_status read_suite(struct ed_suite *suite, const struct ed_arguments *arguments,
                                 struct ed_error *err) {
    struct ed_tune_spec spec;
    enum ed_status status = ed_suite_of_arguments(suite, arguments, err);
    if (status)
        return status;
    status = ed_tune_spec_make(&spec, suite, err);
    if (status)
        ed_suite_release(suite);
    return status;
}

static int tune(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_output output = {0};
    struct ed_resources resources = {0};
    struct ed_measuring measuring = {0};
    struct ed_suite suite;
    struct ed_error err = {0};
    char directory[ED_PATH_BYTES];
    int code = ED_EXIT_PASS;
    ed_suite_init(&suite);
    suite.tune.active = true;
    enum ed_status status = ed_measuring_check(arguments, &err);
    if (!status)
        status = ed_output_parse(&output, arguments, true, &err);
    if (!status && !ed_arguments_has(arguments, "resume"))
        status = read_suite(&suite, arguments, &err);
    if (!status)
        status = ed_resources_load(&resources, cli, &err);
    if (!status)
        status = ed_measuring_fill(&measuring, cli, &resources, &err);
    if (status)
        code = ed_cli_fail(cli, &err);
    else if (ed_arguments_has(arguments, "dry-run"))
        code = ed_measuring_plan(cli, &measuring, &suite);
    else
        code = ed_measuring_run(cli, &measuring, &suite, &output, directory);
    ed_resources_release(&resources);
    ed_suite_release(&suite);
    ed_output_release(&output);
    return code;
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
