// SPDX-License-Identifier: Apache-2.0
// The bootstrap over clusters: an interval for a mean of things that come in groups, such as tokens in chunks
// of a text, whose neighbours are alike. Whole groups are drawn, so that the interval is as wide as they
// differ.
#ifndef EDGEDYNO_BASE_STATS_BOOTSTRAP_H
#define EDGEDYNO_BASE_STATS_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED_BOOTSTRAP_ROUNDS 2000
#define ED_BOOTSTRAP_MIN_CLUSTERS 6 // fewer say nothing of how much they differ

// How many of `draws` sorted figures lie beyond each end of the interval at `confidence`, where n things were
// drawn from. The expanded percentile interval (T. C. Hesterberg, The American Statistician 69 (2015)
// 371-386): the plain one is as much too narrow as one that takes z for Student's t and n for n - 1; with 6
// things one of "95 %" holds 86 %.
size_t ed_bootstrap_tail(size_t n, size_t draws, double confidence);
// The ends of that interval of n draws, n > 0, over so many `things` (0: the plain percentile interval).
// Sorts the draws.
void ed_bootstrap_middle(double *draws, size_t n, size_t things, double confidence, double *low,
                         double *high);

// `means` are those of n clusters of one size. The expanded percentile interval of their mean at `confidence`
// over ED_BOOTSTRAP_ROUNDS draws with this seed: the same seed, the same interval. False, and nothing
// written, with fewer than ED_BOOTSTRAP_MIN_CLUSTERS, a confidence outside (0, 1), a mean that is no number,
// or no memory.
bool ed_bootstrap_mean(const double *means, size_t n, uint64_t seed, double confidence, double *low,
                       double *high);

// Scores of samples with weights; `weights` NULL: all alike.
struct ed_bootstrap_scores {
    const double *values, *weights;
};

// The weighted mean: sum of weight * value over the sum of the weights; NaN where that is not above 0.
double ed_bootstrap_weighted_mean(const struct ed_bootstrap_scores *scores, size_t n);

// The percentile interval of the weighted mean of `one`, less that of `other` where it is not NULL; a sample
// is drawn with both of its scores. Otherwise as ed_bootstrap_mean; a draw whose weights are all 0 is drawn
// again, and false where most are.
bool ed_bootstrap_weighted(const struct ed_bootstrap_scores *one, const struct ed_bootstrap_scores *other,
                           size_t n, uint64_t seed, double confidence, double *low, double *high);

#endif
