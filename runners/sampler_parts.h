// SPDX-License-Identifier: Apache-2.0
// Inside the sampler: shared by its own files alone.
#ifndef EDGEDYNO_RUNNERS_SAMPLER_PARTS_H
#define EDGEDYNO_RUNNERS_SAMPLER_PARTS_H

#include "base/random.h"
#include "runners/sampler.h"

// What the readings of one probe cost in this block.
struct ed_sampler_cost {
    int64_t readings;
    int64_t wall_ns, cpu_ns; // of this process and of the commands that it ran
    int64_t free_cpu_ns;     // part of cpu_ns: the first reading
    int64_t first_ns, last_ns;
};

struct ed_sampler_source {
    const struct ed_probe *probe;
    void *state;
    struct ed_channel *channels;
    struct ed_channel_stats *stats;
    int64_t *values;
    size_t n;      // channels
    size_t number; // of its first channel in the timeline
    bool active;   // at least one channel can be read
    bool power;    // at least one of those tells power or energy
    int64_t period_ns;
    int64_t next_ns; // due
    struct ed_sampler_cost cost;
};

struct ed_sampler {
    struct ed_sampler_source *sources;
    size_t n;
    size_t n_channels, left_out;
    struct ed_timeline_record *records;
    size_t n_records, capacity;
    bool *keep;   // by channel, while the timeline is thinned
    int64_t thin; // by how much periods are longer
    bool in_block;
    int64_t begin_ns, end_ns; // of the block
    struct ed_random random;
};

#endif
