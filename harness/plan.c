// SPDX-License-Identifier: Apache-2.0
// Making the plan of one device.
#include "harness/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/nearest.h"
#include "base/options.h"
#include "base/random.h"
#include "base/workload.h"
#include "harness/agreement.h"
#include "harness/metrics.h"
#include "harness/workloads.h"

static bool has_prefix(const struct ed_manifest *manifest, const char *key) {
    const size_t n = strlen(manifest->option_prefix);
    return n && !strncmp(key, manifest->option_prefix, n);
}

static bool knows_option(const struct ed_manifest *manifest, const char *key) {
    bool known = has_prefix(manifest, key);
    for (size_t k = 0; k < manifest->n_options; k++)
        known = known || !strcmp(manifest->options[k].name, key);
    return known;
}

static void append_option(char *out, size_t bytes, const struct ed_manifest *manifest, const char *key,
                          const char *value) {
    const size_t used = strlen(out);
    if (knows_option(manifest, key))
        snprintf(out + used, bytes - used, "%s%s=%s", used ? " " : "", key, value);
}

// Named with the address of a server: what it has is there, and none of our files.
static bool is_server(const struct ed_engine_build *build) {
    return build->address[0] && !strcmp(build->manifest->address, "url");
}

// A server's model is named by an option; its rows are of that model.
static void name_model(struct ed_campaign_case *f) {
    const char *at = strncmp(f->options, "model=", 6) ? strstr(f->options, " model=") : f->options;
    if (at)
        snprintf(f->model, sizeof f->model, "%.*s", (int)strcspn(at + 6 + (*at == ' '), " "),
                 at + 6 + (*at == ' '));
}

// Of option lists the combination `number`, the last list changing fastest.
static void join_options(char *out, size_t bytes, const struct ed_suite *suite,
                         const struct ed_engine_build *build, size_t number) {
    const struct ed_manifest *manifest = build->manifest;
    size_t places[ED_OPTIONS_GIVEN_MAX] = {0};
    out[0] = 0;
    if (is_server(build))
        append_option(out, bytes, manifest, "url", build->address);
    for (size_t i = 0; i < suite->n_options; i++)
        append_option(out, bytes, manifest, suite->options[i].key, suite->options[i].value);
    for (size_t i = suite->n_crossings; i-- > 0;)
        if (knows_option(manifest, suite->crossings[i].key)) {
            places[i] = number % suite->crossings[i].n_values;
            number /= suite->crossings[i].n_values;
        }
    for (size_t i = 0; i < suite->n_crossings; i++)
        append_option(out, bytes, manifest, suite->crossings[i].key, suite->crossings[i].values[places[i]]);
}

// Combinations of the option lists that this engine knows; ED_WIRE_CASES_MAX + 1 where there are more.
static size_t combinations(const struct ed_suite *suite, const struct ed_manifest *manifest) {
    size_t n = 1;
    for (size_t i = 0; i < suite->n_crossings && n <= ED_WIRE_CASES_MAX; i++)
        if (knows_option(manifest, suite->crossings[i].key))
            n *= suite->crossings[i].n_values;
    return n <= ED_WIRE_CASES_MAX ? n : ED_WIRE_CASES_MAX + 1;
}

// An option must be known to an engine of the plan, and right for each that knows it.
static enum ed_status check_option(const struct ed_choices *choices, const char *key, const char *value,
                                   struct ed_error *err) {
    const char *known_names[256] = {NULL};
    size_t n_known = 0;
    bool known = false;
    for (size_t c = 0; c < choices->n; c++) {
        const struct ed_manifest *manifest = choices->items[c].build->manifest;
        known = known || has_prefix(manifest, key);
        for (size_t k = 0; k < manifest->n_options; k++) {
            if (n_known < 255)
                known_names[n_known++] = manifest->options[k].name;
            if (strcmp(manifest->options[k].name, key))
                continue;
            char where[128];
            snprintf(where, sizeof where, "option %.80s of %.30s", key, manifest->name);
            enum ed_status status = ed_option_check(&manifest->options[k], where, value, err);
            if (status != ED_OK)
                return status;
            known = true;
        }
    }
    if (known)
        return ED_OK;
    const char *near = ed_nearest(key, known_names);
    return ed_fail(err, ED_ERR_USAGE, "--option", "no engine of this run has an option '%s'%s%s%s", key,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum ed_status check_options(const struct ed_suite *suite, const struct ed_choices *choices,
                                    struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < suite->n_options; i++)
        status = check_option(choices, suite->options[i].key, suite->options[i].value, err);
    for (size_t i = 0; status == ED_OK && i < suite->n_crossings; i++) {
        const struct ed_suite_crossing *crossing = &suite->crossings[i];
        for (size_t k = 0; status == ED_OK && k < suite->n_options; k++)
            if (!strcmp(suite->options[k].key, crossing->key))
                status =
                    ed_fail(err, ED_ERR_USAGE, "option_lists",
                            "option '%s' has both a value and a list of values; keep one", crossing->key);
        for (size_t k = 0; status == ED_OK && k < crossing->n_values; k++)
            status = check_option(choices, crossing->key, crossing->values[k], err);
    }
    return status;
}

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

static bool is_reference(const struct ed_suite_model *model, const struct ed_suite_variant *variant) {
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
    join_options(f->options, sizeof f->options, suite, choice->build, combination);
    if (strlen(f->options) + 1 >= sizeof f->options)
        return ed_fail(err, ED_ERR_LIMIT, "--option",
                       "the options of a case have %zu characters; at most %zu have room", strlen(f->options),
                       sizeof f->options - 2);
    if (is_server(choice->build))
        name_model(f);
    f->workload_parts = *workload;
    describe_workload(f->workload, sizeof f->workload, workload, model);
    f->threads = threads;
    f->mem_limit_bytes = suite->mem_limit_bytes;
    f->has_model = model != NULL;
    f->of_reference = suite->tune.active && model && is_reference(model, variant);
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

// One case for each combination of the option lists and each workload.
static enum ed_status add_workloads(struct ed_plan *plan, const struct ed_suite *suite,
                                    const struct ed_choice *choice, const struct ed_suite_model *model,
                                    const struct ed_suite_variant *variant, int64_t threads,
                                    struct ed_error *err) {
    struct ed_workloads workloads;
    enum ed_status status = ed_workloads_make(&workloads, suite, choice->build->manifest, err);
    const size_t n = combinations(suite, choice->build->manifest);
    for (size_t k = 0; status == ED_OK && k < n; k++)
        for (size_t i = 0; status == ED_OK && i < workloads.n; i++)
            status = add_case(plan, suite, choice, model, variant, threads, &workloads.items[i], k, err);
    ed_workloads_release(&workloads);
    return status;
}

// `only`: the name of the variants that take part; NULL: all.
static enum ed_status add_cases(struct ed_plan *plan, const struct ed_suite *suite,
                                const struct ed_choices *choices, const char *only, struct ed_error *err) {
    static const int64_t one[] = {1}, own[] = {0};
    enum ed_status status = ED_OK;
    for (size_t c = 0; status == ED_OK && c < choices->n; c++) {
        const struct ed_choice *choice = &choices->items[c];
        // A server has the threads that it has.
        const bool given = suite->n_threads && !is_server(choice->build);
        const int64_t *threads = given ? suite->threads : is_server(choice->build) ? own : one;
        const size_t n_threads = given ? suite->n_threads : 1;
        size_t used = 0;
        for (size_t t = 0; status == ED_OK && t < n_threads; t++) {
            // What takes any file runs without one only where there is none.
            if (!choice->build->manifest->needs_model &&
                !(choice->build->manifest->formats && choice->build->manifest->formats[0] &&
                  suite->n_models)) {
                status = add_workloads(plan, suite, choice, NULL, NULL, threads[t], err);
                used++;
                continue;
            }
            for (size_t m = 0; status == ED_OK && m < suite->n_models; m++)
                for (size_t v = 0; status == ED_OK && v < suite->models[m].n_variants; v++) {
                    const struct ed_suite_model *model = &suite->models[m];
                    if (!ed_choice_opens(choice->build->manifest, model->variants[v].files[0]) ||
                        (only && strcmp(model->variants[v].name, only)))
                        continue;
                    status = add_workloads(plan, suite, choice, model, &model->variants[v], threads[t], err);
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
            status = check_options(suite, &choices, err);
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

// The case that differs from `c` in nothing but that it runs the model's reference variant.
static size_t find_reference(const struct ed_plan *plan, const struct ed_plan_case *c) {
    for (size_t i = 0; i < plan->n_cases; i++) {
        const struct ed_plan_case *other = &plan->cases[i];
        if (other->model == c->model && other->build == c->build &&
            other->frozen.threads == c->frozen.threads &&
            !strcmp(other->frozen.workload, c->frozen.workload) &&
            !strcmp(other->frozen.options, c->frozen.options) && other->frozen.task == c->frozen.task &&
            !strcmp(other->frozen.backend, c->frozen.backend) && is_reference(other->model, other->variant))
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

// A text is judged once for all tests of a variant: what is asked of it does not change its answers.
static bool judged_before(const struct ed_plan *plan, size_t index) {
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

static enum ed_status add_tasks(struct ed_plan *plan, const struct ed_suite *suite, struct ed_error *err) {
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
                if (plan->cases[c].model != &suite->models[m] || (t && judged_before(plan, c)))
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

void ed_plan_block_add(struct ed_plan *plan, size_t case_index, const char *pass, int64_t repetition) {
    struct ed_plan_block *block = &plan->blocks[plan->n_blocks++];
    *block = (struct ed_plan_block){.case_index = case_index, .pass = pass, .repetition = repetition};
    snprintf(block->id, sizeof block->id, "%s.%s.%lld", plan->cases[case_index].frozen.id, pass,
             (long long)repetition);
}

static enum ed_status add_blocks(struct ed_plan *plan, const struct ed_suite *suite, int64_t seed,
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
            if (r == 1 && plan->cases[c].frozen.task >= 0 && !judged_before(plan, c))
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
                if (!plan->cases[c].accuracy_only)
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
            status = check_options(suite, &choices, err);
        if (status == ED_OK)
            status = add_cases(plan, suite, &choices, NULL, err);
        if (status == ED_OK)
            status = check_all_used(plan, suite, err);
    }
    if (status == ED_OK)
        status = add_tasks(plan, suite, err);
    if (status == ED_OK && suite->tune.active)
        status = ed_plan_tune_check(plan, suite, err);
    if (status == ED_OK)
        status = ed_agreement_choose(plan, suite, err);
    if (status == ED_OK)
        status = suite->gate.active ? ed_plan_gate_blocks(plan, suite, seed, err)
                                    : add_blocks(plan, suite, seed, err);
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
