// SPDX-License-Identifier: Apache-2.0
// How the columns of a view are made; of reports/view.c and reports/view_figures.c alone.
#ifndef EDGEDYNO_REPORTS_VIEW_COLUMNS_H
#define EDGEDYNO_REPORTS_VIEW_COLUMNS_H

#include "reports/view.h"

// An empty column with room for a cell a row. NULL, and view->no_memory, without memory.
struct ed_view_column *ed_view_column_add(struct ed_view *view, const char *head, const char *unit,
                                          int field);
// The cell of that row becomes the text, which is taken.
void ed_view_cell_take(struct ed_view *view, struct ed_view_column *column, size_t row,
                       struct ed_buffer *text);
// The column as wide as its head, its unit and its cells need.
void ed_view_width_update(struct ed_view *view, struct ed_view_column *column);
// The columns of figures, in their order.
void ed_view_figures_add(struct ed_view *view);

#endif
