// SPDX-License-Identifier: Apache-2.0
// What the worker reads of its own memory at a mark (Linux: /proc/self/status), and the reset of its
// high-water mark (writing 5 to /proc/self/clear_refs, 0.5 us). VmHWM is off by up to 64 pages a thread
// before Linux 6.2. Never ru_maxrss: it survives exec.
#ifndef EDGEDYNO_RUNNERS_MEMORY_H
#define EDGEDYNO_RUNNERS_MEMORY_H

#include "edgedyno/backend.h"
#include "runners/mapping.h"
#include "runners/threads.h"

// Keeps its two files open, so that a mark opens nothing.
struct ed_memory_reader {
    int status_fd, reset_fd;
    int64_t own_bytes;                 // our mapping, taken off totals
    struct ed_thread_times threads[2]; // at the mark before the last one, and at the last one
    const struct ed_backend *backend;  // whose processes are read in place of this one; NULL: this one
    void *state;
    int64_t pids[ED_PROCESSES_MAX];
    size_t n_pids, most_pids; // at the last mark; at any one
    bool elsewhere;           // the engine runs where nothing can be read
};

void ed_memory_reader_init(struct ed_memory_reader *reader, int64_t own_bytes);
void ed_memory_reader_release(struct ed_memory_reader *reader);
// From now on marks are of the processes that the engine names, if it names any: sums over them (of peaks
// too, which is more than the peak of the sum can be). ED_ERR_UNSUPPORTED: it runs elsewhere, and marks hold
// nothing; `err` says why.
enum ed_status ed_memory_follow(struct ed_memory_reader *reader, const struct ed_backend *backend,
                                void *state, struct ed_error *err);
// Fills `mark`, reads the threads' times and resets the high-water mark. Costs about 10 us and 10 us a
// thread.
void ed_memory_mark(struct ed_memory_reader *reader, struct ed_mark *mark);

#endif
