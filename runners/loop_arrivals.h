// SPDX-License-Identifier: Apache-2.0
// The open loop: inferences arrive at times that do not depend on how long they take. A latency counts from
// the intended start, so that one that had to wait for those before it shows its waiting.
#ifndef EDGEDYNO_RUNNERS_LOOP_ARRIVALS_H
#define EDGEDYNO_RUNNERS_LOOP_ARRIVALS_H

#include "base/json_write.h"
#include "edgedyno/backend.h"
#include "runners/job.h"
#include "runners/mapping.h"
#include "runners/memory.h"

// Fills `offsets` with at most `capacity` arrivals, ns from the window's begin, in order, the first at 0:
// every 1/rate, or with exponential gaps of that mean by `seed`. It ends with the first arrival beyond
// `until_ns`, which is kept, so that a window knows what would have come next. Returns how many, at least 1.
size_t ed_arrivals_make(int64_t *offsets, size_t capacity, const struct ed_workload *workload, uint64_t seed,
                        int64_t until_ns);

// Warm-up as in loop.h, then the window of `block` by the workload's arrivals, first come first served. The
// window ends where the next inference was to begin, or with the last one that was late. What the arrivals
// did goes into `evidence` as "arrivals". ED_ERR_UNSUPPORTED where an inference is shorter than 1000 steps of
// the clock.
enum ed_status ed_loop_arrivals(const struct ed_backend *backend, void *state,
                                const struct ed_workload *workload, const struct ed_job_block *block,
                                struct ed_memory_reader *memory, struct ed_mapping *mapping,
                                struct ed_json_writer *evidence, struct ed_error *err);

#endif
