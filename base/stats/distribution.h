// SPDX-License-Identifier: Apache-2.0
// Distribution functions that the statistics need: binomial, normal, Student t, incomplete beta. Pure,
// thread-safe, no allocation. Relative error below 1e-11 for counts and degrees of freedom up to a million.
#ifndef EDGEDYNO_BASE_STATS_DISTRIBUTION_H
#define EDGEDYNO_BASE_STATS_DISTRIBUTION_H

#include <stdint.h>

// P(X <= k) and P(X >= k) for X ~ Bin(n, p). n >= 0, 0 <= p <= 1; k may lie outside [0, n]. NaN for a bad n
// or p. The smaller tail is summed from its largest term, which is taken in log space by the saddle-point
// form of C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000).
double ed_binomial_at_most(int64_t n, double p, int64_t k);
double ed_binomial_at_least(int64_t n, double p, int64_t k);

// P(Z <= z) for a standard normal Z.
double ed_normal_at_most(double z);

// The z with P(Z <= z) = p, 0 < p < 1, by bisection; -INFINITY and INFINITY at 0 and 1, NaN outside.
double ed_normal_quantile(double p);

// Regularised incomplete beta function I_x(a, b), a > 0, b > 0, 0 <= x <= 1; NaN otherwise. Continued
// fraction DLMF 8.17.22.
double ed_beta_regularized(double a, double b, double x);

// P(T <= t) for Student's t with df > 0 degrees of freedom (df need not be whole): through I_x(df/2, 1/2)
// with x = df / (df + t^2), DLMF 8.17 and Abramowitz & Stegun 26.7.1. NaN for a bad argument.
double ed_student_at_most(double t, double df);

// The t with P(T <= t) = p, 0 < p < 1, by bisection. NaN for a bad argument.
double ed_student_quantile(double p, double df);

#endif
