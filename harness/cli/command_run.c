// SPDX-License-Identifier: Apache-2.0
// `edgedyno run`: measures, then reports.
#include "harness/cli/measured.h"

static const struct ed_measured_command command = {.begin = ed_measured_begin_plain,
                                                   .check = ed_measured_check_plain,
                                                   .settle = ed_measured_settle_plain,
                                                   .measure = ed_measured_measure_plain};

static int run(struct ed_cli *cli) {
    return ed_measured_run(cli, &command);
}

static const char *const usages[] = {"[OPTION...] SUITE.json", "[OPTION...] MODEL...", "--resume DIR", NULL};
static const char *const notes[] = {"Measures every case (variant x engine build x backend x threads x "
                                    "options) on every device, each block in a fresh process, in random "
                                    "order. Flags override the suite's keys. What was measured is kept in a "
                                    "campaign directory; reports are made from that alone.",
                                    "On standard output is the report, on standard error everything else.",
                                    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno run examples/digits/suite.json", "a suite, on this machine"},
    {"edgedyno run model.onnx --on onnxruntime/cpu -t 1,2,4", "a model alone, with three numbers of threads"},
    {"edgedyno run suite.json --require 'latency_p90_ns <= 50 ms' --export report.md",
     "a limit to hold (exit status 1 where it does not), and a file for a pull request"},
    {"edgedyno run suite.json --dry-run", "what would be measured, and how long it takes"},
    {"edgedyno run --on null -r 20", "what the harness itself costs"},
};

const struct ed_cli_command ed_cli_run = {
    .name = "run",
    .summary = "measure a suite or models",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_measuring, &ed_options_report_output, &ed_options_fleet},
    .n_groups = 3,
    .operand_is_file = true,
    .run = run,
};
