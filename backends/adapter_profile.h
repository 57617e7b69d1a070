// SPDX-License-Identifier: Apache-2.0
// What adapters say of an operator's time over several runs.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_PROFILE_H
#define EDGEDYNO_BACKENDS_ADAPTER_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/stats/quantile.h"

// The median of a run's time, times the runs, so that one interrupt spoils no row. Reorders; 0 without runs.
static inline int64_t ed_adapter_total_ns(int64_t *run_ns, size_t runs) {
    return runs ? ed_quantile_select_rank(run_ns, runs, runs / 2 + 1) * (int64_t)runs : 0;
}

#endif
