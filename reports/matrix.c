// SPDX-License-Identifier: Apache-2.0
// Gathering the cells of the matrix.
#include "reports/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/energy_scope.h"
#include "reports/fields.h"
#include "reports/order.h"

// The same case on two devices has the same words, and its parts are equal.
static bool same_case(const struct ed_result *a, const struct ed_result *b) {
    static const int fields[] = {ED_ORDER_CASE,     ED_FIELD_model,   ED_FIELD_variant, ED_FIELD_engine,
                                 ED_FIELD_backend,  ED_FIELD_threads, ED_FIELD_options, ED_FIELD_workload,
                                 ED_FIELD_campaign, ED_FIELD_label};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!ed_order_same(a, b, fields[i]))
            return false;
    return true;
}

static bool any_known(const struct ed_view *view, int field) {
    double value;
    for (size_t i = 0; i < view->n_rows; i++)
        if (ed_view_ran(view->rows[i]) && ed_result_number(view->rows[i], field, 0, &value))
            return true;
    return false;
}

// What was asked for; else the first of the usual figures that any record has.
static int field_pick(const struct ed_report_info *info, const struct ed_view *view) {
    static const int usual[] = {ED_FIELD_latency_p50_ns, ED_FIELD_decode_tokens_per_s,
                                ED_FIELD_latency_mean_ns};
    struct ed_view_figure figure;
    int end, asked = info->figure ? ed_result_find(info->figure, &end) : -1;
    if (asked >= 0 && ed_view_figure(asked, &figure))
        return asked;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (any_known(view, usual[i]))
            return usual[i];
    return usual[0];
}

static size_t device_find(const struct ed_matrix *matrix, const struct ed_result *row) {
    size_t i = 0;
    while (i < matrix->n_devices && !ed_order_same(matrix->devices[i], row, ED_FIELD_device))
        i++;
    return i;
}

static const char *outcome_word(const struct ed_result *row) {
    if (ed_view_ran(row))
        return row->has[ED_FIELD_outcome] ? NULL : "not run";
    return row->outcome;
}

// Tasks of one case share a cell.
static void cell_add(struct ed_matrix *matrix, struct ed_matrix_cell *cell, const struct ed_result *row) {
    double value = 0;
    const char *why, *word = outcome_word(row);
    bool known = !word && ed_result_number(row, matrix->field, 0, &value);
    cell->several = cell->several || (cell->known && known && cell->value != value);
    cell->word = cell->word ? cell->word : word;
    if (known && !cell->known)
        cell->value = value;
    cell->known = cell->known || known;
    cell->present = true;
    cell->unusable = cell->unusable || (matrix->figure.speed && !ed_view_speed_usable(row, &why));
    cell->verdict = ed_verdict_combine(cell->verdict, ed_result_is_null(row, ED_FIELD_verdict)
                                                          ? ED_VERDICT_NONE
                                                          : ed_verdict_of_word(row->verdict));
}

// `rows` are ordered by case.
static void cells_fill(struct ed_matrix *matrix, const struct ed_result *const *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !same_case(rows[i], rows[i - 1]))
            matrix->columns[matrix->n_columns++].like = rows[i];
        struct ed_matrix_column *column = &matrix->columns[matrix->n_columns - 1];
        // The engine tells its version only where it ran.
        if (!ed_view_ran(column->like) && ed_view_ran(rows[i]))
            column->like = rows[i];
        size_t device = device_find(matrix, rows[i]);
        cell_add(matrix, &matrix->cells[(matrix->n_columns - 1) * matrix->n_devices + device], rows[i]);
    }
}

static void scale_fill(struct ed_matrix *matrix) {
    double smallest = INFINITY, largest = 0;
    for (size_t i = 0; i < matrix->n_columns * matrix->n_devices; i++) {
        const struct ed_matrix_cell *cell = &matrix->cells[i];
        struct ed_matrix_column *column = &matrix->columns[i / matrix->n_devices];
        double size = fabs(cell->value);
        column->marked = column->marked || cell->verdict > ED_VERDICT_PASS;
        if (!cell->known || cell->word || cell->several)
            continue;
        column->struck = column->struck || cell->unusable;
        smallest = size > 0 && size < smallest ? size : smallest;
        largest = size > largest ? size : largest;
    }
    matrix->scale =
        ed_scale_pick(matrix->figure.kind, largest > 0 ? smallest : 0, largest, matrix->figure.digits);
}

enum ed_status ed_matrix_init(struct ed_matrix *matrix, const struct ed_report_info *info,
                              const struct ed_view *view, struct ed_error *err) {
    static const struct ed_order by_case = {.n_sort = 0};
    const struct ed_result **rows = NULL;
    enum ed_status status = ED_OK;
    memset(matrix, 0, sizeof *matrix);
    matrix->field = field_pick(info, view);
    ed_view_figure(matrix->field, &matrix->figure);
    struct ed_energy_column columns[ED_ENERGY_SCOPES_MAX];
    // Energies of different scope are no figures to compare devices by.
    if (view->n_rows < 2 || (ed_energy_scoped(matrix->field) &&
                             ed_energy_columns(view->rows, view->n_rows, matrix->field, "", columns) > 1))
        return ED_OK;
    rows = calloc(view->n_rows, sizeof *rows);
    matrix->devices = calloc(view->n_rows, sizeof *matrix->devices);
    matrix->columns = calloc(view->n_rows, sizeof *matrix->columns);
    if (!rows || !matrix->devices || !matrix->columns)
        goto no_memory;
    for (size_t i = 0; i < view->n_rows; i++) {
        rows[i] = view->rows[i];
        if (device_find(matrix, rows[i]) == matrix->n_devices)
            matrix->devices[matrix->n_devices++] = rows[i];
    }
    if (matrix->n_devices < 2)
        goto out;
    matrix->cells = calloc(view->n_rows, matrix->n_devices * sizeof *matrix->cells);
    if (!matrix->cells)
        goto no_memory;
    status = ed_order_apply(&by_case, rows, view->n_rows, err);
    if (status != ED_OK)
        goto out;
    cells_fill(matrix, rows, view->n_rows);
    if (matrix->n_columns < 2)
        matrix->n_columns = 0;
    scale_fill(matrix);
    goto out;
no_memory:
    status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for a table of %zu cases", view->n_rows);
out:
    free(rows);
    return status;
}

void ed_matrix_release(struct ed_matrix *matrix) {
    free(matrix->devices);
    free(matrix->columns);
    free(matrix->cells);
    memset(matrix, 0, sizeof *matrix);
}

const struct ed_matrix_cell *ed_matrix_cell(const struct ed_matrix *matrix, size_t device, size_t column) {
    return &matrix->cells[column * matrix->n_devices + device];
}

static bool is_head(enum ed_naming naming) {
    return !ed_naming_kind(naming)->how && naming != ED_NAMING_DEVICE;
}

// Nothing but the variant differs.
static bool same_run(const struct ed_result *a, const struct ed_result *b) {
    for (int id = 0; id < ED_NAMING_COUNT; id++) {
        enum ed_naming naming = (enum ed_naming)id;
        if (is_head(naming) && naming != ED_NAMING_VARIANT && !ed_naming_equal(a, b, naming))
            return false;
    }
    return true;
}

static size_t run_length(const struct ed_matrix *matrix, size_t first) {
    size_t n = 1;
    while (first + n < matrix->n_columns &&
           same_run(matrix->columns[first].like, matrix->columns[first + n].like))
        n++;
    return n;
}

static bool differs(const struct ed_matrix *matrix, size_t first, size_t n, enum ed_naming naming) {
    for (size_t i = 1; i < n; i++)
        if (!ed_naming_equal(matrix->columns[first].like, matrix->columns[first + i].like, naming))
            return true;
    return false;
}

void ed_matrix_part(const struct ed_matrix *matrix, size_t first, struct ed_matrix_part *part) {
    memset(part, 0, sizeof *part);
    part->first = first;
    part->n = run_length(matrix, first);
    // Cases of one variant each would make as many matrices of one column.
    if (part->n == 1)
        while (first + part->n < matrix->n_columns && run_length(matrix, first + part->n) == 1)
            part->n++;
    for (int id = 0; id < ED_NAMING_COUNT; id++) {
        enum ed_naming naming = (enum ed_naming)id;
        if (!is_head(naming) || naming == ED_NAMING_VARIANT)
            continue;
        if (differs(matrix, first, part->n, naming))
            part->heads[part->n_heads++] = naming;
        else if (differs(matrix, 0, matrix->n_columns, naming))
            part->titles[part->n_titles++] = naming;
    }
    bool no_variant = ed_result_is_null(matrix->columns[first].like, ED_FIELD_variant);
    if (differs(matrix, first, part->n, ED_NAMING_VARIANT))
        part->heads[part->n_heads++] = ED_NAMING_VARIANT;
    else if (part->n_heads > 0 && !no_variant && differs(matrix, 0, matrix->n_columns, ED_NAMING_VARIANT))
        part->titles[part->n_titles++] = ED_NAMING_VARIANT;
    // A column is called something.
    if (part->n_heads == 0 && no_variant && part->n_titles > 0)
        part->heads[part->n_heads++] = part->titles[--part->n_titles];
    else if (part->n_heads == 0)
        part->heads[part->n_heads++] = no_variant ? ED_NAMING_MODEL : ED_NAMING_VARIANT;
}

bool ed_matrix_has(const struct ed_matrix *matrix, size_t device, const struct ed_matrix_part *part) {
    for (size_t i = 0; i < part->n; i++)
        if (ed_matrix_cell(matrix, device, part->first + i)->present)
            return true;
    return false;
}
