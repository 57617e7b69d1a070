// SPDX-License-Identifier: Apache-2.0
// The gate's decision: from paired differences to pass, fail or inconclusive. Pure: the same differences give
// the same decision, so that a report can make it again; the benchmark in tests/bench/gate feeds this very
// code. Why it is made so: docs/gate.md.
//
// A comparison is a list of differences x, one a pair, positive where the candidate is worse: logarithms of
// ratios, or plain differences. At each planned look (base/stats/sequential.h) the exact signed-rank test is
// made twice:
//   against `fail_above`: is the candidate worse than this? All fails of a campaign together are wrong with
//                         chance at most 1 %: over the looks by a constant nominal p, over the comparisons by
//                         Holm.
//   against `pass_below`: is it less bad than this? Wrong with chance at most 5 % for each comparison; a
//                         campaign passes only when all of them do, so these need no correction.
// Both: pass, since the candidate is worse by an amount that is surely within what was allowed. Neither:
// inconclusive. What is decided is decided by all the pairs of the last look reached.
#ifndef EDGEDYNO_HARNESS_GATE_H
#define EDGEDYNO_HARNESS_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/stats/sequential.h"
#include "reports/verdict.h"

#define ED_GATE_ALPHA_FAIL 0.01
#define ED_GATE_ALPHA_PASS 0.05
#define ED_GATE_PAIRS_MAX 64   // the last look
#define ED_GATE_PAIRS_SPARE 32 // planned beyond it, in place of pairs that a state of one side voids

struct ed_gate_series {
    const double *x; // finite; borrowed
    size_t n;
    // fail_above <= pass_below. The gate's own comparisons have 0 and ln(1 + mde), a requirement "baseline +
    // D" has D for both.
    double fail_above, pass_below;
};

struct ed_gate_decision {
    enum ed_verdict verdict;  // pass, fail, inconclusive
    size_t pairs;             // that it is based on: a look; 0: not one was reached
    double p_worse, p_within; // nominal, of the two tests; 1 without a look
    bool has_effect;
    double effect; // Hodges-Lehmann shift of x
    // Each end is wrong with chance at most 5 %, at whatever look one stops (C. Jennison, B. Turnbull, JRSS B
    // 51, 1989), and `high` < pass_below exactly when the second test rejects.
    bool has_interval;
    double low, high;
};

// `family` is the number of comparisons of the whole campaign, of which these n are some. ED_ERR_NO_MEMORY;
// ED_ERR_INTERNAL for values that are not finite.
enum ed_status ed_gate_decide(const struct ed_gate_series *series, size_t n, size_t family,
                              struct ed_gate_decision *out, struct ed_error *err);

// The smallest slowdown, as a share, that a comparison with so many pairs at most finds with chance 90 %
// where the logarithms of the pairs' ratios have this standard deviation and are normal; and the smallest mde
// for which it passes an equal candidate with chance 90 %. By the normal approximation of the last look
// alone: for plans. 0 pairs: infinity.
double ed_gate_smallest_found(size_t pairs, double sd, size_t family);
double ed_gate_smallest_passed(size_t pairs, double sd);

#endif
