// SPDX-License-Identifier: Apache-2.0
// The outputs that a case's accuracy block left in the campaign, as real numbers.
#ifndef EDGEDYNO_HARNESS_OUTPUTS_H
#define EDGEDYNO_HARNESS_OUTPUTS_H

#include "base/npy.h"
#include "harness/blocks.h"

// One output of all samples. Release by ed_output_close; safe on a zeroed one.
struct ed_output_values {
    char path[ED_PATH_BYTES];
    char name[128]; // the model's own for it; "" where it does not tell
    struct ed_npy npy;
    bool quantized; // real = scale * (q - zero_point), by the model's own word
    double scale;
    int64_t zero_point;
};

// The accuracy block's output `name` ("": the first). Opens the file, after its digest.
enum ed_status ed_output_open(struct ed_output_values *out, const struct ed_campaign_device *device,
                              const struct ed_blocks *blocks, size_t case_index, const char *name,
                              struct ed_error *err);
// Output `index`, in the model's order; *n is how many there are. ED_ERR_NOT_FOUND behind the last.
enum ed_status ed_output_open_at(struct ed_output_values *out, const struct ed_campaign_device *device,
                                 const struct ed_blocks *blocks, size_t case_index, size_t index, size_t *n,
                                 struct ed_error *err);
// The file of the first output, whatever it holds; ED_ERR_PARSE where it is not what the device wrote.
enum ed_status ed_output_path(char path[ED_PATH_BYTES], const struct ed_campaign_device *device,
                              const struct ed_blocks *blocks, size_t case_index, struct ed_error *err);
// Whether output `index` of the block, at `path`, is what the device wrote, by the digest in the journal;
// taken once for each output of blocks that were loaded. ED_ERR_PARSE where it is not.
enum ed_status ed_output_check(const struct ed_block *block, int index, const char *path,
                               struct ed_error *err);
void ed_output_close(struct ed_output_values *out);

// Whether the elements are numbers that ed_npy_real reads: every type but none.
bool ed_npy_is_real(const struct ed_npy *npy);
// Element `i` of an open file, i < count.
double ed_npy_real(const struct ed_npy *npy, size_t i);
// The same as the model means it.
double ed_output_real(const struct ed_output_values *out, size_t i);

#endif
