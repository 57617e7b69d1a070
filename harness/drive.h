// SPDX-License-Identifier: Apache-2.0
// Driving one device through a campaign: start its job, come back when there is news, bring the journal, the
// samples and the outputs home, start again what a dead runner left. All state is on disk (campaign.h), so a
// drive can be dropped at any moment and taken up again.
#ifndef EDGEDYNO_HARNESS_DRIVE_H
#define EDGEDYNO_HARNESS_DRIVE_H

#include "base/log.h"
#include "devices/remote.h"
#include "harness/campaign.h"

struct ed_drive;

enum ed_drive_state { ED_DRIVE_GOING, ED_DRIVE_FINISHED, ED_DRIVE_FAILED };

struct ed_drive_news {
    enum ed_drive_state state;
    int64_t done, total; // blocks
    int64_t home_bytes;  // journal and samples that are here; also after a failure
    int64_t left_ns;     // expected; -1 unknown
    int64_t wake_ns;     // CLOCK_MONOTONIC: when to step again
    // The device's clock as it was told between two moments here (devices/remote.h); 0: not told.
    int64_t device_monotonic_ns, asked_real_ns, answered_real_ns;
    char now[160]; // what runs, for people
};

// A campaign whose plan is measured in stages, each chosen by what the ones before gave. Called by the
// drive's thread.
struct ed_drive_stages {
    void *context;
    // Everything that was wanted so far is here (at first: whatever is here): what is wanted now, by the
    // journal on disk. *more false: nothing.
    enum ed_status (*next)(void *context, bool *more, struct ed_error *err);
    bool (*wanted)(void *context, const char *block);
    int64_t (*inferences)(void *context, const char *block); // exact number for a block; 0: as planned
    int64_t (*max_ns)(void *context);                        // left for the next job; 0: no limit
    int64_t (*total)(void *context);                         // blocks up to this stage
    const char *(*words)(void *context);                     // "look 12 of 64: "
};

// Reads what is there already: cuts a half line off the journal, samples beyond the last line off
// samples.bin. `stages` is borrowed; NULL: the whole plan at once. `remote` and `token` (of the lease; ""
// none) are borrowed and read anew at every step.
enum ed_status ed_drive_new(struct ed_drive **out, const struct ed_campaign *campaign, size_t device,
                            const struct ed_remote *remote, const char *token,
                            const struct ed_drive_stages *stages, const struct ed_log *log,
                            struct ed_error *err);
// One short exchange with the device. With `stop` the running job is told to end, and the drive finishes when
// it has. An error that a new connection may mend (ed_status_is_transient) leaves the drive where it can be
// stepped again: a job whose start was not answered is asked for first. ED_ERR_BUSY: the lease is lost, and
// another token is needed for the next step. Any other error comes with ED_DRIVE_FAILED; what was measured is
// on disk all the same.
enum ed_status ed_drive_step(struct ed_drive *drive, bool stop, struct ed_drive_news *news,
                             struct ed_error *err);
void ed_drive_free(struct ed_drive *drive);

#endif
