// SPDX-License-Identifier: Apache-2.0
// Whether a device that is left alone has cooled down: the slope of its temperature, by least squares, with
// what the scatter of the readings leaves unknown of it.
#ifndef EDGEDYNO_BASE_STATS_COOLING_H
#define EDGEDYNO_BASE_STATS_COOLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED_COOLING_TOLERANCE_MC 1000               // above the start: still as cool as that
#define ED_COOLING_SLOPE_MC_PER_MIN 200.           // below: the temperature no longer changes
#define ED_COOLING_SETTLED_NS INT64_C(10000000000) // of which it must not be steeper once it is cool enough
#define ED_COOLING_FLAT_NS INT64_C(60000000000)    // of which it must be less steep for waiting to be in vain

struct ed_cooling_reading {
    int64_t at_ns, mc; // any clock that does not stop; thousandths of a degree Celsius
};

// Slope over the readings of the last `span_ns`, in thousandths of a degree a minute, and its standard error.
// False where the readings do not reach back that far, or are fewer than four.
bool ed_cooling_slope(const struct ed_cooling_reading *readings, size_t n, int64_t span_ns,
                      double *mc_per_min, double *error);
// It may no longer change: by two standard errors the slope is not shown to be above the limit.
bool ed_cooling_settled(const struct ed_cooling_reading *readings, size_t n);
// It certainly no longer changes: by two standard errors the slope is below the limit.
bool ed_cooling_flat(const struct ed_cooling_reading *readings, size_t n);

#endif
