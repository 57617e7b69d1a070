// SPDX-License-Identifier: Apache-2.0
// Accuracy against latency: rows of the same device, model, metric and workload are chosen from; the front
// are those that no other one is as good as in both and better in one, by their medians.
#ifndef EDGEDYNO_REPORTS_FRONT_H
#define EDGEDYNO_REPORTS_FRONT_H

#include "reports/view.h"

// The row ran, and has a latency and an accuracy.
bool ed_front_has(const struct ed_result *result);
// No row before this one is of the same choice.
bool ed_front_begins(const struct ed_view *view, size_t row);
// Fills `rows`, which has room for all, with those of the choice that begins with `row`; how many there are.
size_t ed_front_rows(const struct ed_view *view, size_t row, size_t *rows);
// The index into `rows` of one that beats rows[i], or n where rows[i] is on the front.
size_t ed_front_beaten_by(const struct ed_view *view, const size_t *rows, size_t n, size_t i);

#endif
