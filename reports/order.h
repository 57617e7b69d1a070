// SPDX-License-Identifier: Apache-2.0
// In which order records are shown, the same for every format: --sort and --group.
//
// Without either, the records of one device stay as they are; those of several devices are ordered by case
// (model, engine, backend, threads, options, workload, variant, each by its first appearance), and inside by
// device, so that one case on several devices stands together. --sort then orders stably by its keys, nulls
// last. --group brings rows of one value together, in the order in which the values appear.
#ifndef EDGEDYNO_REPORTS_ORDER_H
#define EDGEDYNO_REPORTS_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "edgedyno/error.h"
#include "edgedyno/result.h"

#define ED_ORDER_KEYS_MAX 16
#define ED_ORDER_CASE (-1) // in place of a field: the case's own words, key "case"

struct ed_order_key {
    int field; // enum ed_result_index or ED_ORDER_CASE
    int end;   // -1 for KEY_low, 1 for KEY_high, else 0
    bool descending;
};

// All zero: no wishes.
struct ed_order {
    struct ed_order_key sort[ED_ORDER_KEYS_MAX];
    size_t n_sort;
    int group[ED_ORDER_KEYS_MAX];
    size_t n_group;
};

// "KEY[,KEY...]" of --sort, each with '-' before it for descending; any result key. ED_ERR_USAGE with the
// nearest key.
enum ed_status ed_order_sort_parse(struct ed_order *order, const char *text, struct ed_error *err);
// "KEY[,KEY...]" of --group: texts, truth values and counts; a measured figure is ED_ERR_USAGE.
enum ed_status ed_order_group_parse(struct ed_order *order, const char *text, struct ed_error *err);
// The key of the first measured figure that --sort names, such as "latency_p90_ns"; NULL: none.
const char *ed_order_figure(const struct ed_order *order);
// Orders the pointers. A figure of a case whose outcome is not ok counts as null: no table shows it.
// ED_ERR_NO_MEMORY.
enum ed_status ed_order_apply(const struct ed_order *order, const struct ed_result **rows, size_t n,
                              struct ed_error *err);
// Whether two records have the same value, or both none.
bool ed_order_same(const struct ed_result *a, const struct ed_result *b, int field);

#endif
