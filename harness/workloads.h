// SPDX-License-Identifier: Apache-2.0
// The workloads that a suite asks of an engine: scenarios over tensors, or prompts and generated tokens.
#ifndef EDGEDYNO_HARNESS_WORKLOADS_H
#define EDGEDYNO_HARNESS_WORKLOADS_H

#include "devices/catalogue.h"
#include "harness/suite.h"

struct ed_workloads {
    struct ed_workload *items; // distinct, in the order in which they were asked for; at least one
    size_t n;
};

// ED_ERR_USAGE where what was asked makes no sense for such an engine. Release in any case.
enum ed_status ed_workloads_make(struct ed_workloads *workloads, const struct ed_suite *suite,
                                 const struct ed_manifest *manifest, struct ed_error *err);
void ed_workloads_release(struct ed_workloads *workloads);

#endif
