// SPDX-License-Identifier: Apache-2.0
// A device's job as it goes over the wire (format: runners/job.h, docs/architecture.md).
#ifndef EDGEDYNO_HARNESS_JOB_WRITE_H
#define EDGEDYNO_HARNESS_JOB_WRITE_H

#include "harness/freeze.h"

// Every block of the plan. Appends one JSON object on one line.
enum ed_status ed_job_text(struct ed_buffer *out, struct ed_freeze *freeze,
                           const struct ed_freeze_device *device, struct ed_error *err);
// The same job under another id, with those blocks only for which wanted(context, block id) is true; *n is
// their number. `token` is that of the lease it runs under; "" adds none.
enum ed_status ed_job_subset(struct ed_buffer *out, const char *name, const char *job, size_t bytes,
                             const char *id, const char *token,
                             bool (*wanted)(void *context, const char *block), void *context, size_t *n,
                             struct ed_error *err);

#endif
