// SPDX-License-Identifier: Apache-2.0
// What one device's journal says to the gate: its comparisons with their differences and decisions, and how
// far it has come. Made from the journal alone, so that a drive that goes on, a resume and a report all see
// the same.
#ifndef EDGEDYNO_HARNESS_GATE_DEVICE_H
#define EDGEDYNO_HARNESS_GATE_DEVICE_H

#include "harness/blocks.h"
#include "harness/gate.h"
#include "harness/gate_metrics.h"

// One comparison of one pair of cases.
struct ed_gate_cell {
    size_t pair; // of the device
    const struct ed_gate_metric *metric;
    const struct ed_requirement *requirement; // against the baseline; NULL: the gate's own
    double mde;                               // of the gate's own
    bool ratio, more_is_worse;                // x are logarithms of ratios, else differences; its sign
    double *x;                                // owned; one a pair of blocks that both have the value
    size_t n;
    size_t voided;    // pairs left out, since a state of the device that one side alone had voids the figure
    uint32_t voiding; // those states, as a set of enum ed_validity_reason
    size_t missing;   // pairs in which a side does not have what every block that ended well has
    double baseline, candidate; // medians over these blocks; NaN: none
    struct ed_gate_series series;
    struct ed_gate_decision decision;
};

// A pair of cases. [0] is the baseline, [1] the candidate.
struct ed_gate_progress {
    bool piloted;                  // both pilots are here
    size_t home;                   // pairs of blocks of which both are here, however they ended
    const struct ed_block *bad[2]; // the first that did not end ok; NULL: none. Then the pair has ended
    bool batched;                  // an inference is too short to be timed alone
    size_t empty;                  // blocks that ended ok, and no samples of theirs are here
    size_t unread;                 // blocks that ended ok, and what the sensors read in them is not here
    size_t unanswered;             // cases with a task whose accuracy block is not here
    int64_t inferences;            // of every block, from the pilots; 0: not known
};

struct ed_gate_device {
    struct ed_gate_cell *cells;
    size_t n_cells;
    struct ed_gate_progress *pairs;
    size_t n_pairs;
    size_t home;      // pairs of blocks that every pair that goes on has
    size_t going;     // pairs of cases that have not ended
    bool decided;     // nothing that is left to measure could matter
    int64_t used_ns;  // time of all blocks
    int64_t block_ns; // of a timing block, expected
};

// Points into `blocks` and `campaign`. Release also after a failure.
enum ed_status ed_gate_device_make(struct ed_gate_device *out, const struct ed_campaign *campaign,
                                   const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                   struct ed_error *err);
void ed_gate_device_release(struct ed_gate_device *gate);

// Whether more pairs could settle the comparison: not decided, and no more of its pairs void or without a
// figure than valid, once there were as many as two first looks have.
bool ed_gate_cell_open(const struct ed_gate_device *gate, const struct ed_gate_cell *cell);

// What comes next on the device: the pairs that bring some open comparison to its next look, in whole quads.
struct ed_gate_stage {
    bool more;        // false: this device is done
    bool out_of_time; // since the next look does not fit into max_time_ns
    int64_t least_ns; // that the device will have taken at the next look, expected
    size_t pairs;     // measure up to so many; 0: the pilots
    size_t look;      // the look that some comparison comes to by them
    size_t again;     // how many of them stand in place of void ones
};
void ed_gate_stage_next(struct ed_gate_stage *stage, const struct ed_gate_spec *spec,
                        const struct ed_gate_device *gate);

#endif
