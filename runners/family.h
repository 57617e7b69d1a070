// SPDX-License-Identifier: Apache-2.0
// A process and what it started (Linux: /proc/PID/task/TID/children, of CONFIG_PROC_CHILDREN). A process
// whose parent has ended is no longer found.
#ifndef EDGEDYNO_RUNNERS_FAMILY_H
#define EDGEDYNO_RUNNERS_FAMILY_H

#include <stddef.h>
#include <stdint.h>

// `pid`, its children, theirs, in this order; at most `capacity`, which is at least 1. Returns how many: 1
// where the system does not list children, or the process is gone.
size_t ed_family_find(int64_t pid, int64_t *pids, size_t capacity);

#endif
