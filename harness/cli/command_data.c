// SPDX-License-Identifier: Apache-2.0
// `edgedyno data check`: what a mistake in preprocessing would do to the score, and whether an app made one.
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "harness/cli/measuring.h"
#include "harness/data/check_bare.h"
#include "harness/data/check_tell.h"
#include "reports/metric_unit.h"

#define TEXT_MAX_BYTES (1u << 20)
#define ROW "  %-55s %9s %9s\n"

static const char *const subcommands[] = {"check", NULL};

static const struct ed_result *find(const struct ed_records *records, const char *task) {
    for (size_t i = 0; i < records->n; i++)
        if (records->items[i].has[ED_FIELD_accuracy_task] && !strcmp(records->items[i].accuracy_task, task))
            return &records->items[i];
    return NULL;
}

// Whether it is better than what is written.
static bool add_row(struct ed_buffer *text, const char *what, const struct ed_result *result,
                    const struct ed_result *written, bool lower_is_better) {
    char score[48], change[48] = "";
    if (!result || !result->has[ED_FIELD_accuracy_value]) {
        ed_buffer_printf(text, ROW, what, "failed", "");
        for (size_t i = 0; result && i < result->n_reasons; i++)
            if (!strcmp(result->reasons[i].key, "accuracy_value"))
                ed_buffer_printf(text, "      %s\n", result->reasons[i].text);
        return false;
    }
    const char *metric = result->accuracy_metric;
    const double more = written ? result->accuracy_value - written->accuracy_value : 0;
    const bool share = ed_metric_scale(metric, false) == ED_SCALE_SHARE;
    ed_metric_text(score, sizeof score, metric, false, result->accuracy_value);
    if (result != written && share)
        snprintf(change, sizeof change, "%+.2f", more * 100);
    else if (result != written)
        snprintf(change, sizeof change, "%+.4g", more);
    ed_buffer_printf(text, ROW, what, score, change);
    return lower_is_better ? more < 0 : more > 0;
}

static void print_scores(struct ed_buffer *text, const struct ed_check *check,
                         const struct ed_records *records, size_t n) {
    const struct ed_result *written = find(records, ED_CHECK_WRITTEN);
    bool better = false, any = false;
    ed_check_tell_data(text, check);
    if (!written || !written->has[ED_FIELD_accuracy_value])
        return (void)add_row(text, "as written", written, NULL, false);
    ed_buffer_printf(text, "%s on %s/%s, %zu of %zu %s\n", written->variant, written->engine,
                     written->backend, n, check->n, check->kind == ED_CHECK_IMAGES ? "images" : "samples");
    if (check->kind == ED_CHECK_IMAGES && !check->model->preprocess.version)
        ed_buffer_text_append(text, "the model has no \"preprocess\": what is checked is its defaults\n");
    ed_buffer_printf(text, ROW, check->kind == ED_CHECK_IMAGES ? "preprocessing" : "data",
                     check->task->metric,
                     ed_metric_scale(check->task->metric, false) == ED_SCALE_SHARE ? "points" : "change");
    add_row(text, "as written", written, written, false);
    for (int m = 0; m < ED_MISTAKE_COUNT; m++)
        if (ed_check_applies(check, m)) {
            any = true;
            better = add_row(text, ed_mistake_text(m), find(records, ed_mistake_word(m)), written,
                             check->task->lower_is_better) ||
                     better;
        }
    if (!any)
        ed_buffer_text_append(text, "none of the usual mistakes would change such data: there are neither "
                                    "channels nor float32 values in it\n");
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
        print_scores(text, check, &records, (size_t)n < check->n ? (size_t)n : check->n);
    ed_records_release(&records);
    ed_resources_release(&resources);
    ed_suite_release(&own);
    ed_path_remove(directory, NULL);
    return status;
}

// What the app dumped, held against ours; *same where it is.
static enum ed_status check_against(const struct ed_check *check, const char *app, struct ed_buffer *text,
                                    bool *same, struct ed_error *err) {
    struct ed_against against;
    if (check->kind > ED_CHECK_TENSORS)
        return ed_fail(
            err, ED_ERR_USAGE, "--against",
            "compares tensors of images, or of the one .npy that a model's input is given as; this "
            "data is neither");
    enum ed_status status = check->kind == ED_CHECK_IMAGES
                                ? ed_against_make(&against, app, &check->preprocess, check->data,
                                                  check->images.files, check->n, err)
                                : ed_tensors_against(&against, app, &check->tensors, err);
    if (status == ED_OK)
        *same = ed_against_print(text, &against);
    return status;
}

static bool is_suite(const char *file) {
    const size_t n = strlen(file);
    return n > 5 && !strcmp(file + n - 5, ".json");
}

// The suite's file; or a model's, with its data from flags.
static enum ed_status read_suite(struct ed_suite *suite, const struct ed_arguments *arguments,
                                 const char *file, struct ed_error *err) {
    static const char *const of_model[] = {"data", "labels", "metric", "preprocess"};
    const struct ed_check_bare bare = {.model = file,
                                       .data = ed_arguments_get(arguments, "data"),
                                       .labels = ed_arguments_get(arguments, "labels"),
                                       .metric = ed_arguments_get(arguments, "metric"),
                                       .preprocess = ed_arguments_get(arguments, "preprocess")};
    if (is_suite(file) && !bare.data) {
        for (size_t i = 1; i < sizeof of_model / sizeof *of_model; i++)
            if (ed_arguments_has(arguments, of_model[i]))
                return ed_fail(err, ED_ERR_USAGE, file,
                               "--%s goes with a model's file and --data; a suite has it in its tasks",
                               of_model[i]);
        return ed_suite_load(suite, file, err);
    }
    if (!bare.data)
        return ed_fail(
            err, ED_ERR_USAGE, file,
            "is a model's file; say what data it is to be checked with, as in `edgedyno data check "
            "%.100s --data images --labels labels.csv`",
            file);
    return ed_check_bare_suite(suite, &bare, err);
}

static int check(struct ed_cli *cli, const char *file) {
    const char *app = ed_arguments_get(cli->arguments, "against");
    struct ed_error err = {0};
    struct ed_suite suite = {0};
    struct ed_check check = {0};
    struct ed_buffer text;
    bool same = true;
    ed_buffer_init(&text, TEXT_MAX_BYTES);
    enum ed_status status = read_suite(&suite, cli->arguments, file, &err);
    if (status == ED_OK)
        status = ed_check_open(&check, &suite, ed_arguments_get(cli->arguments, "task"), &err);
    if (status == ED_OK && app)
        status = check_against(&check, app, &text, &same, &err);
    else if (status == ED_OK && ed_check_no_score(&check))
        status = ed_check_tell(&text, &check, &same, &err);
    else if (status == ED_OK)
        status = check_scores(cli, &check, &suite, &text, &err);
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
        return ed_cli_usage(
            cli, "data check takes one suite or one model, as in `edgedyno data check suite.json`");
    return check(cli, arguments->operands[1]);
}

static const char *const usages[] = {"check [OPTION...] SUITE.json",
                                     "check [OPTION...] MODEL --data PATH [--labels FILE]", NULL};
static const char *const notes[] = {
    "Runs the reference variant of a task on this machine, once with its data as written and once with each "
    "of the usual mistakes: of images colours, scale, normalisation, layout, way of resizing; of .npy order "
    "of "
    "channels, layout, scale, range, normalisation. Of texts, questions and recordings it reads what can be "
    "read, and says what cannot be checked.",
    "--against compares a tensor that the app dumped for the first sample, or the first few, with ours, and "
    "says which mistake it looks like. Exit status: 0 nothing is wrong, 1 something is.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno data check examples/digits/suite-images.json", "what mistakes would cost"},
    {"edgedyno data check net.onnx --data images --labels labels.csv --preprocess '{\"resize\": [256], "
     "\"crop\": [224]}'",
     "a model without a suite"},
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
