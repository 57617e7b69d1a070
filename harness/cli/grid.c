// SPDX-License-Identifier: Apache-2.0
// A table of texts.
#include "harness/cli/grid.h"

#include <stdlib.h>

#include "reports/text.h"

#define GAP 2
#define LAST_LEAST 16
#define CELL_MAX_BYTES 4096

void ed_grid_init(struct ed_grid *grid, const char *const *heads, size_t n_columns) {
    memset(grid, 0, sizeof *grid);
    grid->n_columns = n_columns;
    for (size_t i = 0; i < n_columns; i++)
        grid->heads[i] = heads[i];
}

void ed_grid_release(struct ed_grid *grid) {
    for (size_t i = 0; i < grid->n_cells; i++)
        free(grid->cells[i]);
    free(grid->cells);
    memset(grid, 0, sizeof *grid);
}

// Safe text; line feeds stay, since they are ours.
static char *visible(const char *text) {
    struct ed_buffer out;
    ed_buffer_init(&out, 8 * (size_t)CELL_MAX_BYTES);
    while (*text) {
        size_t bytes = strcspn(text, "\n");
        ed_text_visible(&out, text, bytes);
        text += bytes;
        if (*text == '\n') {
            ed_buffer_append(&out, "\n", 1);
            text++;
        }
    }
    ed_buffer_append(&out, "", 0);
    char *copy = out.too_large || out.no_memory ? NULL : strdup(ed_buffer_text(&out));
    ed_buffer_release(&out);
    return copy;
}

void ed_grid_add(struct ed_grid *grid, const char *format, ...) {
    char text[CELL_MAX_BYTES];
    va_list args;
    if (grid->n_cells == grid->capacity) {
        size_t capacity = grid->capacity ? 2 * grid->capacity : 64;
        char **cells = realloc(grid->cells, capacity * sizeof *cells);
        if (!cells) {
            grid->no_memory = true;
            return;
        }
        grid->cells = cells;
        grid->capacity = capacity;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *cell = visible(text);
    if (cell)
        grid->cells[grid->n_cells++] = cell;
    else
        grid->no_memory = true;
}

static void end_line(struct ed_buffer *out) {
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    ed_buffer_append(out, "\n", 1);
}

static void last_cell(struct ed_buffer *out, const char *text, size_t indent, size_t room) {
    bool first = true;
    do {
        size_t line = strcspn(text, "\n"), fits = ed_text_prefix(text, room);
        size_t used = line <= fits ? line : fits;
        if (used < line && text[used] != ' ') {
            while (used > 0 && text[used - 1] != ' ')
                used--;
            used = used ? used : fits;
        }
        if (!first)
            ed_text_repeat(out, ' ', indent);
        first = false;
        ed_buffer_append(out, text, used);
        end_line(out);
        text += used;
        text += *text == '\n' ? 1 : strspn(text, " ");
    } while (*text);
}

enum ed_status ed_grid_print(const struct ed_grid *grid, int columns, struct ed_buffer *out,
                             struct ed_error *err) {
    size_t width[ED_GRID_COLUMNS_MAX], indent = 0, n = grid->n_columns;
    if (grid->no_memory || n == 0)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the table");
    for (size_t c = 0; c < n; c++)
        width[c] = ed_text_width(grid->heads[c]);
    for (size_t i = 0; i < grid->n_cells; i++)
        if (i % n + 1 < n && ed_text_width(grid->cells[i]) > width[i % n])
            width[i % n] = ed_text_width(grid->cells[i]);
    for (size_t c = 0; c + 1 < n; c++)
        indent += width[c] + GAP;
    size_t room = columns <= 0                            ? SIZE_MAX
                  : (size_t)columns > indent + LAST_LEAST ? (size_t)columns - indent
                                                          : LAST_LEAST;
    for (size_t i = 0; i < n + grid->n_cells; i++) {
        const char *text = i < n ? grid->heads[i] : grid->cells[i - n];
        if (i % n + 1 == n) {
            last_cell(out, text, indent, room);
            continue;
        }
        ed_buffer_text_append(out, text);
        ed_text_repeat(out, ' ', width[i % n] - ed_text_width(text) + GAP);
    }
    return ED_OK;
}
