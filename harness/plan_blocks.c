// SPDX-License-Identifier: Apache-2.0
// The blocks of a plan and their order; a gate's are in plan_gate.c.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/plan_parts.h"

void ed_plan_block_add(struct ed_plan *plan, size_t case_index, const char *pass, int64_t repetition) {
    struct ed_plan_block *block = &plan->blocks[plan->n_blocks++];
    *block = (struct ed_plan_block){.case_index = case_index, .pass = pass, .repetition = repetition};
    snprintf(block->id, sizeof block->id, "%s.%s.%lld", plan->cases[case_index].frozen.id, pass,
             (long long)repetition);
}

enum ed_status ed_plan_blocks_add(struct ed_plan *plan, const struct ed_suite *suite, int64_t seed,
                                  struct ed_error *err) {
    const size_t most = plan->n_cases * ((size_t)suite->blocks + ED_COLD_BLOCKS + 2);
    if (most > ED_WIRE_BLOCKS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL,
                       "%zu blocks; at most %u are allowed: fewer --blocks, or split the suite", most,
                       ED_WIRE_BLOCKS_MAX);
    // A plan that would be too large with spare blocks has none: what is not valid is marked.
    const size_t with_spares = most + plan->n_cases * (size_t)suite->blocks;
    const bool spares = !strcmp(suite->on_invalid, "repeat") && with_spares <= ED_WIRE_BLOCKS_MAX;
    struct ed_random random;
    size_t *order = calloc(plan->n_cases * 3, sizeof *order);
    struct ed_plan_block *round = calloc(plan->n_cases * 3, sizeof *round);
    plan->blocks = calloc(with_spares ? with_spares : 1, sizeof *plan->blocks);
    if (!order || !round || !plan->blocks) {
        free(order);
        free(round);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the plan");
    }
    ed_random_init(&random, ed_random_derive((uint64_t)seed, "order"));
    for (int64_t r = 1; r <= suite->blocks; r++) {
        const size_t first = plan->n_blocks;
        for (size_t c = 0; c < plan->n_cases; c++) {
            if (!plan->cases[c].accuracy_only) {
                if (!plan->cases[c].frozen.workload_parts.duration_ns)
                    ed_plan_block_add(plan, c, ED_PASS_TIMING, r);
                if (r <= ED_COLD_BLOCKS && plan->cases[c].frozen.has_model && !suite->only_timing)
                    ed_plan_block_add(plan, c, ED_PASS_COLD, r);
            }
            if (r == 1 && plan->cases[c].frozen.task >= 0 && !ed_plan_judged_before(plan, c))
                ed_plan_block_add(plan, c, ED_PASS_ACCURACY, 1);
        }
        const size_t n = plan->n_blocks - first;
        for (size_t i = 0; i < n; i++)
            order[i] = i;
        ed_random_shuffle(&random, order, n);
        memcpy(round, plan->blocks + first, n * sizeof *round);
        for (size_t i = 0; i < n; i++)
            plan->blocks[first + i] = round[order[i]];
    }
    // A sustained case has one block, behind all others, since it leaves the device hot.
    for (size_t c = 0; c < plan->n_cases; c++)
        if (!plan->cases[c].accuracy_only && plan->cases[c].frozen.workload_parts.duration_ns)
            ed_plan_block_add(plan, c, ED_PASS_TIMING, 1);
    // Last, so that nothing that is timed comes after them.
    for (size_t c = 0; suite->profile && c < plan->n_cases; c++)
        if (!plan->cases[c].accuracy_only)
            ed_plan_block_add(plan, c, ED_PASS_PROFILE, 1);
    if (spares) {
        const size_t planned = plan->n_blocks;
        for (int64_t r = suite->blocks + 1; r <= 2 * suite->blocks; r++)
            for (size_t c = 0; c < plan->n_cases; c++)
                if (!plan->cases[c].accuracy_only && !plan->cases[c].frozen.workload_parts.duration_ns)
                    ed_plan_block_add(plan, c, ED_PASS_TIMING, r);
        plan->n_spare = plan->n_blocks - planned;
        plan->n_blocks = planned;
    }
    free(order);
    free(round);
    for (size_t i = 0; i < plan->n_blocks; i++) {
        const int64_t duration_ns = plan->cases[plan->blocks[i].case_index].frozen.workload_parts.duration_ns;
        plan->expected_ns +=
            !strcmp(plan->blocks[i].pass, ED_PASS_TIMING)
                ? (duration_ns ? duration_ns : suite->block_min_ns) + ED_PLAN_BLOCK_OVERHEAD_NS
                : INT64_C(300000000);
    }
    return ED_OK;
}
