// SPDX-License-Identifier: Apache-2.0
// The memory limit of one block. Where the device allows it a cgroup of the worker's own holds it, and the
// kernel kills; else the supervisor samples the worker's anonymous memory plus swap (RssAnon + VmSwap of
// /proc/PID/status) and kills. Never RLIMIT_AS, which mapped weights and GPU drivers break. Swap is watched
// in both cases: where it grew, nobody can say that the worker fitted. One thread.
#ifndef EDGEDYNO_RUNNERS_MEMORY_LIMIT_H
#define EDGEDYNO_RUNNERS_MEMORY_LIMIT_H

#include "base/json_write.h"
#include "runners/mapping.h"
#include "runners/memory_group.h"

#define ED_MEMORY_LIMIT_PROCESSES_MAX 64
#define ED_MEMORY_LIMIT_FAMILY_NS INT64_C(100000000) // between two looks for processes that an engine started
#define ED_MEMORY_LIMIT_PERIOD_NS INT64_C(10000000)  // between two readings, where they are the limit
#define ED_MEMORY_LIMIT_GROUP_PERIOD_NS INT64_C(100000000) // where a cgroup is, and they only watch swap
// In the environment of the runner: "sampled" leaves cgroups alone.
#define ED_MEMORY_LIMIT_VARIABLE "EDGEDYNO_MEMORY_LIMIT"

struct ed_memory_limit {
    int64_t limit_bytes; // 0: none, and nothing else is of effect
    struct ed_memory_group group;
    struct ed_memory_group_counts counts; // of the group, at the end
    char reason[256];                     // why there is no group; "" where there is one
    int root_fd;
    int64_t pids[ED_MEMORY_LIMIT_PROCESSES_MAX]; // whose memory is summed up
    size_t n_pids, most_pids;
    bool family;                                 // what the first of them starts counts as well
    int64_t family_ns;                           // when it was looked for
    int64_t period_ns, next_ns, last_ns, gap_ns; // gap: the longest time between two readings
    int64_t readings;
    int64_t peak_bytes, swap_bytes;                // highest readings: anonymous plus swap; swap alone
    int64_t swapped_out_before, swapped_out_bytes; // by the whole system; -1: not known
    bool over;                                     // a reading was above the limit
};

// Before the worker is made. `limit_bytes` 0 makes all of this do nothing.
void ed_memory_limit_begin(struct ed_memory_limit *limit, int64_t limit_bytes, int root_fd, const char *work);
// The worker is there; or, with `family`, the engine that is a process of its own, which is watched in the
// worker's place, with all that it starts.
void ed_memory_limit_watch(struct ed_memory_limit *limit, int64_t pid, bool family);
// Reads when it is time to. `begun`: the worker's own program runs, so that what is read is not the copy of
// this process that it was before. Returns when to call again (INT64_MAX: never); sets `over`.
int64_t ed_memory_limit_step(struct ed_memory_limit *limit, int64_t now_ns, bool begun);
// The worker and everything in its group are gone; also where it never was. `mapping`: its marks, or NULL.
void ed_memory_limit_end(struct ed_memory_limit *limit, const struct ed_mapping *mapping, const char *work);
// After the end: did the limit end it? `signal`: what ended the worker, 0 where none did. `message` says how.
bool ed_memory_limit_exceeded(const struct ed_memory_limit *limit, int signal, char *message, size_t bytes);
// "memory_limit": {...}; nothing where there is no limit.
void ed_memory_limit_write(const struct ed_memory_limit *limit, struct ed_json_writer *writer);

#endif
