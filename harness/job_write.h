// SPDX-License-Identifier: Apache-2.0
// A device's job as it goes over the wire (format: runners/job.h, docs/architecture.md).
#ifndef EDGEDYNO_HARNESS_JOB_WRITE_H
#define EDGEDYNO_HARNESS_JOB_WRITE_H

#include "harness/freeze.h"

// Every block of the plan. Appends one JSON object on one line.
enum ed_status ed_job_text(struct ed_buffer *out, struct ed_freeze *freeze,
                           const struct ed_freeze_device *device, struct ed_error *err);
// The device's temperature when the campaign began, and the channel that told it.
struct ed_job_subset_start {
    char channel[64];
    int64_t start_mc;
};
// A part of a frozen job.
struct ed_job_subset_args {
    const char *id;    // of the new job
    const char *token; // of the lease it runs under; "" adds none
    bool (*wanted)(void *context, const char *block);
    int64_t (*inferences)(void *context, const char *block); // the exact number instead; 0: as it is. May be
                                                             // NULL
    void *context;
    const struct ed_job_subset_start *start; // as earlier jobs had it; NULL: the device tells
    int64_t max_ns; // no block starts later, where that is sooner than what the job says; 0: as it is
};
// *n is the number of blocks that are wanted.
enum ed_status ed_job_subset(struct ed_buffer *out, const char *name, const char *job, size_t bytes,
                             const struct ed_job_subset_args *args, size_t *n, struct ed_error *err);

#endif
