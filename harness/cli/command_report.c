// SPDX-License-Identifier: Apache-2.0
// `edgedyno report`: a finished or stopped campaign in any format.
#include "harness/cli/show.h"

static int report(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_output output = {0};
    struct ed_error err = {0};
    bool any;
    int code;
    enum ed_status status = ed_output_parse(&output, arguments, true, &err);
    if (!status && arguments->n_operands == 0)
        status = ed_show_no_campaign("report", "needs a campaign's directory", &err);
    if (!status && arguments->n_operands > 1)
        status = ed_fail(&err, ED_ERR_USAGE, "report", "takes one campaign, and %zu were given",
                         arguments->n_operands);
    if (!status)
        status = ed_show_check_campaign(arguments->operands[0], &err);
    code = status ? ed_cli_fail(cli, &err)
                  : ed_show_campaign(cli, &output, arguments->operands[0], false, -1, &any);
    ed_output_release(&output);
    return code;
}

static const char *const usages[] = {"[OPTION...] RUN", NULL};
static const char *const notes[] = {
    "Writes the report of a campaign, RUN being its directory. The same "
    "campaign gives the same bytes, but for the width of a table. The "
    "exit status is that of the run.",
    "With several devices, cases are compared across them: a matrix of devices "
    "and variants shows the median latency, or the first figure that --sort "
    "names, and the table has each case on every device, one below the other.",
    "perfetto and timeline show blocks, inferences and what the probes read on one clock; with --block, one "
    "block.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno report runs/START-ID --format markdown", "for a pull request"},
    {"edgedyno report runs/START-ID --export csv=figures.csv --export json=figures.json",
     "files beside the table"},
    {"edgedyno report runs/START-ID --block c0.timing.1 --export perfetto=block.json",
     "one block, to be opened in ui.perfetto.dev"},
    {"edgedyno report runs/START-ID --group device --sort=-latency_p50_ns",
     "a part for each device, the slowest case first"},
};

const struct ed_cli_command ed_cli_report = {
    .name = "report",
    .summary = "show a campaign again, in any format",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_report, &ed_options_report_output, &ed_options_general},
    .n_groups = 3,
    .operand_is_directory = true,
    .run = report,
};
