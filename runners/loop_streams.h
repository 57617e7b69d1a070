// SPDX-License-Identifier: Apache-2.0
// The offline loop: several inferences at a time, each stream with a state of the adapter in a thread of its
// own, as backend.h wants it. What counts is how many end in the window; the samples are the latencies of all
// streams, in the order in which they ended.
#ifndef EDGEDYNO_RUNNERS_LOOP_STREAMS_H
#define EDGEDYNO_RUNNERS_LOOP_STREAMS_H

#include "edgedyno/backend.h"
#include "runners/job.h"
#include "runners/mapping.h"
#include "runners/memory.h"

// What every stream does by itself; borrowed.
struct ed_stream_work {
    const struct ed_backend *backend;
    const struct ed_open_args *open_args;
    const struct ed_load_args *load_args;
    const struct ed_tensor *inputs;
    size_t n_inputs;
};

// `state` is loaded and bound, and is the first of `n_streams` (1..ED_WORKLOAD_STREAMS_MAX); the calling
// thread runs it. The others are opened, loaded and bound in their threads, which belongs to the warm-up, and
// are gone when this returns. All warm up at once, each by the rule. The window begins with the first
// inference and ends with the last that began before its limits were met.
enum ed_status ed_loop_streams(const struct ed_stream_work *work, void *state, size_t n_streams,
                               const struct ed_job_block *block, struct ed_memory_reader *memory,
                               struct ed_mapping *mapping, struct ed_error *err);

#endif
