// SPDX-License-Identifier: Apache-2.0
// What the probes read during the blocks of a device: channels, readings, and the block's own times on the
// clock of the readings (CLOCK_MONOTONIC of the device). Everything comes from a device and is checked: what
// is wrong is not there.
#ifndef EDGEDYNO_HARNESS_TIMELINE_H
#define EDGEDYNO_HARNESS_TIMELINE_H

#include "base/stats/energy.h"
#include "edgedyno/report.h"
#include "harness/blocks.h"

struct ed_timeline_channel {
    char id[64], quantity[32], unit[16], scope[16];
    char reason[160]; // why it cannot be read
    bool counter, available;
    int64_t wrap, resolution, update_ns, period_ns; // 0 where unknown
};

// Of one job; a channel's place is its number in the job's readings.
struct ed_timeline_channels {
    struct ed_timeline_channel *items;
    size_t n;
};
// `job` is a block's `job`. None for SIZE_MAX. Fails for lack of memory alone.
enum ed_status ed_timeline_channels_load(struct ed_timeline_channels *channels,
                                         const struct ed_blocks *blocks, size_t job, struct ed_error *err);
void ed_timeline_channels_release(struct ed_timeline_channels *channels);
// SIZE_MAX where there is none.
size_t ed_timeline_channel_find(const struct ed_timeline_channels *channels, const char *id);

struct ed_timeline_span {
    int64_t begin_ns, end_ns; // equal: not known
};

// "start", "load", "warm-up", "timed", "evidence", "end"
#define ED_TIMELINE_PHASES 6

struct ed_timeline_times {
    struct ed_timeline_span block, timed, idle_before, idle_after;
    struct ed_timeline_span phases[ED_TIMELINE_PHASES];
    double sync_ns; // standard uncertainty with which `timed` is placed
};
void ed_timeline_times(const struct ed_blocks *blocks, size_t block, struct ed_timeline_times *times);

// Readings of one channel in a block, in order; failed ones with ED_ENERGY_NO_VALUE. Allocated, the caller
// frees it. NULL and 0 where there are none, or no memory.
struct ed_energy_reading *ed_timeline_readings(const struct ed_block *block, size_t channel, size_t *n);

// The device's channels over all its blocks, for reports: a channel of the same id, quantity and unit in
// several jobs is one; failed readings are left out. A reading stands at `started_ns[i]` plus its time since
// block i began. `only` is a block's index, or SIZE_MAX for all.
enum ed_status ed_timeline_channels(const struct ed_blocks *blocks, const int64_t *started_ns, size_t only,
                                    struct ed_report_channel **channels, size_t *n, struct ed_error *err);
void ed_timeline_channels_free(struct ed_report_channel *channels, size_t n);

#endif
