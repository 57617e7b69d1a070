// SPDX-License-Identifier: Apache-2.0
// A gate's comparisons: what decided, with the change, its interval and the smallest change that matters.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/gate.h"
#include "reports/html/page.h"
#include "reports/text.h"

#define FIGURE_ROWS 40u

static void numbers(struct ed_html_table *table, const struct ed_report_gate_row *row) {
    char text[192];
    snprintf(text, sizeof text, "-");
    if (row->has_values)
        ed_report_gate_value(text, sizeof text, row, row->baseline);
    ed_html_table_number(table, text, row->has_values ? row->baseline : NAN);
    snprintf(text, sizeof text, "-");
    if (row->has_values)
        ed_report_gate_value(text, sizeof text, row, row->candidate);
    ed_html_table_number(table, text, row->has_values ? row->candidate : NAN);
    ed_report_gate_change(text, sizeof text, row);
    ed_html_table_number(table, *text ? text : "-", row->has_change ? row->change : NAN);
    ed_report_gate_interval(text, sizeof text, row);
    ed_html_table_number(table, *text ? text : "-", row->has_interval ? row->high : NAN);
    snprintf(text, sizeof text, "-");
    if (row->mde > 0)
        snprintf(text, sizeof text, "%.3g %%", 100 * row->mde);
    ed_html_table_number(table, text, row->mde > 0 ? row->mde : NAN);
    snprintf(text, sizeof text, "-");
    if (row->pairs)
        snprintf(text, sizeof text, "%zu", row->pairs);
    ed_html_table_number(table, text, row->pairs ? (double)row->pairs : NAN);
}

static bool differ(const struct ed_report_gate *gate,
                   const char *(*of)(const struct ed_report_gate_row *row)) {
    for (size_t i = 1; i < gate->n; i++)
        if (strcmp(of(&gate->rows[i]), of(&gate->rows[0])) != 0)
            return true;
    return false;
}

static const char *device_of(const struct ed_report_gate_row *row) {
    return row->device;
}

static const char *model_of(const struct ed_report_gate_row *row) {
    return row->model;
}

static void comparisons(struct ed_html_page *page, const struct ed_report_gate *gate) {
    struct ed_html_table table;
    const bool devices = differ(gate, device_of), models = differ(gate, model_of);
    ed_html_table_begin(&table, page, "comparisons", "Every comparison",
                        ED_HTML_SORT | (gate->n > 8 ? ED_HTML_FILTER : 0));
    ed_html_table_head(&table, "verdict", "", false);
    if (devices)
        ed_html_table_head(&table, "device", "", false);
    if (models)
        ed_html_table_head(&table, "model", "", false);
    ed_html_table_head(&table, "of", "", false);
    ed_html_table_head(&table, "baseline", "", true);
    ed_html_table_head(&table, "candidate", "", true);
    ed_html_table_head(&table, "change", "", true);
    ed_html_table_head(&table, "interval", "", true);
    ed_html_table_head(&table, "mde", "", true);
    ed_html_table_head(&table, "pairs", "", true);
    ed_html_table_head(&table, "why", "", false);
    for (size_t i = 0; i < gate->n; i++) {
        const struct ed_report_gate_row *row = &gate->rows[i];
        ed_html_table_row(&table);
        ed_html_table_text(&table, row->verdict, row->verdict);
        if (devices)
            ed_html_table_text(&table, row->device, NULL);
        if (models)
            ed_html_table_text(&table, row->model, NULL);
        ed_html_table_name(&table, row->requirement ? row->requirement : row->key);
        numbers(&table, row);
        ed_html_table_text(&table, row->why, NULL);
    }
    ed_html_table_end(&table);
}

static void sides(struct ed_html_page *page, const struct ed_report_gate *gate) {
    size_t n = 0;
    for (size_t i = 0; i < gate->n; i++) {
        const struct ed_report_gate_row *row = &gate->rows[i];
        bool before = false;
        for (size_t k = 0; k < i && !before; k++)
            before = !strcmp(gate->rows[k].device, row->device) &&
                     !strcmp(gate->rows[k].baseline_case, row->baseline_case) &&
                     !strcmp(gate->rows[k].candidate_case, row->candidate_case);
        if (before)
            continue;
        ed_buffer_text_append(&page->out, n++ ? "<li>" : "<ul>\n<li>");
        ed_html_text(page, row->candidate_case);
        ed_buffer_text_append(&page->out, " against ");
        ed_html_text(page, row->baseline_case);
        ed_buffer_text_append(&page->out, " on ");
        ed_html_text(page, row->device);
        ed_buffer_text_append(&page->out, "</li>\n");
    }
    ed_buffer_text_append(&page->out, n ? "</ul>\n" : "");
}

enum ed_status ed_html_gate(struct ed_html_page *page, struct ed_error *err) {
    const struct ed_report_gate *gate = page->info->gate;
    (void)err;
    if (!gate || gate->n == 0)
        return ED_OK;
    ed_html_section(page, "gate", "Candidate against baseline");
    sides(page, gate);
    const size_t drawn = ed_plot_gate(&page->plots, gate, FIGURE_ROWS);
    if (drawn)
        ed_html_figure(page,
                       "The candidate's change with its interval, where more is worse to the right. The "
                       "bars end at the smallest change that matters: an interval that ends before it "
                       "passes. Intervals may go on beyond the frame.%s",
                       drawn == FIGURE_ROWS ? " The first 40; the table has all." : "");
    comparisons(page, gate);
    ed_html_section_end(page);
    return ED_OK;
}
