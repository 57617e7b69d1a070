// SPDX-License-Identifier: Apache-2.0
// Nearest-rank quantiles of nanosecond samples. A quantile p is a fraction num/den with 0 <= num <= den, den
// > 0 (9/10, 999/1000), so that no rank depends on how a double rounds. Pure, thread-safe, no allocation.
#ifndef EDGEDYNO_BASE_STATS_QUANTILE_H
#define EDGEDYNO_BASE_STATS_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The rank ceil(n * num / den), at least 1, at most n; computed in integers without overflow. 0 if n is 0 or
// the fraction is bad. Rank r is element r - 1 of the sorted samples.
size_t ed_quantile_rank(size_t n, uint32_t num, uint32_t den);

// The rank-th smallest (1 <= rank <= n) in expected O(n). Reorders values.
int64_t ed_quantile_select_rank(int64_t *values_ns, size_t n, size_t rank);

// The quantile of samples in any order. scratch_ns has room for n values and is overwritten; it may be
// samples_ns itself if the order need not be kept. False, and *out_ns untouched, if n is 0 or the fraction is
// bad.
bool ed_quantile_select(const int64_t *samples_ns, size_t n, uint32_t num, uint32_t den, int64_t *scratch_ns,
                        int64_t *out_ns);

// The same from samples sorted in rising order.
bool ed_quantile_sorted(const int64_t *sorted_ns, size_t n, uint32_t num, uint32_t den, int64_t *out_ns);

// The median by nearest rank, 1/2: always one of the samples, the lower middle one if n is even.
bool ed_quantile_median(const int64_t *samples_ns, size_t n, int64_t *scratch_ns, int64_t *out_ns);

// Sorts in rising order.
void ed_quantile_sort(int64_t *values_ns, size_t n);

// The fewest samples from which a tail quantile is published: p90 64, p95 130, p97 219, p99 662, p99.9 6636.
// It is the smallest n with P(Bin(n, 1 - p) <= 1) <= 1 %, the early-stopping rule of MLPerf LoadGen at 99 %
// confidence with its one discarded rank. For p <= 1/2 it is 1: the rule is about tails. 0 for a bad fraction
// or p = 1.
uint64_t ed_quantile_min_samples(uint32_t num, uint32_t den);

#endif
