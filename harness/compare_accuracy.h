// SPDX-License-Identifier: Apache-2.0
// The accuracy of two campaigns' cases side by side: the same task over the same data, sample by sample.
#ifndef EDGEDYNO_HARNESS_COMPARE_ACCURACY_H
#define EDGEDYNO_HARNESS_COMPARE_ACCURACY_H

#include "harness/blocks.h"
#include "harness/compare.h"

struct ed_compare_side {
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    const struct ed_blocks *blocks;
    size_t case_index; // whose timing blocks are compared
};

// Adds a row for each task of the first side; `out->tasks` is owned by the comparison.
enum ed_status ed_compare_tasks(struct ed_compare_case *out, const struct ed_compare_side *first,
                                const struct ed_compare_side *other, struct ed_error *err);

#endif
