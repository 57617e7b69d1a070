// SPDX-License-Identifier: Apache-2.0
// Writing a comparison of campaigns.
#include "harness/cli/compare_formats.h"

#include <math.h>
#include <string.h>

#include "base/json_write.h"
#include "harness/cli/grid.h"
#include "reports/csv_cell.h"
#include "reports/metric_unit.h"
#include "reports/scale.h"
#include "reports/text.h"

#define DIGITS 3
#define CELL_MAX 4096

static const char *word_of(enum ed_compare_word word) {
    switch (word) {
    case ED_COMPARE_BETTER:
        return "better";
    case ED_COMPARE_WORSE:
        return "worse";
    case ED_COMPARE_NOT_SHOWN:
        return "not shown";
    case ED_COMPARE_NOT_VALID:
        return "not valid";
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

// A row's cells as texts, the same in every format for people.
struct cells {
    char key[160], first[48], other[48], change[48], interval[80], word[320];
};

static void signed_percent(char *text, size_t bytes, double share) {
    char number[32];
    percent(number, share);
    snprintf(text, bytes, "%s%s", share > 0 ? "+" : "", number);
}

static void interval_text(char text[80], bool has, double low, double high) {
    char ends[2][36];
    snprintf(text, 80, "-");
    if (!has)
        return;
    signed_percent(ends[0], sizeof ends[0], low);
    signed_percent(ends[1], sizeof ends[1], high);
    snprintf(text, 80, "%s to %s %%", ends[0], ends[1]);
}

static struct cells cells_of_row(const struct ed_compare_row *row) {
    const struct ed_scale scale = scale_of(row);
    struct cells cells = {.change = "-"};
    char number[32];
    snprintf(cells.word, sizeof cells.word, "%s%s%s", word_of(row->word), row->why[0] ? ": " : "", row->why);
    snprintf(cells.key, sizeof cells.key, "%s", ed_result_fields()[row->field].key);
    ed_text_fixed(number, sizeof number, row->first / scale.divisor, scale.decimals, false);
    snprintf(cells.first, sizeof cells.first, "%s %s", number, scale.unit);
    ed_text_fixed(number, sizeof number, row->other / scale.divisor, scale.decimals, false);
    snprintf(cells.other, sizeof cells.other, "%s %s", number, scale.unit);
    signed_percent(number, sizeof number, row->change);
    if (row->word != ED_COMPARE_NOT_VALID)
        snprintf(cells.change, sizeof cells.change, "%s %%", number);
    interval_text(cells.interval, row->has_interval, row->low, row->high);
    return cells;
}

// What the other lost against the first, so that a loss is shown as one; in the metric's own unit.
static struct cells cells_of_task(const struct ed_compare_task *task) {
    struct cells cells = {0};
    char low[36], high[36];
    snprintf(cells.word, sizeof cells.word, "%s",
             !task->has_drop      ? task->why
             : task->has_interval ? word_of(task->word)
                                  : "too few samples");
    snprintf(cells.key, sizeof cells.key, "%.60s %.31s", task->task, task->metric);
    ed_metric_text(cells.first, sizeof cells.first, task->metric, false, task->first);
    ed_metric_text(cells.other, sizeof cells.other, task->metric, false, task->other);
    snprintf(cells.change, sizeof cells.change, "-");
    snprintf(cells.interval, sizeof cells.interval, "-");
    if (task->has_drop) {
        snprintf(cells.change, sizeof cells.change, "drop ");
        ed_metric_text(cells.change + 5, sizeof cells.change - 5, task->metric, true, task->drop);
    }
    if (task->has_interval) {
        ed_metric_text(low, sizeof low, task->metric, true, task->low);
        ed_metric_text(high, sizeof high, task->metric, true, task->high);
        // The unit stands once.
        if (strcmp(ed_metric_unit(task->metric, true), "%") == 0)
            low[strcspn(low, " ")] = '\0';
        snprintf(cells.interval, sizeof cells.interval, "%s to %s", low, high);
    }
    return cells;
}

static void add_cells(struct ed_grid *grid, struct cells cells) {
    ed_grid_add(grid, "%s", cells.key);
    ed_grid_add(grid, "%s", cells.first);
    ed_grid_add(grid, "%s", cells.other);
    ed_grid_add(grid, "%s", cells.change);
    ed_grid_add(grid, "%s", cells.interval);
    ed_grid_add(grid, "%s", cells.word);
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
    if (c->placement[0]) {
        ed_buffer_text_append(out, "  placement: ");
        ed_text_visible(out, c->placement, sizeof c->placement);
        ed_buffer_text_append(out, "\n");
    }
    if (c->why[0]) {
        ed_buffer_text_append(out, "  not compared: ");
        ed_text_visible(out, c->why, sizeof c->why);
        ed_buffer_text_append(out, "\n");
    }
    if (!c->n_rows)
        return ED_OK;
    if (c->unlike[0]) {
        ed_buffer_text_append(out, "  times and power not compared: ");
        ed_text_visible(out, c->unlike, sizeof c->unlike);
        ed_buffer_text_append(out, "\n");
    }
    ed_grid_init(&grid, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < c->n_rows; i++)
        add_cells(&grid, cells_of_row(&c->rows[i]));
    for (size_t i = 0; i < c->n_tasks; i++)
        add_cells(&grid, cells_of_task(&c->tasks[i]));
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

static void write_tasks(struct ed_json_writer *w, const struct ed_compare_case *c) {
    ed_json_array_begin(w, "accuracy");
    for (size_t i = 0; i < c->n_tasks; i++) {
        const struct ed_compare_task *task = &c->tasks[i];
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "task", task->task);
        ed_json_text(w, "metric", task->metric);
        ed_json_real(w, "first", task->first);
        ed_json_real(w, "then", task->other);
        if (task->has_drop) {
            ed_json_uint(w, "samples", task->samples);
            ed_json_real(w, "drop", task->drop);
        }
        if (task->has_interval) {
            ed_json_real(w, "drop_low", task->low);
            ed_json_real(w, "drop_high", task->high);
        }
        if (task->why[0])
            ed_json_text(w, "not_compared", task->why);
        else
            ed_json_text(w, "word", word_of(task->word));
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
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
        if (c->unlike[0])
            ed_json_text(w, "unlike", c->unlike);
        ed_json_text(w, "placement", c->placement);
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
            if (row->word == ED_COMPARE_NOT_VALID)
                ed_json_null(w, "change");
            else
                ed_json_real(w, "change", row->change);
            if (row->has_interval) {
                ed_json_real(w, "change_low", row->low);
                ed_json_real(w, "change_high", row->high);
            } else {
                ed_json_null(w, "change_low");
                ed_json_null(w, "change_high");
            }
            ed_json_text(w, "word", word_of(row->word));
            if (row->why[0])
                ed_json_text(w, "left_out", row->why);
            ed_json_object_end(w);
        }
        ed_json_array_end(w);
        write_tasks(w, c);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_object_end(w);
}

static void markdown_cells(struct ed_buffer *out, struct cells cells) {
    const char *const texts[] = {cells.key,    cells.first,    cells.other,
                                 cells.change, cells.interval, cells.word};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ed_buffer_text_append(out, "| ");
        ed_text_markdown(out, texts[i]);
        ed_buffer_text_append(out, " ");
    }
    ed_buffer_text_append(out, "|\n");
}

static void markdown_line(struct ed_buffer *out, const char *before, const char *text) {
    if (!text[0])
        return;
    ed_buffer_text_append(out, before);
    ed_text_markdown(out, text);
    ed_buffer_text_append(out, "\n\n");
}

static void print_markdown(const struct ed_compare *compare, struct ed_buffer *out) {
    size_t run = 0;
    for (size_t i = 0; i < compare->n_cases; i++) {
        const struct ed_compare_case *c = &compare->cases[i];
        if (c->run != run) {
            run = c->run;
            markdown_line(out, "### First: ", compare->campaigns[0]->id);
            markdown_line(out, "### Then: ", compare->campaigns[run]->id);
        }
        ed_buffer_text_append(out, "**");
        ed_text_markdown(out, c->device);
        ed_buffer_text_append(out, "** ");
        markdown_line(out, "", c->what[0] ? c->what : "-");
        markdown_line(out, "changed: ", c->changed);
        markdown_line(out, "placement: ", c->placement);
        markdown_line(out, "not compared: ", c->why);
        if (!c->n_rows)
            continue;
        markdown_line(out, "times and power not compared: ", c->unlike);
        ed_buffer_text_append(
            out, "| key | first | then | change | 95 % interval | |\n|---|---|---|---|---|---|\n");
        for (size_t k = 0; k < c->n_rows; k++)
            markdown_cells(out, cells_of_row(&c->rows[k]));
        for (size_t k = 0; k < c->n_tasks; k++)
            markdown_cells(out, cells_of_task(&c->tasks[k]));
        ed_buffer_text_append(out, "\n");
    }
    ed_buffer_printf(
        out,
        "%zu of %zu cases compared, by blocks. The campaigns were measured at two times; to decide, use "
        "`edgedyno gate`.\n",
        compare->n_compared, compare->n_cases);
}

static void csv_number(struct ed_buffer *out, bool has, double value) {
    ed_buffer_text_append(out, ",");
    if (has)
        ed_buffer_printf(out, "%.9g", value);
}

// What every row begins with.
static void csv_case(const struct ed_compare *compare, const struct ed_compare_case *c,
                     struct ed_buffer *out) {
    const char *const texts[] = {compare->campaigns[0]->id,
                                 compare->campaigns[c->run]->id,
                                 c->device,
                                 c->what,
                                 c->changed,
                                 c->placement};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ed_csv_cell(out, texts[i], CELL_MAX);
        ed_buffer_text_append(out, ",");
    }
}

static void csv_word(struct ed_buffer *out, const char *word, const char *note) {
    ed_buffer_text_append(out, ",");
    ed_csv_cell(out, word, CELL_MAX);
    ed_buffer_text_append(out, ",");
    ed_csv_cell(out, note, CELL_MAX);
    ed_buffer_text_append(out, "\r\n");
}

static void print_csv(const struct ed_compare *compare, struct ed_buffer *out) {
    ed_buffer_text_append(out,
                          "campaign_first,campaign_then,device,case,changed,placement,key,first,then,change,"
                          "change_low,change_high,word,note\r\n");
    for (size_t i = 0; i < compare->n_cases; i++) {
        const struct ed_compare_case *c = &compare->cases[i];
        for (size_t k = 0; k < c->n_rows; k++) {
            const struct ed_compare_row *row = &c->rows[k];
            csv_case(compare, c, out);
            ed_csv_cell(out, ed_result_fields()[row->field].key, CELL_MAX);
            csv_number(out, true, row->first);
            csv_number(out, true, row->other);
            csv_number(out, row->word != ED_COMPARE_NOT_VALID, row->change);
            csv_number(out, row->has_interval, row->low);
            csv_number(out, row->has_interval, row->high);
            csv_word(out, word_of(row->word), row->why[0] ? row->why : c->unlike);
        }
        for (size_t k = 0; k < c->n_tasks; k++) {
            const struct ed_compare_task *task = &c->tasks[k];
            const struct cells cells = cells_of_task(task);
            csv_case(compare, c, out);
            ed_csv_cell(out, cells.key, CELL_MAX);
            csv_number(out, true, task->first);
            csv_number(out, true, task->other);
            csv_number(out, task->has_drop, task->drop);
            csv_number(out, task->has_interval, task->low);
            csv_number(out, task->has_interval, task->high);
            csv_word(out, cells.word, "");
        }
        if (c->n_rows)
            continue;
        csv_case(compare, c, out);
        ed_buffer_text_append(out, ",,,,,");
        csv_word(out, c->why, "");
    }
}

enum ed_status ed_compare_formats(struct ed_output *output, const struct ed_arguments *arguments,
                                  struct ed_error *err) {
    static const struct ed_output_format formats[] = {{"table", "", false},
                                                      {"text", ".txt", false},
                                                      {"json", ".json", false},
                                                      {"markdown", ".md", false},
                                                      {"csv", ".csv", false}};
    return ed_output_parse_among(output, arguments, formats, sizeof formats / sizeof *formats, err);
}

enum ed_status ed_compare_render(const void *context, const struct ed_output_target *target,
                                 struct ed_buffer *out, struct ed_error *err) {
    struct ed_json_writer json;
    if (!strcmp(target->format, "csv")) {
        print_csv(context, out);
    } else if (!strcmp(target->format, "markdown")) {
        print_markdown(context, out);
    } else if (strcmp(target->format, "json") != 0) {
        return print_table(context, !strcmp(target->format, "text") ? 0 : target->columns, out, err);
    } else {
        ed_json_writer_init(&json, out, true);
        write_json(context, &json);
        ed_buffer_append(out, "\n", 1);
    }
    return ED_OK;
}
