// SPDX-License-Identifier: Apache-2.0
// `edgedyno gate`: may the candidate ship? Two builds compared by paired blocks, with a verdict.
#include <string.h>

#include "harness/cli/gate_confirm.h"
#include "harness/gate_sides.h"

static void begin(struct ed_suite *suite) {
    suite->gate.active = true;
}

static enum ed_status check(const struct ed_arguments *arguments, struct ed_error *err) {
    if (ed_arguments_has(arguments, "blocks"))
        return ed_fail(
            err, ED_ERR_USAGE, "--blocks",
            "a gate measures as many blocks as its looks need, at most 64 pairs; --max-time limits it");
    return ED_OK;
}

static enum ed_status settle(struct ed_suite *suite, const struct ed_arguments *arguments,
                             struct ed_error *err) {
    struct ed_gate_spec spec;
    enum ed_status status = ed_gate_sides_settle(suite, err);
    if (status == ED_OK)
        status = ed_gate_spec_make(&spec, suite, err);
    return status == ED_OK ? ed_gate_confirm_keep(suite, arguments, err) : status;
}

static const struct ed_measured_command command = {
    .begin = begin, .check = check, .settle = settle, .measure = ed_gate_confirm};

static int gate(struct ed_cli *cli) {
    return ed_measured_run(cli, &command);
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
    {"edgedyno gate model.onnx --baseline on=onnxruntime@1.24.4/cpu --candidate on=onnxruntime@1.31.1/cpu",
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
