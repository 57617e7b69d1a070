// SPDX-License-Identifier: Apache-2.0
// How far two independent samples are apart: the Hodges-Lehmann shift with the interval that inverts the
// rank-sum test of Mann, Whitney and Wilcoxon (Hollander & Wolfe, Nonparametric Statistical Methods, 4.2
// and 4.3). Pure, thread-safe.
//
// The shift is the median of the n_a * n_b differences b_j - a_i. With both samples from one distribution but
// for a shift, U (how many differences are below it) has the exact distribution that counts partitions; up to
// ED_RANK_SUM_EXACT_MAX values a side it is used, above that the normal approximation with continuity
// correction. Ties make the interval wider than it need be, never narrower.
#ifndef EDGEDYNO_BASE_STATS_RANK_SUM_H
#define EDGEDYNO_BASE_STATS_RANK_SUM_H

#include <stdbool.h>
#include <stddef.h>

#define ED_RANK_SUM_EXACT_MAX 64
#define ED_RANK_SUM_MAX 1000

struct ed_rank_sum_shift {
    double value;
    bool has_low_high; // false: too few values for these tails
    double low, high;
};

// P(U <= u) for samples of n and m values without ties, 1 <= n, m <= ED_RANK_SUM_EXACT_MAX; NaN outside.
double ed_rank_sum_at_most(size_t n, size_t m, size_t u);
// Each end is wrong with chance at most `tail`, in (0, 0.5). False: a sample is empty or above
// ED_RANK_SUM_MAX, a value is not finite, or there is no memory.
bool ed_rank_sum_shift(const double *a, size_t n_a, const double *b, size_t n_b, double tail,
                       struct ed_rank_sum_shift *out);

#endif
