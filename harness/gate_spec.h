// SPDX-License-Identifier: Apache-2.0
// What a gate was asked, as it is frozen in campaign.json before the first block.
#ifndef EDGEDYNO_HARNESS_GATE_SPEC_H
#define EDGEDYNO_HARNESS_GATE_SPEC_H

#include "base/json_read.h"
#include "base/json_write.h"
#include "harness/suite.h"

#define ED_GATE_METRICS_MAX 32
#define ED_GATE_MDE 0.02 // where nothing is said
#define ED_GATE_MDE_LEAST 1e-4
#define ED_GATE_MDE_MOST 1.0

// What an inconclusive gate counts as.
enum ed_gate_inconclusive { ED_GATE_INCONCLUSIVE, ED_GATE_INCONCLUSIVE_PASS, ED_GATE_INCONCLUSIVE_FAIL };

struct ed_gate_spec {
    bool active;
    bool chosen; // the metrics were asked for one by one
    struct {
        int field;  // enum ed_result_index, of harness/gate_metrics.h
        double mde; // a share
    } metrics[ED_GATE_METRICS_MAX];
    size_t n_metrics;
    enum ed_gate_inconclusive inconclusive;
    int64_t need;        // so many devices are enough; 0: all that were asked for
    int64_t max_time_ns; // on a device; 0: no limit
    size_t pairs;        // planned on each device: up to the last look, and spare ones behind it
    size_t family;       // comparisons of the whole campaign
    bool confirm;        // a fail is to be repeated by a fresh campaign
    char confirms[64];   // id of the campaign whose fail this one repeats; ""
    // From which the number of inferences of a block is taken after the pilot.
    int64_t min_ns, max_ns, min_inferences, inferences;
};

// From the suite's words: mde "2 %" or "2 %, load_ns = 20 %"; metrics as keys. `family` stays 0, and `pairs`
// has no spare ones: both hang on the plan. ED_ERR_USAGE with the nearest key.
enum ed_status ed_gate_spec_make(struct ed_gate_spec *spec, const struct ed_suite *suite,
                                 struct ed_error *err);
// The object "gate" of campaign.json, and back; absent: not active. What was frozen may not be changed: a
// digest tells (ED_ERR_USAGE).
void ed_gate_spec_write(struct ed_json_writer *writer, const struct ed_gate_spec *spec);
enum ed_status ed_gate_spec_read(const struct ed_json_at *root, struct ed_gate_spec *spec,
                                 struct ed_error *err);
// How many comparisons one pair of cases has, of language models or not: the metrics that such blocks have,
// and the requirements against the baseline that are tested block by block.
size_t ed_gate_spec_tests(const struct ed_gate_spec *spec, const struct ed_requirement *requirements,
                          size_t n, bool language);

#endif
