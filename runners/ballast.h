// SPDX-License-Identifier: Apache-2.0
// Memory that a process of its own holds for the time of a job, outside every worker's limit: it stands for
// the other apps of a small device. Filled with numbers that do not compress, locked against swap where that
// is allowed, and gone with the supervisor, however that ends. Linux, one thread.
#ifndef EDGEDYNO_RUNNERS_BALLAST_H
#define EDGEDYNO_RUNNERS_BALLAST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "edgedyno/error.h"

// What has to stay available beside the ballast: this, or a twentieth of the memory where that is more.
#define ED_BALLAST_MARGIN_BYTES (INT64_C(64) << 20)

struct ed_ballast {
    pid_t pid; // 0: none
    int64_t bytes;
    bool locked; // cannot be swapped out
};

// Whether `bytes` fit into MemAvailable less the margin (`root_fd`: of the tree with proc/meminfo).
// ED_ERR_LIMIT says how much would fit.
enum ed_status ed_ballast_check(int root_fd, int64_t bytes, struct ed_error *err);
// Checks, then holds; returns when every page is there. 0 bytes: nothing is held.
enum ed_status ed_ballast_start(struct ed_ballast *ballast, int root_fd, int64_t bytes, struct ed_error *err);
// False where it was lost, as to a kernel short of memory.
bool ed_ballast_holds(const struct ed_ballast *ballast);
void ed_ballast_stop(struct ed_ballast *ballast); // also where there is none; returns when it is free

#endif
