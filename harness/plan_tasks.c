// SPDX-License-Identifier: Apache-2.0
// The tasks of a plan: which cases answer them, and which case each is judged against.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/workload.h"
#include "harness/metrics.h"
#include "harness/plan_parts.h"

// The case that differs from `c` in nothing but that it runs the model's reference variant.
static size_t find_reference(const struct ed_plan *plan, const struct ed_plan_case *c) {
    for (size_t i = 0; i < plan->n_cases; i++) {
        const struct ed_plan_case *other = &plan->cases[i];
        if (other->model == c->model && other->build == c->build &&
            other->frozen.threads == c->frozen.threads &&
            !strcmp(other->frozen.workload, c->frozen.workload) &&
            !strcmp(other->frozen.options, c->frozen.options) && other->frozen.task == c->frozen.task &&
            !strcmp(other->frozen.backend, c->frozen.backend) &&
            ed_plan_is_reference(other->model, other->variant))
            return i;
    }
    return SIZE_MAX;
}

// In a gate, the same task of the baseline.
static size_t find_baseline(const struct ed_plan *plan, const struct ed_plan_case *c) {
    for (size_t p = 0; p < plan->n_pairs; p++)
        for (size_t i = 0; i < plan->n_cases; i++)
            if ((plan->pairs[p].baseline == c->frozen.timing ||
                 plan->pairs[p].candidate == c->frozen.timing) &&
                plan->cases[i].frozen.timing == plan->pairs[p].baseline &&
                plan->cases[i].frozen.task == c->frozen.task)
                return i;
    return SIZE_MAX;
}

static size_t reference_of(const struct ed_plan *plan, const struct ed_suite *suite, size_t index) {
    const struct ed_plan_case *c = &plan->cases[index];
    if (suite->gate.active)
        return find_baseline(plan, c);
    const size_t exact = find_reference(plan, c);
    return suite->tune.active ? ed_plan_tune_reference(plan, index, exact) : exact;
}

bool ed_plan_judged_before(const struct ed_plan *plan, size_t index) {
    const struct ed_plan_case *c = &plan->cases[index];
    for (size_t i = 0; i < index && ed_workload_is_language(&c->frozen.workload_parts); i++) {
        const struct ed_plan_case *other = &plan->cases[i];
        if (other->model == c->model && other->variant == c->variant && other->build == c->build &&
            other->frozen.task == c->frozen.task && other->frozen.threads == c->frozen.threads &&
            !strcmp(other->frozen.backend, c->frozen.backend) &&
            !strcmp(other->frozen.options, c->frozen.options))
            return true;
    }
    return false;
}

static enum ed_status check_metric(const struct ed_plan_case *c, const struct ed_suite_task *task,
                                   struct ed_error *err) {
    const char *takes = ed_workload_is_language(&c->frozen.workload_parts) ? "tokens"
                        : c->frozen.workload_parts.speech                  ? "speech"
                                                                           : "tensors";
    const char *wants = ed_metric_is_language(task->metric) ? "tokens"
                        : ed_metric_is_speech(task->metric) ? "speech"
                                                            : "tensors";
    if (!strcmp(takes, wants))
        return ED_OK;
    return ed_fail(err, ED_ERR_USAGE, task->name, "its metric %s is for models that take %s; %s takes %s",
                   task->metric, wants, c->frozen.engine, takes);
}

enum ed_status ed_plan_tasks_add(struct ed_plan *plan, const struct ed_suite *suite, struct ed_error *err) {
    const size_t n_cases = plan->n_cases;
    for (size_t m = 0; m < suite->n_models; m++)
        for (size_t t = 0; t < suite->models[m].n_tasks; t++) {
            const struct ed_suite_task *task = &suite->models[m].tasks[t];
            struct ed_campaign_task *tasks = realloc(plan->tasks, (plan->n_tasks + 1) * sizeof *tasks);
            const struct ed_suite_task **suite_tasks =
                tasks ? realloc(plan->suite_tasks, (plan->n_tasks + 1) * sizeof *suite_tasks) : NULL;
            plan->tasks = tasks ? tasks : plan->tasks;
            plan->suite_tasks = suite_tasks ? suite_tasks : plan->suite_tasks;
            if (!tasks || !suite_tasks)
                return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the plan");
            struct ed_campaign_task *frozen = &tasks[plan->n_tasks];
            memset(frozen, 0, sizeof *frozen);
            snprintf(frozen->name, sizeof frozen->name, "%s", task->name);
            snprintf(frozen->metric, sizeof frozen->metric, "%s", task->metric);
            snprintf(frozen->output, sizeof frozen->output, "%s", task->output);
            snprintf(frozen->labels, sizeof frozen->labels, "%s", task->labels ? task->labels : "");
            frozen->data = plan->n_tasks;
            suite_tasks[plan->n_tasks] = task;
            const int64_t index = (int64_t)plan->n_tasks++;
            for (size_t c = 0; c < n_cases; c++) {
                if (plan->cases[c].model != &suite->models[m] || (t && ed_plan_judged_before(plan, c)))
                    continue;
                enum ed_status status = check_metric(&plan->cases[c], task, err);
                if (status != ED_OK)
                    return status;
                if (t == 0) {
                    plan->cases[c].frozen.task = index;
                    continue;
                }
                struct ed_plan_case *cases = realloc(plan->cases, (plan->n_cases + 1) * sizeof *cases);
                if (!cases)
                    return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the plan");
                plan->cases = cases;
                cases[plan->n_cases] = cases[c];
                cases[plan->n_cases].accuracy_only = true;
                cases[plan->n_cases].frozen.task = index;
                cases[plan->n_cases].frozen.timing = c;
                snprintf(cases[plan->n_cases].frozen.id, sizeof cases[plan->n_cases].frozen.id, "c%zu",
                         plan->n_cases);
                plan->n_cases++;
            }
        }
    for (size_t c = 0; c < plan->n_cases; c++)
        if (plan->cases[c].frozen.task >= 0)
            plan->cases[c].frozen.reference = reference_of(plan, suite, c);
    return ED_OK;
}
