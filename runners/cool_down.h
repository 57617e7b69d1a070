// SPDX-License-Identifier: Apache-2.0
// Before a block: waiting until the device is as cool as when the campaign began. The rule is
// base/stats/cooling.h's: within a degree of the start, and no longer changing, or an end to the patience.
// Only where a channel of temperature speaks for the device (base/heat_channel.h); the others lose no time.
#ifndef EDGEDYNO_RUNNERS_COOL_DOWN_H
#define EDGEDYNO_RUNNERS_COOL_DOWN_H

#include "base/json_write.h"
#include "base/stats/cooling.h"
#include "runners/job.h"
#include "runners/sampler.h"

// The state is told this often while it waits, and for so long the block waits afterwards, so that who asks
// at that pace hears that the block begins, and asks no more while it runs.
#define ED_COOL_DOWN_TELL_NS INT64_C(2000000000)
#define ED_COOL_DOWN_READINGS 256 // kept; the oldest go

// Of one job.
struct ed_cool_down {
    struct ed_sampler *sampler;
    size_t source, channel; // in the sampler
    bool has_channel, has_start, has_stayed;
    char id[64];
    int64_t start_mc;
    int64_t stayed_mc; // where a wait ended in vain: later ones wait for no less
    int64_t timeout_ns;
    struct ed_cooling_reading readings[ED_COOL_DOWN_READINGS];
    size_t n;
};

enum ed_cool_down_end {
    ED_COOL_DOWN_NONE,    // no channel, or nothing was wanted
    ED_COOL_DOWN_COOLED,  // or cool from the beginning
    ED_COOL_DOWN_TIMEOUT, // patience or the job's time was over
    ED_COOL_DOWN_FLAT,    // it no longer falls
    ED_COOL_DOWN_LOST,    // the sensor stopped telling
    ED_COOL_DOWN_STOPPED  // somebody asked the job to end
};

// Of one block.
struct ed_cool_down_result {
    enum ed_cool_down_end end;
    bool cooled, waited;
    char channel[64];
    int64_t start_mc, now_mc, waited_ns, timeout_ns;
};

// Told about every ED_COOL_DOWN_TELL_NS: how long at most from now, and where it stands.
typedef void (*ed_cool_down_tell)(void *context, int64_t most_ns, int64_t now_mc, int64_t limit_mc);

// `sampler` is borrowed. What the job's first blocks gave is its start, where the controller tells it; else
// the device as it is now. Takes up to a quarter of a second.
void ed_cool_down_init(struct ed_cool_down *cool_down, const struct ed_job *job, struct ed_sampler *sampler);
// Whether a block of this kind is waited for.
bool ed_cool_down_wanted(const struct ed_cool_down *cool_down, const struct ed_job_block *block);
// Waits, at most `most_ns` (of the job's own limit; negative: none). As for ed_block_run, the job directory
// is the current one and the signals are blocked.
void ed_cool_down_wait(struct ed_cool_down *cool_down, int64_t most_ns, ed_cool_down_tell tell, void *context,
                       struct ed_cool_down_result *result);
// "cool_down": {...}; nothing where there was none.
void ed_cool_down_write(const struct ed_cool_down_result *result, struct ed_json_writer *writer);

#endif
