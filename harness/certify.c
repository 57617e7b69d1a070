// SPDX-License-Identifier: Apache-2.0
// How many samples would decide.
#include "harness/certify.h"

#include <math.h>
#include <string.h>

#include "reports/fields.h"

#define NUMBER_MAX 1e15

static bool is_limit(const struct ed_requirement *r, const struct ed_campaign_task *task, int field) {
    return r->field == field && r->op != ED_OP_EQ && r->op != ED_OP_NE && !r->end && !r->of_baseline &&
           (!r->metric[0] || !strcmp(r->metric, task->metric));
}

bool ed_certify_asked(const struct ed_campaign *campaign, const struct ed_campaign_task *task, int field) {
    for (size_t i = 0; i < campaign->n_requirements; i++)
        if (is_limit(&campaign->requirements[i], task, field))
            return true;
    return task->has_threshold && is_limit(&task->threshold, task, field);
}

// The number by which the end that matters comes to the limit, where the interval shrinks with its root.
static double by_root(const struct ed_certify *figure, double value, double end, double limit) {
    if (figure->logarithmic) {
        if (!(limit > 0))
            return 0;
        value = log(value);
        end = log(end);
        limit = log(limit);
    }
    const double ratio = (end - value) / (limit - value);
    return ratio > 0 && isfinite(ratio) ? ceil((double)figure->n * ratio * ratio) : 0;
}

static void advise_one(struct ed_result *result, const struct ed_requirement *r,
                       const struct ed_certify *figure) {
    const char *key = ed_result_fields()[figure->field].key;
    const bool upper = r->op == ED_OP_LE || r->op == ED_OP_LT, drop = figure->field == ED_FIELD_accuracy_drop;
    char detail[224];
    double value, end, samples = 0;
    if (ed_requirement_judge(r, result, detail, sizeof detail) != ED_VERDICT_INCONCLUSIVE ||
        !ed_result_number(result, figure->field, 0, &value) ||
        !ed_result_number(result, figure->field, upper ? 1 : -1, &end))
        return;
    if (upper ? value < r->limit_real : value > r->limit_real)
        samples = figure->needed ? figure->needed(figure->context, r->limit_real, upper)
                                 : by_root(figure, value, end, r->limit_real);
    if (samples > 0 && samples < NUMBER_MAX)
        ed_result_reason(result, key, "too_few_samples",
                         "%zu %s cannot certify this limit; about %.0f would, if %s", figure->n, figure->what,
                         samples, drop ? "the shares stay" : "all stays as it is");
    else
        ed_result_reason(result, key, "at_the_limit",
                         "the %s itself is not %s the limit: no number of %s would certify it",
                         drop ? "drop" : "value", upper ? "below" : "above", figure->what);
}

void ed_certify_advise(struct ed_result *result, const struct ed_campaign *campaign,
                       const struct ed_campaign_task *task, const struct ed_certify *figure) {
    for (size_t i = 0; i < campaign->n_requirements; i++)
        if (is_limit(&campaign->requirements[i], task, figure->field))
            advise_one(result, &campaign->requirements[i], figure);
    if (task->has_threshold && is_limit(&task->threshold, task, figure->field))
        advise_one(result, &task->threshold, figure);
}
