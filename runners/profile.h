// SPDX-License-Identifier: Apache-2.0
// The profile pass in the worker: how many runs, the adapter's rows checked, and their file.
#ifndef EDGEDYNO_RUNNERS_PROFILE_H
#define EDGEDYNO_RUNNERS_PROFILE_H

#include "base/json_write.h"
#include "edgedyno/backend.h"
#include "runners/job.h"

// After a first inference. Makes some runs to learn how long one takes, asks the adapter for a profile of as
// many runs as take about a second (5 to 200), and writes outputs/BLOCK.ops.json:
//   {"ops":[{"name","op","processor","calls","total_ns"}]}
// which "output_files" of the evidence names, "output_sha256" its digest; "profile" there says
// {"runs","run_ns" (mean of a profiled run, absent where the adapter does not tell),"ops","left_out"}. A
// language workload is profiled with 5 runs. An adapter that cannot profile leaves "profile_reason", and that
// is no failure of the block. Rows that lie (a negative time, a name without its end) are ED_ERR_REFUSED.
enum ed_status ed_profile_run(const struct ed_backend *backend, void *state, const struct ed_job_block *block,
                              bool language, struct ed_json_writer *evidence, struct ed_error *err);

#endif
