// SPDX-License-Identifier: Apache-2.0
// What is executed for a worker: this program, or a C library's loader with this program as its argument. The
// loader of the engine's own pack comes first (struct ed_job_engine), then the one by which this program
// itself was started.
#ifndef EDGEDYNO_RUNNERS_LAUNCH_H
#define EDGEDYNO_RUNNERS_LAUNCH_H

#include "runners/job.h"

struct ed_launch {
    char program[ED_PATH_BYTES], loader[ED_PATH_BYTES];
    char library_path[4 * ED_PATH_BYTES];
    const char *argv[6]; // argv[0] is what is executed where there is a loader; NULL behind the last
};

// `environment` is the worker's: a loader that is given directories does not look at LD_LIBRARY_PATH, so that
// its value is put behind them. ED_ERR_UNSUPPORTED: a directory that cannot stand in such a list.
enum ed_status ed_launch_worker(struct ed_launch *launch, const char *runner,
                                const struct ed_job_engine *engine, char *const *environment,
                                struct ed_error *err);
// The file to execute.
const char *ed_launch_file(const struct ed_launch *launch);

#endif
