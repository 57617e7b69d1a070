// SPDX-License-Identifier: Apache-2.0
// The accuracy pass: the whole data set through the model, every output kept as a .npy file of the model's
// own type.
#ifndef EDGEDYNO_RUNNERS_DATASET_H
#define EDGEDYNO_RUNNERS_DATASET_H

#include "base/json_write.h"
#include "runners/inputs.h"

// `inputs` was made from the case's data and is bound again for each batch. Files are written to
// outputs/BLOCK.OUTPUT-INDEX.npy below the current directory. Writes "samples", "output_files" and
// "output_sha256" into `evidence`'s open object. A last batch that is not full is filled by repeating the
// last sample, and the surplus rows are cut.
enum ed_status ed_dataset_run(const struct ed_backend *backend, void *state, const struct ed_job *job,
                              const struct ed_job_block *block, struct ed_inputs *inputs,
                              struct ed_json_writer *evidence, struct ed_error *err);

#endif
