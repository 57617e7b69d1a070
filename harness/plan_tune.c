// SPDX-License-Identifier: Apache-2.0
// What a choice adds to a plan.
#include <string.h>

#include "base/stats/best.h"
#include "harness/plan_parts.h"
#include "harness/quality.h"
#include "harness/suite_keys.h"

size_t ed_plan_tune_reference(const struct ed_plan *plan, size_t index, size_t exact) {
    const struct ed_plan_case *c = &plan->cases[index];
    size_t first = SIZE_MAX, found = SIZE_MAX;
    if (ed_quality_needs_reference(plan->tasks[c->frozen.task].metric))
        return exact;
    for (size_t i = 0; i < plan->n_cases && found == SIZE_MAX; i++) {
        const struct ed_plan_case *other = &plan->cases[i];
        if (other->model != c->model || other->frozen.task != c->frozen.task || !other->frozen.of_reference)
            continue;
        first = first == SIZE_MAX ? i : first;
        if (!strcmp(other->frozen.processor, "cpu"))
            found = i;
    }
    found = found == SIZE_MAX ? first : found;
    if (found == SIZE_MAX)
        return SIZE_MAX;
    const struct ed_campaign_case *of = &plan->cases[found].frozen;
    return c->frozen.of_reference && c->build == plan->cases[found].build &&
                   !strcmp(c->frozen.backend, of->backend) && !strcmp(c->frozen.options, of->options)
               ? index
               : found;
}

static bool is_language(const struct ed_plan *plan, const struct ed_suite_model *model) {
    for (size_t i = 0; i < plan->n_cases; i++)
        if (plan->cases[i].model == model)
            return ed_workload_is_language(&plan->cases[i].frozen.workload_parts);
    return false;
}

// Two workloads of the model that have the figure; returns how many there are.
static size_t workloads(const struct ed_plan *plan, const struct ed_suite_model *model, int field,
                        const char *names[2]) {
    size_t n = 0;
    for (size_t i = 0; i < plan->n_cases; i++) {
        const struct ed_plan_case *c = &plan->cases[i];
        bool seen =
            c->model != model || c->accuracy_only || !ed_tune_field_applies(field, &c->frozen.workload_parts);
        for (size_t k = 0; k < i && !seen; k++)
            seen = plan->cases[k].model == model && !plan->cases[k].accuracy_only &&
                   !strcmp(plan->cases[k].frozen.workload, c->frozen.workload);
        if (seen)
            continue;
        if (n < 2)
            names[n] = c->frozen.workload;
        n++;
    }
    return n;
}

static enum ed_status check_model(const struct ed_plan *plan, const struct ed_suite_model *model,
                                  const struct ed_tune_spec *spec, struct ed_error *err) {
    const char *names[2] = {"", ""};
    bool more;
    const bool language = is_language(plan, model);
    const int field = ed_tune_field(spec, language, &more);
    const char *key = ed_result_fields()[field].key;
    const size_t n = workloads(plan, model, field, names);
    if (n == 1 || (n && ed_tune_field_is_exact(field)))
        return ED_OK;
    if (n == 0)
        return ed_fail(err, ED_ERR_USAGE, "--minimize", "no workload of this plan has %s", key);
    return ed_fail(
        err, ED_ERR_USAGE, "--minimize", "%zu workloads have %s (%.80s, %.80s), and a choice needs one: %s",
        n, key, names[0], names[1],
        language ? "choose by a key that only one has, such as -decode_tokens_per_s, or leave tests out "
                   "with -p 0 or -n 0"
                 : "leave scenarios out");
}

// What is chosen for: each model; NULL for cases without a file, at a server or of `null`. Returns how many.
static size_t subjects(const struct ed_plan *plan, const struct ed_suite *suite,
                       const struct ed_suite_model *out[ED_SUITE_MODELS_MAX + 1]) {
    size_t n = 0;
    for (size_t m = 0; m < suite->n_models; m++)
        out[n++] = &suite->models[m];
    for (size_t i = 0; i < plan->n_cases; i++)
        if (!plan->cases[i].model) {
            out[n++] = NULL;
            break;
        }
    return n;
}

enum ed_status ed_plan_tune_check(const struct ed_plan *plan, const struct ed_suite *suite,
                                  struct ed_error *err) {
    const struct ed_suite_model *models[ED_SUITE_MODELS_MAX + 1];
    struct ed_tune_spec spec;
    enum ed_status status = ed_tune_spec_make(&spec, suite, err);
    const size_t n = subjects(plan, suite, models);
    for (size_t m = 0; m < n && status == ED_OK; m++)
        status = check_model(plan, models[m], &spec, err);
    return status;
}

static const char *name_of(const struct ed_plan *plan, const struct ed_suite_model *model) {
    const struct ed_campaign_case *c = &plan->cases[0].frozen;
    for (size_t i = plan->n_cases; i-- > 0;)
        c = plan->cases[i].model == model ? &plan->cases[i].frozen : c;
    return model ? model->name : c->model[0] ? c->model : c->engine;
}

void ed_plan_tune_text(struct ed_buffer *text, const struct ed_plan *plan, const struct ed_suite *suite) {
    const struct ed_suite_model *models[ED_SUITE_MODELS_MAX + 1];
    struct ed_tune_spec spec;
    if (ed_tune_spec_make(&spec, suite, NULL) != ED_OK)
        return;
    const size_t n_models = subjects(plan, suite, models);
    for (size_t m = 0; m < n_models; m++) {
        const struct ed_suite_model *model = models[m];
        bool more;
        size_t n = 0;
        const int field = ed_tune_field(&spec, is_language(plan, model), &more);
        for (size_t i = 0; i < plan->n_cases; i++)
            n += plan->cases[i].model == model && !plan->cases[i].accuracy_only &&
                 ed_tune_field_applies(field, &plan->cases[i].frozen.workload_parts);
        ed_buffer_printf(text, "  %s: the %s %s of %zu configuration%s that pass\n", name_of(plan, model),
                         more ? "largest" : "smallest", ed_result_fields()[field].key, n, n == 1 ? "" : "s");
        const size_t rounds = ed_best_rounds(n, ED_BEST_ALPHA);
        if (!ed_tune_field_is_exact(field) && (size_t)suite->blocks < rounds)
            ed_buffer_printf(
                text, "  %lld blocks cannot tell so many apart, whatever they show; it takes %zu (-r %zu)\n",
                (long long)suite->blocks, rounds, rounds);
    }
}
