// SPDX-License-Identifier: Apache-2.0
// Whether what is required of tasks can be held against them: a limit in another unit than the metric's, or
// on a metric that no task has, would judge nothing, or judge it wrong.
#include <string.h>

#include "harness/plan_parts.h"

// A limit on accuracy_value holds for every task.
static enum ed_status check_units(const struct ed_plan *plan, const struct ed_requirement *r,
                                  struct ed_error *err) {
    for (size_t t = 0; t < plan->n_tasks; t++) {
        const struct ed_campaign_task *task = &plan->tasks[t];
        struct ed_error inner = {0};
        if (ed_requirement_fits(r, task->metric, &inner) == ED_OK)
            continue;
        return ed_fail(err, ED_ERR_USAGE, "require", "\"%.130s\" and task %.60s: %s%s", r->text, task->name,
                       inner.message,
                       plan->n_tasks > 1 ? "; a limit for one metric alone begins with its name, such as "
                                           "\"top-1 >= 97 %\", or is the task's threshold"
                                         : "");
    }
    return ED_OK;
}

static enum ed_status check_metric(const struct ed_plan *plan, const struct ed_requirement *r,
                                   struct ed_error *err) {
    for (size_t t = 0; t < plan->n_tasks; t++)
        if (!strcmp(plan->tasks[t].metric, r->metric))
            return ED_OK;
    return ed_fail(err, ED_ERR_USAGE, "require", "\"%.130s\": %s", r->text,
                   plan->n_tasks
                       ? "no task has this metric, so that the limit would hold for nothing"
                       : "there is no task; a suite's \"tasks\" say by which data variants are judged");
}

enum ed_status ed_plan_limits_check(const struct ed_plan *plan, const struct ed_suite *suite,
                                    struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < suite->n_requirements; i++) {
        const struct ed_requirement *r = &suite->requirements[i];
        if (r->of_baseline && r->field == ED_FIELD_accuracy_value)
            return ed_fail(err, ED_ERR_USAGE, "require",
                           "\"%.130s\": two values say nothing of how sure their difference is; write "
                           "accuracy_drop, which is judged sample by sample: \"accuracy_drop <= 1 %%\"",
                           r->text);
        status = r->metric[0] ? check_metric(plan, r, err) : check_units(plan, r, err);
    }
    return status;
}
