// SPDX-License-Identifier: Apache-2.0
// Paired comparison of a candidate with a reference on the same samples: how much was lost, within what
// interval, and whether that is within a limit. Shares and scores are fractions; a drop is reference minus
// candidate, so that a positive drop is a loss. Pure, thread-safe, no allocation.
#ifndef EDGEDYNO_BASE_STATS_PROPORTION_H
#define EDGEDYNO_BASE_STATS_PROPORTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ed_paired_status {
    ED_PAIRED_OK,
    ED_PAIRED_TOO_SMALL,    // no samples (proportions), fewer than two (scores)
    ED_PAIRED_BAD_ARGUMENT, // counts that do not fit, confidence outside (0, 1), a score that is not finite
};

struct ed_paired_drop {
    double drop;
    double low;
    double high;
};

// Drop of the share of right answers over n samples: b of them only the reference got right, c only the
// candidate; drop = (b - c) / n. Two-sided score interval of T. Tango, Statistics in Medicine 17 (1998)
// 891-908: the drops d with |b - c - n d| <= z sqrt(n (2 q + d (1 - d))), where q is the maximum-likelihood
// share of c-samples given d (a quadratic's root). Found by bisection; both ends are rounded outwards by less
// than 1e-14, so the interval is never too narrow. Defined also for b = c = 0 and b = n. n is at most 2^53.
enum ed_paired_status ed_proportion_drop(uint64_t n, uint64_t b, uint64_t c, double confidence,
                                         struct ed_paired_drop *out);

// Exact McNemar test, for information: P of a split of b + c fair coins at least this uneven, two-sided
// (twice the smaller binomial tail, at most 1). 1 if b + c is 0.
double ed_proportion_mcnemar(uint64_t b, uint64_t c);

// The share k of n, with the two-sided interval of C. J. Clopper and E. S. Pearson, Biometrika 26 (1934)
// 404-413, which holds the true share with at least this confidence whatever it is: low has P(X >= k | low) =
// (1 - confidence) / 2, high likewise from above, each found by bisection and rounded outwards. n is at most
// 2^53.
enum ed_paired_status ed_proportion_exact(uint64_t n, uint64_t k, double confidence, double *low,
                                          double *high);
// The smallest number of samples whose interval would be at or above `limit` (below: at or under it), if the
// share stayed k / n. 0 if no number would, or for a bad argument or a number above 2^53. Above a million by
// the normal approximation.
uint64_t ed_proportion_exact_needed(uint64_t n, uint64_t k, double limit, bool below, double confidence);
// Where n samples all have the same score: the share of samples that may have another one for all that.
double ed_proportion_unseen(uint64_t n, double confidence);

// The mean drop of real-valued scores, reference[i] - candidate[i], with the t interval on n - 1 degrees of
// freedom. It leans on the mean being near normal: for few samples or heavy tails it is approximate. If all
// differences are the same, the interval has no width.
enum ed_paired_status ed_paired_mean_drop(const double *reference, const double *candidate, size_t n,
                                          double confidence, struct ed_paired_drop *out);

enum ed_noninferiority {
    ED_NONINFERIORITY_PASS,         // high <= margin: the whole interval is within the limit
    ED_NONINFERIORITY_FAIL,         // low > margin: the whole interval is beyond it
    ED_NONINFERIORITY_INCONCLUSIVE, // neither, or a NaN
};

enum ed_noninferiority ed_noninferiority(double low, double high, double margin);

// The smallest number of samples that would pass at the margin if the observed shares b/n and c/n stayed as
// they are; n or fewer if they pass already. 0 if no number would (the drop is not below the margin), or for
// a bad argument or a number above 2^53. In the score interval the constrained share does not depend on n, so
// it is ceil(z^2 (2 q + d (1 - d)) / (d - drop)^2) at d = margin.
uint64_t ed_proportion_needed(uint64_t n, uint64_t b, uint64_t c, double margin, double confidence);

#endif
