// SPDX-License-Identifier: Apache-2.0
// Evidence that the kernel killed for lack of memory: counters of our memory cgroup (version 2:
// memory.events, version 1: memory.oom_control), and of the whole system (/proc/vmstat), read before and
// after a block. Without a rise nothing is called out of memory.
#ifndef EDGEDYNO_RUNNERS_OOM_H
#define EDGEDYNO_RUNNERS_OOM_H

#include <stdbool.h>
#include <stdint.h>

// -1: the counter does not exist here.
struct ed_oom_counts {
    int64_t cgroup, system;
    bool own; // `cgroup` is the very group that /proc/self/cgroup names, and not the root of its mount
};

enum ed_oom_verdict { ED_OOM_NO, ED_OOM_PROBABLE, ED_OOM_CERTAIN };

// `root_fd`: the root directory, or a made-up one in tests.
struct ed_oom_counts ed_oom_read(int root_fd);
// For a process that a SIGKILL ended which nobody of us sent: certain by our cgroup's counter, probable by
// the system's.
enum ed_oom_verdict ed_oom_judge(struct ed_oom_counts before, struct ed_oom_counts after);

#endif
