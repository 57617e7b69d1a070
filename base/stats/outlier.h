// SPDX-License-Identifier: Apache-2.0
// Marks single samples that stand far from their neighbours: outside median +- 3 (p90 - p10) of the 200
// samples around them (Barrett, Bolz-Tereick, Killick, Mount, Tratt: "Virtual Machine Warmup Blows Hot and
// Cold", OOPSLA 2017, section 4). A label only: no sample is ever removed. Pure, thread-safe, no allocation.
#ifndef EDGEDYNO_BASE_STATS_OUTLIER_H
#define EDGEDYNO_BASE_STATS_OUTLIER_H

#include <stddef.h>
#include <stdint.h>

#define ED_OUTLIER_WINDOW 200

// Sets outlier[i] to 1 where samples_ns[i] is an outlier, else 0, and returns how many there are. outlier has
// room for n. The window holds samples i-100 to i+99; at the ends of the series it is moved inwards, and a
// series shorter than the window is one window, so that every sample is judged against as many others.
// Quantiles by nearest rank. O(n) with a factor of about the window's size.
size_t ed_outlier_mark(const int64_t *samples_ns, size_t n, uint8_t *outlier);

#endif
