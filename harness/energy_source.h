// SPDX-License-Identifier: Apache-2.0
// The sensors of power and energy that a device has, best first. Inside of harness/energy.c.
#ifndef EDGEDYNO_HARNESS_ENERGY_SOURCE_H
#define EDGEDYNO_HARNESS_ENERGY_SOURCE_H

#include "harness/energy.h"

struct ed_energy_candidate {
    struct ed_energy_source source;
    int rank;
    double size;
};

// Allocated; the caller frees it, also after a failure.
enum ed_status ed_energy_candidates(struct ed_energy_candidate **out, size_t *n,
                                    const struct ed_blocks *blocks,
                                    const struct ed_timeline_channels *channels, bool accelerator,
                                    struct ed_error *err);

#endif
