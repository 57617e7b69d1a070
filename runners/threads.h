// SPDX-License-Identifier: Apache-2.0
// The worker's threads and the CPU time of each, read by the worker itself at its marks (Linux:
// /proc/self/task, 10 us a thread). What -t asked for is held against the threads that really worked.
#ifndef EDGEDYNO_RUNNERS_THREADS_H
#define EDGEDYNO_RUNNERS_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_write.h"

#define ED_THREADS_MAX 512
#define ED_THREADS_BUSY_SHARE 0.05 // of one CPU: a thread that used more has worked

struct ed_thread_time {
    int64_t tid, run_ns; // on a CPU since it began
    char name[16];
};

struct ed_thread_times {
    int64_t raw_ns; // when; 0: never read
    size_t n;
    bool cut; // there were more than ED_THREADS_MAX
    struct ed_thread_time items[ED_THREADS_MAX];
};

// Logical processors that the calling thread may run on: those that are on, less those that --pin, a cpuset
// or whoever started it left out. -1: the system does not tell.
int ed_threads_processors(void);
// Of the `n` processes, of the calling one where there is none. A system that does not tell leaves none.
void ed_threads_read(struct ed_thread_times *times, const int64_t *pids, size_t n);
// "threads": {"asked","exist","busy","cpus","working":[{"name","share"}]}: between two readings. `cpus` is
// their CPU time over the wall time, `working` lists at most 16 busy threads, the busiest first. Writes
// nothing where a reading lacks.
void ed_threads_write(struct ed_json_writer *w, const struct ed_thread_times *before,
                      const struct ed_thread_times *after, int asked);

#endif
