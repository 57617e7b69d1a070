// SPDX-License-Identifier: Apache-2.0
// The accuracy pass of a speech model: every recording of a data set transcribed, the texts kept.
//
// The data is two .npy, in this order: samples of all recordings one after the other (int16, which are
// divided by 32768, or float32; 16 kHz), and where each recording ends among them (int64, rising).
#ifndef EDGEDYNO_RUNNERS_RECORDINGS_H
#define EDGEDYNO_RUNNERS_RECORDINGS_H

#include "base/json_write.h"
#include "runners/inputs.h"

// The first recording as the data of the model's only input, unless that has data or a shape already.
enum ed_status ed_recordings_first(struct ed_inputs *inputs, const struct ed_job_data *data,
                                   struct ed_error *err);
// Binds and runs each recording. Writes outputs/BLOCK.0.jsonl, a line {"text": TEXT} each, and "samples"
// (recordings) and "output_files" with "output_sha256" into the evidence.
enum ed_status ed_recordings_run(const struct ed_backend *backend, void *state, const struct ed_job *job,
                                 const struct ed_job_block *block, const struct ed_inputs *inputs,
                                 struct ed_json_writer *evidence, struct ed_error *err);

#endif
