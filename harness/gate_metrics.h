// SPDX-License-Identifier: Apache-2.0
// What the gate can compare block by block: for a result key the value that one timing block has of it, and
// which way is worse.
#ifndef EDGEDYNO_HARNESS_GATE_METRICS_H
#define EDGEDYNO_HARNESS_GATE_METRICS_H

#include "harness/blocks.h"

struct ed_gate_metric {
    int field; // enum ed_result_index
    bool more_is_worse;
    double mde;       // default, a share; 0: the gate's general one
    bool of_language; // only language workloads have it
    bool by_default;  // judged where nothing else is asked, and the blocks have it
    // NULL: of energy, which needs the whole device (gate_device.c).
    // NaN: the block does not have it
    double (*value)(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch);
};

// In the order in which they are shown.
const struct ed_gate_metric *ed_gate_metrics(size_t *n);
const struct ed_gate_metric *ed_gate_metric_find(int field); // NULL: only compared as a whole
// The value of a block of a case with that workload; `scratch` has room for its samples. NaN also where it
// would be made of tokens that came together (ed_block_withholds).
double ed_gate_metric_value(const struct ed_gate_metric *metric, const struct ed_block *block,
                            const struct ed_workload *workload, int64_t *scratch);

// The quantities of harness/validity.h that it is, as a set.
unsigned ed_gate_metric_quantities(const struct ed_gate_metric *metric);

#endif
