// SPDX-License-Identifier: Apache-2.0
// A memory cgroup of a worker's own: made below the runner's own group (version 2: also beside it, where only
// that may have one), with a limit and without swap, removed when the worker is gone. Its path is noted in
// the work directory before it is made, so that one that a killed runner left is removed at the next start.
// Linux, one thread.
#ifndef EDGEDYNO_RUNNERS_MEMORY_GROUP_H
#define EDGEDYNO_RUNNERS_MEMORY_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED_MEMORY_GROUP_PATH_BYTES 1024
#define ED_MEMORY_GROUP_PREFIX "edgedyno-limit-" // of the group's name; the supervisor's pid follows
#define ED_MEMORY_GROUP_NOTE "memory.group"      // in the work directory

struct ed_memory_group {
    int version;                           // 1, 2; 0: none
    char path[ED_MEMORY_GROUP_PATH_BYTES]; // from the root, without a slash before it
    int procs_fd;                          // cgroup.procs, to be written by the process that enters
    bool swap_excluded;                    // the limit counts swap, or allows none
};

// -1: this kernel does not count it.
struct ed_memory_group_counts {
    int64_t kills;      // processes that the kernel killed for want of memory in it
    int64_t peak_bytes; // with the page cache that it filled
};

// `root_fd`: the root directory, or a made-up one in tests; `work`: the runner's work directory. False with a
// reason where no such group can be made here; nothing stays behind then.
bool ed_memory_group_make(struct ed_memory_group *group, int root_fd, const char *work, int64_t limit_bytes,
                          char *reason, size_t bytes);
// In the child, between fork and exec; allocates nothing. 0, or errno.
int ed_memory_group_enter(const struct ed_memory_group *group);
struct ed_memory_group_counts ed_memory_group_read(const struct ed_memory_group *group, int root_fd);
// Its processes have been killed; waits up to two seconds until the last is out of it. False where it stays;
// the next start tries again.
bool ed_memory_group_remove(struct ed_memory_group *group, int root_fd, const char *work);
// Removes the group that the note in `work` names. Only the holder of the work directory calls it.
void ed_memory_group_sweep(int root_fd, const char *work);

#endif
