// SPDX-License-Identifier: Apache-2.0
// One configuration that a choice may take: which cases it is, how it went, and its value in every round.
#ifndef EDGEDYNO_HARNESS_TUNE_CANDIDATE_H
#define EDGEDYNO_HARNESS_TUNE_CANDIDATE_H

#include "base/buffer.h"
#include "harness/blocks.h"
#include "harness/energy.h"
#include "reports/verdict.h"

// The gravest first; what is above PASSES cannot be chosen, but for INCONCLUSIVE where that was allowed.
enum ed_tune_state {
    ED_TUNE_PASSES,
    ED_TUNE_INCONCLUSIVE, // a requirement is not decided
    ED_TUNE_NO_VALUE,     // it has no figure to choose by
    ED_TUNE_STOPPED,      // it was not measured, since the campaign was stopped
    ED_TUNE_INVALID,      // void, or simulated
    ED_TUNE_FAILS,        // a requirement, the placement, the accuracy
    ED_TUNE_BROKEN,       // it did not end well
};

struct ed_tune_candidate {
    size_t primary; // case of the device whose figures are chosen by
    enum ed_tune_state state;
    bool reference;       // it runs the reference variant
    struct ed_buffer why; // of every state but PASSES
};

// Whether two cases are of one configuration.
bool ed_tune_same(const struct ed_campaign_case *a, const struct ed_campaign_case *b);
// The candidate of which `primary` is a case; `records` are those of the device. Release the buffer.
void ed_tune_candidate_judge(struct ed_tune_candidate *out, const struct ed_campaign *campaign,
                             const struct ed_campaign_device *device, const struct ed_result *records,
                             size_t primary, int field);
// The value of `field` of each round's timing block of the case, as planned, ln of it, NaN where that round
// has none or it is void; less is better. `scratch` has room for the largest block's samples.
void ed_tune_candidate_values(double *values, size_t rounds, const struct ed_campaign_device *device,
                              const struct ed_blocks *blocks, const struct ed_energy_device *energy,
                              size_t primary, int field, bool more_is_better, int64_t *scratch);

#endif
