// SPDX-License-Identifier: Apache-2.0
// Under what circumstances it was measured, everything that is to be said about the figures, and the files to
// go on with.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/html/page.h"
#include "reports/registry.h"
#include "reports/text.h"

static const struct {
    int field;
    const char *head, *unit;
    double divisor;
    int decimals;
} columns[] = {
    {ED_FIELD_steady, "steady", "", 1, 0},
    {ED_FIELD_warmup_inferences, "warm-up", "inferences", 1, 0},
    {ED_FIELD_throttled, "throttled", "", 1, 0},
    {ED_FIELD_temperature_start_mc, "start",
     "\xC2\xB0"
     "C",
     1000, 1},
    {ED_FIELD_temperature_peak_mc, "hottest",
     "\xC2\xB0"
     "C",
     1000, 1},
    {ED_FIELD_energy_scope, "power measured of", "", 1, 0},
    {ED_FIELD_blocks, "blocks", "", 1, 0},
    {ED_FIELD_samples, "samples", "", 1, 0},
    {ED_FIELD_libc, "C library", "", 1, 0},
    {ED_FIELD_options, "options", "", 1, 0},
    {ED_FIELD_seed, "seed", "", 1, 0},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static bool column_has(const struct ed_view *view, size_t c) {
    for (size_t row = 0; row < view->n_rows; row++)
        if (!ed_result_is_null(view->rows[row], columns[c].field))
            return true;
    return false;
}

static void cell(struct ed_html_table *table, const struct ed_result *result, size_t c) {
    const enum ed_result_type type = ed_result_fields()[columns[c].field].type;
    const bool null = ed_result_is_null(result, columns[c].field);
    double value = NAN;
    char text[64] = "-";
    if (type == ED_RESULT_TEXT) {
        ed_html_table_text(table, null ? "" : ed_result_text(result, columns[c].field), NULL);
    } else if (type == ED_RESULT_BOOL) {
        ed_html_table_text(table, null ? "" : ed_result_bool(result, columns[c].field) ? "yes" : "no", NULL);
    } else {
        if (!null && ed_result_number(result, columns[c].field, 0, &value))
            ed_text_fixed(text, sizeof text, value / columns[c].divisor, columns[c].decimals, false);
        ed_html_table_number(table, text, value);
    }
}

static void context_table(struct ed_html_page *page) {
    struct ed_html_table table;
    bool has[COLUMNS];
    ed_html_table_begin(&table, page, "context-table", "State of the device and of the measurement",
                        ED_HTML_SORT | ED_HTML_FILTER | ED_HTML_WIDE);
    ed_html_table_head(&table, "row", "", true);
    ed_html_table_head(&table, "device", "", false);
    ed_html_table_head(&table, "case", "", false);
    for (size_t c = 0; c < COLUMNS; c++) {
        has[c] = column_has(&page->view, c);
        if (has[c])
            ed_html_table_head(&table, columns[c].head, columns[c].unit,
                               ed_result_fields()[columns[c].field].type == ED_RESULT_INT);
    }
    for (size_t row = 0; row < page->view.n_rows; row++) {
        struct ed_buffer words;
        char text[24];
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_plot_row_words(&words, &page->view, row);
        snprintf(text, sizeof text, "%zu", row + 1);
        ed_html_table_row(&table);
        ed_html_table_number(&table, text, (double)(row + 1));
        ed_html_table_text(&table, page->view.rows[row]->device, NULL);
        ed_html_table_name(&table, ed_buffer_text(&words));
        for (size_t c = 0; c < COLUMNS; c++)
            if (has[c])
                cell(&table, page->view.rows[row], c);
        page->no_memory = page->no_memory || words.no_memory;
        ed_buffer_release(&words);
    }
    ed_html_table_end(&table);
}

static void notes_list(struct ed_html_page *page, bool unmeasured, const char *title) {
    size_t n = 0;
    for (size_t i = 0; i < page->notes.n; i++) {
        const struct ed_note *note = &page->notes.items[i];
        if (note->unmeasured != unmeasured)
            continue;
        if (n++ == 0)
            ed_buffer_printf(&page->out, "<h3>%s</h3>\n<ul>\n", title);
        ed_buffer_text_append(&page->out, "<li>");
        ed_html_text(page, note->text);
        if (*note->rows)
            ed_buffer_printf(&page->out, " <span class=\"rows\">(row%s %s)</span>",
                             strpbrk(note->rows, ",-") ? "s" : "", note->rows);
        ed_buffer_text_append(&page->out, "</li>\n");
    }
    ed_buffer_text_append(&page->out, n ? "</ul>\n" : "");
}

enum ed_status ed_html_context(struct ed_html_page *page, struct ed_error *err) {
    if (page->view.n_rows == 0)
        return ED_OK;
    ed_html_section(page, "context", "Context and reasons");
    context_table(page);
    notes_list(page, false, "What is to be said about the figures");
    notes_list(page, true, "Not measured");
    const enum ed_status status = ed_html_reasons(page, err);
    ed_html_section_end(page);
    return status;
}

static enum ed_status collect(void *context, const char *bytes, size_t n, struct ed_error *err) {
    ed_buffer_append(context, bytes, n);
    return ed_buffer_status(context, "the records in the page", err);
}

// The records as another format writes them.
static enum ed_status records(struct ed_html_page *page, const char *format, struct ed_buffer *out,
                              struct ed_error *err) {
    const struct ed_report *report = ed_report_find(format);
    const struct ed_sink sink = {.context = out, .write = collect};
    struct ed_error ignored = {0};
    void *state = calloc(1, report->state_bytes ? report->state_bytes : 1);
    if (!state)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the records in the page");
    enum ed_status status = report->begin(state, page->info, &sink, err);
    if (status == ED_OK) {
        for (size_t row = 0; row < page->view.n_rows && status == ED_OK; row++)
            status = report->record(state, page->view.rows[row], err);
        const enum ed_status ended = report->end(state, status ? &ignored : err);
        status = status ? status : ended;
    }
    free(state);
    return status;
}

enum ed_status ed_html_data(struct ed_html_page *page, struct ed_error *err) {
    static const struct {
        const char *format, *file, *type;
    } files[] = {{"csv", "records.csv", "text/csv"}, {"json", "records.json", "application/json"}};
    enum ed_status status = ED_OK;
    ed_html_section(page, "data", "Data");
    ed_buffer_text_append(&page->out, "<p>Every record with every key, to go on with: ");
    for (size_t i = 0; i < sizeof files / sizeof files[0] && status == ED_OK; i++) {
        struct ed_buffer bytes;
        ed_buffer_init(&bytes, ED_REPORT_MAX_BYTES);
        status = records(page, files[i].format, &bytes, err);
        ed_buffer_text_append(&page->out, i ? ", " : "");
        ed_html_file(&page->out, files[i].file, files[i].type, files[i].file, &bytes);
        ed_buffer_release(&bytes);
    }
    ed_buffer_text_append(&page->out, ". The page asks no server for anything.</p>\n");
    ed_html_section_end(page);
    return status;
}
