// SPDX-License-Identifier: Apache-2.0
// Finished campaigns side by side: each against the first one, case by case, with the interval of the change
// over blocks; and what cannot be compared, with the reason. Blocks of two campaigns come from two times, so
// whatever changed between them is in the figures: for a decision there is the gate, which takes both in
// turns.
//
// The unit is the block, a process of its own: a block's value of a key (harness/gate_metrics.h) against
// those of the other campaign by the rank-sum test's interval (base/stats/rank_sum.h), of logarithms, at 95
// %. Samples of one process are never compared.
#ifndef EDGEDYNO_HARNESS_COMPARE_H
#define EDGEDYNO_HARNESS_COMPARE_H

#include "base/buffer.h"
#include "harness/campaign.h"

#define ED_COMPARE_RUNS_MAX 16

enum ed_compare_word {
    ED_COMPARE_NOT_SHOWN, // the interval holds "no change"
    ED_COMPARE_BETTER,
    ED_COMPARE_WORSE,
    ED_COMPARE_TOO_FEW,   // too few blocks for an interval
    ED_COMPARE_NOT_VALID, // too few of them are valid; there is no change
};

struct ed_compare_row {
    int field;                // enum ed_result_index
    double first, other;      // medians over blocks, in the key's unit
    size_t n_first, n_other;  // blocks that these are of
    double change, low, high; // of other against first, as a share: 0.02 is 2 % more
    bool has_interval;
    bool more_is_worse;
    enum ed_compare_word word;
    char why[192]; // which blocks are left out, or keep it from being compared; "" all are valid
};

// A task of both, over the same data: sample by sample where the metric has a score for each.
struct ed_compare_task {
    char task[128], metric[32];
    double first, other; // accuracy_value
    size_t samples;      // of the drop
    bool has_drop, has_interval;
    double drop, low, high; // of the other against the first, as accuracy_drop
    enum ed_compare_word word;
    char why[256]; // there is no drop; "" there is one
};

// One case of the first campaign and its counterpart.
struct ed_compare_case {
    size_t run; // of the other campaign, from 1
    char device[64];
    char what[256];    // the case's words
    char changed[512]; // what differs between the two: "engine onnxruntime 1.24.4 -> 1.27.0"; "" nothing
    char unlike[512];  // what was set otherwise, so that there are rows of memory alone; "" nothing
    // Which side ran elsewhere than asked or on a simulator, so that its times are not what they seem; ""
    // none.
    char placement[1024];
    char why[512]; // why it cannot be compared; "" it can
    struct ed_compare_row *rows;
    size_t n_rows;
    struct ed_compare_task *tasks;
    size_t n_tasks;
};

struct ed_compare {
    const struct ed_campaign *const *campaigns; // borrowed
    size_t n_campaigns;
    struct ed_compare_case *cases; // by campaign, then in the order of the first campaign's cases
    size_t n_cases;
    size_t n_compared; // cases that could be
};

// At least two loaded campaigns. `warnings` may be NULL. Release also after a failure.
enum ed_status ed_compare_make(struct ed_compare *compare, const struct ed_campaign *const *campaigns,
                               size_t n, struct ed_buffer *warnings, struct ed_error *err);
void ed_compare_release(struct ed_compare *compare);

#endif
