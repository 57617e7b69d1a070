// SPDX-License-Identifier: Apache-2.0
// The state of the device just before a worker starts and just after it is gone: one reading of every channel
// that tells of the device and not of the worker, costly ones included, since nothing is timed then.
// Channels of power, energy, voltage and current are left out: of them a single reading says nothing.
#ifndef EDGEDYNO_RUNNERS_CONTEXT_H
#define EDGEDYNO_RUNNERS_CONTEXT_H

#include "base/json_write.h"
#include "runners/sampler.h"

struct ed_context {
    int64_t *values; // by the channels' numbers; INT64_MIN where there is none
    size_t n;        // 0: nothing was read
};

// A device's context is read in place: memory for it is taken once. Safe to release when zeroed.
enum ed_status ed_context_init(struct ed_context *context, const struct ed_sampler *sampler,
                               struct ed_error *err);
void ed_context_release(struct ed_context *context);
// Takes milliseconds, on a phone tenths of a second. Not while a worker runs.
void ed_context_take(struct ed_context *context, struct ed_sampler *sampler);
// "KEY": {CHANNEL: VALUE} of what could be read.
void ed_context_write(const struct ed_context *context, const struct ed_sampler *sampler, const char *key,
                      struct ed_json_writer *writer);

#endif
