// SPDX-License-Identifier: Apache-2.0
// Optimal partitioning on mean and variance; see the header.
#include "base/stats/changepoint.h"

#include <math.h>

#define LOG_2PI 1.8378770664093454836
#define SHORTEST 2

// The cheapest way to end a segment at `end` (exclusive), from the cheapest ways to end one before it.
static void extend(const double *values, size_t end, double variance_floor, double penalty,
                   struct ed_changepoint_work *work) {
    double mean = 0.0;
    double squares = 0.0;
    work->cost[end] = INFINITY;
    work->previous[end] = 0;
    for (size_t start = end; start-- > 0;) {
        double points = (double)(end - start);
        double before = values[start] - mean;
        mean += before / points;
        squares += before * (values[start] - mean);
        if (end - start < SHORTEST || isinf(work->cost[start])) {
            continue;
        }
        double variance = fmax(squares / points, variance_floor);
        double cost = work->cost[start] + penalty + points * (LOG_2PI + log(variance) + 1.0);
        if (cost < work->cost[end]) {
            work->cost[end] = cost;
            work->previous[end] = (uint16_t)start;
        }
    }
}

size_t ed_changepoint_find(const double *values, size_t n, double variance_floor, double penalty,
                           struct ed_changepoint_work *work) {
    size_t segments = 0;
    if (n < SHORTEST || n > ED_CHANGEPOINT_MAX) {
        return 0;
    }
    work->cost[0] = -penalty;
    for (size_t end = 1; end <= n; end++) {
        extend(values, end, variance_floor, penalty, work);
    }
    for (size_t end = n; end > 0; end = work->previous[end]) {
        segments++;
    }
    size_t end = n;
    for (size_t k = segments; k-- > 0;) {
        work->ends[k] = (uint16_t)end;
        end = work->previous[end];
    }
    return segments;
}
