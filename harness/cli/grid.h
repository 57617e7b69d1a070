// SPDX-License-Identifier: Apache-2.0
// A table of texts for a terminal. The last column takes what is left of the width and is broken at spaces; a
// line feed in it begins a new line. Text from devices is made safe.
#ifndef EDGEDYNO_HARNESS_CLI_GRID_H
#define EDGEDYNO_HARNESS_CLI_GRID_H

#include <stddef.h>

#include "base/buffer.h"

#define ED_GRID_COLUMNS_MAX 8

struct ed_grid {
    const char *heads[ED_GRID_COLUMNS_MAX];
    size_t n_columns;
    char **cells; // owned texts, row after row
    size_t n_cells, capacity;
    bool no_memory;
};

void ed_grid_init(struct ed_grid *grid, const char *const *heads, size_t n_columns);
void ed_grid_release(struct ed_grid *grid);
// The next cell; a row is full after n_columns of them.
__attribute__((format(printf, 2, 3))) void ed_grid_add(struct ed_grid *grid, const char *format, ...);
// `columns` 0: no limit.
enum ed_status ed_grid_print(const struct ed_grid *grid, int columns, struct ed_buffer *out,
                             struct ed_error *err);

#endif
