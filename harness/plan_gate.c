// SPDX-License-Identifier: Apache-2.0
// The order of a gate's blocks: a pilot of every case, then quads. A quad is two pairs of one baseline and
// its candidate, as ABBA or BAAB by a seeded coin, so that a drift falls on both sides alike, in the quad by
// its symmetry and over the quads by chance. In each round every pair of cases has one quad, in random order.
// Behind the last look lie spare quads, in place of pairs that a state of one side voids.
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/gate.h"
#include "harness/plan_parts.h"

static void add_quad(struct ed_plan *plan, const struct ed_plan_pair *pair, int64_t first,
                     bool candidate_first) {
    const size_t a = candidate_first ? pair->candidate : pair->baseline,
                 b = candidate_first ? pair->baseline : pair->candidate;
    ed_plan_block_add(plan, a, ED_PASS_TIMING, first);
    ed_plan_block_add(plan, b, ED_PASS_TIMING, first);
    ed_plan_block_add(plan, b, ED_PASS_TIMING, first + 1);
    ed_plan_block_add(plan, a, ED_PASS_TIMING, first + 1);
}

enum ed_status ed_plan_gate_blocks(struct ed_plan *plan, const struct ed_suite *suite, int64_t seed,
                                   struct ed_error *err) {
    const size_t most = plan->n_cases * (ED_GATE_PAIRS_MAX + 2),
                 with_spares = most + plan->n_cases * ED_GATE_PAIRS_SPARE;
    // A plan that would be too large with spare pairs has none: what is void is left out all the same.
    const bool spares = !strcmp(suite->on_invalid, "repeat") && with_spares <= ED_WIRE_BLOCKS_MAX;
    struct ed_random order_random, coin;
    size_t planned = 0;
    size_t *order = calloc(plan->n_pairs + 1, sizeof *order);
    if (most > ED_WIRE_BLOCKS_MAX) {
        free(order);
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%zu blocks; at most %u are allowed: split the suite", most,
                       ED_WIRE_BLOCKS_MAX);
    }
    plan->blocks = calloc(with_spares + 1, sizeof *plan->blocks);
    if (!order || !plan->blocks) {
        free(order);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the plan");
    }
    ed_random_init(&order_random, ed_random_derive((uint64_t)seed, "order"));
    ed_random_init(&coin, ed_random_derive((uint64_t)seed, "coin"));
    for (size_t p = 0; p < plan->n_pairs; p++) {
        ed_plan_block_add(plan, plan->pairs[p].baseline, ED_PASS_PILOT, 1);
        ed_plan_block_add(plan, plan->pairs[p].candidate, ED_PASS_PILOT, 1);
    }
    for (size_t c = 0; c < plan->n_cases; c++)
        if (plan->cases[c].frozen.task >= 0)
            ed_plan_block_add(plan, c, ED_PASS_ACCURACY, 1);
    for (int64_t first = 1; first < ED_GATE_PAIRS_MAX + (spares ? ED_GATE_PAIRS_SPARE : 0); first += 2) {
        if (first > ED_GATE_PAIRS_MAX && !planned)
            planned = plan->n_blocks;
        for (size_t p = 0; p < plan->n_pairs; p++)
            order[p] = p;
        ed_random_shuffle(&order_random, order, plan->n_pairs);
        for (size_t p = 0; p < plan->n_pairs; p++)
            add_quad(plan, &plan->pairs[order[p]], first, ed_random_below(&coin, 2) == 1);
    }
    free(order);
    if (planned) {
        plan->n_spare = plan->n_blocks - planned;
        plan->n_blocks = planned;
    }
    plan->expected_ns = (int64_t)plan->n_blocks * (suite->block_min_ns + ED_PLAN_BLOCK_OVERHEAD_NS);
    return ED_OK;
}

size_t ed_plan_gate_tests(const struct ed_plan *plan, const struct ed_suite *suite,
                          const struct ed_gate_spec *spec) {
    size_t tests = 0;
    for (size_t p = 0; p < plan->n_pairs; p++)
        tests += ed_gate_spec_tests(
            spec, suite->requirements, suite->n_requirements,
            ed_workload_is_language(&plan->cases[plan->pairs[p].candidate].frozen.workload_parts));
    return tests;
}
