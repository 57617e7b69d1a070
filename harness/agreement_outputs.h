// SPDX-License-Identifier: Apache-2.0
// The outputs that an accuracy block left, as real numbers, and how those of two cases lie to each other.
#ifndef EDGEDYNO_HARNESS_AGREEMENT_OUTPUTS_H
#define EDGEDYNO_HARNESS_AGREEMENT_OUTPUTS_H

#include "base/npy.h"
#include "harness/blocks.h"

struct ed_agreement_output {
    char name[ED_TENSOR_NAME_BYTES];
    struct ed_npy npy; // the first dimension counts samples
    bool quantized;    // real = scale * (q - zero_point)
    double scale;
    int64_t zero_point;
};

struct ed_agreement_outputs {
    struct ed_agreement_output *items;
    size_t n;
    int64_t samples;
};

// Those of the case's accuracy block, or only the one that its task names. ED_ERR_NOT_FOUND and others, whose
// message is for a reason. Release in any case.
enum ed_status ed_agreement_outputs_load(struct ed_agreement_outputs *outputs,
                                         const struct ed_campaign *campaign,
                                         const struct ed_campaign_device *device,
                                         const struct ed_blocks *blocks, size_t case_index,
                                         struct ed_error *err);
void ed_agreement_outputs_release(struct ed_agreement_outputs *outputs);

// How an output's values lie beside the reference's.
enum ed_agreement_layout {
    ED_LAYOUT_NONE, // they do not fit
    ED_LAYOUT_SAME,
    ED_LAYOUT_CHANNELS_LAST,  // its channels are last, the reference's first
    ED_LAYOUT_CHANNELS_FIRST, // the other way round
};
enum ed_agreement_layout ed_agreement_layout(const struct ed_agreement_output *reference,
                                             const struct ed_agreement_output *other);
// Dimensions of one sample without those of 1; at most ED_TENSOR_RANK_MAX.
uint32_t ed_agreement_sample_shape(const struct ed_agreement_output *output,
                                   int64_t shape[ED_TENSOR_RANK_MAX]);

// Real numbers: floats, or integers that have a scale.
bool ed_agreement_is_real(const struct ed_agreement_output *output);
// Element `i` in the file's own order.
double ed_agreement_value(const struct ed_agreement_output *output, size_t i);
// Where the element of a sample of `other` lies that belongs to element `i` of the reference's sample.
size_t ed_agreement_place(enum ed_agreement_layout layout, const int64_t *reference_shape, uint32_t rank,
                          size_t i);

#endif
