// SPDX-License-Identifier: Apache-2.0
// Tables of operators.
#include "reports/ops.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reports/scale.h"
#include "reports/text.h"
#include "reports/view.h"

#define OP_COLUMNS 24
#define NAME_COLUMNS_LEAST 12
#define INDENT 4
#define GAP 2

enum { SHARE, TIME, CALLS, OP, PROCESSOR, NAME, COLUMNS };

// The cells of one record's operators as visible text.
struct grid {
    struct ed_buffer cells[ED_OPS_TOP][COLUMNS];
    size_t n, total, width[COLUMNS];
    const char *heads[COLUMNS];
};

enum ed_status ed_ops_of(const struct ed_report_info *info, const struct ed_result *result,
                         const struct ed_report_op **ops, size_t *n, struct ed_error *err) {
    *ops = NULL;
    *n = 0;
    if (!info->source || !info->source->ops)
        return ED_OK;
    return info->source->ops(info->source->context, result, ops, n, err);
}

// Long names of nodes differ at their ends: the begin goes.
static void cut_begin(struct ed_buffer *cell, size_t columns) {
    struct ed_buffer whole = *cell;
    const char *text = ed_buffer_text(&whole);
    if (ed_text_width(text) <= columns)
        return;
    ed_buffer_init(cell, ED_REPORT_MAX_BYTES);
    while (*text && ed_text_width(text) > columns - 1)
        do
            text++;
        while (((unsigned char)*text & 0xC0) == 0x80);
    ed_buffer_printf(cell, "\xE2\x80\xA6%s", text);
    ed_buffer_release(&whole);
}

static void grid_release(struct grid *grid) {
    for (size_t row = 0; row < ED_OPS_TOP; row++)
        for (size_t column = 0; column < COLUMNS; column++)
            ed_buffer_release(&grid->cells[row][column]);
}

static void widths_find(struct grid *grid) {
    for (size_t column = 0; column < COLUMNS; column++) {
        grid->width[column] = ed_text_width(grid->heads[column]);
        for (size_t row = 0; row < grid->n; row++) {
            const size_t width = ed_text_width(ed_buffer_text(&grid->cells[row][column]));
            grid->width[column] = width > grid->width[column] ? width : grid->width[column];
        }
    }
}

// `columns` 0: no limit.
static void grid_fit(struct grid *grid, int columns) {
    size_t used = INDENT + (COLUMNS - 1) * GAP;
    for (size_t row = 0; columns > 0 && row < grid->n; row++)
        cut_begin(&grid->cells[row][OP], OP_COLUMNS);
    widths_find(grid);
    for (size_t column = 0; column < NAME; column++)
        used += grid->width[column];
    const size_t room = columns > 0 && (size_t)columns > used + NAME_COLUMNS_LEAST ? (size_t)columns - used
                                                                                   : NAME_COLUMNS_LEAST;
    for (size_t row = 0; columns > 0 && row < grid->n; row++)
        cut_begin(&grid->cells[row][NAME], room);
    widths_find(grid);
}

static void grid_fill(struct grid *grid, const struct ed_report_op *ops, size_t n, bool usable) {
    static const char *const heads[COLUMNS] = {"share", "", "calls", "operator", "on", "name"};
    char number[64];
    memset(grid, 0, sizeof *grid);
    memcpy(grid->heads, heads, sizeof heads);
    grid->n = n < ED_OPS_TOP ? n : ED_OPS_TOP;
    grid->total = n;
    const double largest = (double)ops[0].total_ns, smallest = (double)ops[grid->n - 1].total_ns;
    const struct ed_scale scale = ed_scale_pick(ED_SCALE_TIME, smallest > 0 ? smallest : largest, largest, 3);
    grid->heads[TIME] = scale.unit;
    for (size_t row = 0; row < ED_OPS_TOP; row++)
        for (size_t column = 0; column < COLUMNS; column++)
            ed_buffer_init(&grid->cells[row][column], ED_REPORT_MAX_BYTES);
    for (size_t row = 0; row < grid->n; row++) {
        struct ed_buffer *cells = grid->cells[row];
        ed_text_fixed(number, sizeof number, ops[row].share * 100, 1, false);
        ed_buffer_printf(&cells[SHARE], "%s %%", number);
        ed_text_fixed(number, sizeof number, (double)ops[row].total_ns / scale.divisor, scale.decimals,
                      false);
        ed_buffer_printf(&cells[TIME], usable ? "%s" : "(%s)", number);
        ed_buffer_printf(&cells[CALLS], "%" PRIu64, ops[row].calls);
        ed_text_visible(&cells[OP], ops[row].op, strlen(ops[row].op));
        ed_text_visible(&cells[PROCESSOR], ops[row].processor, strlen(ops[row].processor));
        ed_text_visible(&cells[NAME], ops[row].name, strlen(ops[row].name));
    }
}

static void lines_append(struct ed_buffer *out, struct grid *grid, const struct ed_report_info *info) {
    grid_fit(grid, info->columns);
    for (size_t row = 0; row <= grid->n; row++) {
        ed_text_repeat(out, ' ', INDENT - GAP);
        for (size_t column = 0; column < COLUMNS; column++) {
            const char *text = row ? ed_buffer_text(&grid->cells[row - 1][column]) : grid->heads[column];
            const size_t pad = grid->width[column] - ed_text_width(text);
            ed_text_repeat(out, ' ', GAP + (column < OP ? pad : 0));
            ed_buffer_text_append(out, text);
            ed_text_repeat(out, ' ', column < OP || column == NAME ? 0 : pad);
        }
        ed_buffer_text_append(out, "\n");
    }
}

static void markdown_append(struct ed_buffer *out, const struct grid *grid) {
    for (size_t column = 0; column < COLUMNS; column++)
        ed_buffer_printf(out, "| %s%s ", column == TIME ? "time, " : "", grid->heads[column]);
    ed_buffer_text_append(out, "|\n|--:|--:|--:|:--|:--|:--|\n");
    for (size_t row = 0; row < grid->n; row++) {
        for (size_t column = 0; column < COLUMNS; column++) {
            ed_buffer_text_append(out, "| ");
            ed_text_markdown(out, ed_buffer_text(&grid->cells[row][column]));
            ed_buffer_text_append(out, " ");
        }
        ed_buffer_text_append(out, "|\n");
    }
}

// "operators: the longest 10 of 34, over all profiled runs", and which row it is.
static void title_append(struct ed_buffer *out, const struct grid *grid) {
    ed_buffer_text_append(out, "operators: ");
    if (grid->n < grid->total)
        ed_buffer_printf(out, "the longest %zu of %zu", grid->n, grid->total);
    else
        ed_buffer_text_append(out, "all");
    ed_buffer_text_append(out, ", times over all profiled runs");
}

static enum ed_status tables_append(struct ed_buffer *out, const struct ed_report_info *info,
                                    const struct ed_result *const *rows, size_t n_rows, bool markdown,
                                    struct ed_error *err) {
    for (size_t i = 0; i < n_rows; i++) {
        const struct ed_report_op *ops;
        const char *why;
        struct grid grid;
        size_t n;
        enum ed_status status = ed_ops_of(info, rows[i], &ops, &n, err);
        if (status != ED_OK)
            return status;
        if (!n)
            continue;
        grid_fill(&grid, ops, n, ed_view_speed_usable(rows[i], &why));
        ed_buffer_text_append(out, markdown ? "\n<details><summary>" : "\n");
        title_append(out, &grid);
        if (n_rows > 1)
            ed_buffer_printf(out, markdown ? " (row %zu)" : "  [%zu]", i + 1);
        ed_buffer_text_append(out, markdown ? "</summary>\n\n" : "\n");
        if (markdown)
            markdown_append(out, &grid);
        else
            lines_append(out, &grid, info);
        ed_buffer_text_append(out, markdown ? "\n</details>\n" : "");
        for (size_t row = 0; row < grid.n; row++)
            for (size_t column = 0; column < COLUMNS; column++)
                out->no_memory = out->no_memory || grid.cells[row][column].no_memory;
        grid_release(&grid);
    }
    return ED_OK;
}

enum ed_status ed_ops_text(struct ed_buffer *out, const struct ed_report_info *info,
                           const struct ed_result *const *rows, size_t n_rows, struct ed_error *err) {
    return tables_append(out, info, rows, n_rows, false, err);
}

enum ed_status ed_ops_markdown(struct ed_buffer *out, const struct ed_report_info *info,
                               const struct ed_result *const *rows, size_t n_rows, struct ed_error *err) {
    return tables_append(out, info, rows, n_rows, true, err);
}

enum ed_status ed_ops_json(struct ed_json_writer *writer, const struct ed_report_info *info,
                           const struct ed_result *result, struct ed_error *err) {
    const struct ed_report_op *ops;
    size_t n;
    enum ed_status status = ed_ops_of(info, result, &ops, &n, err);
    if (status != ED_OK || !n)
        return status;
    ed_json_array_begin(writer, "ops");
    for (size_t i = 0; i < n; i++) {
        ed_json_object_begin(writer, NULL);
        ed_json_text(writer, "name", ops[i].name);
        ed_json_text(writer, "op", ops[i].op);
        ed_json_text(writer, "processor", ops[i].processor);
        ed_json_uint(writer, "calls", ops[i].calls);
        ed_json_int(writer, "total_ns", ops[i].total_ns);
        ed_json_real(writer, "share", ops[i].share);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
    return ED_OK;
}
