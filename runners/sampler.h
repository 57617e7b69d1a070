// SPDX-License-Identifier: Apache-2.0
// The supervisor's sampling of every probe: a schedule per probe, the timeline that it makes, statistics of
// each channel during a block, and what all of that cost.
//
// A probe is read every `period_ns` of its fastest channel in the mean, at intervals drawn between half and
// one and a half of that, so that a load with a rhythm of its own is not met in the same phase again and
// again. Reading a probe is timed each time. A probe that has used more than ED_SAMPLER_PROBE_SHARE of one
// CPU since the block began waits until it has not, and all of them together keep to ED_SAMPLER_SHARE: what
// is slow is read less often, never the worker slowed more. One first reading of each is free.
//
// All memory is taken by ed_sampler_new. When it is full, every second reading of each channel is dropped and
// each period doubled ("thinned" in the block's line). No function allocates or writes a file after
// ed_sampler_new, but for the ones that write. One thread.
#ifndef EDGEDYNO_RUNNERS_SAMPLER_H
#define EDGEDYNO_RUNNERS_SAMPLER_H

#include "base/json_write.h"
#include "edgedyno/probe.h"
#include "edgedyno/wire.h"

#define ED_SAMPLER_SHARE 0.005       // of one CPU, all probes
#define ED_SAMPLER_PROBE_SHARE 0.002 // of one CPU, one probe
#define ED_SAMPLER_CHANNELS_MAX 400  // of all probes; what is beyond is not sampled, and said
#define ED_SAMPLER_RECORDS_MAX 65536 // of one block; at most ED_WIRE_TIMELINE_MAX

struct ed_sampler;

struct ed_channel_stats {
    int64_t first, last, min, max;
    int64_t readings, failures;
};

struct ed_sampler_args {
    int root_fd;                      // of the tree that the probes read; stays open
    const struct ed_probe_host *host; // how probes run commands and open libraries
    uint64_t seed;                    // of the schedule
    const char *events; // of hardware counters, with commas between; NULL or "": the common ones
    size_t records;     // room for the timeline; 0: ED_SAMPLER_RECORDS_MAX
};

enum ed_status ed_sampler_new(struct ed_sampler **out, const struct ed_sampler_args *args,
                              struct ed_error *err);
void ed_sampler_free(struct ed_sampler *sampler);
// Whether a channel tells power or energy, so that idle windows are worth their time; then *period_ns is the
// longest useful period of such a channel.
bool ed_sampler_has_power(const struct ed_sampler *sampler, int64_t *period_ns);
// Forgets the timeline. What is sampled from now on belongs to the next block.
void ed_sampler_clear(struct ed_sampler *sampler);
// A worker begins: statistics and costs start anew, every probe is due.
void ed_sampler_begin(struct ed_sampler *sampler, int64_t pid);
// The engine of this block is another process, known only now; 0: it runs elsewhere. What its channels told
// of the worker before is forgotten, but for what is in the timeline.
void ed_sampler_follow(struct ed_sampler *sampler, int64_t pid);
// It is gone: statistics and costs are what they are, only channels of power and energy are sampled, now due.
void ed_sampler_end(struct ed_sampler *sampler);
// Without a worker: reads every channel of power and energy now, so that what came before is enclosed.
void ed_sampler_enclose(struct ed_sampler *sampler);
// Reads what is due, and returns when (CLOCK_MONOTONIC) it is to be called again.
int64_t ed_sampler_step(struct ed_sampler *sampler);
// Statistics of a channel; NULL where there is no such channel or no reading of it.
const struct ed_channel_stats *ed_sampler_find(const struct ed_sampler *sampler, const char *channel);
// The timeline, in the order of reading; borrowed until the next call.
const struct ed_timeline_record *ed_sampler_records(const struct ed_sampler *sampler, size_t *n);

// "probes": {CHANNEL: {"unit","first","last","min","max","readings","failures"}} for the channels with
// readings, and "sampling": {"cpu_share","kept","thinned","probes":{PROBE:
// {"readings","wall_ns","cpu_ns","cpu_share","period_ns"}}}: what the sampling of this block cost, with the
// mean interval between two readings.
void ed_sampler_write(const struct ed_sampler *sampler, struct ed_json_writer *writer);
// "channels": what there is to sample on this device, in the order of the timeline's numbers, and
// "channels_left_out" where there are more than it can hold.
void ed_sampler_write_channels(const struct ed_sampler *sampler, struct ed_json_writer *writer);

#endif
