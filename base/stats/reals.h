// SPDX-License-Identifier: Apache-2.0
// Sorting and medians of real numbers (base/stats/quantile.h has those of nanoseconds). NaN has no place in
// an order: the caller leaves it out. Pure, thread-safe.
#ifndef EDGEDYNO_BASE_STATS_REALS_H
#define EDGEDYNO_BASE_STATS_REALS_H

#include <stddef.h>

// Sorts in rising order.
void ed_reals_sort(double *values, size_t n);

// The median by nearest rank, as records have it: always one of the values, the lower middle one if n is
// even. NaN if n is 0. Sorts.
double ed_reals_median(double *values, size_t n);

// The value in the middle of sorted ones, between both where n is even: the estimates of a shift are defined
// by it (Hodges and Lehmann). The largest numbers do not overflow. NaN if n is 0.
double ed_reals_midpoint(const double *sorted, size_t n);

#endif
