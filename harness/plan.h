// SPDX-License-Identifier: Apache-2.0
// The cross product: every variant on every engine build, backend and thread count, on every device, and the
// order of the blocks. The order is random by rounds: each round holds one timing block of every case in
// random order, so that a drift of the device falls on all cases alike and a campaign that is cut short has
// measured all of them equally often.
#ifndef EDGEDYNO_HARNESS_PLAN_H
#define EDGEDYNO_HARNESS_PLAN_H

#include "base/buffer.h"
#include "devices/engines.h"
#include "edgedyno/wire.h"
#include "harness/campaign.h"
#include "harness/choices.h"
#include "harness/suite.h"

#define ED_COLD_BLOCKS 3
// What a timing block takes beside its timed window: warm-up at its least, start, load, evidence.
#define ED_PLAN_BLOCK_OVERHEAD_NS INT64_C(400000000)

struct ed_plan_case {
    struct ed_campaign_case frozen;
    const struct ed_engine_build *build;
    const struct ed_suite_model *model; // NULL for an engine that needs none
    const struct ed_suite_variant *variant;
    bool accuracy_only; // a further task of the case `frozen.timing`
};

// Two cases of a gate that are compared, both of the first task.
struct ed_plan_pair {
    size_t baseline, candidate;
};

struct ed_plan_block {
    char id[64];
    size_t case_index;
    const char *pass; // ED_PASS_...
    int64_t repetition;
};

struct ed_plan {
    struct ed_plan_case *cases;
    size_t n_cases;
    struct ed_plan_pair *pairs; // of a gate
    size_t n_pairs;
    struct ed_plan_block *blocks;
    size_t n_blocks, n_spare;       // spare ones lie behind the planned (harness/repeat.h)
    struct ed_campaign_task *tasks; // of all models; `labels` is the suite's path until it is frozen
    const struct ed_suite_task **suite_tasks;
    size_t n_tasks;
    int64_t expected_ns; // of all blocks
};

// For a device of `target`. Errors are ED_ERR_USAGE: an engine that does not open the format, an unknown
// backend, an option that no engine of the plan has, an engine build that is not present (the message says
// how to fetch it).
enum ed_status ed_plan_make(struct ed_plan *plan, const struct ed_suite *suite,
                            const struct ed_catalogue *catalogue, const struct ed_engines *engines,
                            const char *target, const struct ed_offers *offers, int64_t seed,
                            struct ed_error *err);
// Comparisons of a gate on this device.
size_t ed_plan_gate_tests(const struct ed_plan *plan, const struct ed_suite *suite,
                          const struct ed_gate_spec *spec);
// For --dry-run: by what is chosen, and whether the blocks can tell so many configurations apart.
void ed_plan_tune_text(struct ed_buffer *text, const struct ed_plan *plan, const struct ed_suite *suite);
void ed_plan_release(struct ed_plan *plan);

#endif
