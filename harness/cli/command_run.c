// SPDX-License-Identifier: Apache-2.0
// `edgedyno run`: measures, then reports.
#include "harness/addresses.h"
#include "harness/cli/measuring.h"
#include "harness/cli/suite_args.h"

static int run(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_output output = {0};
    struct ed_resources resources = {0};
    struct ed_measuring measuring = {0};
    struct ed_suite suite;
    struct ed_error err = {0};
    char directory[ED_PATH_BYTES];
    int code = ED_EXIT_PASS;
    ed_suite_init(&suite);
    enum ed_status status = ed_measuring_check(arguments, &err);
    if (!status)
        status = ed_output_parse(&output, arguments, true, &err);
    if (!status && !ed_arguments_has(arguments, "resume"))
        status = ed_output_check_choice(&output, &err);
    if (!status && !ed_arguments_has(arguments, "resume"))
        status = ed_suite_of_arguments(&suite, arguments, &err);
    if (!status)
        status = ed_resources_load(&resources, cli, &err);
    if (!status)
        status = ed_addresses_add(&resources.engines, &suite, &err);
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
