// SPDX-License-Identifier: Apache-2.0
// Where a series changes its mean or its variance: the segmentation with the least penalised normal
// likelihood cost,
//     sum over segments of m (ln 2 pi + ln var + 1)  +  penalty per change,
// with m points and maximum-likelihood variance var in a segment (Killick, Fearnhead, Eckley, JASA 107(500),
// 2012). Found exactly by optimal partitioning (Jackson et al., 2005), O(n^2); segments have at least two
// points. Sums run outwards from each end point by Welford's update, so nothing is lost to subtracting
// squares. Pure, no allocation.
#ifndef EDGEDYNO_BASE_STATS_CHANGEPOINT_H
#define EDGEDYNO_BASE_STATS_CHANGEPOINT_H

#include <stddef.h>
#include <stdint.h>

#define ED_CHANGEPOINT_MAX 2000

// Scratch and result, about 24 KiB, the caller's.
struct ed_changepoint_work {
    double cost[ED_CHANGEPOINT_MAX + 1];
    uint16_t previous[ED_CHANGEPOINT_MAX + 1];
    uint16_t ends[ED_CHANGEPOINT_MAX / 2 + 1]; // segment k is points ends[k-1] (0 for k = 0) to ends[k] - 1
};

// Returns the number of segments and fills work->ends, in rising order, the last one n. 2 <= n <=
// ED_CHANGEPOINT_MAX, else 0. Values are finite. A variance below variance_floor (> 0) counts as
// variance_floor, so that runs of equal values are not infinitely likely. Barrett et al. use penalty = 15 ln
// n.
size_t ed_changepoint_find(const double *values, size_t n, double variance_floor, double penalty,
                           struct ed_changepoint_work *work);

#endif
