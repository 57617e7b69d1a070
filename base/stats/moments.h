// SPDX-License-Identifier: Apache-2.0
// Mean and variance in one pass without subtracting squares (B. P. Welford, Technometrics 4(3), 1962). Pure,
// thread-safe where the state is, no allocation.
#ifndef EDGEDYNO_BASE_STATS_MOMENTS_H
#define EDGEDYNO_BASE_STATS_MOMENTS_H

#include <stdint.h>

// Zero-initialised is empty. The caller owns it.
struct ed_moments {
    uint64_t count;
    double mean;
    double squares; // sum of squared deviations from the mean
};

void ed_moments_add(struct ed_moments *moments, double value);

// NaN if empty.
double ed_moments_mean(const struct ed_moments *moments);

// Sample variance and standard deviation, divisor n - 1; NaN below two values.
double ed_moments_variance(const struct ed_moments *moments);
double ed_moments_sd(const struct ed_moments *moments);

#endif
