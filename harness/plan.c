// SPDX-License-Identifier: Apache-2.0
// Making the plan of one device.
#include "harness/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/agreement.h"
#include "harness/plan_parts.h"

// `only`: the name of the variants that take part; NULL: all.
static enum ed_status add_cases(struct ed_plan *plan, const struct ed_suite *suite,
                                const struct ed_choices *choices, const char *only, struct ed_error *err) {
    static const int64_t one[] = {1}, own[] = {0};
    enum ed_status status = ED_OK;
    for (size_t c = 0; status == ED_OK && c < choices->n; c++) {
        const struct ed_choice *choice = &choices->items[c];
        // A server has the threads that it has.
        const bool given = suite->n_threads && !ed_plan_is_server(choice->build);
        const int64_t *threads = given ? suite->threads : ed_plan_is_server(choice->build) ? own : one;
        const size_t n_threads = given ? suite->n_threads : 1;
        size_t used = 0;
        for (size_t t = 0; status == ED_OK && t < n_threads; t++) {
            // What takes any file runs without one only where there is none.
            if (!choice->build->manifest->needs_model &&
                !(choice->build->manifest->formats && choice->build->manifest->formats[0] &&
                  suite->n_models)) {
                status = ed_plan_case_add(plan, suite, choice, NULL, NULL, threads[t], err);
                used++;
                continue;
            }
            for (size_t m = 0; status == ED_OK && m < suite->n_models; m++)
                for (size_t v = 0; status == ED_OK && v < suite->models[m].n_variants; v++) {
                    const struct ed_suite_model *model = &suite->models[m];
                    if (!ed_choice_opens(choice->build->manifest, model->variants[v].files[0]) ||
                        (only && strcmp(model->variants[v].name, only)))
                        continue;
                    status =
                        ed_plan_case_add(plan, suite, choice, model, &model->variants[v], threads[t], err);
                    used++;
                }
        }
        if (status == ED_OK && !used) {
            char formats[200] = "";
            for (char **format = choice->build->manifest->formats; format && *format; format++)
                snprintf(formats + strlen(formats), sizeof formats - strlen(formats), " %.20s", *format);
            return ed_fail(err, ED_ERR_USAGE, "--on", "%s opens none of the models; it opens%s",
                           choice->build->id, formats[0] ? formats : " no files");
        }
    }
    return status;
}

// The two sides of a gate, one after the other by the same rules, so that their cases match in order.
static enum ed_status add_sides(struct ed_plan *plan, const struct ed_suite *suite,
                                const struct ed_catalogue *catalogue, const struct ed_engines *engines,
                                const char *target, const struct ed_offers *offers, struct ed_error *err) {
    size_t n[2] = {0};
    for (size_t side = 0; side < 2; side++) {
        struct ed_suite of_side = *suite; // borrows everything
        struct ed_choices choices;
        if (suite->gate.side_on[side]) {
            of_side.on = (char **)&suite->gate.side_on[side];
            of_side.n_on = 1;
        }
        enum ed_status status = ed_choices_make(&choices, &of_side, catalogue, engines, target, offers, err);
        if (status == ED_OK)
            status = ed_plan_options_check(suite, &choices, err);
        if (status == ED_OK)
            status = add_cases(plan, &of_side, &choices, suite->gate.side_variant[side], err);
        ed_choices_release(&choices);
        if (status != ED_OK)
            return status;
        n[side] = plan->n_cases - n[0];
    }
    if (n[0] != n[1])
        return ed_fail(err, ED_ERR_USAGE, "gate",
                       "the baseline makes %zu cases and the candidate %zu: name engines that open both",
                       n[0], n[1]);
    plan->pairs = calloc(n[0] + 1, sizeof *plan->pairs);
    if (!plan->pairs)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the plan");
    for (size_t i = 0; i < n[0]; i++)
        plan->pairs[plan->n_pairs++] = (struct ed_plan_pair){i, n[0] + i};
    return ED_OK;
}

// A model that no engine of --on opens would be left out in silence.
static enum ed_status check_all_used(const struct ed_plan *plan, const struct ed_suite *suite,
                                     struct ed_error *err) {
    for (size_t m = 0; m < suite->n_models; m++)
        for (size_t v = 0; v < suite->models[m].n_variants; v++) {
            bool used = false;
            for (size_t c = 0; c < plan->n_cases; c++)
                used = used || plan->cases[c].variant == &suite->models[m].variants[v];
            if (!used)
                return ed_fail(err, ED_ERR_USAGE, suite->models[m].variants[v].files[0],
                               "no engine of --on opens this file");
        }
    return ED_OK;
}

enum ed_status ed_plan_make(struct ed_plan *plan, const struct ed_suite *suite,
                            const struct ed_catalogue *catalogue, const struct ed_engines *engines,
                            const char *target, const struct ed_offers *offers, int64_t seed,
                            struct ed_error *err) {
    struct ed_choices choices;
    memset(plan, 0, sizeof *plan);
    memset(&choices, 0, sizeof choices);
    enum ed_status status = ED_OK;
    if (suite->gate.active) {
        status = add_sides(plan, suite, catalogue, engines, target, offers, err);
    } else {
        status = ed_choices_make(&choices, suite, catalogue, engines, target, offers, err);
        if (status == ED_OK)
            status = ed_plan_options_check(suite, &choices, err);
        if (status == ED_OK)
            status = add_cases(plan, suite, &choices, NULL, err);
        if (status == ED_OK)
            status = check_all_used(plan, suite, err);
    }
    if (status == ED_OK)
        status = ed_plan_tasks_add(plan, suite, err);
    if (status == ED_OK)
        status = ed_plan_limits_check(plan, suite, err);
    if (status == ED_OK && suite->tune.active)
        status = ed_plan_tune_check(plan, suite, err);
    if (status == ED_OK)
        status = ed_agreement_choose(plan, suite, err);
    if (status == ED_OK)
        status = suite->gate.active ? ed_plan_gate_blocks(plan, suite, seed, err)
                                    : ed_plan_blocks_add(plan, suite, seed, err);
    ed_choices_release(&choices);
    if (status != ED_OK)
        ed_plan_release(plan);
    return status;
}

void ed_plan_release(struct ed_plan *plan) {
    free(plan->cases);
    free(plan->pairs);
    free(plan->blocks);
    free(plan->tasks);
    free(plan->suite_tasks);
    memset(plan, 0, sizeof *plan);
}
