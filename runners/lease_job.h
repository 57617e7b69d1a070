// SPDX-License-Identifier: Apache-2.0
// The lease of a running job. Its directory says which campaign it belongs to (its holder), so that this
// campaign alone may come back to the device while the job runs: a controller that was started again takes
// the lease over under a new token, and the job goes on.
#ifndef EDGEDYNO_RUNNERS_LEASE_JOB_H
#define EDGEDYNO_RUNNERS_LEASE_JOB_H

#include "runners/job.h"
#include "runners/jobdir.h"
#include "runners/lease.h"

struct ed_lease_job {
    char holder[ED_WIRE_ID_MAX_BYTES + 1];   // of the lease; without one the job's campaign
    char owner[ED_WIRE_OWNER_MAX_BYTES + 1]; // "" where it was started without a lease
};

// May this job start? With a lease in it: its token must hold the device, and the lease then lasts at least
// the job's for_ns from now. Without one: ED_ERR_BUSY while somebody has a lease or a reservation.
enum ed_status ed_lease_job_admit(const char *work, const struct ed_job *job, struct ed_lease_job *whose,
                                  struct ed_error *err);
// Between two blocks: true while the holder's lease lives, under whatever token. Else `why` says who holds
// the device.
bool ed_lease_job_goes_on(const char *work, const struct ed_lease_job *whose, char *why, size_t bytes);

// How much later a job's lease ends in all, for the time that the device took to cool down. A controller that
// is there extends it as it sees fit; one that has died shall not keep the device for hours.
#define ED_LEASE_JOB_COOLING_MOST_NS (INT64_C(1800) * 1000000000)
// The device waited so long before a block, which nobody could foresee: the holder's lease ends as much
// later, within what is left of the limit. *used_ns: what of it this job has used, 0 at first. True where the
// lease was extended by anything; one that has ended, or is somebody else's, stays as it is.
bool ed_lease_job_cooled(const char *work, const struct ed_lease_job *whose, int64_t waited_ns,
                         int64_t *used_ns);

// The file in the job's directory. `load` is false where there is none, or a damaged one.
enum ed_status ed_lease_job_store(const struct ed_jobdir *dir, const struct ed_lease_job *whose,
                                  struct ed_error *err);
bool ed_lease_job_load(const char *work, const char *job_id, struct ed_lease_job *whose);

#endif
