// SPDX-License-Identifier: Apache-2.0
// Rows of one pair of cases in a gate's verdict: what was compared, what was required, what is missing.
#ifndef EDGEDYNO_HARNESS_GATE_ROWS_H
#define EDGEDYNO_HARNESS_GATE_ROWS_H

#include "harness/gate_device.h"
#include "harness/gate_verdict.h"

// The pair that is judged, and what is known of its device. `out` has room for all rows of the campaign.
struct ed_gate_judging {
    struct ed_gate_verdict *out;
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    struct ed_result *records; // of the device, one a case
    const struct ed_gate_device *gate;
    const struct ed_gate_stage *stage; // what would come next
    size_t left_out;                   // lines of the journal
    size_t pair;
};

static inline const struct ed_campaign_pair *ed_gate_judged_pair(const struct ed_gate_judging *j) {
    return &j->device->pairs[j->pair];
}

// Adds the pair's rows, and gives the candidate's record its verdict and reasons.
void ed_gate_pair_judge(struct ed_gate_judging *j);

// A row of the pair with its words filled in; *why, of the bytes of `texts[0]`, comes later.
struct ed_report_gate_row *ed_gate_row_add(struct ed_gate_judging *j, const char *key, char **why);
// The row of one comparison (gate_row_compare.c).
void ed_gate_row_compare(struct ed_gate_judging *j, const struct ed_gate_cell *cell);

#endif
