// SPDX-License-Identifier: Apache-2.0
// From a suite to workloads.
#include "harness/workloads.h"

#include <stdlib.h>
#include <string.h>

#include "base/workload.h"

static enum ed_status add(struct ed_workloads *workloads, const struct ed_workload *workload,
                          struct ed_error *err) {
    enum ed_status status = ed_workload_check(workload, NULL, err);
    if (status != ED_OK)
        return status;
    for (size_t i = 0; i < workloads->n; i++)
        if (memcmp(&workloads->items[i], workload, sizeof *workload) == 0)
            return ED_OK;
    struct ed_workload *items = realloc(workloads->items, (workloads->n + 1) * sizeof *items);
    if (!items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the workloads");
    workloads->items = items;
    // Copied as bytes, padding included, since that is how they are compared.
    memcpy(&items[workloads->n++], workload, sizeof *workload);
    return ED_OK;
}

// One for each rate where the scenario has none of its own; `base` has everything else.
static enum ed_status add_scenario(struct ed_workloads *workloads, const struct ed_suite *suite,
                                   const struct ed_workload *scenario, const struct ed_workload *base,
                                   struct ed_error *err) {
    const bool open =
        (scenario->scenario == ED_SCENARIO_FIXED_RATE || scenario->scenario == ED_SCENARIO_POISSON) &&
        scenario->rate_per_s <= 0;
    struct ed_workload workload;
    enum ed_status status = ED_OK;
    memcpy(&workload, scenario, sizeof workload);
    workload.deadline_ns = suite->deadline_ns;
    workload.prompt_tokens = base->prompt_tokens;
    workload.generate_tokens = base->generate_tokens;
    workload.depth_tokens = base->depth_tokens;
    workload.speech = base->speech;
    for (size_t i = 0; open && status == ED_OK && i < suite->n_rates; i++) {
        workload.rate_per_s = suite->rates[i];
        status = add(workloads, &workload, err);
    }
    return open ? status : add(workloads, &workload, err);
}

// A test of no tokens is none: that is how llama-bench turns one off. One for each scenario of the suite.
static enum ed_status add_tokens(struct ed_workloads *workloads, const struct ed_suite *suite, int64_t prompt,
                                 int64_t generate, int64_t depth, struct ed_error *err) {
    struct ed_workload base, single;
    enum ed_status status = ED_OK;
    memset(&base, 0, sizeof base);
    memset(&single, 0, sizeof single);
    base.prompt_tokens = (int32_t)prompt;
    base.generate_tokens = (int32_t)generate;
    base.depth_tokens = (int32_t)depth;
    if (!prompt && !generate)
        return ED_OK;
    for (size_t i = 0; status == ED_OK && i < suite->n_scenarios; i++)
        status = add_scenario(workloads, suite, &suite->scenarios[i], &base, err);
    return suite->n_scenarios ? status : add_scenario(workloads, suite, &single, &base, err);
}

// What is asked of language models beside tokens: only who serves several requests has a rate.
static enum ed_status check_scenarios(const struct ed_suite *suite, const struct ed_manifest *manifest,
                                      struct ed_error *err) {
    if (!manifest->requests && (suite->n_scenarios || suite->n_rates || suite->deadline_ns))
        return ed_fail(
            err, ED_ERR_USAGE,
            suite->n_scenarios ? "--scenario"
            : suite->n_rates   ? "--rate"
                               : "--deadline",
            "scenarios, rates and deadlines are for models that take tensors, and for servers; language "
            "models are asked by -p, -n and -pg");
    for (size_t i = 0; i < suite->n_scenarios; i++)
        if (suite->scenarios[i].scenario == ED_SCENARIO_OFFLINE ||
            suite->scenarios[i].scenario == ED_SCENARIO_SUSTAINED)
            return ed_fail(err, ED_ERR_USAGE, "--scenario",
                           "%s is not for servers of language models; they take fixed-rate and poisson",
                           ed_scenario_word(suite->scenarios[i].scenario));
    return ed_suite_scenarios_check(suite, err);
}

// At each depth first the prompts, then what is generated, then both; 512 and 128 where nothing is asked.
static enum ed_status add_language(struct ed_workloads *workloads, const struct ed_suite *suite,
                                   const struct ed_manifest *manifest, struct ed_error *err) {
    static const int64_t no_depth = 0, usual_prompt = 512, usual_generate = 128;
    const size_t n_depths = suite->n_depths ? suite->n_depths : 1;
    const int64_t *depths = suite->n_depths ? suite->depths : &no_depth;
    const size_t n_prompts = suite->n_prompts ? suite->n_prompts : 1;
    const int64_t *prompts = suite->n_prompts ? suite->prompts : &usual_prompt;
    const size_t n_generates = suite->n_generates ? suite->n_generates : 1;
    const int64_t *generates = suite->n_generates ? suite->generates : &usual_generate;
    enum ed_status status = check_scenarios(suite, manifest, err);
    for (size_t d = 0; d < n_depths; d++) {
        for (size_t i = 0; status == ED_OK && i < n_prompts; i++)
            status = add_tokens(workloads, suite, prompts[i], 0, depths[d], err);
        for (size_t i = 0; status == ED_OK && i < n_generates; i++)
            status = add_tokens(workloads, suite, 0, generates[i], depths[d], err);
        for (size_t i = 0; status == ED_OK && i < suite->n_pairs; i++)
            status = add_tokens(workloads, suite, suite->pairs[i].prompt, suite->pairs[i].generate, depths[d],
                                err);
    }
    if (status == ED_OK && !workloads->n)
        return ed_fail(err, ED_ERR_USAGE, "-p, -n", "both are 0, so that nothing is asked of the model");
    return status;
}

static bool asks_tokens(const struct ed_suite *suite) {
    return suite->n_prompts || suite->n_generates || suite->n_pairs || suite->n_depths;
}

enum ed_status ed_workloads_make(struct ed_workloads *workloads, const struct ed_suite *suite,
                                 const struct ed_manifest *manifest, struct ed_error *err) {
    struct ed_workload single, base;
    enum ed_status status = ED_OK;
    memset(workloads, 0, sizeof *workloads);
    memset(&single, 0, sizeof single);
    if (manifest->language || (manifest->language_asked && asks_tokens(suite)))
        return add_language(workloads, suite, manifest, err);
    memset(&base, 0, sizeof base);
    base.speech = manifest->speech;
    status = ed_suite_scenarios_check(suite, err);
    for (size_t i = 0; status == ED_OK && i < suite->n_scenarios; i++)
        status = add_scenario(workloads, suite, &suite->scenarios[i], &base, err);
    return status == ED_OK && !workloads->n ? add_scenario(workloads, suite, &single, &base, err) : status;
}

void ed_workloads_release(struct ed_workloads *workloads) {
    free(workloads->items);
    memset(workloads, 0, sizeof *workloads);
}
