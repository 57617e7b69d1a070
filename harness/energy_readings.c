// SPDX-License-Identifier: Apache-2.0
// What a device's channels said in and around its blocks.
#include "harness/energy_work.h"

#include <stdlib.h>
#include <string.h>

#define METER_AROUND_NS INT64_C(5000000000) // of its readings beside a block

bool ed_energy_is_timed(const struct ed_energy_work *work, size_t b) {
    const struct ed_block *block = &work->device->blocks->items[b];
    return block->job < work->device->blocks->n_jobs && !strcmp(block->pass, ED_PASS_TIMING) &&
           block->outcome == ED_OUTCOME_OK && block->n_samples > 0 &&
           work->times[b].timed.end_ns > work->times[b].timed.begin_ns;
}

// An external meter's readings from before the block's windows of rest to behind them.
static struct ed_energy_reading *meter_readings(const struct ed_energy_work *work, size_t b, size_t *n,
                                                double *sync_ns) {
    const struct ed_timeline_times *times = &work->times[b];
    const int64_t begin_ns = times->idle_before.end_ns ? times->idle_before.begin_ns : times->block.begin_ns,
                  end_ns = times->idle_after.end_ns ? times->idle_after.end_ns : times->block.end_ns;
    return ed_meter_readings(work->meter, begin_ns - METER_AROUND_NS, end_ns + METER_AROUND_NS, n, sync_ns);
}

struct ed_energy_reading *ed_energy_readings_and_sync(const struct ed_energy_work *work, size_t b,
                                                      const char *id, size_t *n, double *sync_ns) {
    const struct ed_block *block = &work->device->blocks->items[b];
    *n = 0;
    *sync_ns = 0;
    if (!strcmp(id, ED_ENERGY_METER))
        return meter_readings(work, b, n, sync_ns);
    if (block->job >= work->device->blocks->n_jobs)
        return NULL;
    const size_t channel = ed_timeline_channel_find(&work->channels[block->job], id);
    return channel == SIZE_MAX ? NULL : ed_timeline_readings(block, channel, n);
}

struct ed_energy_reading *ed_energy_readings_of(const struct ed_energy_work *work, size_t b, const char *id,
                                                size_t *n) {
    double sync_ns;
    return ed_energy_readings_and_sync(work, b, id, n, &sync_ns);
}

struct ed_energy_seen ed_energy_look(const struct ed_energy_work *work, size_t b, const char *id,
                                     bool whole_block) {
    struct ed_energy_seen seen = {0};
    size_t n = 0;
    struct ed_energy_reading *readings = id[0] ? ed_energy_readings_of(work, b, id, &n) : NULL;
    const struct ed_timeline_span span = whole_block ? work->times[b].block : work->times[b].timed;
    for (size_t i = 0; i < n; i++) {
        const double value = (double)readings[i].value;
        if (readings[i].value == ED_ENERGY_NO_VALUE || readings[i].at_ns < span.begin_ns ||
            readings[i].at_ns > span.end_ns)
            continue;
        seen.least = seen.n && seen.least < value ? seen.least : value;
        seen.most = seen.n && seen.most > value ? seen.most : value;
        seen.mean += value;
        seen.n++;
    }
    seen.mean = seen.n ? seen.mean / (double)seen.n : 0;
    free(readings);
    return seen;
}
