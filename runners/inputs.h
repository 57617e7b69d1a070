// SPDX-License-Identifier: Apache-2.0
// The inputs of a case: shapes resolved, data from .npy files (of a speech engine, from a WAV file), from one
// sample of the data set (of recordings the first), or from a seed.
#ifndef EDGEDYNO_RUNNERS_INPUTS_H
#define EDGEDYNO_RUNNERS_INPUTS_H

#include "base/npy.h"
#include "runners/job.h"

struct ed_inputs {
    struct ed_io io; // as the model describes itself
    struct ed_tensor tensors[ED_TENSORS_MAX];
    void *owned[ED_TENSORS_MAX]; // data made here; NULL where it lies in a mapped file
    struct ed_npy files[ED_TENSORS_MAX];
    size_t n;
};

// Resolves every dimension (--shape, else the .npy file's, else the model's; a symbolic one that nothing
// resolves is ED_ERR_USAGE and names the --shape to give) and makes the data. Random data by type: floats
// uniform in 0..1, 8-bit integers over their range, wider integers 0..9 (so that an index stays inside a
// small table), bool 0 or 1. The same seed gives the same bytes on every machine.
enum ed_status ed_inputs_make(struct ed_inputs *inputs, const struct ed_job *job, const struct ed_job_case *c,
                              uint64_t seed, struct ed_error *err);
void ed_inputs_release(struct ed_inputs *inputs);

// Whether float32 data can serve an input of this description: it is quantized, to 8 or 16 bits.
bool ed_inputs_quantizes(const struct ed_tensor_info *info);
// n elements: round(value / scale) + zero_point, a half to the even number, cut to the type's range; a value
// that is no number is ED_ERR_USAGE.
enum ed_status ed_inputs_quantize(void *out, const float *from, size_t n, const struct ed_tensor_info *info,
                                  struct ed_error *err);

// Index of the model's input that `name` means ("" is the only one).
enum ed_status ed_inputs_find(const struct ed_io *io, const char *name, size_t *index, struct ed_error *err);
// Product of a shape; -1 where a dimension is symbolic or the product overflows.
int64_t ed_shape_count(const int64_t *shape, uint32_t rank);
// "1x3x224x224" for messages; a symbolic dimension is shown as its name or "?".
void ed_shape_print(char *text, size_t bytes, const struct ed_tensor_info *info);

#endif
