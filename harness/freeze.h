// SPDX-License-Identifier: Apache-2.0
// Writing down what was decided, before the first block: campaign.json, the labels, and each device's
// job.json.
#ifndef EDGEDYNO_HARNESS_FREEZE_H
#define EDGEDYNO_HARNESS_FREEZE_H

#include "base/digest.h"
#include "harness/plan.h"

// A device that takes part, and what was found out about it.
struct ed_freeze_device {
    const struct ed_device_entry *entry;
    const char *target, *hardware_json, *hardware_summary, *runner_sha256;
    struct ed_plan plan;
    // Where a file lies on the device; in place for `local`. NULL result means that it was not pushed: a
    // defect.
    const char *(*locate)(void *context, const char *local_path);
    void *locate_context;
};

struct ed_freeze {
    const char *directory; // absolute, exists
    const char *id, *started_utc;
    const struct ed_suite *suite;
    int64_t seed;
    struct ed_digest_cache *digests;
    bool verify;
    struct ed_freeze_device *devices;
    size_t n_devices;
};

// Fills the digests and sizes of every case, copies the labels into the campaign, writes all files
// (campaign.json last, so that a directory with one is whole).
enum ed_status ed_freeze_campaign(struct ed_freeze *freeze, struct ed_error *err);

#endif
