// SPDX-License-Identifier: Apache-2.0
// Timing of language workloads. One inference is: the cache cut to `depth` tokens (put there untimed), then
// the prompt processed, then tokens generated one by one, each with its own time.
//
// Its times are `stride` = 1 + generated numbers in the block's samples: the prompt (0 where there is none),
// then each generated token. Between two tokens there is one reading of the clock and one store.
#ifndef EDGEDYNO_RUNNERS_LOOP_LANGUAGE_H
#define EDGEDYNO_RUNNERS_LOOP_LANGUAGE_H

#include "base/json_write.h"
#include "edgedyno/backend.h"
#include "runners/job.h"
#include "runners/mapping.h"
#include "runners/memory.h"

// The tokens of a workload, and what the engine says of its model. Released in any case.
struct ed_language_work {
    struct ed_workload workload;
    struct ed_language info;
    int32_t *depth, *prompt; // random ids from the seed, the first of all being the model's bos where it has
                             // one
    bool deep;               // `depth` is in the cache, and the engine can cut it back to that
    int64_t *times;          // one inference that is not kept: 1 + generated numbers
};

// Asks the engine for its model, makes the tokens, and writes "language" into the evidence. ED_ERR_REFUSED
// where what the engine says cannot be; ED_ERR_LIMIT where its context is too small.
enum ed_status ed_language_make(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                                const struct ed_workload *workload, uint64_t seed,
                                struct ed_json_writer *evidence, struct ed_error *err);
void ed_language_release(struct ed_language_work *work); // safe on a zeroed struct

// One inference that is not kept; its time in the mapping as that of the first.
enum ed_status ed_language_first(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                                 struct ed_mapping *mapping, struct ed_error *err);
// As ed_loop_run for tensors: first inference, warm-up by rule, mark, one more, timed loop, mark. A workload
// with a rate has its timed part by runners/loop_requests.h.
enum ed_status ed_loop_language(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                                const struct ed_job_block *block, struct ed_memory_reader *memory,
                                struct ed_mapping *mapping, struct ed_json_writer *evidence,
                                struct ed_error *err);
// Processes the beginning of the prompt twice and compares the logits byte by byte: "outputs",
// "deterministic".
enum ed_status ed_language_evidence(struct ed_language_work *work, const struct ed_backend *backend,
                                    void *state, struct ed_json_writer *w, struct ed_error *err);

#endif
