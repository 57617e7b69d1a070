// SPDX-License-Identifier: Apache-2.0
// Running a program of this machine with a deadline: argv without a shell, standard streams fed and
// collected, exit status and signal apart. Children are killed with their process group when the deadline
// passes.
#ifndef EDGEDYNO_DEVICES_PROCESS_H
#define EDGEDYNO_DEVICES_PROCESS_H

#include "edgedyno/device.h"

// args->argv[0] is looked up in PATH when it has no slash. ED_ERR_NO_PROGRAM when it does not exist or cannot
// be executed, ED_ERR_TIMEOUT, ED_ERR_LIMIT (more than out_limit_bytes on standard output). A non-zero exit
// status is ED_OK here: the caller judges it. On success *out is owned by the caller:
// ed_spawn_result_release.
enum ed_status ed_process_run(const struct ed_spawn_args *args, struct ed_spawn_result *out,
                              struct ed_error *err);
// Called about every `period_ns` while the program runs; false kills it, and the run is ED_ERR_CANCELLED.
// `call` NULL: not at all.
struct ed_process_tick {
    bool (*call)(void *context);
    void *context;
    int64_t period_ns;
};
enum ed_status ed_process_run_ticking(const struct ed_spawn_args *args, const struct ed_process_tick *tick,
                                      struct ed_spawn_result *out, struct ed_error *err);
void ed_spawn_result_release(struct ed_spawn_result *result); // safe on an initialised or released one

#endif
