// SPDX-License-Identifier: Apache-2.0
// Wilcoxon's signed-rank test, exact, and the shift that belongs to it (Hodges & Lehmann). For paired
// differences x_i, such as logarithms of ratios. Pure, thread-safe, no allocation (up to 70 KiB of stack).
//
// Conditional on the absolute values |x_i|, every pattern of signs is equally likely when the differences are
// symmetric around the shift; the distribution of the rank sum over all 2^n patterns is computed by dynamic
// programming (Hollander & Wolfe, Nonparametric Statistical Methods, 3.1), so that nothing is asymptotic.
//   Ties:  equal |x_i| get the mean of their ranks; the distribution is that of these very ranks.
//   Zeros: take part in the ranking and are then left out with their ranks (J. Pratt, JASA 54, 1959), so that
//          many zeros never make the few others look more extreme than they are.
#ifndef EDGEDYNO_BASE_STATS_SIGNED_RANK_H
#define EDGEDYNO_BASE_STATS_SIGNED_RANK_H

#include <stdbool.h>
#include <stddef.h>

#define ED_SIGNED_RANK_MAX 128

// P(W+ >= the observed one) for the differences x_i - shift: small where they lie above the shift. 1 where
// all are zero or n is 0; NaN where n is above ED_SIGNED_RANK_MAX or a value or the shift is not finite.
double ed_signed_rank_greater(const double *x, size_t n, double shift);
// The same the other way: small where they lie below the shift.
double ed_signed_rank_less(const double *x, size_t n, double shift);

// P(W+ <= w) for n untied differences without zeros, the distribution of the published tables.
double ed_signed_rank_at_most(size_t n, size_t w);

struct ed_shift_estimate {
    double value;      // median of the Walsh averages (x_i + x_j) / 2, i <= j
    bool has_low_high; // false: n is too small for these tails
    double low, high;  // the test inverted: rank d and M + 1 - d of the M Walsh averages
};

// `low_tail` and `high_tail` are the largest chances with which the low end may lie above the true shift and
// the high end below it, both in (0, 0.5). Where one end does not exist, neither is given. n of 1 to
// ED_SIGNED_RANK_MAX finite values; false otherwise.
bool ed_shift_estimate(const double *x, size_t n, double low_tail, double high_tail,
                       struct ed_shift_estimate *out);

#endif
