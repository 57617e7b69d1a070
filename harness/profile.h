// SPDX-License-Identifier: Apache-2.0
// The per-op profile of a case, from a campaign on disk: what its profile block left in outputs/. It is a
// pass of its own, so its times say which operators weigh, and its overhead is stated; they are not the
// speed.
#ifndef EDGEDYNO_HARNESS_PROFILE_H
#define EDGEDYNO_HARNESS_PROFILE_H

#include "edgedyno/report.h"
#include "harness/blocks.h"

struct ed_profile {
    struct ed_report_op *ops; // longest first; texts point into the document
    size_t n;
    struct ed_json_document document;
    int64_t runs, run_ns; // profiled runs, and how long one took; -1: not told
};

// `result` has its latency already; it gets a reason (code "profiled", or "not_profiled" and why) where a
// profile was asked for. No profile block: nothing. A file that is missing or wrong is a reason, never an
// error; errors are ED_ERR_NO_MEMORY alone. `profile` is zeroed, or released before; release in any case.
void ed_profile_load(struct ed_profile *profile, const struct ed_campaign_device *device,
                     const struct ed_blocks *blocks, size_t case_index, struct ed_result *result,
                     struct ed_error *err);
void ed_profile_release(struct ed_profile *profile); // safe on a zeroed struct

// For struct ed_report_source: the operators of a record of `records`; none where it was not profiled.
void ed_profile_ops(const struct ed_records *records, const struct ed_result *result,
                    const struct ed_report_op **ops, size_t *n);

#endif
