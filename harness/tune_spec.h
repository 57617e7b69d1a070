// SPDX-License-Identifier: Apache-2.0
// What `edgedyno tune` was asked, as it is frozen in campaign.json before the first block.
#ifndef EDGEDYNO_HARNESS_TUNE_SPEC_H
#define EDGEDYNO_HARNESS_TUNE_SPEC_H

#include "base/json_read.h"
#include "base/json_write.h"
#include "harness/suite.h"

struct ed_tune_spec {
    bool active;
    int field;              // enum ed_result_index; -1: ed_tune_field says by the workload
    bool more_is_better;    // of `field`; without effect where it is -1
    bool inconclusive_pass; // what the measurements do not decide may be chosen
};

// What is made as small (or, with more_is_better, as large) as can be among workloads that are of language or
// not: what was asked, else latency_p50_ns, and tokens a second of generation for language models.
int ed_tune_field(const struct ed_tune_spec *spec, bool language, bool *more_is_better);
// Whether such a workload has this key.
bool ed_tune_field_applies(int field, const struct ed_workload *workload);
// Whether every variant has one value of it, without noise: the size of its files.
bool ed_tune_field_is_exact(int field);

// From the suite's words. ED_ERR_USAGE with the nearest key; -KEY for keys of which more is better.
enum ed_status ed_tune_spec_make(struct ed_tune_spec *spec, const struct ed_suite *suite,
                                 struct ed_error *err);
// The object "tune" of campaign.json, and back; absent: not active. What was frozen may not be changed: a
// digest tells (ED_ERR_USAGE).
void ed_tune_spec_write(struct ed_json_writer *writer, const struct ed_tune_spec *spec);
enum ed_status ed_tune_spec_read(const struct ed_json_at *root, struct ed_tune_spec *spec,
                                 struct ed_error *err);

#endif
