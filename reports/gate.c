// SPDX-License-Identifier: Apache-2.0
// The words and figures of a gate.
#include "reports/gate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/lines.h"
#include "reports/text.h"
#include "reports/verdict.h"

#define GAP 2
#define WIDTH_LEAST 60

void ed_report_gate_value(char *text, size_t bytes, const struct ed_report_gate_row *row, double value) {
    int end;
    ed_lines_value_of(text, bytes, ed_result_find(row->key, &end), row->metric, value);
}

static void signed_text(char *text, size_t bytes, const struct ed_report_gate_row *row, double value,
                        const char *unit) {
    char number[64];
    if (!row->absolute) {
        ed_lines_share(text, bytes, value, unit);
        return;
    }
    ed_report_gate_value(number, sizeof number, row, value);
    snprintf(text, bytes, "%s%s", value > 0 ? "+" : "", number);
}

void ed_report_gate_change(char *text, size_t bytes, const struct ed_report_gate_row *row) {
    text[0] = '\0';
    if (row->has_change)
        signed_text(text, bytes, row, row->change, " %");
}

void ed_report_gate_interval(char *text, size_t bytes, const struct ed_report_gate_row *row) {
    char low[64], high[64];
    text[0] = '\0';
    if (!row->has_interval)
        return;
    signed_text(low, sizeof low, row, row->low, "");
    signed_text(high, sizeof high, row, row->high, " %");
    snprintf(text, bytes, "%s to %s", low, high);
}

bool ed_report_gate_passed(const struct ed_report_gate_row *row) {
    return strcmp(row->verdict, ed_verdict_word(ED_VERDICT_PASS)) == 0;
}

bool ed_report_gate_open(const struct ed_report_gate_row *row) {
    return !ed_report_gate_passed(row) || row->told;
}

static void rows_json(struct ed_json_writer *w, const struct ed_report_gate *gate) {
    ed_json_array_begin(w, "comparisons");
    for (size_t i = 0; i < gate->n; i++) {
        const struct ed_report_gate_row *row = &gate->rows[i];
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "device", row->device);
        ed_json_text(w, "model", row->model);
        ed_json_text(w, "baseline_case", row->baseline_case);
        ed_json_text(w, "candidate_case", row->candidate_case);
        ed_json_text(w, "key", row->key);
        ed_json_text(w, "requirement", row->requirement);
        ed_json_text(w, "verdict", row->verdict);
        ed_json_real(w, "baseline", row->has_values ? row->baseline : NAN);
        ed_json_real(w, "candidate", row->has_values ? row->candidate : NAN);
        ed_json_real(w, "change", row->has_change ? row->change : NAN);
        ed_json_real(w, "change_low", row->has_interval ? row->low : NAN);
        ed_json_real(w, "change_high", row->has_interval ? row->high : NAN);
        ed_json_bool(w, "change_absolute", row->absolute);
        ed_json_real(w, "mde", row->mde > 0 ? row->mde : NAN);
        ed_json_uint(w, "pairs", row->pairs);
        ed_json_text(w, "why", row->why);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
}

void ed_report_gate_json(struct ed_json_writer *w, const char *key, const struct ed_report_gate *gate) {
    ed_json_object_begin(w, key);
    ed_json_text(w, "verdict", gate->verdict);
    ed_json_text(w, "summary", gate->summary);
    ed_json_text(w, "confirms", gate->confirms);
    if (gate->first) {
        ed_json_object_begin(w, "first");
        ed_json_text(w, "campaign", gate->confirms);
        ed_json_text(w, "verdict", gate->first->verdict);
        ed_json_text(w, "summary", gate->first->summary);
        rows_json(w, gate->first);
        ed_json_object_end(w);
    }
    rows_json(w, gate);
    ed_json_object_end(w);
}

void ed_report_gate_summary(struct ed_buffer *out, const struct ed_report_gate *gate) {
    ed_buffer_text_append(out, gate->summary);
    if (!*gate->confirms)
        return;
    ed_buffer_text_append(out, "; repeats ");
    ed_buffer_text_append(out, gate->confirms);
    if (!gate->first)
        return;
    ed_buffer_text_append(out, ", which came to ");
    ed_buffer_text_append(out, gate->first->verdict);
    ed_buffer_text_append(out, ": ");
    ed_buffer_text_append(out, gate->first->summary);
}

// What a row is about: the key, or the requirement as written.
static const char *subject(const struct ed_report_gate_row *row) {
    return row->requirement ? row->requirement : row->key;
}

static bool is_new(const struct ed_report_gate *gate, size_t i) {
    return i == 0 || strcmp(gate->rows[i].device, gate->rows[i - 1].device) ||
           strcmp(gate->rows[i].baseline_case, gate->rows[i - 1].baseline_case) ||
           strcmp(gate->rows[i].candidate_case, gate->rows[i - 1].candidate_case);
}

// Columns: verdict, subject, candidate's value, change, interval, pairs.
enum {
    VERDICT_COLUMNS = 12,
    VALUE_COLUMNS = 9,
    CHANGE_COLUMNS = 8,
    INTERVAL_COLUMNS = 16,
    PAIRS_COLUMNS = 5,
    FIXED_COLUMNS = 60
};

static void row_text(struct ed_buffer *out, const struct ed_report_gate_row *row, size_t width, bool colour) {
    const size_t room = width == SIZE_MAX ? 48 : width - FIXED_COLUMNS, margin = VERDICT_COLUMNS + GAP;
    char value[64] = "", change[96], interval[192], pairs[32] = "";
    struct ed_buffer figures;
    if (row->has_values)
        ed_report_gate_value(value, sizeof value, row, row->candidate);
    ed_report_gate_change(change, sizeof change, row);
    ed_report_gate_interval(interval, sizeof interval, row);
    if (row->pairs)
        snprintf(pairs, sizeof pairs, "%zu", row->pairs);
    ed_buffer_init(&figures, ED_REPORT_MAX_BYTES);
    if (value[0] || change[0])
        ed_buffer_printf(&figures, "%*s  %*s  %*s  %*s", VALUE_COLUMNS, value, CHANGE_COLUMNS, change,
                         INTERVAL_COLUMNS, interval, PAIRS_COLUMNS, pairs);
    // A long requirement, and long figures, have a line of their own.
    const bool tall = ed_text_width(subject(row)) > room || figures.size > FIXED_COLUMNS - margin - GAP;
    ed_lines_verdict(out, row->verdict, row->verdict, colour);
    ed_text_repeat(out, ' ', margin - strlen(row->verdict));
    ed_lines_cell(out, subject(row), tall ? width == SIZE_MAX ? SIZE_MAX : width - margin : room,
                  !tall && figures.size);
    if (figures.size && tall) {
        const size_t at = margin + room + GAP;
        ed_buffer_text_append(out, "\n");
        ed_text_repeat(out, ' ',
                       width == SIZE_MAX || at + figures.size <= width ? at
                       : width > figures.size                          ? width - figures.size
                                                                       : 0);
    } else if (figures.size) {
        ed_text_repeat(out, ' ', GAP);
    }
    ed_buffer_append(out, ed_buffer_text(&figures), figures.size);
    out->no_memory = out->no_memory || figures.no_memory;
    ed_buffer_release(&figures);
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    ed_buffer_text_append(out, "\n");
    if (ed_report_gate_open(row))
        ed_lines_paragraph(out, row->why, margin, width);
}

static void heading_text(struct ed_buffer *out, const struct ed_report_gate_row *row, size_t width) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    ed_buffer_printf(&text, "%s, %s", row->device, row->model);
    ed_buffer_text_append(out, "\n");
    ed_lines_paragraph(out, ed_buffer_text(&text), 0, width);
    ed_buffer_clear(&text);
    ed_buffer_printf(&text, "baseline  %s", row->baseline_case);
    ed_lines_paragraph(out, ed_buffer_text(&text), 2, width);
    ed_buffer_clear(&text);
    ed_buffer_printf(&text, "candidate %s", row->candidate_case);
    ed_lines_paragraph(out, ed_buffer_text(&text), 2, width);
    ed_buffer_release(&text);
}

void ed_report_gate_text(struct ed_buffer *out, const struct ed_report_gate *gate, size_t width,
                         bool colour) {
    struct ed_buffer text;
    width = width < WIDTH_LEAST ? WIDTH_LEAST : width;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    ed_lines_verdict(out, *gate->verdict ? gate->verdict : "no verdict", gate->verdict, colour);
    ed_buffer_text_append(out, "\n");
    ed_report_gate_summary(&text, gate);
    ed_lines_paragraph(out, ed_buffer_text(&text), 2, width);
    ed_buffer_release(&text);
    for (size_t i = 0; i < gate->n; i++) {
        if (is_new(gate, i)) {
            heading_text(out, &gate->rows[i], width);
            const size_t fixed =
                VERDICT_COLUMNS + VALUE_COLUMNS + CHANGE_COLUMNS + INTERVAL_COLUMNS + PAIRS_COLUMNS + 5 * GAP;
            const size_t room = width == SIZE_MAX ? 48 : width - fixed;
            ed_buffer_printf(out, "%-*s", VERDICT_COLUMNS + GAP, "verdict");
            ed_buffer_text_append(out, "of");
            ed_text_repeat(out, ' ', room > 2 ? room - 2 + GAP : GAP);
            ed_buffer_printf(out, "%*s  %*s  %*s  %*s\n", VALUE_COLUMNS, "candidate", CHANGE_COLUMNS,
                             "change", INTERVAL_COLUMNS, "interval", PAIRS_COLUMNS, "pairs");
        }
        row_text(out, &gate->rows[i], width, colour);
    }
    ed_buffer_text_append(out, "\n");
}

void ed_report_gate_markdown(struct ed_buffer *out, const struct ed_report_gate *gate,
                             bool (*wanted)(const struct ed_report_gate_row *row)) {
    size_t n = 0;
    for (size_t i = 0; i < gate->n; i++) {
        const struct ed_report_gate_row *row = &gate->rows[i];
        char value[64] = "", change[96], interval[192], pairs[24] = "";
        if (wanted && !wanted(row))
            continue;
        if (n++ == 0)
            ed_buffer_text_append(
                out, "| verdict | device | model | of | candidate | change | interval | pairs | why |\n"
                     "|:--|:--|:--|:--|--:|--:|--:|--:|:--|\n");
        if (row->has_values)
            ed_report_gate_value(value, sizeof value, row, row->candidate);
        ed_report_gate_change(change, sizeof change, row);
        ed_report_gate_interval(interval, sizeof interval, row);
        if (row->pairs)
            snprintf(pairs, sizeof pairs, "%zu", row->pairs);
        const char *const cells[] = {row->device, row->model, subject(row), value,
                                     change,      interval,   pairs,        row->why};
        ed_buffer_printf(out, ed_report_gate_passed(row) ? "| %s |" : "| **%s** |", row->verdict);
        for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
            ed_buffer_text_append(out, " ");
            ed_text_markdown(out, cells[c]);
            ed_buffer_text_append(out, " |");
        }
        ed_buffer_text_append(out, "\n");
    }
}
