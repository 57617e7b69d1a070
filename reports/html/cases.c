// SPDX-License-Identifier: Apache-2.0
// Devices and variants against each other, then every case with every figure.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/html/page.h"
#include "reports/naming.h"
#include "reports/text.h"

static void matrix_cell(struct ed_html_table *table, const struct ed_matrix *matrix, size_t device,
                        size_t c) {
    const struct ed_matrix_cell *cell = ed_matrix_cell(matrix, device, c);
    char value[48], shown[64];
    if (!cell->present) {
        ed_html_table_text(table, "", NULL);
        return;
    }
    if (cell->word || cell->several || !cell->known) {
        ed_html_table_text(table, cell->word ? cell->word : cell->several ? "several" : "-", cell->word);
        return;
    }
    ed_text_fixed(value, sizeof value, cell->value / matrix->scale.divisor, matrix->scale.decimals, false);
    snprintf(shown, sizeof shown, "%s%s%s%s%s", cell->unusable ? "(" : "", value, cell->unusable ? ")" : "",
             cell->verdict > ED_VERDICT_PASS ? " " : "",
             cell->verdict == ED_VERDICT_FAIL           ? "\xE2\x9C\x97"
             : cell->verdict == ED_VERDICT_INCONCLUSIVE ? "?"
             : cell->verdict == ED_VERDICT_INVALID      ? "\xE2\x8A\x98"
                                                        : "");
    ed_html_table_number(table, shown, cell->value);
}

static void matrix_part(struct ed_html_page *page, size_t first, size_t count, size_t *next) {
    const struct ed_matrix *matrix = &page->matrix;
    struct ed_matrix_part part;
    struct ed_html_table table;
    struct ed_buffer caption;
    char id[32];
    ed_matrix_part(matrix, first, &part);
    *next = first + part.n;
    ed_buffer_init(&caption, ED_REPORT_MAX_BYTES);
    ed_buffer_printf(&caption, "%s%s%s by device and variant", matrix->figure.head,
                     *matrix->scale.unit ? ", " : "", matrix->scale.unit);
    for (size_t i = 0; i < part.n_titles; i++) {
        const char *before = ed_naming_kind(part.titles[i])->constant;
        ed_buffer_printf(&caption, " \xC2\xB7 %s", before ? before : "");
        ed_naming_text(&caption, matrix->columns[first].like, part.titles[i]);
    }
    snprintf(id, sizeof id, "matrix-%zu", count);
    ed_html_table_begin(&table, page, id, ed_buffer_text(&caption), ED_HTML_SORT | ED_HTML_FILTER);
    ed_html_table_head(&table, "device", "", false);
    for (size_t c = 0; c < part.n; c++) {
        struct ed_buffer head;
        ed_buffer_init(&head, ED_REPORT_MAX_BYTES);
        for (size_t h = 0; h < part.n_heads; h++) {
            const char *before = ed_naming_kind(part.heads[h])->constant;
            ed_buffer_printf(&head, "%s%s", h ? " \xC2\xB7 " : "", before ? before : "");
            ed_naming_text(&head, matrix->columns[first + c].like, part.heads[h]);
        }
        ed_html_table_head(&table, ed_buffer_text(&head), matrix->scale.unit, true);
        page->no_memory = page->no_memory || head.no_memory;
        ed_buffer_release(&head);
    }
    for (size_t device = 0; device < matrix->n_devices; device++) {
        if (!ed_matrix_has(matrix, device, &part))
            continue;
        ed_html_table_row(&table);
        ed_html_table_name(&table, matrix->devices[device]->device);
        for (size_t c = 0; c < part.n; c++)
            matrix_cell(&table, matrix, device, first + c);
    }
    ed_html_table_end(&table);
    page->no_memory = page->no_memory || caption.no_memory;
    ed_buffer_release(&caption);
}

static void matrices(struct ed_html_page *page) {
    size_t next = 0, count = 0;
    if (page->matrix.n_columns == 0)
        return;
    while (next < page->matrix.n_columns)
        matrix_part(page, next, ++count, &next);
    ed_buffer_text_append(
        &page->out,
        "<p class=\"note\">\xE2\x9C\x97 a requirement fails, ? not decided, \xE2\x8A\x98 invalid; in "
        "parentheses: not to be used, see context and reasons. The table of cases has the "
        "intervals.</p>\n");
}

// By what a column is sorted: the value itself, where the cell has one; its key may have it in another
// column, by its unit.
static double value_of(const struct ed_result *result, const struct ed_view_column *column, size_t row) {
    const char *cell = column->cells[row] + strspn(column->cells[row], " ");
    double value = NAN;
    if (column->field >= 0 && ed_view_ran(result) && (cell[0] != '-' || (cell[1] && cell[1] != ' ')))
        ed_result_number(result, column->field, 0, &value);
    return value;
}

static void case_row(struct ed_html_table *table, const struct ed_html_page *page, size_t row,
                     bool outcomes) {
    const struct ed_view *view = &page->view;
    const struct ed_result *result = view->rows[row];
    struct ed_buffer text;
    char number[24];
    snprintf(number, sizeof number, "%zu", row + 1);
    ed_html_table_row(table);
    ed_html_table_number(table, number, (double)(row + 1));
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    for (size_t i = 0; i < view->n_columns; i++)
        if (view->columns[i].field == ED_FIELD_verdict)
            ed_html_table_text(table, view->columns[i].cells[row], view->columns[i].cells[row]);
    if (outcomes) {
        ed_view_outcome(result, &text);
        const bool run = result->has[ED_FIELD_outcome];
        ed_html_table_text(table,
                           !run        ? "not run"
                           : text.size ? ed_buffer_text(&text)
                                       : "ok",
                           !run ? "not run" : result->outcome);
        ed_buffer_clear(&text);
    }
    if (view->n_groups > 0) {
        ed_view_group_text(view, row, &text);
        ed_html_table_text(table, ed_buffer_text(&text), NULL);
        ed_buffer_clear(&text);
    }
    for (size_t i = 0; i < view->n_columns; i++) {
        const struct ed_view_column *column = &view->columns[i];
        if (column->figure)
            ed_html_table_number(table, ed_view_ran(result) ? column->cells[row] : "",
                                 value_of(result, column, row));
        else if (column->field == ED_FIELD_threads)
            ed_html_table_number(table, column->cells[row], (double)result->threads);
        else if (column->field != ED_FIELD_verdict)
            ed_html_table_text(table, column->cells[row], NULL);
    }
    table->html.no_memory = table->html.no_memory || text.no_memory;
    ed_buffer_release(&text);
}

static void cases(struct ed_html_page *page) {
    const struct ed_view *view = &page->view;
    struct ed_html_table table;
    bool outcomes = false;
    for (size_t row = 0; row < view->n_rows; row++)
        outcomes = outcomes || !view->rows[row]->has[ED_FIELD_outcome] || !ed_view_ran(view->rows[row]);
    if (view->constants.size > 0) {
        ed_buffer_text_append(&page->out, "<p>All rows: ");
        ed_html_text(page, ed_buffer_text(&view->constants));
        ed_buffer_text_append(&page->out, "</p>\n");
    }
    ed_html_table_begin(&table, page, "cases", "Every case", ED_HTML_SORT | ED_HTML_FILTER | ED_HTML_WIDE);
    ed_html_table_head(&table, "row", "", true);
    for (size_t i = 0; i < view->n_columns; i++)
        if (view->columns[i].field == ED_FIELD_verdict)
            ed_html_table_head(&table, "verdict", "", false);
    if (outcomes)
        ed_html_table_head(&table, "outcome", "", false);
    if (view->n_groups > 0)
        ed_html_table_head(&table, "group", "", false);
    for (size_t i = 0; i < view->n_columns; i++)
        if (view->columns[i].field != ED_FIELD_verdict)
            ed_html_table_head(&table, view->columns[i].head, view->columns[i].unit,
                               view->columns[i].figure || view->columns[i].field == ED_FIELD_threads);
    for (size_t row = 0; row < view->n_rows; row++)
        case_row(&table, page, row, outcomes);
    ed_html_table_end(&table);
    if (view->has_spans)
        ed_buffer_text_append(&page->out,
                              "<p class=\"note\">In square brackets: the 95 % interval over blocks; a block "
                              "is a fresh process.</p>\n");
}

enum ed_status ed_html_cases(struct ed_html_page *page, struct ed_error *err) {
    (void)err;
    if (page->view.n_rows == 0)
        return ED_OK;
    ed_html_section(page, "results", "Devices and variants");
    matrices(page);
    cases(page);
    ed_html_section_end(page);
    return ED_OK;
}
