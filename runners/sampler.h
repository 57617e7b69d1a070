// SPDX-License-Identifier: Apache-2.0
// The supervisor's samples of every probe during one block: first, last, smallest and largest of a gauge, the
// rise of a counter. Readings that fail are left out and counted; a channel without a reading has none.
#ifndef EDGEDYNO_RUNNERS_SAMPLER_H
#define EDGEDYNO_RUNNERS_SAMPLER_H

#include "base/json_write.h"
#include "edgedyno/probe.h"

struct ed_sampler;

struct ed_channel_stats {
    int64_t first, last, min, max;
    int64_t readings, failures;
};

enum ed_status ed_sampler_new(struct ed_sampler **out, int root_fd, struct ed_error *err);
void ed_sampler_free(struct ed_sampler *sampler);
// A new block: forgets what was sampled, watches `pid`.
void ed_sampler_begin(struct ed_sampler *sampler, int64_t pid);
void ed_sampler_sample(struct ed_sampler *sampler);
// Statistics of a channel; NULL where there is no such channel or no reading of it.
const struct ed_channel_stats *ed_sampler_find(const struct ed_sampler *sampler, const char *channel);
// "probes": {CHANNEL: {"unit","first","last","min","max","readings"}} for the channels with readings.
void ed_sampler_write(const struct ed_sampler *sampler, struct ed_json_writer *writer);
// "channels": [{"id","quantity","unit","available","reason","source"}]: what there is to sample on this
// device.
void ed_sampler_write_channels(const struct ed_sampler *sampler, struct ed_json_writer *writer);

#endif
