// SPDX-License-Identifier: Apache-2.0
// Values of one key of two campaigns' cases, block by block, and what keeps them from being compared: blocks
// that are not valid (harness/validity.h), and a device that was set otherwise. Inside of harness/compare.c.
//
// A state that every block of both had does not void their comparison. Blocks with another one that voids the
// key are left out; where fewer than ED_INTERVAL_MIN_BLOCKS of a side are left then, the key is not compared.
#ifndef EDGEDYNO_HARNESS_COMPARE_VALUES_H
#define EDGEDYNO_HARNESS_COMPARE_VALUES_H

#include "harness/compare.h"
#include "harness/energy.h"
#include "harness/gate_metrics.h"
#include "harness/validity_read.h"

// A device of a campaign with what is known of its blocks.
struct ed_compare_device {
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    struct ed_blocks blocks;
    struct ed_validity_device validity;
    struct ed_energy_device energy;
    size_t *order, *begin; // blocks that count, by case: order[begin[c]] to order[begin[c + 1] - 1]
    int64_t *scratch;      // room for the samples of any block
    bool loaded;
};

// `campaign` and `device` are set. Release also after a failure.
enum ed_status ed_compare_device_load(struct ed_compare_device *side, struct ed_buffer *warnings,
                                      struct ed_error *err);
void ed_compare_device_release(struct ed_compare_device *side);

// How many timing blocks of the case ended well.
static inline size_t ed_compare_blocks(const struct ed_compare_device *side, size_t c) {
    return side->begin[c + 1] - side->begin[c];
}

// What was set otherwise when the two were measured, so that their times and power do not compare; "" where
// nothing is known to have been.
void ed_compare_unlike_context(char why[512], const struct ed_compare_device *first, size_t a,
                               const struct ed_compare_device *other, size_t b);

// False: one side has no value of it.
bool ed_compare_row_make(struct ed_compare_row *row, const struct ed_compare_device *first, size_t a,
                         const struct ed_compare_device *other, size_t b,
                         const struct ed_gate_metric *metric);

// Adds to a list of texts with ", " between.
__attribute__((format(printf, 2, 3))) void ed_compare_tell(char text[512], const char *format, ...);

#endif
