// SPDX-License-Identifier: Apache-2.0
// `edgedyno data check`: what a mistake in preprocessing would do to the score, and whether an app made one.
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "harness/cli/measuring.h"
#include "harness/data/check.h"

#define TEXT_MAX_BYTES (1u << 20)
#define ROW "  %-55s %9s %9s\n"

static const char *const subcommands[] = {"check", NULL};

static const struct ed_result *find(const struct ed_records *records, const char *task) {
    for (size_t i = 0; i < records->n; i++)
        if (records->items[i].has[ED_FIELD_accuracy_task] && !strcmp(records->items[i].accuracy_task, task))
            return &records->items[i];
    return NULL;
}

static bool add_row(struct ed_buffer *text, const char *what, const struct ed_result *result,
                    const struct ed_result *written) {
    char score[16], change[16] = "";
    if (!result || !result->has[ED_FIELD_accuracy_value]) {
        ed_buffer_printf(text, ROW, what, "failed", "");
        for (size_t i = 0; result && i < result->n_reasons; i++)
            if (!strcmp(result->reasons[i].key, "accuracy_value"))
                ed_buffer_printf(text, "      %s\n", result->reasons[i].text);
        return false;
    }
    snprintf(score, sizeof score, "%.2f %%", result->accuracy_value * 100);
    if (result != written)
        snprintf(change, sizeof change, "%+.2f", (result->accuracy_value - written->accuracy_value) * 100);
    ed_buffer_printf(text, ROW, what, score, change);
    return result->accuracy_value > written->accuracy_value;
}

static void print_scores(struct ed_buffer *text, const struct ed_check *check,
                         const struct ed_records *records, size_t n) {
    const struct ed_result *written = find(records, ED_CHECK_WRITTEN);
    bool better = false;
    if (!written || !written->has[ED_FIELD_accuracy_value])
        return (void)add_row(text, "as written", written, written);
    ed_buffer_printf(text, "%s, task %s: %s on %s/%s, %zu of %zu images\n", check->model->name,
                     check->task->name, written->variant, written->engine, written->backend, n,
                     check->images.n);
    if (!check->model->preprocess.version)
        ed_buffer_text_append(text, "the model has no \"preprocess\": what is checked is its defaults\n");
    ed_buffer_printf(text, ROW, "preprocessing", check->task->metric, "points");
    add_row(text, "as written", written, written);
    for (int m = 0; m < ED_MISTAKE_COUNT; m++)
        if (ed_mistake_applies(m, &check->preprocess))
            better = add_row(text, ed_mistake_text(m), find(records, ed_mistake_word(m)), written) || better;
    if (better)
        ed_buffer_text_append(text,
                              "a mistake scores higher than what is written: look whether what is written "
                              "is the model's own preprocessing\n");
}

// The check's own campaign, in a directory that goes away.
static enum ed_status measure(struct ed_cli *cli, const struct ed_resources *resources,
                              const struct ed_suite *suite, const char *directory, struct ed_records *records,
                              struct ed_error *err) {
    struct ed_measuring measuring = {0};
    struct ed_campaign campaign = {0};
    char out[ED_PATH_BYTES], made[ED_PATH_BYTES];
    bool finished = false;
    enum ed_status status = ed_path_join(out, directory, "campaign", err);
    measuring.args = (struct ed_measure_args){.catalogue = &resources->catalogue,
                                              .engines = &resources->engines,
                                              .inventory = &resources->inventory,
                                              .library_dir = cli->library_dir,
                                              .out = out,
                                              .log = &cli->log};
    if (status == ED_OK)
        status = ed_measure_run(&measuring.args, suite, made, &finished, err);
    if (status == ED_OK)
        status = ed_campaign_load(&campaign, out, err);
    if (status == ED_OK)
        status = ed_campaign_records(&campaign, records, NULL, err);
    ed_campaign_release(&campaign);
    return status;
}

static enum ed_status make_directory(char directory[ED_PATH_BYTES], struct ed_error *err) {
    const char *base = getenv("TMPDIR");
    enum ed_status status =
        ed_path_join(directory, base && base[0] == '/' ? base : "/tmp", "edgedyno-data-XXXXXX", err);
    if (status == ED_OK && !mkdtemp(directory))
        status = ed_fail_errno(err, ED_ERR_IO, directory, "cannot be made: %m");
    return status;
}

static enum ed_status check_scores(struct ed_cli *cli, const struct ed_check *check,
                                   const struct ed_suite *suite, struct ed_buffer *text,
                                   struct ed_error *err) {
    const char *samples = ed_arguments_get(cli->arguments, "samples");
    struct ed_resources resources = {0};
    struct ed_records records = {0};
    struct ed_suite own = {0};
    char directory[ED_PATH_BYTES] = "";
    int64_t n = 200;
    enum ed_status status = samples ? ed_units_integer(samples, &n, err) : ED_OK;
    if (status == ED_OK)
        status = make_directory(directory, err);
    if (status != ED_OK)
        return status;
    status =
        ed_check_suite(&own, check, suite, ed_arguments_get(cli->arguments, "on"), (size_t)n, directory, err);
    if (status == ED_OK)
        status = ed_resources_load(&resources, cli, err);
    if (status == ED_OK)
        status = measure(cli, &resources, &own, directory, &records, err);
    if (status == ED_OK && records.usage_error)
        status = ed_fail(err, ED_ERR_USAGE, NULL, "%s", records.usage_message);
    if (status == ED_OK)
        print_scores(text, check, &records, (size_t)n < check->images.n ? (size_t)n : check->images.n);
    ed_records_release(&records);
    ed_resources_release(&resources);
    ed_suite_release(&own);
    ed_path_remove(directory, NULL);
    return status;
}

static int check(struct ed_cli *cli, const char *file) {
    const char *app = ed_arguments_get(cli->arguments, "against");
    struct ed_error err = {0};
    struct ed_suite suite = {0};
    struct ed_check check = {0};
    struct ed_against against;
    struct ed_buffer text;
    bool same = true;
    ed_buffer_init(&text, TEXT_MAX_BYTES);
    enum ed_status status = ed_suite_load(&suite, file, &err);
    if (status == ED_OK)
        status = ed_check_open(&check, &suite, ed_arguments_get(cli->arguments, "task"), &err);
    if (status == ED_OK && app) {
        status = ed_against_make(&against, app, &check.preprocess, check.folder, check.images.files,
                                 check.images.n, &err);
        if (status == ED_OK)
            same = ed_against_print(&text, &against);
    } else if (status == ED_OK) {
        status = check_scores(cli, &check, &suite, &text, &err);
    }
    int code = status == ED_OK ? ed_cli_print_buffer(cli, &text) : ed_cli_fail(cli, &err);
    ed_buffer_release(&text);
    ed_check_close(&check);
    ed_suite_release(&suite);
    return code == ED_EXIT_PASS && !same ? ED_EXIT_FAIL : code;
}

static int data(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    if (arguments->n_operands < 1 || strcmp(arguments->operands[0], "check") != 0)
        return ed_cli_usage(cli, "data takes the word check, as in `edgedyno data check suite.json`");
    if (arguments->n_operands != 2)
        return ed_cli_usage(cli, "data check takes one suite, as in `edgedyno data check suite.json`");
    return check(cli, arguments->operands[1]);
}

static const char *const usages[] = {"check [OPTION...] SUITE.json", NULL};
static const char *const notes[] = {
    "Runs the reference variant of a task with a folder of images on this machine, once with the model's "
    "preprocessing and once with each of the usual mistakes: colours, scale, normalisation, layout, way of "
    "resizing.",
    "--against compares a tensor that the app dumped for the first image, or the first few, with ours, and "
    "says "
    "which mistake it looks like. Exit status: 0 it is the same, 1 it is not.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno data check examples/digits/suite-images.json", "what mistakes would cost"},
    {"edgedyno data check --against app.npy suite.json", "whether the app's tensor is ours"},
};

const struct ed_cli_command ed_cli_data = {
    .name = "data",
    .summary = "check an app's preprocessing against the model's",
    .usages = usages,
    .words = subcommands,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_data, &ed_options_fleet},
    .n_groups = 2,
    .operand_is_file = true,
    .run = data,
};
