// SPDX-License-Identifier: Apache-2.0
// Idle windows: the device's own power, sampled while no worker is there. Only devices with a channel of
// power or energy, or with a meter beside them, have them, so that the others lose no time.
#ifndef EDGEDYNO_RUNNERS_IDLE_H
#define EDGEDYNO_RUNNERS_IDLE_H

#include "runners/block.h"

// The device comes to rest first; what is sampled meanwhile is in the timeline, but not in the window.
#define ED_IDLE_SETTLE_NS INT64_C(250000000)
// A window is three periods of the slowest such channel, within these.
#define ED_IDLE_PERIODS 3
#define ED_IDLE_MIN_NS INT64_C(1000000000)
#define ED_IDLE_MAX_NS INT64_C(5000000000)

// Whether a block of this kind has idle windows on this device.
bool ed_idle_wanted(const struct ed_block_context *context, size_t block_index);
// How long one takes, from the worker's end on; 0 where this device has none.
int64_t ed_idle_length_ns(const struct ed_block_context *context);
// Samples one. False where somebody asked the job to stop meanwhile: then there is no window. As for
// ed_block_run, the job directory is the current one and the signals are blocked.
bool ed_idle_watch(const struct ed_block_context *context, struct ed_idle_window *window);

#endif
