// SPDX-License-Identifier: Apache-2.0
// Device x variant: one figure of every case on every device, in as little room as it takes. One row a
// device, one column a variant; what else tells cases apart (model, engine, backend, threads ...) begins a
// matrix of its own, or, where it has but one variant, is another line above its column. Above the long
// table, which has the intervals.
#ifndef EDGEDYNO_REPORTS_MATRIX_H
#define EDGEDYNO_REPORTS_MATRIX_H

#include "reports/naming.h"
#include "reports/verdict.h"
#include "reports/view.h"

struct ed_matrix_cell {
    bool present;  // the device has such a case
    bool known;    // it has a figure
    bool several;  // tasks that differ in it: none is shown
    bool unusable; // shown in parentheses, as in the long table
    double value;
    const char *word; // "oom", "not run" in place of a figure; NULL: none. Borrowed or static
    enum ed_verdict verdict;
};

struct ed_matrix_column {
    const struct ed_result *like; // a record of this case, for the words above the column
    bool struck, marked;          // some cell has parentheses, a mark of its verdict
};

struct ed_matrix {
    struct ed_view_figure figure;
    int field;
    struct ed_scale scale;
    size_t n_devices, n_columns;
    const struct ed_result **devices; // a record of each, in order of appearance
    struct ed_matrix_column *columns;
    struct ed_matrix_cell *cells; // n_devices of the first column, of the second ...
};

// A part that is printed as one matrix: columns first..first+n-1. In `heads` is what stands above each
// column, in `titles` what is said once for all of them.
struct ed_matrix_part {
    size_t first, n;
    enum ed_naming heads[ED_NAMING_COUNT], titles[ED_NAMING_COUNT];
    size_t n_heads, n_titles;
};

// Leaves n_columns 0 where there are less than two devices or two columns. The rows are those of the view.
// Init leaves something to release in any case. ED_ERR_NO_MEMORY.
enum ed_status ed_matrix_init(struct ed_matrix *matrix, const struct ed_report_info *info,
                              const struct ed_view *view, struct ed_error *err);
void ed_matrix_release(struct ed_matrix *matrix);
const struct ed_matrix_cell *ed_matrix_cell(const struct ed_matrix *matrix, size_t device, size_t column);
// The part that begins at column `first`.
void ed_matrix_part(const struct ed_matrix *matrix, size_t first, struct ed_matrix_part *part);
// Whether the device has any case in the part.
bool ed_matrix_has(const struct ed_matrix *matrix, size_t device, const struct ed_matrix_part *part);

// As text of at most `width` columns (SIZE_MAX: no limit), a matrix of many columns as several; *shortened is
// set where names were cut. As Markdown. Both end with an empty line; nothing where there is no matrix.
void ed_matrix_text(const struct ed_matrix *matrix, size_t width, struct ed_buffer *out, bool *shortened);
void ed_matrix_markdown(const struct ed_matrix *matrix, struct ed_buffer *out);

#endif
