// SPDX-License-Identifier: Apache-2.0
// The work directory of a device and the directory of a job in it: WORK/jobs/ID/. Every file is made with
// mode 0600 in directories of mode 0700. Two locks (flock): WORK/lock is held by the supervisor of the
// running job, WORK/jobs/ID/alive by that job's supervisor as long as it lives, whatever happens to it.
#ifndef EDGEDYNO_RUNNERS_JOBDIR_H
#define EDGEDYNO_RUNNERS_JOBDIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/path.h"
#include "edgedyno/wire.h"

struct ed_jobdir {
    char work[ED_PATH_BYTES];
    char path[ED_PATH_BYTES]; // of the job
    char id[ED_WIRE_ID_MAX_BYTES + 1];
};

// Checks the names and joins the paths; makes nothing.
enum ed_status ed_jobdir_at(struct ed_jobdir *dir, const char *work, const char *job_id,
                            struct ed_error *err);
// Makes the job's directory; ED_ERR_BUSY when that job exists.
enum ed_status ed_jobdir_make(const struct ed_jobdir *dir, struct ed_error *err);
// Path of a file in the job's directory.
enum ed_status ed_jobdir_file(char out[ED_PATH_BYTES], const struct ed_jobdir *dir, const char *name,
                              struct ed_error *err);
// Takes WORK/lock for the life of the descriptor and writes the job's id into it. ED_ERR_BUSY names the job
// that holds it.
enum ed_status ed_jobdir_lock_work(const struct ed_jobdir *dir, int *fd, struct ed_error *err);
// The job that holds WORK/lock now, "" where none does.
enum ed_status ed_jobdir_running(const char *work, char job[ED_WIRE_ID_MAX_BYTES + 1], struct ed_error *err);
enum ed_status ed_jobdir_lock_alive(const struct ed_jobdir *dir, int *fd, struct ed_error *err);
bool ed_jobdir_alive(const struct ed_jobdir *dir);
// A little space that is kept from the beginning, and given back when the disk is full, so that the journal
// can say so.
#define ED_JOB_RESERVE "reserve"
#define ED_JOB_RESERVE_BYTES 16384
// Size of a file of the job, 0 where it is missing.
int64_t ed_jobdir_size(const struct ed_jobdir *dir, const char *name);

#endif
