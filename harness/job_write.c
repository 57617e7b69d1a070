// SPDX-License-Identifier: Apache-2.0
// Writing jobs.
#include "harness/job_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "base/random.h"
#include "base/workload.h"
#include "devices/inventory.h"
#include "harness/metrics.h"
#include "harness/quality.h"

#define SECOND_NS INT64_C(1000000000)
#define LEASE_MAX_NS (30 * 24 * 3600 * SECOND_NS) // no runner gives a longer one

struct writer {
    struct ed_json_writer json;
    struct ed_freeze *freeze;
    const struct ed_freeze_device *device;
    enum ed_status status;
    struct ed_error *err;
};

static void write_file(struct writer *w, const char *key, const char *path) {
    char hex[ED_DIGEST_HEX_BYTES] = "";
    char there[ED_PATH_BYTES] = "";
    int64_t bytes = 0;
    if (w->status == ED_OK)
        w->status = ed_digest_cache_file(w->freeze->digests, hex, &bytes, path, w->freeze->verify, w->err);
    const bool found = ed_files_locate(w->device->files, path, there);
    if (w->status == ED_OK && !found)
        w->status =
            ed_fail(w->err, ED_ERR_INTERNAL, path, "is not on device %s", w->device->session->entry->id);
    ed_json_object_begin(&w->json, key);
    ed_json_text(&w->json, "path", found ? there : "");
    ed_json_int(&w->json, "bytes", bytes);
    ed_json_text(&w->json, "sha256", hex);
    ed_json_object_end(&w->json);
}

static void write_engine(struct writer *w, const struct ed_engine_build *build) {
    char path[ED_PATH_BYTES];
    const struct ed_files_build *there = ed_files_find_build(w->device->files, build);
    const struct ed_pack *pack = &w->device->session->pack;
    ed_json_object_begin(&w->json, NULL);
    ed_json_text(&w->json, "id", build->id);
    ed_json_text(&w->json, "name", build->name);
    ed_json_text(&w->json, "version", build->version);
    write_file(w, "adapter", there->adapter);
    ed_json_text(&w->json, "directory", there->directory);
    ed_json_text(&w->json, "library", there->library);
    if (there->pack_libc) {
        ed_json_object_begin(&w->json, "libc");
        ed_json_text(&w->json, "directory", there->libc_dir);
        ed_json_text(&w->json, "loader", pack->loader);
        ed_json_text(&w->json, "version", pack->libc_version);
        ed_json_object_end(&w->json);
    }
    ed_json_array_begin(&w->json, "files");
    for (size_t i = 0; i < build->n_files; i++)
        if (w->status == ED_OK &&
            (w->status = ed_path_join(path, build->directory, build->files[i].name, w->err)) == ED_OK)
            write_file(w, NULL, path);
    ed_json_array_end(&w->json);
    ed_json_bool(&w->json, "network", build->manifest->network || build->network);
    ed_json_array_begin(&w->json, "environment");
    for (char **pair = build->manifest->environment; pair && *pair; pair++)
        ed_json_text(&w->json, NULL, *pair);
    ed_json_array_end(&w->json);
    ed_json_object_end(&w->json);
}

static void write_inputs(struct writer *w, const struct ed_suite_input *inputs, size_t n) {
    ed_json_array_begin(&w->json, "inputs");
    for (size_t i = 0; i < n; i++) {
        ed_json_object_begin(&w->json, NULL);
        if (inputs[i].input[0])
            ed_json_text(&w->json, "input", inputs[i].input);
        write_file(w, "file", inputs[i].file);
        ed_json_object_end(&w->json);
    }
    ed_json_array_end(&w->json);
}

// "a=b c=d" of the frozen case, so that both say the same.
static void write_options(struct writer *w, const char *options) {
    char text[256], *rest = text;
    snprintf(text, sizeof text, "%s", options);
    ed_json_array_begin(&w->json, "options");
    for (char *pair; (pair = strsep(&rest, " "));) {
        char *value = strchr(pair, '=');
        if (!value)
            continue;
        *value++ = 0;
        ed_json_object_begin(&w->json, NULL);
        ed_json_text(&w->json, "key", pair);
        if (value[0])
            ed_json_text(&w->json, "value", value);
        ed_json_object_end(&w->json);
    }
    ed_json_array_end(&w->json);
}

// What an accuracy block over a text needs beside its own model.
static int64_t reference_model(const struct ed_plan *plan, const struct ed_plan_case *c,
                               const size_t *models) {
    const size_t reference = c->frozen.reference;
    if (c->frozen.task < 0 || reference == SIZE_MAX || &plan->cases[reference] == c ||
        !ed_quality_needs_reference(plan->tasks[c->frozen.task].metric) || models[reference] == SIZE_MAX)
        return -1;
    return (int64_t)models[reference];
}

static void write_case(struct writer *w, const struct ed_plan_case *c, size_t engine, int64_t model,
                       int64_t reference) {
    const struct ed_suite *suite = w->freeze->suite;
    ed_json_object_begin(&w->json, NULL);
    ed_json_text(&w->json, "id", c->frozen.id);
    ed_json_uint(&w->json, "engine", engine);
    ed_json_int(&w->json, "model", model);
    ed_json_int(&w->json, "data", c->frozen.task);
    if (reference >= 0)
        ed_json_int(&w->json, "reference", reference);
    ed_json_text(&w->json, "backend", c->frozen.backend);
    ed_json_int(&w->json, "threads", c->frozen.threads);
    ed_json_bool(&w->json, "allow_fallback", suite->allow_fallback);
    ed_workload_write(&w->json, "workload", &c->frozen.workload_parts);
    if (suite->pin[0])
        ed_json_text(&w->json, "pin", suite->pin);
    if (c->frozen.mem_limit_bytes)
        ed_json_int(&w->json, "mem_limit_bytes", c->frozen.mem_limit_bytes);
    write_options(w, c->frozen.options);
    ed_json_array_begin(&w->json, "shapes");
    for (size_t i = 0; c->model && i < c->model->n_shapes; i++) {
        ed_json_object_begin(&w->json, NULL);
        if (c->model->shapes[i].input[0])
            ed_json_text(&w->json, "input", c->model->shapes[i].input);
        ed_json_array_begin(&w->json, "shape");
        for (uint32_t d = 0; d < c->model->shapes[i].rank; d++)
            ed_json_int(&w->json, NULL, c->model->shapes[i].shape[d]);
        ed_json_array_end(&w->json);
        ed_json_object_end(&w->json);
    }
    ed_json_array_end(&w->json);
    write_inputs(w, c->model ? c->model->inputs : NULL, c->model ? c->model->n_inputs : 0);
    ed_json_object_end(&w->json);
}

static void write_block(struct writer *w, const struct ed_plan_block *block, int64_t seed) {
    const struct ed_suite *suite = w->freeze->suite;
    // A sustained window is as long as it was asked to be, whatever the suite says of blocks.
    const int64_t duration_ns = w->device->plan.cases[block->case_index].frozen.workload_parts.duration_ns;
    ed_json_object_begin(&w->json, NULL);
    ed_json_text(&w->json, "id", block->id);
    ed_json_uint(&w->json, "case", block->case_index);
    ed_json_text(&w->json, "pass", block->pass);
    ed_json_int(&w->json, "repetition", block->repetition);
    ed_json_int(&w->json, "seed", seed);
    ed_json_int(&w->json, "inferences", duration_ns ? 0 : suite->block_inferences);
    ed_json_int(&w->json, "min_inferences", duration_ns ? 1 : suite->block_min_inferences);
    ed_json_int(&w->json, "min_ns", duration_ns ? duration_ns : suite->block_min_ns);
    ed_json_int(&w->json, "max_ns", duration_ns ? duration_ns : suite->block_max_ns);
    ed_json_int(&w->json, "timeout_ns", suite->block_timeout_ns + duration_ns);
    ed_json_object_end(&w->json);
}

// Distinct builds and variants of the cases, in the order of their first use. `indices` has one entry a case.
static size_t distinct(const struct ed_plan *plan, bool builds, size_t *indices, size_t *firsts) {
    size_t n = 0;
    for (size_t c = 0; c < plan->n_cases; c++) {
        const void *mine = builds ? (const void *)plan->cases[c].build : (const void *)plan->cases[c].variant;
        size_t k = 0;
        while (k < n) {
            const struct ed_plan_case *other = &plan->cases[firsts[k]];
            if ((builds ? (const void *)other->build : (const void *)other->variant) == mine)
                break;
            k++;
        }
        indices[c] = SIZE_MAX;
        if (!mine)
            continue;
        if (k == n)
            firsts[n++] = c;
        indices[c] = k;
    }
    return n;
}

static void write_setting(struct writer *w, const char *kind, const char *value) {
    ed_json_object_begin(&w->json, NULL);
    ed_json_text(&w->json, "kind", kind);
    ed_json_text(&w->json, "value", value);
    ed_json_object_end(&w->json);
}

static void write_settings(struct writer *w, const struct ed_device_settings *settings) {
    char number[32];
    ed_json_array_begin(&w->json, "settings");
    if (settings->governor[0])
        write_setting(w, "governor", settings->governor);
    if (settings->frequency_min_khz) {
        snprintf(number, sizeof number, "%lld", (long long)settings->frequency_min_khz);
        write_setting(w, "frequency_min_khz", number);
    }
    if (settings->frequency_max_khz) {
        snprintf(number, sizeof number, "%lld", (long long)settings->frequency_max_khz);
        write_setting(w, "frequency_max_khz", number);
    }
    if (settings->fixed_performance)
        write_setting(w, "fixed_performance", "true");
    if (settings->stay_awake)
        write_setting(w, "stay_awake", "true");
    ed_json_array_end(&w->json);
}

static void write_cool_down(struct writer *w) {
    const struct ed_plan *plan = &w->device->plan;
    bool accelerated = false;
    for (size_t i = 0; i < plan->n_cases; i++)
        accelerated = accelerated || !strcmp(plan->cases[i].frozen.processor, "gpu") ||
                      !strcmp(plan->cases[i].frozen.processor, "npu");
    if (!w->freeze->suite->cool_down_ns)
        return;
    ed_json_object_begin(&w->json, "cool_down");
    ed_json_int(&w->json, "timeout_ns", w->freeze->suite->cool_down_ns);
    ed_json_bool(&w->json, "accelerated", accelerated);
    ed_json_object_end(&w->json);
}

static void write_events(struct writer *w) {
    char events[ED_WIRE_EVENTS_MAX_BYTES + 1] = "";
    for (size_t i = 0; i < w->freeze->suite->n_papi; i++) {
        const size_t used = strlen(events);
        snprintf(events + used, sizeof events - used, "%s%s", i ? "," : "", w->freeze->suite->papi[i]);
    }
    if (events[0])
        ed_json_text(&w->json, "papi", events);
}

// The shorter of the suite's limit and the device's own; 0 is none.
static int64_t job_limit(const struct writer *w) {
    const int64_t suite = w->freeze->suite->max_time_ns, device = w->device->session->entry->job_max_ns;
    return suite && (!device || suite < device) ? suite : device;
}

static void write_job(struct writer *w, size_t *engines, size_t *models, size_t *firsts) {
    const struct ed_plan *plan = &w->device->plan;
    // 53 bits, since a job is read by readers that keep doubles. Every block has the same inputs: they are
    // compared with each other.
    const int64_t seed = (int64_t)(ed_random_derive((uint64_t)w->freeze->seed, "inputs") >> 11);
    ed_json_object_begin(&w->json, NULL);
    ed_json_text(&w->json, "type", "job");
    ed_json_text(&w->json, "wire", ED_WIRE_VERSION);
    ed_json_text(&w->json, "job", w->freeze->id);
    ed_json_text(&w->json, "campaign", w->freeze->id);
    ed_json_int(&w->json, "max_ns", job_limit(w));
    if (w->device->session->entry->meter_command && w->device->session->entry->meter_command[0])
        ed_json_bool(&w->json, "external_meter", true);
    if (w->freeze->suite->ballast_bytes)
        ed_json_int(&w->json, "ballast_bytes", w->freeze->suite->ballast_bytes);
    write_events(w);
    write_cool_down(w);
    write_settings(w, &w->device->session->entry->settings);
    ed_json_array_begin(&w->json, "engines");
    size_t n = distinct(plan, true, engines, firsts);
    for (size_t i = 0; i < n; i++)
        write_engine(w, plan->cases[firsts[i]].build);
    ed_json_array_end(&w->json);
    ed_json_array_begin(&w->json, "models");
    n = distinct(plan, false, models, firsts);
    for (size_t i = 0; i < n; i++) {
        const struct ed_suite_variant *variant = plan->cases[firsts[i]].variant;
        ed_json_object_begin(&w->json, NULL);
        ed_json_array_begin(&w->json, "files");
        for (size_t k = 0; k < variant->n_files; k++)
            write_file(w, NULL, variant->files[k]);
        ed_json_array_end(&w->json);
        ed_json_object_end(&w->json);
    }
    ed_json_array_end(&w->json);
    ed_json_array_begin(&w->json, "data");
    for (size_t i = 0; i < plan->n_tasks; i++) {
        ed_json_object_begin(&w->json, NULL);
        write_inputs(w, plan->suite_tasks[i]->data, plan->suite_tasks[i]->n_data);
        if (ed_metric_is_questions(plan->suite_tasks[i]->metric))
            ed_json_text(&w->json, "questions",
                         strcmp(plan->suite_tasks[i]->metric, ED_METRIC_MATCH) ? ED_JOB_QUESTIONS_CHOICE
                                                                               : ED_JOB_QUESTIONS_MATCH);
        if (ed_metric_is_speech(plan->suite_tasks[i]->metric))
            ed_json_bool(&w->json, "speech", true);
        ed_json_object_end(&w->json);
    }
    ed_json_array_end(&w->json);
    ed_json_array_begin(&w->json, "cases");
    for (size_t i = 0; i < plan->n_cases; i++)
        write_case(w, &plan->cases[i], engines[i], models[i] == SIZE_MAX ? -1 : (int64_t)models[i],
                   reference_model(plan, &plan->cases[i], models));
    ed_json_array_end(&w->json);
    ed_json_array_begin(&w->json, "blocks");
    for (size_t i = 0; i < plan->n_blocks + plan->n_spare; i++)
        write_block(w, &plan->blocks[i], seed);
    ed_json_array_end(&w->json);
    ed_json_object_end(&w->json);
}

enum ed_status ed_job_text(struct ed_buffer *out, struct ed_freeze *freeze,
                           const struct ed_freeze_device *device, struct ed_error *err) {
    struct writer w = {.freeze = freeze, .device = device, .status = ED_OK, .err = err};
    const size_t n = device->plan.n_cases;
    size_t *engines = calloc(n + 1, sizeof *engines), *models = calloc(n + 1, sizeof *models),
           *firsts = calloc(n + 1, sizeof *firsts);
    ed_json_writer_init(&w.json, out, false);
    if (!engines || !models || !firsts)
        w.status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the job");
    else
        write_job(&w, engines, models, firsts);
    free(engines);
    free(models);
    free(firsts);
    return w.status == ED_OK ? ed_buffer_status(out, "the job", err) : w.status;
}

// For how long a job of these blocks may hold the lease without news of the controller: each block's window
// with a warm-up that goes to its limit, and something for the load. Of waits to cool down one is counted,
// the one that is under way: the runner itself adds what each took. A lease that is too long keeps others
// away after its controller has died; one that is too short ends the job after a block, for --resume, when no
// controller renews it.
static int64_t lease_time_ns(const cJSON *blocks, int64_t cool_down_ns) {
    int64_t sum = 120 * SECOND_NS + cool_down_ns;
    const cJSON *block;
    cJSON_ArrayForEach(block, blocks) {
        const cJSON *least = cJSON_GetObjectItemCaseSensitive(block, "min_ns");
        sum += (cJSON_IsNumber(least) ? (int64_t)least->valuedouble : 0) + 10 * SECOND_NS;
        if (sum > LEASE_MAX_NS)
            return LEASE_MAX_NS;
    }
    return sum;
}

// false: no memory.
static bool add_lease(cJSON *job, const cJSON *blocks, const char *token) {
    const cJSON *timeout =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(job, "cool_down"), "timeout_ns");
    const int64_t cool_down_ns = cJSON_IsNumber(timeout) ? (int64_t)timeout->valuedouble : 0;
    cJSON *lease = cJSON_AddObjectToObject(job, "lease");
    return lease && cJSON_AddStringToObject(lease, "token", token) &&
           cJSON_AddNumberToObject(lease, "for_ns", (double)lease_time_ns(blocks, cool_down_ns));
}

static bool add_start(cJSON *job, const struct ed_job_subset_start *start) {
    cJSON *cool_down = cJSON_GetObjectItemCaseSensitive(job, "cool_down");
    return !cool_down || (cJSON_AddStringToObject(cool_down, "channel", start->channel) &&
                          cJSON_AddNumberToObject(cool_down, "start_mc", (double)start->start_mc));
}

static void set_number(cJSON *object, const char *key, int64_t value) {
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsNumber(item))
        cJSON_SetNumberValue(item, (double)value);
}

enum ed_status ed_job_subset(struct ed_buffer *out, const char *name, const char *job, size_t bytes,
                             const struct ed_job_subset_args *args, size_t *n, struct ed_error *err) {
    struct ed_json_document document = {0};
    *n = 0;
    enum ed_status status = ed_json_parse(&document, name, job, bytes, err);
    if (status != ED_OK)
        return status;
    cJSON *blocks = cJSON_GetObjectItemCaseSensitive(document.root, "blocks");
    for (cJSON *block = blocks ? blocks->child : NULL, *next; block; block = next) {
        next = block->next;
        const cJSON *block_id = cJSON_GetObjectItemCaseSensitive(block, "id");
        if (!cJSON_IsString(block_id) || !args->wanted(args->context, block_id->valuestring)) {
            cJSON_Delete(cJSON_DetachItemViaPointer(blocks, block));
            continue;
        }
        ++*n;
        const int64_t exact = args->inferences ? args->inferences(args->context, block_id->valuestring) : 0;
        if (exact)
            set_number(block, "inferences", exact);
    }
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(document.root, "max_ns");
    if (args->max_ns && cJSON_IsNumber(limit) &&
        (limit->valuedouble <= 0 || limit->valuedouble > (double)args->max_ns))
        set_number(document.root, "max_ns", args->max_ns);
    char *text = NULL;
    if (!blocks ||
        !cJSON_ReplaceItemInObjectCaseSensitive(document.root, "job", cJSON_CreateString(args->id)) ||
        (args->start && !add_start(document.root, args->start)) ||
        (args->token[0] && !add_lease(document.root, blocks, args->token)) ||
        !(text = cJSON_PrintUnformatted(document.root)))
        status = ed_fail(err, ED_ERR_PARSE, name, "is not a job that this program wrote");
    else
        ed_buffer_text_append(out, text);
    cJSON_free(text);
    ed_json_document_release(&document);
    return status == ED_OK ? ed_buffer_status(out, name, err) : status;
}
