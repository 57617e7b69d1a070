// SPDX-License-Identifier: Apache-2.0
// Timing of transcriptions: as the loop for tensors, with the parts of each one (enum ed_speech_part) among
// the block's samples.
#ifndef EDGEDYNO_RUNNERS_LOOP_SPEECH_H
#define EDGEDYNO_RUNNERS_LOOP_SPEECH_H

#include "base/json_write.h"
#include "edgedyno/backend.h"
#include "runners/inputs.h"
#include "runners/job.h"
#include "runners/mapping.h"
#include "runners/memory.h"

#define ED_SPEECH_TEXT_MAX_BYTES (16u << 10) // of a text in the evidence

// Warm-up by rule, mark, one more transcription, timed loop, mark. ED_ERR_UNSUPPORTED where the engine
// transcribes nothing; ED_ERR_REFUSED where the parts that it tells cannot be.
enum ed_status ed_loop_speech(const struct ed_backend *backend, void *state, const struct ed_job_block *block,
                              struct ed_memory_reader *memory, struct ed_mapping *mapping,
                              struct ed_error *err);

// After a run: "speech" with `audio_ns` and `text`, or `text_reason`. A text that is too long is cut, and
// `text_cut` is true.
enum ed_status ed_speech_evidence(const struct ed_backend *backend, void *state,
                                  const struct ed_inputs *inputs, struct ed_json_writer *w,
                                  struct ed_error *err);

#endif
