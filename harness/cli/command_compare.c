// SPDX-License-Identifier: Apache-2.0
// `edgedyno compare`: finished campaigns side by side.
#include <stdlib.h>
#include <string.h>

#include "harness/cli/compare_formats.h"
#include "harness/cli/show.h"

#define WARNINGS_MAX_BYTES (1u << 20)

static enum ed_status load_all(const struct ed_arguments *arguments, struct ed_campaign *campaigns,
                               struct ed_error *err) {
    enum ed_status status = ED_OK;
    if (arguments->n_operands < 2)
        return ed_show_no_campaign("compare", "needs at least two campaigns' directories", err);
    if (arguments->n_operands > ED_COMPARE_RUNS_MAX)
        return ed_fail(err, ED_ERR_USAGE, "compare", "takes at most %d campaigns, and %zu were given",
                       ED_COMPARE_RUNS_MAX, arguments->n_operands);
    for (size_t i = 0; status == ED_OK && i < arguments->n_operands; i++) {
        status = ed_show_check_campaign(arguments->operands[i], err);
        if (status == ED_OK)
            status = ed_campaign_load(&campaigns[i], arguments->operands[i], err);
        for (size_t k = 0; status == ED_OK && k < i; k++)
            if (!strcmp(campaigns[i].directory, campaigns[k].directory))
                status = ed_fail(err, ED_ERR_USAGE, arguments->operands[i], "is named twice");
    }
    return status;
}

static int compare(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_campaign *campaigns = calloc(ED_COMPARE_RUNS_MAX, sizeof *campaigns);
    const struct ed_campaign *pointers[ED_COMPARE_RUNS_MAX];
    struct ed_compare result = {0};
    struct ed_output output = {0};
    struct ed_buffer warnings;
    struct ed_error err = {0};
    int code;
    ed_buffer_init(&warnings, WARNINGS_MAX_BYTES);
    enum ed_status status =
        campaigns ? ED_OK : ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the campaigns");
    if (status == ED_OK)
        status = ed_compare_formats(&output, arguments, &err);
    if (status == ED_OK)
        status = load_all(arguments, campaigns, &err);
    for (size_t i = 0; i < ED_COMPARE_RUNS_MAX; i++)
        pointers[i] = campaigns ? &campaigns[i] : NULL;
    if (status == ED_OK)
        status = ed_compare_make(&result, pointers, arguments->n_operands, &warnings, &err);
    if (warnings.size)
        ed_log_line(&cli->log, ED_LOG_WARNING, "%.*s", (int)warnings.size - 1, ed_buffer_text(&warnings));
    if (status == ED_OK) {
        code = ed_output_write(&output, cli, ed_compare_render, &result);
        // Campaigns of which nothing can be compared are the wrong ones.
        if (code == ED_EXIT_PASS && !result.n_compared)
            code = ED_EXIT_USAGE;
    } else {
        code = ed_cli_fail(cli, &err);
    }
    ed_compare_release(&result);
    for (size_t i = 0; campaigns && i < ED_COMPARE_RUNS_MAX; i++)
        ed_campaign_release(&campaigns[i]);
    free(campaigns);
    ed_buffer_release(&warnings);
    ed_output_release(&output);
    return code;
}

static const char *const usages[] = {"[OPTION...] RUN RUN...", NULL};
static const char *const notes[] = {
    "Holds each campaign against the first one, case by case: medians over blocks, the change and its "
    "interval; and tasks that both have, over the same data, sample by sample. What "
    "cannot be compared (another device, a device that has changed, a case that only one of them has) is "
    "said with the "
    "reason.",
    "Blocks of two campaigns come from two times, so that a device that was warmer or busier looks like a "
    "slower model. "
    "A decision needs both in turns: `edgedyno gate`. Exit status 2 where nothing could be compared.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno compare runs/MONDAY runs/TUESDAY", "what has changed since"},
    {"edgedyno compare runs/A runs/B runs/C --format json", "two of them against the first, for a script"},
};

const struct ed_cli_command ed_cli_compare = {
    .name = "compare",
    .summary = "hold finished campaigns side by side",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_compare_output, &ed_options_general},
    .n_groups = 2,
    .operand_is_directory = true,
    .run = compare,
};
