// SPDX-License-Identifier: Apache-2.0
// Order-statistic intervals: which ranks of the sorted samples enclose a quantile with a stated confidence,
// without any assumption on the distribution (David & Nagaraja, Order Statistics, 7.1; Hahn & Meeker,
// Statistical Intervals, 5.2). The samples must be independent: over samples of one process the interval is
// "within one process" only. Pure, thread-safe, no allocation.
#ifndef EDGEDYNO_BASE_STATS_INTERVAL_H
#define EDGEDYNO_BASE_STATS_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

// Fewest blocks for the median interval over blocks.
#define ED_INTERVAL_MIN_BLOCKS 6

enum ed_interval_status {
    ED_INTERVAL_OK,
    ED_INTERVAL_TOO_SMALL,    // n is too small for this quantile and confidence: publish no interval
    ED_INTERVAL_BAD_ARGUMENT, // p outside (0, 1), confidence outside (0, 1), or n above SIZE_MAX / 4
};

// Ranks are 1-based; 0 means that no sample serves as this end.
struct ed_interval_ranks {
    size_t low;
    size_t high;
};

// The largest l with P(Bin(n, p) <= l - 1) <= tail, or 0: sample l is a lower bound of the p-quantile that is
// wrong with probability at most tail. 0 < p < 1, 0 < tail < 1; 0 for a bad argument.
size_t ed_interval_low_rank(size_t n, double p, double tail);

// The smallest u <= n with P(Bin(n, p) >= u) <= tail, or 0: sample u is such an upper bound.
size_t ed_interval_high_rank(size_t n, double p, double tail);

// Both ends, each with tail (1 - confidence) / 2. With TOO_SMALL the end that exists is still filled in.
enum ed_interval_status ed_interval_find(size_t n, double p, double confidence,
                                         struct ed_interval_ranks *out);

// The interval of the median over n block values, sorted in rising order. TOO_SMALL below
// ED_INTERVAL_MIN_BLOCKS values or where the ranks do not exist; the outputs are then untouched.
enum ed_interval_status ed_interval_median(const int64_t *sorted, size_t n, double confidence, int64_t *low,
                                           int64_t *high);

#endif
