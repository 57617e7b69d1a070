// SPDX-License-Identifier: Apache-2.0
// The slope of a temperature.
#include "base/stats/cooling.h"

#include <math.h>

#define LEAST 4
#define NS_PER_MIN 60e9

bool ed_cooling_slope(const struct ed_cooling_reading *readings, size_t n, int64_t span_ns,
                      double *mc_per_min, double *error) {
    size_t from = n;
    double t = 0, y = 0, tt = 0, ty = 0, left = 0;
    if (n < LEAST || readings[n - 1].at_ns - readings[0].at_ns < span_ns)
        return false;
    while (from > 0 && readings[n - 1].at_ns - readings[from - 1].at_ns <= span_ns)
        from--;
    const double m = (double)(n - from);
    if (n - from < LEAST)
        return false;
    for (size_t i = from; i < n; i++) {
        t += (double)(readings[i].at_ns - readings[from].at_ns) / NS_PER_MIN / m;
        y += (double)readings[i].mc / m;
    }
    for (size_t i = from; i < n; i++) {
        const double dt = (double)(readings[i].at_ns - readings[from].at_ns) / NS_PER_MIN - t;
        tt += dt * dt;
        ty += dt * ((double)readings[i].mc - y);
    }
    if (!(tt > 0))
        return false;
    *mc_per_min = ty / tt;
    for (size_t i = from; i < n; i++) {
        const double dt = (double)(readings[i].at_ns - readings[from].at_ns) / NS_PER_MIN - t,
                     residual = (double)readings[i].mc - y - *mc_per_min * dt;
        left += residual * residual;
    }
    *error = sqrt(left / (m - 2) / tt);
    return true;
}

bool ed_cooling_settled(const struct ed_cooling_reading *readings, size_t n) {
    double slope, error;
    return ed_cooling_slope(readings, n, ED_COOLING_SETTLED_NS, &slope, &error) &&
           fabs(slope) - 2 * error < ED_COOLING_SLOPE_MC_PER_MIN;
}

bool ed_cooling_flat(const struct ed_cooling_reading *readings, size_t n) {
    double slope, error;
    return ed_cooling_slope(readings, n, ED_COOLING_FLAT_NS, &slope, &error) &&
           fabs(slope) + 2 * error < ED_COOLING_SLOPE_MC_PER_MIN;
}
