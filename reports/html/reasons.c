// SPDX-License-Identifier: Apache-2.0
// Every reason that a record has, once with the rows that have it. The records in the page have them row by
// row.
#include "reports/html/page.h"
#include "reports/reason_groups.h"
#include "reports/text.h"

enum ed_status ed_html_reasons(struct ed_html_page *page, struct ed_error *err) {
    struct ed_reason_groups g;
    struct ed_html_table table;
    bool ok = ed_reason_groups_init(&g, &page->view, 0);
    for (size_t row = 0; ok && row < page->view.n_rows; row++)
        for (size_t i = 0; i < page->view.rows[row]->n_reasons && i < ED_REASONS_MAX; i++)
            ed_reason_groups_add(&g, &page->view.rows[row]->reasons[i], row);
    if (ok && !ed_reason_groups_make(&g)) {
        ed_reason_groups_release(&g);
        ok = false;
    }
    if (!ok)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the reasons of %zu cases",
                       page->view.n_rows);
    ed_buffer_text_append(&page->out,
                          "<details><summary>Every reason, with its code and its rows</summary>\n");
    ed_html_table_begin(&table, page, "reasons", "Reasons", ED_HTML_SORT | ED_HTML_FILTER);
    ed_html_table_head(&table, "key", "", false);
    ed_html_table_head(&table, "code", "", false);
    ed_html_table_head(&table, "text", "", false);
    ed_html_table_head(&table, "rows", "", false);
    for (size_t i = 0; i < g.n_groups; i++) {
        const struct ed_reason *reason = g.entries[g.groups[i].first].reason;
        struct ed_buffer rows;
        ed_buffer_init(&rows, ED_REPORT_MAX_BYTES);
        ed_reason_rows_append(&rows, &g, &g.groups[i]);
        ed_html_table_row(&table);
        ed_html_table_text(&table, reason->key, NULL);
        ed_html_table_text(&table, reason->code, NULL);
        ed_html_table_text(&table, reason->text, NULL);
        ed_html_table_rows(&table, rows.size ? ed_buffer_text(&rows) : "all");
        page->no_memory = page->no_memory || rows.no_memory;
        ed_buffer_release(&rows);
    }
    ed_html_table_end(&table);
    ed_buffer_text_append(&page->out,
                          "<p class=\"note\">A number in the filter finds what a row has. "
                          "records.csv and records.json have the reasons row by row.</p></details>\n");
    ed_reason_groups_release(&g);
    return ED_OK;
}
