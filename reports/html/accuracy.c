// SPDX-License-Identifier: Apache-2.0
// Accuracy against latency: for each device, model and metric the rows that can be chosen from, and the front
// of those that no other row beats in both.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/front.h"
#include "reports/html/page.h"
#include "reports/metric_unit.h"
#include "reports/text.h"

#define FIGURES_MAX 40u

static bool doubtful(const struct ed_view *view) {
    const char *why;
    for (size_t row = 0; row < view->n_rows; row++)
        if (!ed_view_speed_usable(view->rows[row], &why))
            return true;
    return false;
}

// Where all rows are shares the head says so, else each cell has its unit.
static bool all_shares(const struct ed_view *view) {
    for (size_t row = 0; row < view->n_rows; row++)
        if (ed_front_has(view->rows[row]) && ed_view_no_share(view->rows[row]))
            return false;
    return true;
}

static void accuracy_text(char *text, size_t bytes, const struct ed_result *result, bool drop, double value,
                          bool unit) {
    if (unit)
        ed_metric_text(text, bytes, result->accuracy_metric, drop, value);
    else
        ed_text_fixed(text, bytes, 100 * value, 2, false);
}

// The figure, and its interval where there is one.
static void figure_text(char *text, size_t bytes, const struct ed_result *result, bool drop, bool unit) {
    const int field = drop ? ED_FIELD_accuracy_drop : ED_FIELD_accuracy_value;
    char value[48], low[48], high[48];
    accuracy_text(value, sizeof value, result, drop, drop ? result->accuracy_drop : result->accuracy_value,
                  unit);
    if (!result->has_span[field]) {
        snprintf(text, bytes, "%s", value);
        return;
    }
    accuracy_text(low, sizeof low, result, drop,
                  drop ? result->accuracy_drop_low : result->accuracy_value_low, unit);
    accuracy_text(high, sizeof high, result, drop,
                  drop ? result->accuracy_drop_high : result->accuracy_value_high, unit);
    snprintf(text, bytes, "%s [%s to %s]", value, low, high);
}

static void choice_rows(struct ed_html_table *table, const struct ed_html_page *page, const size_t *rows,
                        size_t n, bool units, bool usable) {
    for (size_t i = 0; i < n; i++) {
        const struct ed_result *result = page->view.rows[rows[i]];
        const size_t better = ed_front_beaten_by(&page->view, rows, n, i);
        struct ed_buffer words;
        const char *why;
        char text[160];
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_plot_row_words(&words, &page->view, rows[i]);
        snprintf(text, sizeof text, "%zu", rows[i] + 1);
        ed_html_table_row(table);
        ed_html_table_number(table, text, (double)(rows[i] + 1));
        ed_html_table_text(table, result->device, NULL);
        ed_html_table_name(table, ed_buffer_text(&words));
        ed_html_table_text(table, result->accuracy_metric, NULL);
        figure_text(text, sizeof text, result, false, units);
        ed_html_table_number(table, text, result->accuracy_value);
        const bool drop = result->has[ED_FIELD_accuracy_drop];
        if (drop)
            figure_text(text, sizeof text, result, true, units);
        ed_html_table_number(table, drop ? text : "-", drop ? result->accuracy_drop : NAN);
        ed_text_fixed(text, sizeof text, (double)result->latency_p50_ns / 1e6, 4, false);
        ed_html_table_number(table, text, (double)result->latency_p50_ns);
        if (better == n)
            snprintf(text, sizeof text, "on the front");
        else
            snprintf(text, sizeof text, "row %zu is as good or better in both", rows[better] + 1);
        ed_html_table_text(table, text, NULL);
        if (usable)
            ed_html_table_text(table, ed_view_speed_usable(result, &why) ? "" : why, NULL);
        ed_buffer_release(&words);
    }
}

static void figures(struct ed_html_page *page, size_t *rows, bool *front) {
    size_t drawn = 0, choices = 0;
    for (size_t row = 0; row < page->view.n_rows; row++) {
        if (!ed_front_begins(&page->view, row))
            continue;
        const size_t n = ed_front_rows(&page->view, row, rows);
        if (n < 2)
            continue;
        choices++;
        if (drawn == FIGURES_MAX)
            continue;
        for (size_t i = 0; i < n; i++)
            front[i] = ed_front_beaten_by(&page->view, rows, n, i) == n;
        ed_plot_pareto(&page->plots, &page->view, rows, front, n);
        ed_html_figure(
            page,
            "%s, %s on %s. Filled and joined: the front by the medians, no other row is as good in both and "
            "better in one. Hollow: another row is.",
            page->view.rows[row]->model, page->view.rows[row]->accuracy_metric, page->view.rows[row]->device);
        drawn++;
    }
    if (choices > drawn)
        ed_buffer_printf(&page->out, "<p class=\"note\">%zu of %zu have a figure; the table has all.</p>\n",
                         drawn, choices);
}

enum ed_status ed_html_accuracy(struct ed_html_page *page, struct ed_error *err) {
    struct ed_html_table table;
    size_t *rows = calloc(page->view.n_rows + 1, sizeof *rows);
    bool *front = calloc(page->view.n_rows + 1, sizeof *front), any = false;
    if (!rows || !front) {
        free(rows);
        free(front);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the accuracy of %zu cases",
                       page->view.n_rows);
    }
    for (size_t row = 0; row < page->view.n_rows; row++)
        any = any || ed_front_has(page->view.rows[row]);
    if (any) {
        const bool units = !all_shares(&page->view), usable = doubtful(&page->view);
        ed_html_section(page, "accuracy", "Accuracy against latency");
        figures(page, rows, front);
        ed_html_table_begin(&table, page, "pareto", "What there is to choose from",
                            ED_HTML_SORT | ED_HTML_FILTER);
        ed_html_table_head(&table, "row", "", true);
        ed_html_table_head(&table, "device", "", false);
        ed_html_table_head(&table, "case", "", false);
        ed_html_table_head(&table, "metric", "", false);
        ed_html_table_head(&table, "accuracy", units ? "" : "%", true);
        ed_html_table_head(&table, "drop", units ? "" : "%", true);
        ed_html_table_head(&table, "latency p50", "ms", true);
        ed_html_table_head(&table, "front", "", false);
        if (usable)
            ed_html_table_head(&table, "usable", "", false);
        for (size_t row = 0; row < page->view.n_rows; row++)
            if (ed_front_begins(&page->view, row))
                choice_rows(&table, page, rows, ed_front_rows(&page->view, row, rows), units, usable);
        ed_html_table_end(&table);
        ed_html_section_end(page);
    }
    free(rows);
    free(front);
    return ED_OK;
}
