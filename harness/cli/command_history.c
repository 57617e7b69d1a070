// SPDX-License-Identifier: Apache-2.0
// `edgedyno history`: finished campaigns over time; `import` takes them in, `trend` shows a figure and where
// it changes.
#include "harness/cli/command_history.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "harness/cli/show.h"
#include "reports/view.h"

#define WARNINGS_MAX_BYTES (1u << 20)

static const char *const subcommands[] = {"import", "trend", NULL};

struct ask {
    struct ed_history_filter filter;
    char **devices, **metrics; // owned
    const char **labels;       // owned
};

static void ask_release(struct ask *ask) {
    free(ask->devices);
    free(ask->metrics);
    free(ask->labels);
}

static enum ed_status fail_metric(const char *word, struct ed_error *err) {
    const char *known[ED_FIELD_COUNT + 1] = {NULL};
    size_t n = 0;
    for (int i = 0; i < ED_FIELD_COUNT; i++)
        if (ed_result_fields()[i].type != ED_RESULT_TEXT && ed_result_fields()[i].type != ED_RESULT_BOOL)
            known[n++] = ed_result_fields()[i].key;
    const char *near = ed_nearest(word, known);
    return ed_fail(err, ED_ERR_USAGE, "--metric",
                   "\"%.80s\" is no result key with a number%s%s%s; `edgedyno help --reference` lists them",
                   word, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static enum ed_status parse_metrics(struct ed_history_view *view, char **metrics, size_t n,
                                    struct ed_error *err) {
    static const int usual[] = {ED_FIELD_latency_p50_ns, ED_FIELD_decode_tokens_per_s,
                                ED_FIELD_prefill_tokens_per_s};
    view->asked = n > 0;
    for (size_t i = 0; !view->asked && i < sizeof usual / sizeof usual[0]; i++)
        view->fields[view->n_fields++] = usual[i];
    for (size_t i = 0; i < n; i++) {
        int end = 0;
        const int field = ed_result_find(metrics[i], &end);
        if (field < 0 || end != 0 || ed_result_fields()[field].type == ED_RESULT_TEXT ||
            ed_result_fields()[field].type == ED_RESULT_BOOL)
            return fail_metric(metrics[i], err);
        if (view->n_fields == ED_HISTORY_FIELDS_MAX)
            return ed_fail(err, ED_ERR_USAGE, "--metric", "more than %d keys", ED_HISTORY_FIELDS_MAX);
        view->fields[view->n_fields++] = field;
    }
    return ED_OK;
}

static enum ed_status parse_ask(struct ask *ask, struct ed_history_view *view,
                                const struct ed_arguments *arguments, struct ed_error *err) {
    const char *devices = ed_arguments_get(arguments, "device"),
               *metrics = ed_arguments_get(arguments, "metric");
    size_t n_devices = 0, n_metrics = 0;
    enum ed_status status = ED_OK;
    ask->labels = calloc(arguments->n_values + 1, sizeof *ask->labels);
    if (!ask->labels)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the labels");
    for (size_t i = 0; i < arguments->n_values; i++)
        if (strcmp(arguments->values[i].option->name, "label") == 0)
            ask->labels[ask->filter.n_labels++] = arguments->values[i].text;
    if (devices)
        status = ed_options_list(devices, "--device", &ask->devices, &n_devices, err);
    if (status == ED_OK && metrics)
        status = ed_options_list(metrics, "--metric", &ask->metrics, &n_metrics, err);
    if (status == ED_OK)
        status = parse_metrics(view, ask->metrics, n_metrics, err);
    ask->filter.labels = ask->labels;
    ask->filter.devices = (const char *const *)ask->devices;
    ask->filter.n_devices = n_devices;
    return status;
}

// What was asked for is not there: the nearest that is.
static enum ed_status fail_nothing(struct ed_store *store, const struct ask *ask, struct ed_error *err) {
    static const struct ed_history_filter everything = {0};
    struct ed_history all = {0};
    const char *near = NULL;
    char name[128];
    enum ed_status status = ed_history_load(&all, store, &everything, err);
    if (status != ED_OK)
        return status;
    const char **known = calloc(all.n_records + 1, sizeof *known);
    for (size_t i = 0; known && i < all.n_records; i++)
        known[i] = all.records[i].device;
    for (size_t i = 0; known && !near && i < ask->filter.n_devices; i++) {
        near = ed_nearest(ask->filter.devices[i], known);
        near = near && strcmp(near, ask->filter.devices[i]) != 0 ? near : NULL;
    }
    snprintf(name, sizeof name, "%s", near ? near : "");
    status = all.n_records ? ed_fail(err, ED_ERR_NOT_FOUND, store->name,
                                     "holds nothing like this%s%s%s; `edgedyno history` lists what it holds",
                                     near ? "; did you mean device " : "", name, near ? "?" : "")
                           : ed_fail(err, ED_ERR_NOT_FOUND, store->name,
                                     "holds no campaign; `edgedyno history import RUN` takes one in");
    free(known);
    ed_history_release(&all);
    return status;
}

static enum ed_status fail_along(const struct ed_history *history, const char *along, struct ed_error *err) {
    char keys[64][64];
    const char *known[65] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < history->n_campaigns; i++)
        for (const char *at = history->campaigns[i].label; *at;
             at += strcspn(at, " "), at += strspn(at, " ")) {
            const size_t bytes = strcspn(at, "= ");
            bool there = bytes == 0 || bytes >= sizeof keys[0];
            for (size_t k = 0; k < n && !there; k++)
                there = strlen(keys[k]) == bytes && strncmp(keys[k], at, bytes) == 0;
            if (there || n == 64)
                continue;
            snprintf(keys[n], sizeof keys[n], "%.*s", (int)bytes, at);
            known[n] = keys[n];
            n++;
        }
    const char *near = ed_nearest(along, known);
    return ed_fail(err, ED_ERR_NOT_FOUND, "--along",
                   "no campaign has a label %.64s%s%s%s; without --along a trend goes by time", along,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static enum ed_status load(struct ed_history_view *view, const struct ask *ask, const char *place, bool trend,
                           struct ed_error *err) {
    struct ed_store store = {0};
    bool has_along = !view->along;
    enum ed_status status = ed_store_open(&store, place, false, err);
    if (status != ED_OK)
        return status;
    status = ed_history_load(&view->history, &store, &ask->filter, err);
    if (status == ED_OK && !view->history.n_records)
        status = fail_nothing(&store, ask, err);
    for (size_t i = 0; view->along && i < view->history.n_campaigns && !has_along; i++) {
        char value[8];
        has_along = ed_history_label(view->history.campaigns[i].label, view->along, value, sizeof value);
    }
    if (status == ED_OK && trend && !has_along)
        status = fail_along(&view->history, view->along, err);
    if (status == ED_OK && trend)
        status = ed_trends_make(&view->trends, &view->history, view->fields, view->n_fields, view->asked,
                                view->along, err);
    if (status == ED_OK && trend && !view->trends.n)
        status = ed_fail(err, ED_ERR_NOT_FOUND, store.name, "none of these cases has a value of %s",
                         ed_result_fields()[view->fields[0]].key);
    ed_store_close(&store);
    return status;
}

static int show(struct ed_cli *cli, bool trend) {
    static const struct ed_output_format formats[] = {{"table", ".txt", false},
                                                      {"json", ".json", false},
                                                      {"csv", ".csv", false},
                                                      {"plot", ".svg", false},
                                                      {"plot", ".png", false}};
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_history_view *view = calloc(1, sizeof *view);
    struct ed_output output = {0};
    struct ask ask = {0};
    struct ed_error err = {0};
    int code;
    enum ed_status status = view ? ED_OK : ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the history");
    if (status == ED_OK)
        status = ed_output_parse_among(&output, arguments, formats, trend ? 5 : 3, &err);
    if (status == ED_OK)
        status = parse_ask(&ask, view, arguments, &err);
    if (status == ED_OK) {
        view->along = ed_arguments_get(arguments, "along");
        ask.filter.words = arguments->operands + 1;
        ask.filter.n_words = arguments->n_operands > 1 ? arguments->n_operands - 1 : 0;
        if (trend || view->asked) {
            ask.filter.fields = view->fields;
            ask.filter.n_fields = view->n_fields;
        }
        status = load(view, &ask, ed_arguments_get(arguments, "store"), trend, &err);
    }
    code = status == ED_OK
               ? ed_output_write(&output, cli, trend ? ed_history_render_trend : ed_history_render_list, view)
               : ed_cli_fail(cli, &err);
    if (view) {
        ed_trends_release(&view->trends);
        ed_history_release(&view->history);
    }
    free(view);
    ask_release(&ask);
    ed_output_release(&output);
    return code;
}

static void tell(const struct ed_cli *cli, const char *directory, const struct ed_history_import *done,
                 const struct ed_records *records) {
    static const char *const words[] = {[ED_HISTORY_NEW] = "taken in",
                                        [ED_HISTORY_SAME] = "is in the history already",
                                        [ED_HISTORY_MORE] =
                                            "taken in again, with the blocks that were missing"};
    ed_log_line(&cli->log, ED_LOG_INFO, "%s: %s: %zu case%s", directory, words[done->state], done->cases,
                done->cases == 1 ? "" : "s");
    if (done->partial)
        ed_log_line(
            &cli->log, ED_LOG_WARNING,
            "%s: %zu of %zu blocks and %zu devices are missing; it is marked \"partial\", and a later import "
            "takes in more of it",
            directory, records->blocks_left, records->blocks_planned, records->devices_absent);
}

static enum ed_status import_one(struct ed_cli *cli, struct ed_store *store, const char *directory,
                                 struct ed_error *err) {
    struct ed_campaign campaign = {0};
    struct ed_records records = {0};
    struct ed_history_import done;
    struct ed_buffer warnings;
    enum ed_status status = ed_show_check_campaign(directory, err);
    if (status == ED_OK)
        status = ed_campaign_load(&campaign, directory, err);
    if (status != ED_OK)
        return status;
    ed_buffer_init(&warnings, WARNINGS_MAX_BYTES);
    status = ed_campaign_records(&campaign, &records, &warnings, err);
    if (status == ED_OK)
        status = ed_history_import(store, &campaign, &records, &done, err);
    if (status == ED_OK)
        tell(cli, directory, &done, &records);
    if (status == ED_OK && warnings.size)
        ed_log_line(&cli->log, ED_LOG_WARNING, "%s: `edgedyno report` has something to say about it",
                    directory);
    ed_buffer_release(&warnings);
    ed_records_release(&records);
    ed_campaign_release(&campaign);
    return status;
}

static int import(struct ed_cli *cli) {
    static const char *const of_show[] = {"label", "device", "metric", "along", "format", "export"};
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_store store = {0};
    struct ed_error err = {0};
    int code = ED_EXIT_PASS;
    for (size_t i = 0; i < sizeof of_show / sizeof of_show[0]; i++)
        if (ed_arguments_has(arguments, of_show[i]))
            return ed_cli_usage(cli, "--%s does not go with `history import`", of_show[i]);
    if (arguments->n_operands < 2)
        return ed_cli_usage(cli, "history import takes campaigns, as in `edgedyno history import runs/*`");
    if (ed_store_open(&store, ed_arguments_get(arguments, "store"), true, &err) != ED_OK)
        return ed_cli_fail(cli, &err);
    for (size_t i = 1; i < arguments->n_operands; i++) {
        enum ed_status status = import_one(cli, &store, arguments->operands[i], &err);
        if (status != ED_OK)
            code = ed_cli_exit_combine(code, ed_cli_fail(cli, &err));
        // The others would fail alike.
        if (status == ED_ERR_NO_SPACE || status == ED_ERR_LINK_LOST)
            break;
    }
    ed_store_close(&store);
    return code;
}

static int history(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    const char *word = arguments->n_operands ? arguments->operands[0] : NULL;
    struct ed_error err = {0};
    if (ed_options_check_habits(arguments, &err) != ED_OK)
        return ed_cli_fail(cli, &err);
    if (word && strcmp(word, "import") == 0)
        return import(cli);
    if (word && strcmp(word, "trend") == 0)
        return show(cli, true);
    if (word) {
        const char *near = ed_nearest(word, subcommands);
        return near ? ed_cli_usage(cli, "history takes no '%.80s'; did you mean `edgedyno history %s`?", word,
                                   near)
                    : ed_cli_usage(
                          cli, "history takes no '%.80s'; to take in a campaign: edgedyno history import RUN",
                          word);
    }
    if (ed_arguments_has(arguments, "along"))
        return ed_cli_usage(cli, "--along goes with `edgedyno history trend`");
    return show(cli, false);
}

static const char *const usages[] = {"[OPTION...]", "import [--store STORE] RUN...",
                                     "trend [OPTION...] [WORD...]", NULL};
static const char *const notes[] = {
    "Keeps the figures of finished campaigns over time: in one SQLite file of yours, or with --store "
    "postgresql://HOST/DATABASE in a database of the team. A password goes into ~/.pgpass, a service file or "
    "PGPASSWORD, never on the command line.",
    "`import` takes campaigns in, each in one go; twice is once. One that is not finished is taken in with "
    "the mark "
    "\"partial\", and again when it has more blocks. Everything in the history is made from campaigns' "
    "directories: "
    "keep those.",
    "`trend` shows one figure of each case over campaigns, by time or along a label such as commit, and "
    "where it "
    "changes its mean or its spread. Each WORD must be in the case's words. Versions of the engine and of "
    "the model "
    "may differ in a series. That is for finding out since when something is so, not for blocking a build: "
    "`edgedyno gate` compares two builds side by side.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno history import runs/*", "take in every campaign below runs/"},
    {"edgedyno history --label branch=main -d 'pi-*'",
     "campaigns with this label, and their cases on these devices"},
    {"edgedyno history trend --along commit --metric latency_p90_ns", "a figure commit by commit"},
    {"edgedyno history trend digits --export plot=trend.svg", "the table, and a figure beside it"},
};

const struct ed_cli_command ed_cli_history = {
    .name = "history",
    .summary = "campaigns over time, and where a figure changes",
    .usages = usages,
    .words = subcommands,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_history, &ed_options_history_output, &ed_options_general},
    .n_groups = 3,
    .operand_is_directory = true,
    .run = history,
};
