// SPDX-License-Identifier: Apache-2.0
// The open loop of language workloads on an engine that serves several requests at a time: each is sent when
// it is due, whether or not those before it are done. Its time to the first token counts from when it was
// due.
#ifndef EDGEDYNO_RUNNERS_LOOP_REQUESTS_H
#define EDGEDYNO_RUNNERS_LOOP_REQUESTS_H

#include "base/json_write.h"
#include "edgedyno/backend.h"
#include "runners/job.h"
#include "runners/mapping.h"

#define ED_REQUESTS_MAX 256 // under way at a time

// The window of `block` by the workload's arrivals; requests that are under way at its end are waited for,
// and count. Times are stored in the order in which requests end, 1 + generated numbers each: to the first
// token, from when it was due, then between tokens. "requests" goes into `evidence`. ED_ERR_UNSUPPORTED: the
// engine takes one request after the other; ED_ERR_LIMIT: more than ED_REQUESTS_MAX are under way.
enum ed_status ed_loop_requests(const struct ed_backend *backend, void *state,
                                const struct ed_workload *workload, const struct ed_job_block *block,
                                struct ed_mapping *mapping, struct ed_json_writer *evidence,
                                struct ed_error *err);

#endif
