// SPDX-License-Identifier: Apache-2.0
// What the runner can tell of the device's fitness, for `edgedyno devices check`:
//   {"type":"doctor","real_us":N,"boot_ns":N,"boot_id":TEXT,"free_bytes":N,"total_bytes":N,"file_system":TEXT,"mount":TEXT,
//    "noexec":B,"inodes_free":N,"memory_available_bytes":N,"libc":TEXT,"loader":TEXT,"oom_score_adj":N,"cpuset":TEXT,
//    "uid":N,"changed":B,"linger":"yes"|"no"|"unknown","linger_reason":TEXT,"cgroup":TEXT,"load_1min":REAL,
//    "lease":{...as lease show...},"job":ID or ""}
// `linger`: whether a process that outlives its login session is left alone (systemd-logind's
// KillUserProcesses and the user's linger file); adbd ends its whole cgroup, so on Android it is "no".
#ifndef EDGEDYNO_RUNNERS_DOCTOR_H
#define EDGEDYNO_RUNNERS_DOCTOR_H

#include "base/json_write.h"
#include "edgedyno/error.h"

// Adds the members above to an open object. What cannot be read is null, with a member KEY_reason.
enum ed_status ed_doctor_describe(const char *work, struct ed_json_writer *json, struct ed_error *err);

#endif
