// SPDX-License-Identifier: Apache-2.0
// Planned looks at a growing number of pairs, and many comparisons at once. At each look the exact
// signed-rank test is made with the same nominal p, which is smaller than the chance alpha that all looks
// together are allowed (S. Pocock, Biometrika 64, 1977, with the constants for this test and these looks).
// Pure, thread-safe, no allocation.
#ifndef EDGEDYNO_BASE_STATS_SEQUENTIAL_H
#define EDGEDYNO_BASE_STATS_SEQUENTIAL_H

#include <stdbool.h>
#include <stddef.h>

#define ED_LOOKS 7

// Pairs at look 0 .. ED_LOOKS - 1: 8, 12, 16, 24, 32, 48, 64; 0 beyond.
size_t ed_look_pairs(size_t look);
// The number of pairs of the last look that `pairs` reach; 0: none.
size_t ed_look_reached(size_t pairs);
// The number of pairs of the first look beyond `pairs`; 0: none.
size_t ed_look_next(size_t pairs);

// The nominal p of every look so that all of them together are wrong with chance at most alpha: from a table
// made by tests/bench/gate/constants.c, at the next smaller alpha that it has; below the table alpha /
// ED_LOOKS, which always holds. 0 for an alpha that is not in (0, 0.05].
double ed_look_nominal_p(double alpha);

// S. Holm, Scandinavian Journal of Statistics 6 (1979), over `family` tests of which the n given are some and
// the others count as not rejected: rejects so that the chance of any wrong rejection is at most alpha,
// however many of the hypotheses are true. p[i] is a nominal p at any look; NaN is never rejected. family is
// raised to n. Every test's chance over its looks is corrected by ed_look_nominal_p. Returns how many are
// rejected.
size_t ed_holm(const double *p, size_t n, size_t family, double alpha, bool *rejected);

#endif
