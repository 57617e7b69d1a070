// SPDX-License-Identifier: Apache-2.0
// The choice for one model on one device.
#ifndef EDGEDYNO_HARNESS_TUNE_ROW_H
#define EDGEDYNO_HARNESS_TUNE_ROW_H

#include "harness/tune_verdict.h"

#define ED_TUNE_TIES "smaller files, then fewer threads, then the better figure"

// A device while its rows are made; as ed_tune_verdict_add has it.
struct ed_tune_judging {
    struct ed_tune_verdict *out;
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    const struct ed_blocks *blocks;
    const struct ed_energy_device *energy;
    const struct ed_result *records;
    struct ed_error *err;
};

// Not a further task of another case.
static inline bool ed_tune_is_timed(const struct ed_campaign_device *device, size_t c) {
    return device->cases[c].timing == c;
}

// Adds the row, and the candidates, of the model that case `first` is the first of.
enum ed_status ed_tune_row_add(const struct ed_tune_judging *judging, size_t first);

#endif
