// SPDX-License-Identifier: Apache-2.0
// Which results no other one beats: the Pareto front, by the figures themselves and not by their intervals.
//
// For the figure of accuracy against latency, rows of the same device, model, metric and workload are chosen
// from.
#ifndef EDGEDYNO_REPORTS_FRONT_H
#define EDGEDYNO_REPORTS_FRONT_H

#include "reports/view.h"

// Whether a larger value of this field is the better one; of accuracy_value by its metric.
bool ed_front_more_is_better(const struct ed_result *result, int field);
// `other` is as good as `mine` in all axes (enum ed_result_index) and better in one. A value that one of them
// lacks decides nothing.
bool ed_front_beats(const struct ed_result *other, const struct ed_result *mine, const int *axes, size_t n);

// The row ran, and has a latency and an accuracy.
bool ed_front_has(const struct ed_result *result);
// No row before this one is of the same choice.
bool ed_front_begins(const struct ed_view *view, size_t row);
// Fills `rows`, which has room for all, with those of the choice that begins with `row`; how many there are.
size_t ed_front_rows(const struct ed_view *view, size_t row, size_t *rows);
// The index into `rows` of one that beats rows[i], or n where rows[i] is on the front.
size_t ed_front_beaten_by(const struct ed_view *view, const size_t *rows, size_t n, size_t i);

#endif
