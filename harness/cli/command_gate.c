// SPDX-License-Identifier: Apache-2.0
// `edgedyno gate`: may the candidate ship? Two builds compared by paired blocks, with a verdict.
#include <string.h>

#include "harness/addresses.h"
#include "harness/cli/measuring.h"
#include "harness/cli/suite_args.h"
#include "harness/gate_sides.h"
#include "harness/suite_values.h"

static enum ed_status check(const struct ed_arguments *arguments, struct ed_error *err) {
    enum ed_status status = ed_measuring_check(arguments, err);
    if (!status && ed_arguments_has(arguments, "blocks"))
        status = ed_fail(
            err, ED_ERR_USAGE, "--blocks",
            "a gate measures as many blocks as its looks need, at most 64 pairs; --max-time limits it");
    const char *on_invalid = ed_arguments_get(arguments, "on-invalid");
    if (!status && on_invalid && strcmp(on_invalid, "repeat") == 0)
        status = ed_fail(
            err, ED_ERR_USAGE, "--on-invalid",
            "a gate leaves pairs out that one side's state voids, and measures further ones by itself");
    return status;
}

static enum ed_status read_suite(struct ed_suite *suite, const struct ed_arguments *arguments,
                                 struct ed_error *err) {
    struct ed_gate_spec spec;
    enum ed_status status = ed_suite_of_arguments(suite, arguments, err);
    if (status)
        return status;
    status = ed_gate_sides_settle(suite, err);
    if (!status)
        status = ed_gate_spec_make(&spec, suite, err);
    if (status)
        ed_suite_release(suite);
    return status;
}

// A fail is repeated by a fresh campaign, with other coins, before it blocks. The second one's verdict
// counts.
static int confirm(struct ed_cli *cli, struct ed_measuring *measuring, struct ed_suite *suite,
                   const struct ed_output *output, const char *first) {
    struct ed_error err = {0};
    struct ed_campaign campaign = {0};
    char out[ED_PATH_BYTES + 16], second[ED_PATH_BYTES];
    enum ed_status status = ed_campaign_load(&campaign, first, &err);
    if (status == ED_OK)
        status = ed_suite_text_set(&suite->gate.confirms, campaign.id, &err);
    snprintf(out, sizeof out, "%.4090s-again", campaign.directory);
    ed_campaign_release(&campaign);
    if (status != ED_OK)
        return ed_cli_fail(cli, &err);
    ed_log_line(&cli->log, ED_LOG_INFO, "it failed; a fresh campaign repeats it before that blocks");
    suite->seed = suite->seed < 0 ? suite->seed : suite->seed + 1;
    measuring->args.out = out;
    return ed_measuring_run(cli, measuring, suite, output, second);
}

// What was resumed knows its plan and not the suite that it came from, so that nothing can repeat its fail.
static void tell_unconfirmed(const struct ed_cli *cli, const char *directory) {
    struct ed_campaign campaign = {0};
    char again[ED_PATH_BYTES + 16];
    if (ed_campaign_load(&campaign, directory, NULL) == ED_OK && campaign.gate.confirm &&
        !campaign.gate.confirms[0]) {
        snprintf(again, sizeof again, "%.4090s-again", directory);
        if (ed_show_check_campaign(again, NULL) == ED_OK)
            ed_log_line(&cli->log, ED_LOG_INFO, "this fail was repeated: what %s says counts", again);
        else
            ed_log_line(&cli->log, ED_LOG_WARNING,
                        "this fail is not confirmed: --confirm repeats nothing after --resume; run the same "
                        "gate again, and let that decide");
    }
    ed_campaign_release(&campaign);
}

static int gate(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_output output = {0};
    struct ed_resources resources = {0};
    struct ed_measuring measuring = {0};
    struct ed_suite suite;
    struct ed_error err = {0};
    char directory[ED_PATH_BYTES] = "";
    int code = ED_EXIT_PASS;
    ed_suite_init(&suite);
    suite.gate.active = true;
    enum ed_status status = check(arguments, &err);
    if (!status)
        status = ed_output_parse(&output, arguments, true, &err);
    if (!status && !ed_arguments_has(arguments, "resume"))
        status = ed_output_check_choice(&output, &err);
    if (!status && !ed_arguments_has(arguments, "resume"))
        status = read_suite(&suite, arguments, &err);
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
    if (code == ED_EXIT_FAIL && directory[0] && !measuring.resume && suite.gate.confirm)
        code = confirm(cli, &measuring, &suite, &output, directory);
    else if (code == ED_EXIT_FAIL && directory[0] && measuring.resume)
        tell_unconfirmed(cli, directory);
    ed_resources_release(&resources);
    ed_suite_release(&suite);
    ed_output_release(&output);
    return code;
}

static const char *const usages[] = {"[OPTION...] SUITE.json",
                                     "[OPTION...] --baseline A --candidate B [MODEL]", "--resume DIR", NULL};
static const char *const notes[] = {"Compares two builds on every device: blocks of baseline and candidate "
                                    "in pairs, each a fresh process, in an "
                                    "order by chance, with an exact test at 8, 12, 16, 24, 32, 48 and 64 "
                                    "pairs. A device stops as soon as all of "
                                    "its comparisons are decided.",
                                    "A and B are models' files, variants of the suite's models, or "
                                    "on=ENGINE@VERSION/BACKEND. Exit status: 0 pass, 1 "
                                    "fail, 3 inconclusive, 4 a device or engine failed, 5 invalid.",
                                    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno gate --baseline old.onnx --candidate new.onnx", "two models, on this machine"},
    {"edgedyno gate suite.json -d ci --mde 3% --max-time 10min --export junit=gate.xml", "in CI"},
    {"edgedyno gate model.onnx --baseline on=onnxruntime@1.26.0/cpu --candidate on=onnxruntime@1.27.0/cpu",
     "two versions of an engine"},
    {"edgedyno gate suite.json --require 'latency_p50_ns <= baseline + 5 %' --confirm",
     "a limit against the baseline; a fail is repeated before it counts"},
};

const struct ed_cli_command ed_cli_gate = {
    .name = "gate",
    .summary = "may it ship: compare two builds",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_gate, &ed_options_measuring, &ed_options_report_output, &ed_options_fleet},
    .n_groups = 4,
    .operand_is_file = true,
    .run = gate,
};
