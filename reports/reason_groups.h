// SPDX-License-Identifier: Apache-2.0
// The reasons of all rows, equal ones once with their rows.
#ifndef EDGEDYNO_REPORTS_REASON_GROUPS_H
#define EDGEDYNO_REPORTS_REASON_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "edgedyno/result.h"
#include "reports/view.h"

// One reason of one row; `order` is where it came up.
struct ed_reason_entry {
    const struct ed_reason *reason;
    size_t row, order;
};

// Entries first..first+n-1 have equal key, code and text; their rows rise.
struct ed_reason_group {
    size_t first, n;
    size_t order; // of the entry that came up first
    size_t words; // equal where code and text are
    size_t next;  // the next group with the same words; SIZE_MAX: none
    bool merged;  // the caller's: an earlier group speaks for it
};

struct ed_reason_groups {
    const struct ed_view *view;
    size_t n_entries, n_groups;
    struct ed_reason_entry *entries;
    struct ed_reason_group *groups; // in the order in which they came up
};

// Room for every reason of the view, and `more` a row. False: no memory; then there is nothing to release.
bool ed_reason_groups_init(struct ed_reason_groups *g, const struct ed_view *view, size_t more);
void ed_reason_groups_release(struct ed_reason_groups *g);
// Borrows the reason.
void ed_reason_groups_add(struct ed_reason_groups *g, const struct ed_reason *reason, size_t row);
// After the last one. False: no memory.
bool ed_reason_groups_make(struct ed_reason_groups *g);

// "1-3, 7", counted from 1; nothing where it is all rows.
void ed_reason_rows_append(struct ed_buffer *out, const struct ed_reason_groups *g,
                           const struct ed_reason_group *group);

#endif
