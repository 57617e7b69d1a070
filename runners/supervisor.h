// SPDX-License-Identifier: Apache-2.0
// The supervisor of one job: block after block, the journal, the state file, stop requests, the time limit,
// the lease, the device's settings. One thread.
#ifndef EDGEDYNO_RUNNERS_SUPERVISOR_H
#define EDGEDYNO_RUNNERS_SUPERVISOR_H

#include "runners/block.h"
#include "runners/lease_job.h"

// Runs the job in the current (detached) process, whose current directory is the job's. Returns when the
// journal has its end line or could not be written. A job that was started with a lease ends after the block
// in which `whose` lost it. What the job's settings change is put back before the end line.
enum ed_status ed_supervisor_run(const struct ed_job *job, const struct ed_jobdir *dir,
                                 const struct ed_lease_job *whose, struct ed_digest_cache *digests,
                                 const char *runner, struct ed_error *err);
// The CPUs that cases are pinned to exist and may be used.
enum ed_status ed_supervisor_check_pins(const struct ed_job *job, struct ed_error *err);
// What the job wants held beside its workers would fit on the device now.
enum ed_status ed_supervisor_check_ballast(const struct ed_job *job, struct ed_error *err);
// Every file of the job exists with the size and digest that the controller named.
enum ed_status ed_supervisor_check_files(const struct ed_job *job, struct ed_digest_cache *digests,
                                         struct ed_error *err);

#endif
