// SPDX-License-Identifier: Apache-2.0
// What the doctor finds out of single files.
#ifndef EDGEDYNO_RUNNERS_DOCTOR_MOUNT_H
#define EDGEDYNO_RUNNERS_DOCTOR_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

// The mount that `path` (absolute, without links) lies on, from the text of /proc/self/mountinfo: the longest
// mount point that it begins with, the last of equal ones. False: none, or not readable as mountinfo.
bool ed_doctor_mount(const char *mountinfo, const char *path, char *point, size_t point_bytes, char *type,
                     size_t type_bytes);

// KillUserProcesses of a logind.conf: 1 yes, 0 no, -1 not said. A value that is commented out is what the
// system was built with, and counts where `built_in` is set.
int ed_doctor_kills(const char *conf, bool built_in);

#endif
