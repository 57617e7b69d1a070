// SPDX-License-Identifier: Apache-2.0
// Writing down what was decided, before the first block: campaign.json, the labels, and each device's
// job.json.
#ifndef EDGEDYNO_HARNESS_FREEZE_H
#define EDGEDYNO_HARNESS_FREEZE_H

#include "base/digest.h"
#include "harness/files.h"
#include "harness/plan.h"

// A device that takes part, and what was found out about it.
struct ed_freeze_device {
    const struct ed_session *session;
    const char *hardware_json, *hardware_summary;
    struct ed_plan plan;
    const struct ed_files *files; // everything that the plan names, with the places on the device
};

// A device that was asked for and does not take part.
struct ed_freeze_absent {
    const char *id, *reason;
};

struct ed_freeze {
    const char *directory; // absolute, exists
    const char *id, *started_utc;
    const struct ed_suite *suite;
    int64_t seed;
    struct ed_digest_cache *digests;
    bool verify;
    bool leave_nothing; // models and data are removed from the devices at the end
    struct ed_freeze_device *devices;
    size_t n_devices;
    const struct ed_freeze_absent *absent;
    size_t n_absent;
};

// Fills the digests and sizes of every case, copies the labels into the campaign, writes all files
// (campaign.json last, so that a directory with one is whole).
enum ed_status ed_freeze_campaign(struct ed_freeze *freeze, struct ed_error *err);

#endif
