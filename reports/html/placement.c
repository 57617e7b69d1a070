// SPDX-License-Identifier: Apache-2.0
// Where the models ran, by the engines' own evidence, and what their operators cost where a profile was
// taken.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/html/page.h"
#include "reports/text.h"

#define OPS_TOP 20u
#define PROCESSORS_MAX 16u

static void name_cells(struct ed_html_table *table, const struct ed_html_page *page, size_t row) {
    struct ed_buffer words;
    char text[24];
    ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
    ed_plot_row_words(&words, &page->view, row);
    snprintf(text, sizeof text, "%zu", row + 1);
    ed_html_table_row(table);
    ed_html_table_number(table, text, (double)(row + 1));
    ed_html_table_name(table, ed_buffer_text(&words));
    table->html.no_memory = table->html.no_memory || words.no_memory;
    ed_buffer_release(&words);
}

static bool is_explained(const struct ed_view *view) {
    for (size_t row = 0; row < view->n_rows; row++)
        if (ed_result_reason_find(view->rows[row], "placement_observed"))
            return true;
    return false;
}

static void placement_row(struct ed_html_table *table, const struct ed_html_page *page, size_t row,
                          bool explained) {
    const struct ed_result *result = page->view.rows[row];
    const struct ed_reason *reason = ed_result_reason_find(result, "placement_observed");
    name_cells(table, page, row);
    ed_html_table_text(table, result->placement_asked, NULL);
    ed_html_table_text(table, result->placement_offered, NULL);
    ed_html_table_text(table, result->placement_observed, NULL);
    if (result->has[ED_FIELD_placed_ops_share])
        ed_html_table_share(table, result->placed_ops_share);
    else
        ed_html_table_number(table, "-", NAN);
    ed_html_table_text(table, result->has[ED_FIELD_simulated] ? result->simulated ? "simulated" : "real" : "",
                       NULL);
    if (explained)
        ed_html_table_text(table, reason ? reason->text : "", NULL);
}

// A list that can be broken at its commas.
static void operators_cell(struct ed_html_table *table, const char *list) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    for (; *list; list++)
        ed_buffer_append(&text, *list == ',' ? ", " : list, *list == ',' ? 2 : 1);
    ed_html_table_text(table, ed_buffer_text(&text), NULL);
    table->html.no_memory = table->html.no_memory || text.no_memory;
    ed_buffer_release(&text);
}

static enum ed_status places(struct ed_html_page *page, struct ed_error *err) {
    const struct ed_report_source *source = page->info->source;
    struct ed_html_table table;
    enum ed_status status = ED_OK;
    if (!source)
        return ED_OK;
    ed_html_table_begin(&table, page, "places", "What ran where", ED_HTML_SORT | ED_HTML_FILTER);
    ed_html_table_head(&table, "row", "", true);
    ed_html_table_head(&table, "case", "", false);
    ed_html_table_head(&table, "place", "", false);
    ed_html_table_head(&table, "processor", "", false);
    ed_html_table_head(&table, "count", "", true);
    ed_html_table_head(&table, "of", "", true);
    ed_html_table_head(&table, "unit", "", false);
    ed_html_table_head(&table, "share", "%", true);
    ed_html_table_head(&table, "operators", "", false);
    for (size_t row = 0; row < page->view.n_rows && status == ED_OK; row++) {
        const struct ed_report_place *items;
        size_t n = 0;
        status = source->places(source->context, page->view.rows[row], &items, &n, err);
        for (size_t i = 0; status == ED_OK && i < n; i++) {
            char text[24];
            name_cells(&table, page, row);
            ed_html_table_text(&table, items[i].name, NULL);
            ed_html_table_text(&table, items[i].processor, NULL);
            snprintf(text, sizeof text, "%u", items[i].count);
            ed_html_table_number(&table, text, items[i].count);
            snprintf(text, sizeof text, "%u", items[i].total);
            ed_html_table_number(&table, text, items[i].total);
            ed_html_table_text(&table, items[i].unit, NULL);
            ed_html_table_share(&table, items[i].total ? (double)items[i].count / items[i].total : 0);
            operators_cell(&table, items[i].operators);
        }
    }
    ed_html_table_end(&table);
    return status;
}

enum ed_status ed_html_placement(struct ed_html_page *page, struct ed_error *err) {
    struct ed_html_table table;
    const bool explained = is_explained(&page->view);
    bool any = false;
    for (size_t row = 0; row < page->view.n_rows; row++)
        any = any || page->view.rows[row]->has[ED_FIELD_placement_observed] ||
              page->view.rows[row]->has[ED_FIELD_placement_asked];
    if (!any)
        return ED_OK;
    ed_html_section(page, "placement", "Placement");
    ed_html_table_begin(&table, page, "placement-table", "Asked, offered and observed",
                        ED_HTML_SORT | ED_HTML_FILTER);
    ed_html_table_head(&table, "row", "", true);
    ed_html_table_head(&table, "case", "", false);
    ed_html_table_head(&table, "asked", "", false);
    ed_html_table_head(&table, "offered", "", false);
    ed_html_table_head(&table, "observed", "", false);
    ed_html_table_head(&table, "as asked", "%", true);
    ed_html_table_head(&table, "processor is", "", false);
    if (explained)
        ed_html_table_head(&table, "why", "", false);
    for (size_t row = 0; row < page->view.n_rows; row++)
        placement_row(&table, page, row, explained);
    ed_html_table_end(&table);
    enum ed_status status = places(page, err);
    ed_html_section_end(page);
    return status;
}

static int by_time(const void *a, const void *b) {
    const struct ed_report_op *const *x = a, *const *y = b;
    if ((*x)->total_ns != (*y)->total_ns)
        return (*x)->total_ns < (*y)->total_ns ? 1 : -1;
    const int order = strcmp((*x)->name, (*y)->name);
    return order ? order : *x < *y ? -1 : *x > *y;
}

struct share {
    const char *processor;
    uint64_t ops;
    int64_t ns;
};

static void processors(struct ed_html_table *table, const struct ed_html_page *page, size_t row,
                       const struct ed_report_op *ops, size_t n) {
    struct share shares[PROCESSORS_MAX] = {0};
    size_t n_shares = 0;
    int64_t all_ns = 0;
    for (size_t i = 0; i < n; i++) {
        size_t s = 0;
        while (s < n_shares && strcmp(shares[s].processor, ops[i].processor) != 0)
            s++;
        if (s == n_shares && n_shares == PROCESSORS_MAX)
            continue;
        n_shares += s == n_shares;
        shares[s].processor = ops[i].processor;
        shares[s].ops++;
        shares[s].ns += ops[i].total_ns;
        all_ns += ops[i].total_ns;
    }
    for (size_t s = 0; s < n_shares; s++) {
        char text[32];
        name_cells(table, page, row);
        ed_html_table_text(table, shares[s].processor, NULL);
        const struct ed_result *result = page->view.rows[row];
        const bool known = !ed_result_is_null(result, ED_FIELD_processor) && *shares[s].processor;
        const bool asked = known && strcmp(result->processor, shares[s].processor) == 0;
        ed_html_table_text(table,
                           !known  ? ""
                           : asked ? "yes"
                                   : "no, fell back",
                           known && !asked ? "fail" : NULL);
        snprintf(text, sizeof text, "%llu", (unsigned long long)shares[s].ops);
        ed_html_table_number(table, text, (double)shares[s].ops);
        ed_html_table_share(table, (double)shares[s].ops / (double)n);
        ed_text_fixed(text, sizeof text, (double)shares[s].ns / 1e6, 3, false);
        ed_html_table_number(table, text, (double)shares[s].ns);
        ed_html_table_share(table, all_ns > 0 ? (double)shares[s].ns / (double)all_ns : 0);
    }
}

static enum ed_status top_ops(struct ed_html_table *table, const struct ed_html_page *page, size_t row,
                              const struct ed_report_op *ops, size_t n, struct ed_error *err) {
    const struct ed_report_op **sorted = calloc(n + 1, sizeof *sorted);
    if (!sorted)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the operators");
    for (size_t i = 0; i < n; i++)
        sorted[i] = &ops[i];
    qsort(sorted, n, sizeof *sorted, by_time);
    for (size_t i = 0; i < n && i < OPS_TOP; i++) {
        char text[32];
        name_cells(table, page, row);
        ed_html_table_text(table, sorted[i]->name, NULL);
        ed_html_table_text(table, sorted[i]->op, NULL);
        ed_html_table_text(table, sorted[i]->processor, NULL);
        snprintf(text, sizeof text, "%llu", (unsigned long long)sorted[i]->calls);
        ed_html_table_number(table, text, (double)sorted[i]->calls);
        ed_text_fixed(text, sizeof text, (double)sorted[i]->total_ns / 1e6, 3, false);
        ed_html_table_number(table, text, (double)sorted[i]->total_ns);
        ed_html_table_share(table, sorted[i]->share);
    }
    free(sorted);
    return ED_OK;
}

static enum ed_status each_ops(struct ed_html_page *page, struct ed_html_table *shares,
                               struct ed_html_table *top, size_t *any, struct ed_error *err) {
    const struct ed_report_source *source = page->info->source;
    enum ed_status status = ED_OK;
    *any = 0;
    for (size_t row = 0; source && row < page->view.n_rows && status == ED_OK; row++) {
        const struct ed_report_op *ops;
        size_t n = 0;
        status = source->ops(source->context, page->view.rows[row], &ops, &n, err);
        if (status != ED_OK || n == 0)
            continue;
        (*any)++;
        if (shares)
            processors(shares, page, row, ops, n);
        if (top)
            status = top_ops(top, page, row, ops, n, err);
    }
    return status;
}

enum ed_status ed_html_ops(struct ed_html_page *page, struct ed_error *err) {
    struct ed_html_table table;
    size_t any;
    enum ed_status status = each_ops(page, NULL, NULL, &any, err);
    if (status != ED_OK || !any)
        return status;
    ed_html_section(page, "operators", "Operators");
    ed_html_table_begin(&table, page, "processors", "Share of operators and of time, by processor",
                        ED_HTML_SORT);
    ed_html_table_head(&table, "row", "", true);
    ed_html_table_head(&table, "case", "", false);
    ed_html_table_head(&table, "processor", "", false);
    ed_html_table_head(&table, "as asked", "", false);
    ed_html_table_head(&table, "operators", "", true);
    ed_html_table_head(&table, "of all", "%", true);
    ed_html_table_head(&table, "time", "ms", true);
    ed_html_table_head(&table, "of all time", "%", true);
    status = each_ops(page, &table, NULL, &any, err);
    ed_html_table_end(&table);
    ed_html_table_begin(&table, page, "top-operators", "Operators that take longest",
                        ED_HTML_SORT | ED_HTML_FILTER);
    ed_html_table_head(&table, "row", "", true);
    ed_html_table_head(&table, "case", "", false);
    ed_html_table_head(&table, "operator", "", false);
    ed_html_table_head(&table, "type", "", false);
    ed_html_table_head(&table, "processor", "", false);
    ed_html_table_head(&table, "calls", "", true);
    ed_html_table_head(&table, "time", "ms", true);
    ed_html_table_head(&table, "share", "%", true);
    if (status == ED_OK)
        status = each_ops(page, NULL, &table, &any, err);
    ed_html_table_end(&table);
    ed_buffer_printf(
        &page->out,
        "<p class=\"note\">From a pass of its own with the engine's profiler, which slows it down: shares, "
        "not latencies. At most %u operators a row are shown.</p>\n",
        OPS_TOP);
    ed_html_section_end(page);
    return status;
}
