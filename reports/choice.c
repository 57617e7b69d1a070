// SPDX-License-Identifier: Apache-2.0
// The words and figures of a choice.
#include "reports/choice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/lines.h"
#include "reports/text.h"
#include "reports/verdict.h"

#define GAP 2
#define WIDTH_LEAST 60

// Columns: state, configuration, value, change, interval, front.
enum {
    STATE_COLUMNS = 12,
    VALUE_COLUMNS = 10,
    CHANGE_COLUMNS = 8,
    INTERVAL_COLUMNS = 18,
    FRONT_COLUMNS = 5,
    FIXED_COLUMNS =
        STATE_COLUMNS + VALUE_COLUMNS + CHANGE_COLUMNS + INTERVAL_COLUMNS + FRONT_COLUMNS + 5 * GAP,
    NAME_LEAST = 12,
};

const char *ed_choice_state_verdict(const char *state) {
    const enum ed_verdict verdict = ed_verdict_of_word(state);
    return strcmp(state, "chosen") == 0         ? ed_verdict_word(ED_VERDICT_PASS)
           : strcmp(state, "not measured") == 0 ? ed_verdict_word(ED_VERDICT_INCONCLUSIVE)
                                                : ed_verdict_word(verdict);
}

static bool differs(const struct ed_report_choice *choice, const struct ed_report_choice_row *row,
                    int field) {
    const struct ed_result *first = choice->candidates[row->first].result;
    for (size_t i = 1; i < row->n; i++) {
        const struct ed_result *other = choice->candidates[row->first + i].result;
        if (field == ED_FIELD_threads ? other->threads != first->threads
                                      : strcmp(ed_result_text(other, field), ed_result_text(first, field)))
            return true;
    }
    return false;
}

void ed_choice_name(struct ed_buffer *out, const struct ed_report_choice *choice,
                    const struct ed_report_choice_row *row, size_t candidate) {
    const struct ed_result *result = choice->candidates[candidate].result;
    ed_buffer_text_append(out, *result->variant ? result->variant
                               : *result->model ? result->model
                                                : result->engine);
    const bool version = differs(choice, row, ED_FIELD_engine_version);
    if (version || differs(choice, row, ED_FIELD_engine) || differs(choice, row, ED_FIELD_backend))
        ed_buffer_printf(out, ", %s%s%s/%s", result->engine, version ? "@" : "",
                         version ? result->engine_version : "", result->backend);
    if (differs(choice, row, ED_FIELD_options))
        ed_buffer_printf(out, ", %s", *result->options ? result->options : "no options");
    if (differs(choice, row, ED_FIELD_threads)) {
        if (result->threads == 0)
            ed_buffer_text_append(out, ", the engine's threads");
        else
            ed_buffer_printf(out, ", %lld thread%s", (long long)result->threads,
                             result->threads == 1 ? "" : "s");
    }
}

void ed_choice_change(char *text, size_t bytes, const struct ed_report_candidate *candidate) {
    text[0] = '\0';
    if (candidate->has_change)
        ed_lines_share(text, bytes, candidate->change, " %");
}

void ed_choice_interval(char *text, size_t bytes, const struct ed_report_candidate *candidate) {
    char low[64], high[64];
    text[0] = '\0';
    if (!candidate->has_change_interval)
        return;
    ed_lines_share(low, sizeof low, candidate->change_low, "");
    ed_lines_share(high, sizeof high, candidate->change_high, " %");
    snprintf(text, bytes, "%s to %s", low, high);
}

void ed_choice_value(char *text, size_t bytes, const struct ed_report_choice_row *row,
                     const struct ed_report_candidate *candidate) {
    if (candidate->has_value)
        ed_lines_value_of(text, bytes, row->key, candidate->result->accuracy_metric, candidate->value);
    else
        snprintf(text, bytes, "-");
}

void ed_choice_note(struct ed_buffer *out, const struct ed_report_choice *choice) {
    ed_buffer_printf(
        out,
        "Changes are against the chosen one, round by round. With chance %g %% the best one is among the "
        "chosen "
        "and the tied; of these, %s decide. The chosen one's own figure is a little too good, since it was "
        "chosen by it. Front: no other is as good in all of what the row names and better in one, by the "
        "medians.",
        100 * (1 - choice->alpha), choice->ties);
}

static void heading_text(struct ed_buffer *out, const struct ed_report_choice_row *row, size_t width,
                         bool colour) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    ed_buffer_text_append(out, "\n");
    ed_lines_verdict(out, row->verdict, row->verdict, colour);
    ed_text_repeat(out, ' ', GAP);
    ed_buffer_printf(&text, "%s%s%s", row->device, *row->model ? ", " : "", row->model);
    ed_lines_paragraph(out, ed_buffer_text(&text), 0, width);
    ed_lines_paragraph(out, row->why, 2, width);
    ed_buffer_release(&text);
}

static void fill(struct ed_buffer *out, const char *text, size_t columns) {
    const size_t used = ed_text_width(text);
    ed_text_repeat(out, ' ', used < columns ? columns - used : 0);
    ed_buffer_text_append(out, text);
}

static void trim_line(struct ed_buffer *out) {
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    ed_buffer_text_append(out, "\n");
}

static void head_text(struct ed_buffer *out, const struct ed_report_choice_row *row, size_t room) {
    ed_buffer_printf(out, "%-*s", STATE_COLUMNS + GAP, "");
    ed_lines_cell(out, ed_result_fields()[row->key].key, room + GAP + VALUE_COLUMNS, true);
    ed_text_repeat(out, ' ', GAP);
    fill(out, "change", CHANGE_COLUMNS);
    ed_text_repeat(out, ' ', GAP);
    fill(out, "interval", INTERVAL_COLUMNS);
    ed_buffer_text_append(out, "  front\n");
}

static void candidate_text(struct ed_buffer *out, const struct ed_report_choice *choice,
                           const struct ed_report_choice_row *row, size_t i, size_t room, size_t width,
                           bool colour) {
    const struct ed_report_candidate *candidate = &choice->candidates[i];
    char value[64], change[96], interval[192];
    struct ed_buffer name;
    ed_buffer_init(&name, ED_REPORT_MAX_BYTES);
    ed_choice_name(&name, choice, row, i);
    ed_choice_value(value, sizeof value, row, candidate);
    ed_choice_change(change, sizeof change, candidate);
    ed_choice_interval(interval, sizeof interval, candidate);
    const char *verdict = ed_choice_state_verdict(candidate->state);
    const size_t margin = STATE_COLUMNS + GAP;
    // A long name has a line of its own: its end is what tells it from the others.
    const bool tall = ed_text_width(ed_buffer_text(&name)) > room;
    ed_lines_verdict(out, candidate->state, verdict, colour && *verdict);
    ed_text_repeat(out, ' ', margin - strlen(candidate->state));
    ed_lines_cell(out, ed_buffer_text(&name), tall ? width - margin : room, !tall);
    if (tall) {
        ed_buffer_text_append(out, "\n");
        ed_text_repeat(out, ' ', margin + room);
    }
    const char *const cells[] = {value, change, interval, candidate->front ? "yes" : ""};
    const size_t columns[] = {VALUE_COLUMNS, CHANGE_COLUMNS, INTERVAL_COLUMNS, FRONT_COLUMNS};
    for (size_t c = 0; c < 4; c++) {
        ed_text_repeat(out, ' ', GAP);
        fill(out, cells[c], columns[c]);
    }
    trim_line(out);
    if (*candidate->why)
        ed_lines_paragraph(out, candidate->why, margin, width);
    out->no_memory = out->no_memory || name.no_memory;
    ed_buffer_release(&name);
}

void ed_choice_axes(struct ed_buffer *out, const struct ed_report_choice_row *row) {
    if (row->n_axes)
        ed_buffer_text_append(out, "Front over ");
    for (size_t i = 0; i < row->n_axes; i++)
        ed_buffer_printf(out, "%s%s", i ? ", " : "", ed_result_fields()[row->axes[i]].key);
    if (*row->left_out)
        ed_buffer_printf(out, "%s without %s", row->n_axes ? ";" : "", row->left_out);
    if (row->n_axes || *row->left_out)
        ed_buffer_text_append(out, ".");
}

// The widest name, within what is left.
static size_t name_columns(const struct ed_report_choice *choice, const struct ed_report_choice_row *row,
                           size_t width) {
    size_t widest = NAME_LEAST;
    for (size_t i = 0; i < row->n; i++) {
        struct ed_buffer name;
        ed_buffer_init(&name, ED_REPORT_MAX_BYTES);
        ed_choice_name(&name, choice, row, row->first + i);
        const size_t columns = ed_text_width(ed_buffer_text(&name));
        widest = columns > widest ? columns : widest;
        ed_buffer_release(&name);
    }
    if (width == SIZE_MAX)
        return widest;
    const size_t room = width > FIXED_COLUMNS + NAME_LEAST ? width - FIXED_COLUMNS : NAME_LEAST;
    return widest < room ? widest : room;
}

void ed_choice_text(struct ed_buffer *out, const struct ed_report_choice *choice, size_t width, bool colour) {
    struct ed_buffer text;
    width = width < WIDTH_LEAST ? WIDTH_LEAST : width;
    ed_lines_verdict(out, *choice->verdict ? choice->verdict : "no verdict", choice->verdict, colour);
    ed_buffer_text_append(out, "\n");
    ed_lines_paragraph(out, choice->summary, 2, width);
    for (size_t r = 0; r < choice->n; r++) {
        const struct ed_report_choice_row *row = &choice->rows[r];
        const size_t room = name_columns(choice, row, width);
        heading_text(out, row, width, colour);
        head_text(out, row, room);
        for (size_t i = 0; i < row->n; i++)
            candidate_text(out, choice, row, row->first + i, room, width, colour);
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_choice_axes(&text, row);
        ed_lines_paragraph(out, ed_buffer_text(&text), 2, width);
        ed_buffer_release(&text);
    }
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    ed_choice_note(&text, choice);
    ed_buffer_text_append(out, "\n");
    ed_lines_paragraph(out, ed_buffer_text(&text), 0, width);
    ed_buffer_text_append(out, "\n");
    ed_buffer_release(&text);
}

static void markdown_cell(struct ed_buffer *out, const char *text) {
    ed_buffer_text_append(out, " ");
    ed_text_markdown(out, text);
    ed_buffer_text_append(out, " |");
}

static void markdown_row(struct ed_buffer *out, const struct ed_report_choice *choice,
                         const struct ed_report_choice_row *row) {
    struct ed_buffer name;
    ed_buffer_printf(out, "| state | configuration | how | %s | change | interval | front | why |\n",
                     ed_result_fields()[row->key].key);
    ed_buffer_text_append(out, "|:--|:--|:--|--:|--:|--:|:--|:--|\n");
    for (size_t i = row->first; i < row->first + row->n; i++) {
        const struct ed_report_candidate *candidate = &choice->candidates[i];
        char value[64], change[96], interval[192];
        ed_buffer_init(&name, ED_REPORT_MAX_BYTES);
        ed_choice_name(&name, choice, row, i);
        ed_choice_value(value, sizeof value, row, candidate);
        ed_choice_change(change, sizeof change, candidate);
        ed_choice_interval(interval, sizeof interval, candidate);
        ed_buffer_printf(out, i == row->chosen ? "| **%s** |" : "| %s |", candidate->state);
        markdown_cell(out, ed_buffer_text(&name));
        markdown_cell(out, candidate->reference && !*candidate->how ? "reference" : candidate->how);
        markdown_cell(out, value);
        markdown_cell(out, change);
        markdown_cell(out, interval);
        markdown_cell(out, candidate->front ? "yes" : "");
        markdown_cell(out, candidate->why);
        ed_buffer_text_append(out, "\n");
        out->no_memory = out->no_memory || name.no_memory;
        ed_buffer_release(&name);
    }
}

void ed_choice_markdown(struct ed_buffer *out, const struct ed_report_choice *choice) {
    struct ed_buffer words;
    ed_buffer_printf(out, "## %s\n\n", *choice->verdict ? choice->verdict : "no verdict");
    ed_text_markdown(out, choice->summary);
    ed_buffer_text_append(out, "\n\n");
    for (size_t r = 0; r < choice->n; r++) {
        const struct ed_report_choice_row *row = &choice->rows[r];
        ed_buffer_text_append(out, "#### ");
        ed_text_markdown(out, row->device);
        if (*row->model) {
            ed_buffer_text_append(out, ", ");
            ed_text_markdown(out, row->model);
        }
        ed_buffer_printf(out, ": %s\n\n", row->verdict);
        ed_text_markdown(out, row->why);
        ed_buffer_text_append(out, "\n\n");
        markdown_row(out, choice, row);
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_choice_axes(&words, row);
        ed_buffer_text_append(out, "\n");
        ed_text_markdown(out, ed_buffer_text(&words));
        ed_buffer_text_append(out, words.size ? "\n\n" : "");
        ed_buffer_release(&words);
    }
    ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
    ed_choice_note(&words, choice);
    ed_text_markdown(out, ed_buffer_text(&words));
    ed_buffer_text_append(out, "\n\n");
    ed_buffer_release(&words);
}
