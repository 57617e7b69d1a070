// SPDX-License-Identifier: Apache-2.0
// `edgedyno compare`: finished campaigns side by side.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "harness/cli/grid.h"
#include "harness/cli/show.h"
#include "harness/compare.h"
#include "reports/scale.h"
#include "reports/text.h"

#define WARNINGS_MAX_BYTES (1u << 20)
#define DIGITS 3

static const char *word_of(const struct ed_compare_row *row) {
    switch (row->word) {
    case ED_COMPARE_BETTER:
        return "better";
    case ED_COMPARE_WORSE:
        return "worse";
    case ED_COMPARE_NOT_SHOWN:
        return "not shown";
    case ED_COMPARE_TOO_FEW:
        break;
    }
    return "too few blocks";
}

static struct ed_scale scale_of(const struct ed_compare_row *row) {
    const char *unit = ed_result_fields()[row->field].unit;
    const enum ed_scale_kind kind = !strcmp(unit, "ns")      ? ED_SCALE_TIME
                                    : !strcmp(unit, "bytes") ? ED_SCALE_SIZE
                                    : !strcmp(unit, "uj")    ? ED_SCALE_ENERGY
                                                             : ED_SCALE_RATE;
    const double small = row->first < row->other ? row->first : row->other;
    return ed_scale_pick(kind, small, row->first < row->other ? row->other : row->first, DIGITS);
}

static void percent(char text[32], double share) {
    ed_text_fixed(text, 31, share * 100, fabs(share) < 0.1 ? 2 : 1, false);
}

static void add_row(struct ed_grid *grid, const struct ed_compare_row *row) {
    const struct ed_scale scale = scale_of(row);
    char first[32], other[32], change[32], low[32], high[32];
    ed_text_fixed(first, sizeof first, row->first / scale.divisor, scale.decimals, false);
    ed_text_fixed(other, sizeof other, row->other / scale.divisor, scale.decimals, false);
    percent(change, row->change);
    ed_grid_add(grid, "%s", ed_result_fields()[row->field].key);
    ed_grid_add(grid, "%s %s", first, scale.unit);
    ed_grid_add(grid, "%s %s", other, scale.unit);
    ed_grid_add(grid, "%s%s %%", row->change > 0 ? "+" : "", change);
    if (row->has_interval) {
        percent(low, row->low);
        percent(high, row->high);
        ed_grid_add(grid, "%s%s to %s%s %%", row->low > 0 ? "+" : "", low, row->high > 0 ? "+" : "", high);
    } else {
        ed_grid_add(grid, "-");
    }
    ed_grid_add(grid, "%s", word_of(row));
}

static enum ed_status print_case(const struct ed_compare_case *c, int columns, struct ed_buffer *out,
                                 struct ed_error *err) {
    static const char *const heads[] = {"  key", "first", "then", "change", "95 % interval", ""};
    struct ed_grid grid;
    ed_buffer_text_append(out, "\n");
    ed_text_visible(out, c->device, sizeof c->device);
    if (c->what[0])
        ed_buffer_text_append(out, " · ");
    ed_text_visible(out, c->what, sizeof c->what);
    ed_buffer_text_append(out, "\n");
    if (c->changed[0]) {
        ed_buffer_text_append(out, "  changed: ");
        ed_text_visible(out, c->changed, sizeof c->changed);
        ed_buffer_text_append(out, "\n");
    }
    if (c->why[0]) {
        ed_buffer_text_append(out, "  not compared: ");
        ed_text_visible(out, c->why, sizeof c->why);
        ed_buffer_text_append(out, "\n");
    }
    if (!c->n_rows)
        return ED_OK;
    ed_grid_init(&grid, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < c->n_rows; i++)
        add_row(&grid, &c->rows[i]);
    enum ed_status status = ed_grid_print(&grid, columns, out, err);
    ed_grid_release(&grid);
    return status;
}

static enum ed_status print_table(const struct ed_compare *compare, int columns, struct ed_buffer *out,
                                  struct ed_error *err) {
    enum ed_status status = ED_OK;
    size_t run = 0;
    for (size_t i = 0; status == ED_OK && i < compare->n_cases; i++) {
        const struct ed_compare_case *c = &compare->cases[i];
        if (c->run != run) {
            const struct ed_campaign *first = compare->campaigns[0], *then = compare->campaigns[c->run];
            run = c->run;
            ed_buffer_printf(out, "%sfirst: %s · %s\nthen:  %s · %s\n", i ? "\n" : "", first->id,
                             first->started_utc, then->id, then->started_utc);
        }
        status = print_case(c, columns, out, err);
    }
    ed_buffer_printf(out,
                     "\n%zu of %zu cases compared, by blocks. The campaigns were measured at two times:\n"
                     "whatever changed on the device between them is in these figures. To decide,\n"
                     "use edgedyno gate.\n",
                     compare->n_compared, compare->n_cases);
    return status;
}

static void write_json(const struct ed_compare *compare, struct ed_json_writer *w) {
    ed_json_object_begin(w, NULL);
    ed_json_array_begin(w, "campaigns");
    for (size_t i = 0; i < compare->n_campaigns; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "id", compare->campaigns[i]->id);
        ed_json_text(w, "started", compare->campaigns[i]->started_utc);
        ed_json_text(w, "label", compare->campaigns[i]->label);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_array_begin(w, "cases");
    for (size_t i = 0; i < compare->n_cases; i++) {
        const struct ed_compare_case *c = &compare->cases[i];
        ed_json_object_begin(w, NULL);
        ed_json_uint(w, "campaign", c->run);
        ed_json_text(w, "device", c->device);
        ed_json_text(w, "case", c->what);
        ed_json_text(w, "changed", c->changed);
        if (c->why[0])
            ed_json_text(w, "not_compared", c->why);
        ed_json_array_begin(w, "keys");
        for (size_t k = 0; k < c->n_rows; k++) {
            const struct ed_compare_row *row = &c->rows[k];
            ed_json_object_begin(w, NULL);
            ed_json_text(w, "key", ed_result_fields()[row->field].key);
            ed_json_real(w, "first", row->first);
            ed_json_real(w, "then", row->other);
            ed_json_uint(w, "blocks_first", row->n_first);
            ed_json_uint(w, "blocks_then", row->n_other);
            ed_json_real(w, "change", row->change);
            if (row->has_interval) {
                ed_json_real(w, "change_low", row->low);
                ed_json_real(w, "change_high", row->high);
            } else {
                ed_json_null(w, "change_low");
                ed_json_null(w, "change_high");
            }
            ed_json_text(w, "word", word_of(row));
            ed_json_object_end(w);
        }
        ed_json_array_end(w);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_object_end(w);
}

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    struct ed_json_writer json;
    if (strcmp(target->format, "json") != 0)
        return print_table(context, target->columns, out, err);
    ed_json_writer_init(&json, out, true);
    write_json(context, &json);
    ed_buffer_append(out, "\n", 1);
    return ED_OK;
}

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
        status = ed_output_parse(&output, arguments, false, &err);
    if (status == ED_OK)
        status = load_all(arguments, campaigns, &err);
    for (size_t i = 0; i < ED_COMPARE_RUNS_MAX; i++)
        pointers[i] = campaigns ? &campaigns[i] : NULL;
    if (status == ED_OK)
        status = ed_compare_make(&result, pointers, arguments->n_operands, &warnings, &err);
    if (warnings.size)
        ed_log_line(&cli->log, ED_LOG_WARNING, "%.*s", (int)warnings.size - 1, ed_buffer_text(&warnings));
    if (status == ED_OK) {
        code = ed_output_write(&output, cli, render, &result);
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
    "interval. What "
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
    .groups = {&ed_options_list_output, &ed_options_general},
    .n_groups = 2,
    .operand_is_directory = true,
    .run = compare,
};
