// SPDX-License-Identifier: Apache-2.0
// Warm-up and the timed loop: what edgedyno exists for. Between two timed samples there is one store of the
// sample, one store of the count and the comparison with the limits; no system call of ours (the clock is
// read in user space), no allocation, no lock, no log.
#ifndef EDGEDYNO_RUNNERS_LOOP_H
#define EDGEDYNO_RUNNERS_LOOP_H

#include "base/stats/warmup.h"
#include "edgedyno/backend.h"
#include "runners/job.h"
#include "runners/mapping.h"
#include "runners/memory.h"

// First inference, warm-up by rule, mark, one last warm-up inference, timed loop, mark. Everything measured
// goes into `mapping`. `batch` inferences make one sample where one inference is shorter than 1000 steps of
// the clock (notes: a sample must be at least that).
// In the sustained scenario also where a window of `max_ns` could have more
// samples than `max_samples`.
enum ed_status ed_loop_run(const struct ed_backend *backend, void *state, const struct ed_workload *workload,
                           const struct ed_job_block *block, struct ed_memory_reader *memory,
                           struct ed_mapping *mapping, struct ed_error *err);

// The parts that other loops share. Warm-up by rule, which tells the time of the fastest inference less that
// of the clock's readings; and the shortest time that may be one sample.
enum ed_status ed_loop_warm_up(const struct ed_backend *backend, void *state, struct ed_mapping *mapping,
                               int64_t *once_ns, struct ed_error *err);
int64_t ed_loop_shortest_ns(const struct ed_mapping *mapping);

#endif
