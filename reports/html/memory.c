// SPDX-License-Identifier: Apache-2.0
// Memory by phase, and what is known of its kind.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/html/page.h"
#include "reports/text.h"

#define FIGURES_MAX 40u

static const struct {
    int field;
    const char *head;
} columns[] = {
    {ED_FIELD_model_file_bytes, "model file"},
    {ED_FIELD_memory_before_load_bytes, "before load"},
    {ED_FIELD_memory_load_peak_bytes, "load peak"},
    {ED_FIELD_memory_after_load_bytes, "after load"},
    {ED_FIELD_anon_after_load_bytes, "of it anonymous"},
    {ED_FIELD_file_after_load_bytes, "of it file-backed"},
    {ED_FIELD_swap_after_load_bytes, "swapped"},
    {ED_FIELD_memory_warmup_peak_bytes, "warm-up peak"},
    {ED_FIELD_memory_inference_peak_bytes, "run peak"},
    {ED_FIELD_memory_after_unload_bytes, "after unload"},
    {ED_FIELD_system_memory_drop_peak_bytes, "system's drop"},
    {ED_FIELD_weights_bytes, "weights"},
    {ED_FIELD_arena_bytes, "arena"},
    {ED_FIELD_kv_cache_bytes, "KV cache"},
    {ED_FIELD_compute_buffer_bytes, "compute"},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static bool column_has(const struct ed_view *view, size_t c) {
    for (size_t row = 0; row < view->n_rows; row++)
        if (view->rows[row]->has[columns[c].field])
            return true;
    return false;
}

static void table_append(struct ed_html_page *page) {
    struct ed_html_table table;
    bool has[COLUMNS];
    ed_html_table_begin(&table, page, "memory-table", "Memory by phase, MiB", ED_HTML_SORT | ED_HTML_WIDE);
    ed_html_table_head(&table, "row", "", true);
    ed_html_table_head(&table, "case", "", false);
    for (size_t c = 0; c < COLUMNS; c++) {
        has[c] = column_has(&page->view, c);
        if (has[c])
            ed_html_table_head(&table, columns[c].head, "MiB", true);
    }
    for (size_t row = 0; row < page->view.n_rows; row++) {
        struct ed_buffer words;
        char text[64];
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_plot_row_words(&words, &page->view, row);
        snprintf(text, sizeof text, "%zu", row + 1);
        ed_html_table_row(&table);
        ed_html_table_number(&table, text, (double)(row + 1));
        ed_html_table_name(&table, ed_buffer_text(&words));
        for (size_t c = 0; c < COLUMNS; c++) {
            double bytes = NAN;
            if (!has[c])
                continue;
            const bool known = ed_result_number(page->view.rows[row], columns[c].field, 0, &bytes);
            if (known)
                ed_text_fixed(text, sizeof text, bytes / (1 << 20), 2, false);
            ed_html_table_number(&table, known ? text : "-", known ? bytes : NAN);
        }
        page->no_memory = page->no_memory || words.no_memory;
        ed_buffer_release(&words);
    }
    ed_html_table_end(&table);
    ed_buffer_text_append(
        &page->out,
        "<p class=\"note\">Peaks of resident memory are the kernel's own count, reset at each phase; "
        "the system's drop is sampled, a lower bound. Weights, arena, KV cache and compute buffers "
        "are the engine's own account, where it gives one.</p>\n");
}

enum ed_status ed_html_memory(struct ed_html_page *page, struct ed_error *err) {
    bool any = false, drawn;
    size_t figures = 0, first = 0;
    (void)err;
    for (size_t c = 1; c < COLUMNS; c++)
        any = any || column_has(&page->view, c);
    if (!any)
        return ED_OK;
    ed_html_section(page, "memory", "Memory by phase");
    for (; first < page->view.n_rows && figures < FIGURES_MAX; first += ED_PLOT_SERIES) {
        const size_t left = page->view.n_rows - first;
        ed_plot_memory(&page->plots, &page->view, first, left < ED_PLOT_SERIES ? left : ED_PLOT_SERIES,
                       &drawn);
        if (!drawn)
            continue;
        figures++;
        ed_html_figure(page, "Medians over blocks; a peak holds for the phase before it.");
    }
    if (first < page->view.n_rows)
        ed_buffer_printf(&page->out,
                         "<p class=\"note\">Rows from %zu on have no figure; the table has all.</p>\n",
                         first + 1);
    table_append(page);
    ed_html_section_end(page);
    return ED_OK;
}
