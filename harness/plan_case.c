// SPDX-License-Identifier: Apache-2.0
// One case of a plan: what it is, and what it is called.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/workload.h"
#include "harness/plan_parts.h"
#include "harness/workloads.h"

static void describe_workload(char *out, size_t bytes, const struct ed_workload *workload,
                              const struct ed_suite_model *model) {
    ed_workload_print(out, bytes, workload);
    size_t used = strlen(out);
    for (size_t i = 0; model && i < model->n_shapes && used < bytes; i++) {
        used += (size_t)snprintf(out + used, bytes - used, " %s%s", model->shapes[i].input,
                                 model->shapes[i].input[0] ? "=" : "");
        for (uint32_t d = 0; d < model->shapes[i].rank && used < bytes; d++)
            used += (size_t)snprintf(out + used, bytes - used, "%s%lld", d ? "x" : "",
                                     (long long)model->shapes[i].shape[d]);
    }
}

// " mem=512MiB ballast=1GiB": whole binary units where the size is a multiple of one, else bytes.
static void describe_memory(char *out, size_t bytes, const struct ed_suite *suite) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    const struct {
        const char *word;
        int64_t bytes;
    } sizes[] = {{"mem", suite->mem_limit_bytes}, {"ballast", suite->ballast_bytes}};
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && used < bytes; i++) {
        int64_t size = sizes[i].bytes;
        size_t unit = 0;
        while (size && size % 1024 == 0 && unit + 1 < sizeof units / sizeof *units) {
            size /= 1024;
            unit++;
        }
        if (size)
            used += (size_t)snprintf(out + used, bytes - used, " %s=%lld%s", sizes[i].word, (long long)size,
                                     units[unit]);
    }
}

bool ed_plan_is_reference(const struct ed_suite_model *model, const struct ed_suite_variant *variant) {
    return !strcmp(variant->name, model->reference[0] ? model->reference : model->variants[0].name);
}

static enum ed_status add_case(struct ed_plan *plan, const struct ed_suite *suite,
                               const struct ed_choice *choice, const struct ed_suite_model *model,
                               const struct ed_suite_variant *variant, int64_t threads,
                               const struct ed_workload *workload, size_t combination, struct ed_error *err) {
    struct ed_plan_case *cases = realloc(plan->cases, (plan->n_cases + 1) * sizeof *cases);
    if (!cases)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the plan");
    plan->cases = cases;
    if (plan->n_cases >= ED_WIRE_CASES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "more than %u cases: split the suite", ED_WIRE_CASES_MAX);
    struct ed_plan_case *c = &cases[plan->n_cases];
    struct ed_campaign_case *f = &c->frozen;
    memset(c, 0, sizeof *c);
    c->build = choice->build;
    c->model = model;
    c->variant = variant;
    snprintf(f->id, sizeof f->id, "c%zu", plan->n_cases);
    snprintf(f->model, sizeof f->model, "%s", model ? model->name : "");
    snprintf(f->variant, sizeof f->variant, "%s", variant ? variant->name : "");
    snprintf(f->how, sizeof f->how, "%s", variant ? variant->how : "");
    snprintf(f->engine, sizeof f->engine, "%s", choice->build->name);
    snprintf(f->engine_version, sizeof f->engine_version, "%s", choice->build->version);
    snprintf(f->backend, sizeof f->backend, "%s", choice->backend->name);
    snprintf(f->processor, sizeof f->processor, "%s", ed_processor_word(choice->backend->processor));
    ed_plan_options_join(f->options, sizeof f->options, suite, choice->build, combination);
    if (strlen(f->options) + 1 >= sizeof f->options)
        return ed_fail(err, ED_ERR_LIMIT, "--option",
                       "the options of a case have %zu characters; at most %zu have room", strlen(f->options),
                       sizeof f->options - 2);
    if (ed_plan_is_server(choice->build))
        ed_plan_server_model(f, suite);
    f->workload_parts = *workload;
    describe_workload(f->workload, sizeof f->workload, workload, model);
    f->threads = threads;
    f->mem_limit_bytes = suite->mem_limit_bytes;
    f->has_model = model != NULL;
    f->of_reference = suite->tune.active && model && ed_plan_is_reference(model, variant);
    f->task = -1;
    f->reference = f->timing = plan->n_cases;
    char memory[64], full[1024], hex[ED_DIGEST_HEX_BYTES], asked[ED_WORKLOAD_TEXT_BYTES] = "";
    // What everybody means without saying it stays unsaid.
    if (ed_workload_is_language(workload) || workload->scenario != ED_SCENARIO_SINGLE_STREAM ||
        workload->deadline_ns)
        ed_workload_print(asked, sizeof asked, workload);
    describe_memory(memory, sizeof memory, suite);
    snprintf(full, sizeof full, "%s%s%s%s%s/%s t%lld%s%s%s%s%s", f->model, f->variant[0] ? "/" : "",
             f->variant, f->model[0] ? " " : "", choice->build->id, f->backend, (long long)threads,
             f->options[0] ? " " : "", f->options, asked[0] ? " " : "", asked, memory);
    // Names that are too long keep their difference in a digest.
    if (snprintf(f->case_id, sizeof f->case_id, "%s", full) >= (int)sizeof f->case_id) {
        ed_digest_bytes(hex, full, strlen(full));
        snprintf(f->case_id + sizeof f->case_id - 18, 18, "~%.16s", hex);
    }
    plan->n_cases++;
    return ED_OK;
}

enum ed_status ed_plan_case_add(struct ed_plan *plan, const struct ed_suite *suite,
                                const struct ed_choice *choice, const struct ed_suite_model *model,
                                const struct ed_suite_variant *variant, int64_t threads,
                                struct ed_error *err) {
    struct ed_workloads workloads;
    enum ed_status status = ed_workloads_make(&workloads, suite, choice->build->manifest, err);
    const size_t n = ed_plan_options_count(suite, choice->build->manifest);
    for (size_t k = 0; status == ED_OK && k < n; k++)
        for (size_t i = 0; status == ED_OK && i < workloads.n; i++)
            status = add_case(plan, suite, choice, model, variant, threads, &workloads.items[i], k, err);
    ed_workloads_release(&workloads);
    return status;
}
