// SPDX-License-Identifier: Apache-2.0
// Which of several candidates is the best, where each was measured once in every round: the set of those that
// cannot be told apart from the best, and by how much two of them differ. Pure, thread-safe.
//
// The smallest of k noisy medians is mostly one that chance favoured (the winner's curse), so that it is not
// asked which one was the smallest but which ones can still be the best: "comparisons with the best" (D.
// Edwards, J. Hsu, Journal of the American Statistical Association 78, 1983). A candidate j drops out where
// the exact signed-rank test over the rounds finds it worse than some other i, at p <= alpha / (2 (k - 1)).
// Of the true best b all k - 1 such tests are about a hypothesis that holds, and so are the k - 1 in the
// other direction: with chance at least 1 - alpha none of them is wrong, so that b stays in the set and every
// interval between b and another one holds its true value, whichever one is chosen afterwards.
#ifndef EDGEDYNO_BASE_STATS_BEST_H
#define EDGEDYNO_BASE_STATS_BEST_H

#include <stdbool.h>
#include <stddef.h>

#define ED_BEST_ALPHA 0.05

// Chance with which one end of one interval, or one test, may be wrong among k candidates; 0 for k < 2.
double ed_best_tail(size_t k, double alpha);
// The fewest rounds with which any of k candidates can be told apart; 0 for k < 2.
size_t ed_best_rounds(size_t k, double alpha);

// How much worse b is than a.
struct ed_best_difference {
    size_t rounds;     // in which both have a value
    double value;      // Hodges-Lehmann shift of b - a; NaN without rounds
    bool has_low_high; // false: too few rounds for this tail
    double low, high;  // low > 0 exactly where b is told to be worse
};

// Of `n` rounds, a value each, less is better; NaN: not measured. Logarithms make differences of shares. At
// most ED_SIGNED_RANK_MAX rounds count, the first that both have.
void ed_best_compare(const double *a, const double *b, size_t n, double tail, struct ed_best_difference *out);

// `values` are k rows of n rounds. in_set[i] says of each whether it can still be the best.
void ed_best_set(const double *values, size_t k, size_t n, double alpha, bool *in_set);

#endif
