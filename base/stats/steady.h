// SPDX-License-Identifier: Apache-2.0
// Did the timed samples of a block settle? The off-line check of Barrett et al. (OOPSLA 2017), in four
// steps:
// 1. Outliers are labelled (outlier.h). They are left out of every statistic below, and of nothing else.
// 2. A series above 2000 samples is reduced to at most 2000 means of consecutive groups of (nearly) equal
//    size.
// 3. Change points of mean and variance, penalty 15 ln n over the n points (changepoint.h), cut it into
//    segments. The variance has the floor q^2/12 per sample, q = max(median/1000, 1 ns): a clock of step q
//    adds that much by rounding, and the harness publishes only samples of at least 1000 clock steps.
// 4. From the last segment backwards, a segment s equals the last segment f if
//        |mean_s - mean_f| <= v_s + max(v_f, d),   v = variance / mean,   d = min(1 ms, 1 % of the median).
//    Mean and variance of a segment are those of its samples, not of the group means. The first that
//    differs decides: if it reaches into the tail, there is no steady state. The tail is the last 500
//    samples, or the last quarter if that is shorter; it spans at least four groups.
//
// On the units in step 4. The paper's tool compares mean +- variance, in seconds, with a slack of 0.001,
// where an iteration takes about a second. Variance is no time; at a mean of one second variance/mean is
// the same number, and it is a time for every model. A fixed slack of 1 ms would make every shift of a model
// below a millisecond equal; 0.1 % of the mean, which it was for the paper's benchmarks, would call a device
// unsteady for drifts below what a gate resolves. So the slack is 1 % of the median, and 1 ms at most,
// which is the paper's own from 100 ms upwards.
//
// Label, never trim: the check changes no sample, and a block without a steady state keeps its data. Pure,
// thread-safe, no allocation.
#ifndef EDGEDYNO_BASE_STATS_STEADY_H
#define EDGEDYNO_BASE_STATS_STEADY_H

#include <stddef.h>
#include <stdint.h>

#include "base/stats/changepoint.h"

#define ED_STEADY_MIN_SAMPLES 40
#define ED_STEADY_TAIL 500
#define ED_STEADY_MAX_POINTS ED_CHANGEPOINT_MAX

enum ed_steady_verdict {
    ED_STEADY_YES,
    ED_STEADY_NO,           // no steady state: a different segment reaches into the tail
    ED_STEADY_NOT_TESTABLE, // fewer than ED_STEADY_MIN_SAMPLES samples
};

struct ed_steady_segment {
    size_t start; // samples start to end - 1, outliers among them included
    size_t end;
    double mean_ns; // without outliers
    double variance_ns2;
};

// Scratch and segments, about 100 KiB, the caller's: not for a small stack.
struct ed_steady_work {
    struct ed_changepoint_work changepoint;
    double points[ED_STEADY_MAX_POINTS];
    double sorted[ED_STEADY_MAX_POINTS];
    size_t point_start[ED_STEADY_MAX_POINTS];
    struct ed_steady_segment segments[ED_STEADY_MAX_POINTS / 2];
};

struct ed_steady_result {
    enum ed_steady_verdict verdict;
    size_t outliers;
    size_t group_samples; // samples per point, at least; 1 up to 2000 samples
    size_t tail_samples;
    // Segments cover the series without gaps; they lie in the work area. 0 if not testable.
    size_t segment_count;
    const struct ed_steady_segment *segments;
    // From this sample on every segment equals the last one: 0 for a flat series. Above 0 with YES the series
    // settled late: its head differs from its end, and quantiles over all of it mix the two.
    size_t steady_from;
};

// Judges n samples in time order. outlier has room for n and receives the labels. With NOT_TESTABLE the
// labels are all 0.
void ed_steady_check(const int64_t *samples_ns, size_t n, uint8_t *outlier, struct ed_steady_work *work,
                     struct ed_steady_result *out);

#endif
