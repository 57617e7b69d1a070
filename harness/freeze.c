// SPDX-License-Identifier: Apache-2.0
// Freezing a campaign.
#include "harness/freeze.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/workload.h"
#include "devices/inventory.h"
#include "harness/gate.h"
#include "harness/job_write.h"
#include "harness/metrics.h"
#include "harness/repeats.h"
#include "harness/seal.h"
#include "harness/sync.h"
#include "harness/transcript.h"

#define LABELS_MAX_BYTES (64u << 20)

static enum ed_status digest_of(struct ed_freeze *freeze, const char *path, char hex[ED_DIGEST_HEX_BYTES],
                                int64_t *bytes, struct ed_error *err) {
    return ed_digest_cache_file(freeze->digests, hex, bytes, path, freeze->verify, err);
}

// Digest and size over a variant's files.
static enum ed_status digest_variant(struct ed_freeze *freeze, struct ed_plan_case *c, struct ed_error *err) {
    const size_t n = c->variant ? c->variant->n_files : 0;
    if (!n)
        return ED_OK;
    char(*hexes)[ED_DIGEST_HEX_BYTES] = calloc(n, sizeof *hexes);
    const char **texts = calloc(n, sizeof *texts), **names = calloc(n, sizeof *names);
    int64_t *sizes = calloc(n, sizeof *sizes);
    enum ed_status status = hexes && texts && names && sizes
                                ? ED_OK
                                : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for digests");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        status = digest_of(freeze, c->variant->files[i], hexes[i], &sizes[i], err);
        texts[i] = hexes[i];
        names[i] = ed_path_base(c->variant->files[i]);
        c->frozen.model_file_bytes += sizes[i];
    }
    if (status == ED_OK)
        ed_digest_set(c->frozen.model_sha256, texts, sizes, names, n);
    free(hexes);
    free(texts);
    free(names);
    free(sizes);
    return status;
}

// Digest and size over an engine build: its files by engines.json, and the adapter.
static enum ed_status digest_build(struct ed_freeze *freeze, const struct ed_freeze_device *device,
                                   struct ed_plan_case *c, struct ed_error *err) {
    const struct ed_engine_build *build = c->build;
    const char *file = ed_files_find_build(device->files, build)->adapter;
    const size_t n = build->n_files + 1;
    char adapter[ED_DIGEST_HEX_BYTES];
    const char **texts = calloc(n, sizeof *texts), **names = calloc(n, sizeof *names);
    int64_t *sizes = calloc(n, sizeof *sizes);
    enum ed_status status =
        texts && names && sizes ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for digests");
    for (size_t i = 0; status == ED_OK && i < build->n_files; i++) {
        texts[i] = build->files[i].sha256;
        names[i] = build->files[i].name;
        sizes[i] = build->files[i].bytes;
        c->frozen.engine_file_bytes += sizes[i];
    }
    if (status == ED_OK)
        status = digest_of(freeze, file, adapter, &sizes[n - 1], err);
    if (status == ED_OK) {
        texts[n - 1] = adapter;
        names[n - 1] = ed_path_base(file);
        c->frozen.engine_file_bytes += sizes[n - 1];
        ed_digest_set(c->frozen.engine_build_sha256, texts, sizes, names, n);
    }
    free(texts);
    free(names);
    free(sizes);
    return status;
}

// Labels are the controller's alone; they are kept with the campaign so that a report can be made again
// anywhere.
static enum ed_status copy_labels(struct ed_freeze *freeze, struct ed_campaign_task *task,
                                  struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES], name[128], path[ED_PATH_BYTES];
    struct ed_buffer bytes;
    if (!task->labels[0])
        return ED_OK;
    ed_buffer_init(&bytes, LABELS_MAX_BYTES);
    enum ed_status status = ed_path_read(task->labels, LABELS_MAX_BYTES, &bytes, err);
    if (status == ED_OK) {
        ed_digest_bytes(hex, ed_buffer_text(&bytes), bytes.size);
        snprintf(name, sizeof name, "data/%s.%s", hex, ed_metric_is_speech(task->metric) ? "jsonl" : "npy");
        status = ed_path_join(path, freeze->directory, name, err);
    }
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&bytes), bytes.size, 0644, err);
    if (status == ED_OK)
        snprintf(task->labels, sizeof task->labels, "%s", name);
    ed_buffer_release(&bytes);
    return status;
}

static void write_case(struct ed_json_writer *w, const struct ed_campaign_case *c) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "id", c->id);
    ed_json_text(w, "case", c->case_id);
    ed_json_text(w, "model", c->model);
    ed_json_text(w, "variant", c->variant);
    if (c->how[0])
        ed_json_text(w, "how", c->how);
    ed_json_text(w, "engine", c->engine);
    ed_json_text(w, "engine_version", c->engine_version);
    ed_json_text(w, "engine_build_sha256", c->engine_build_sha256);
    ed_json_text(w, "backend", c->backend);
    ed_json_text(w, "processor", c->processor);
    ed_json_text(w, "model_sha256", c->model_sha256);
    ed_json_int(w, "threads", c->threads);
    ed_json_int(w, "model_file_bytes", c->model_file_bytes);
    ed_json_int(w, "engine_file_bytes", c->engine_file_bytes);
    ed_json_text(w, "options", c->options);
    ed_json_text(w, "workload", c->workload);
    ed_workload_write(w, "workload_parts", &c->workload_parts);
    ed_json_bool(w, "has_model", c->has_model);
    if (c->of_reference)
        ed_json_bool(w, "of_reference", true);
    ed_json_int(w, "reference", c->reference == SIZE_MAX ? -1 : (int64_t)c->reference);
    ed_json_int(w, "agreement", c->agreement == SIZE_MAX ? -1 : (int64_t)c->agreement);
    if (c->mem_limit_bytes)
        ed_json_int(w, "mem_limit_bytes", c->mem_limit_bytes);
    ed_json_uint(w, "timing", c->timing);
    ed_json_int(w, "task", c->task);
    if (c->transcript[0])
        ed_json_text(w, "transcript", c->transcript);
    ed_json_object_end(w);
}

static void write_device(struct ed_json_writer *w, const struct ed_freeze_device *device) {
    const struct ed_session *session = device->session;
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "id", session->entry->id);
    ed_json_text(w, "transport", session->entry->transport);
    ed_json_text(w, "target", session->pack.target);
    ed_json_text(w, "summary", device->hardware_summary);
    ed_json_text(w, "runner_sha256", session->runner_sha256);
    ed_json_text(w, "libc", session->identity.libc);
    ed_json_text(w, "libc_version", session->identity.libc_version);
    ed_json_bool(w, "android", session->identity.android);
    ed_json_bool(w, "pack_foreign", session->pack.foreign);
    ed_json_bool(w, "runner_libc", session->pack.runner_libc);
    ed_json_int(w, "oom_score_adj", session->identity.oom_score_adj);
    ed_json_text(w, "cpuset", session->identity.cpuset);
    ed_json_uint(w, "blocks", device->plan.n_blocks);
    ed_json_array_begin(w, "cases");
    for (size_t i = 0; i < device->plan.n_cases; i++)
        write_case(w, &device->plan.cases[i].frozen);
    ed_json_array_end(w);
    if (device->plan.n_pairs)
        ed_json_array_begin(w, "pairs");
    for (size_t i = 0; i < device->plan.n_pairs; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_uint(w, "baseline", device->plan.pairs[i].baseline);
        ed_json_uint(w, "candidate", device->plan.pairs[i].candidate);
        ed_json_object_end(w);
    }
    if (device->plan.n_pairs)
        ed_json_array_end(w);
    ed_json_raw(w, "hardware", device->hardware_json);
    ed_json_object_end(w);
}

static void write_absent(struct ed_json_writer *w, const struct ed_freeze *freeze) {
    ed_json_array_begin(w, "absent");
    for (size_t i = 0; i < freeze->n_absent; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "id", freeze->absent[i].id);
        ed_json_text(w, "reason", freeze->absent[i].reason);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
}

// What a task's outputs are judged by.
static void write_judge(struct ed_json_writer *w, const struct ed_suite_task *task) {
    if (task->preprocess_sha256[0])
        ed_json_text(w, "preprocess_sha256", task->preprocess_sha256);
    if (task->threshold && task->threshold[0])
        ed_json_text(w, "threshold", task->threshold);
    if (task->lower_is_better)
        ed_json_bool(w, "lower_is_better", true);
    if (!task->n_command)
        return;
    ed_json_array_begin(w, "command");
    for (size_t i = 0; i < task->n_command; i++)
        ed_json_text(w, NULL, task->command[i]);
    ed_json_array_end(w);
}

// Digest over the data's files, whatever they are called.
static enum ed_status digest_data(struct ed_freeze *freeze, const struct ed_suite_task *task,
                                  char hex[ED_DIGEST_HEX_BYTES], struct ed_error *err) {
    char hexes[ED_TENSORS_MAX][ED_DIGEST_HEX_BYTES];
    const char *texts[ED_TENSORS_MAX], *names[ED_TENSORS_MAX];
    int64_t sizes[ED_TENSORS_MAX];
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < task->n_data; i++) {
        status = digest_of(freeze, task->data[i].file, hexes[i], &sizes[i], err);
        texts[i] = hexes[i];
        names[i] = task->data[i].input;
    }
    if (status == ED_OK)
        ed_digest_set(hex, texts, sizes, names, task->n_data);
    return status;
}

static enum ed_status write_tasks(struct ed_json_writer *w, struct ed_freeze *freeze,
                                  const struct ed_plan *plan, struct ed_error *err) {
    enum ed_status status = ED_OK;
    ed_json_array_begin(w, "tasks");
    for (size_t i = 0; status == ED_OK && i < plan->n_tasks; i++) {
        const struct ed_campaign_task *task = &plan->tasks[i];
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "name", task->name);
        ed_json_text(w, "metric", task->metric);
        ed_json_text(w, "output", task->output);
        ed_json_text(w, "labels", task->labels);
        char hex[ED_DIGEST_HEX_BYTES] = "";
        status = digest_data(freeze, plan->suite_tasks[i], hex, err);
        ed_json_text(w, "data_sha256", hex);
        write_judge(w, plan->suite_tasks[i]);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    return status;
}

static void write_requirements(struct ed_json_writer *w, const struct ed_suite *suite) {
    struct ed_buffer all;
    char hex[ED_DIGEST_HEX_BYTES];
    ed_buffer_init(&all, 1u << 20);
    ed_json_array_begin(w, "require");
    for (size_t i = 0; i < suite->n_requirements; i++) {
        ed_json_text(w, NULL, suite->requirements[i].text);
        ed_buffer_printf(&all, "%s\n", suite->requirements[i].text);
    }
    ed_json_array_end(w);
    for (size_t m = 0; m < suite->n_models; m++)
        for (size_t t = 0; t < suite->models[m].n_tasks; t++)
            if (suite->models[m].tasks[t].threshold[0])
                ed_buffer_printf(&all, "%s\n", suite->models[m].tasks[t].threshold);
    // A later change of the thresholds is seen by this digest.
    ed_digest_bytes(hex, ed_buffer_text(&all), all.size);
    ed_json_text(w, "require_sha256", hex);
    ed_buffer_release(&all);
}

// What the gate was asked, with the number of its comparisons on all devices.
static enum ed_status write_gate(struct ed_json_writer *w, const struct ed_freeze *freeze,
                                 struct ed_error *err) {
    const struct ed_suite *suite = freeze->suite;
    struct ed_gate_spec spec;
    enum ed_status status = ed_gate_spec_make(&spec, suite, err);
    for (size_t i = 0; status == ED_OK && i < freeze->n_devices; i++)
        spec.family += ed_plan_gate_tests(&freeze->devices[i].plan, suite, &spec);
    bool spares = freeze->n_devices > 0;
    for (size_t i = 0; i < freeze->n_devices; i++)
        spares = spares && freeze->devices[i].plan.n_spare;
    if (spares)
        spec.pairs += ED_GATE_PAIRS_SPARE;
    if (status == ED_OK)
        ed_gate_spec_write(w, &spec);
    if (suite->gate.active && suite->gate.asked[0])
        ed_json_raw(w, ED_CAMPAIGN_ASKED, suite->gate.asked);
    if (suite->gate.active && suite->gate.first[0])
        ed_json_raw(w, ED_CAMPAIGN_FIRST, suite->gate.first);
    return status;
}

static enum ed_status write_campaign(struct ed_freeze *freeze, struct ed_error *err) {
    struct ed_buffer text;
    struct ed_json_writer w;
    char path[ED_PATH_BYTES], label[256] = "";
    for (size_t i = 0; i < freeze->suite->n_labels; i++) {
        const size_t used = strlen(label);
        snprintf(label + used, sizeof label - used, "%s%s=%s", i ? " " : "", freeze->suite->labels[i].key,
                 freeze->suite->labels[i].value);
    }
    ed_buffer_init(&text, ED_CAMPAIGN_FILE_MAX_BYTES);
    ed_json_writer_init(&w, &text, true);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "edgedyno", ED_VERSION);
    ed_json_int(&w, "format", ED_CAMPAIGN_FORMAT);
    ed_json_text(&w, "id", freeze->id);
    ed_json_text(&w, "started", freeze->started_utc);
    ed_json_int(&w, "seed", freeze->seed);
    ed_json_text(&w, "suite", freeze->suite->name);
    ed_json_text(&w, "label", label);
    ed_json_int(&w, "blocks", freeze->suite->blocks);
    ed_json_int(&w, "max_time_ns", freeze->suite->max_time_ns);
    ed_json_text(&w, "pin", freeze->suite->pin);
    if (freeze->suite->n_papi) {
        ed_json_array_begin(&w, "papi");
        for (size_t i = 0; i < freeze->suite->n_papi; i++)
            ed_json_text(&w, NULL, freeze->suite->papi[i]);
        ed_json_array_end(&w);
    }
    if (freeze->suite->ballast_bytes)
        ed_json_int(&w, "ballast_bytes", freeze->suite->ballast_bytes);
    ed_json_bool(&w, "allow_fallback", freeze->suite->allow_fallback);
    ed_json_real(&w, "min_placed", freeze->suite->min_placed);
    ed_json_text(&w, "on_invalid", freeze->suite->on_invalid);
    ed_json_bool(&w, "leave_nothing", freeze->leave_nothing);
    struct ed_tune_spec tune;
    enum ed_status status = write_gate(&w, freeze, err);
    if (status == ED_OK)
        status = ed_tune_spec_make(&tune, freeze->suite, err);
    if (status == ED_OK)
        ed_tune_spec_write(&w, &tune);
    write_requirements(&w, freeze->suite);
    if (status == ED_OK)
        status = write_tasks(&w, freeze, &freeze->devices[0].plan, err);
    ed_json_array_begin(&w, "devices");
    for (size_t i = 0; i < freeze->n_devices; i++)
        write_device(&w, &freeze->devices[i]);
    ed_json_array_end(&w);
    write_absent(&w, freeze);
    ed_seal_write(&w, &text);
    ed_json_object_end(&w);
    ed_buffer_text_append(&text, "\n");
    if (status == ED_OK)
        status = w.misuse ? ed_fail(err, ED_ERR_INTERNAL, NULL, "campaign.json came out unbalanced")
                          : ed_buffer_status(&text, ED_CAMPAIGN_FILE, err);
    if (status == ED_OK && freeze->suite->gate.active && freeze->suite->gate.confirms_in[0])
        status = ed_repeats_check(&text, freeze->suite->gate.confirms_in, err);
    if (status == ED_OK)
        status = ed_path_join(path, freeze->directory, ED_CAMPAIGN_FILE, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status freeze_device(struct ed_freeze *freeze, struct ed_freeze_device *device,
                                    struct ed_error *err) {
    char name[128], path[ED_PATH_BYTES];
    struct ed_buffer job;
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < device->plan.n_cases; i++) {
        status = digest_variant(freeze, &device->plan.cases[i], err);
        if (status == ED_OK)
            status = digest_build(freeze, device, &device->plan.cases[i], err);
        if (status == ED_OK && device->plan.cases[i].frozen.workload_parts.speech)
            status = ed_transcript_keep(device->plan.cases[i].frozen.transcript, freeze->directory,
                                        device->plan.cases[i].model, err);
    }
    snprintf(name, sizeof name, "devices/%s/" ED_CAMPAIGN_OUTPUTS, device->session->entry->id);
    if (status == ED_OK)
        status = ed_path_join(path, freeze->directory, name, err);
    if (status == ED_OK)
        status = ed_path_make(path, 0755, err);
    snprintf(name, sizeof name, "devices/%s", device->session->entry->id);
    if (status == ED_OK && !device->files->in_place)
        status = ed_path_join(path, freeze->directory, name, err);
    if (status == ED_OK && !device->files->in_place)
        status = ed_files_save(device->files, path, err);
    ed_buffer_init(&job, ED_WIRE_JOB_MAX_BYTES);
    if (status == ED_OK)
        status = ed_job_text(&job, freeze, device, err);
    snprintf(name, sizeof name, "devices/%s/" ED_CAMPAIGN_JOB, device->session->entry->id);
    if (status == ED_OK)
        status = ed_path_join(path, freeze->directory, name, err);
    if (status == ED_OK)
        status = ed_path_write_unsynced(path, ed_buffer_text(&job), job.size, 0644, err);
    ed_buffer_release(&job);
    return status;
}

// What was written for the devices is on disk before campaign.json makes it a campaign.
static enum ed_status sync_devices(const struct ed_freeze *freeze, struct ed_error *err) {
    static const char *const files[] = {"", ED_CAMPAIGN_FILES, ED_CAMPAIGN_JOB};
    const size_t each = sizeof files / sizeof files[0], most = each * freeze->n_devices;
    char(*names)[ED_PATH_BYTES] = calloc(most + 1, sizeof *names);
    const char **paths = calloc(most + 1, sizeof *paths);
    enum ed_status status =
        names && paths ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the campaign");
    size_t n = 0;
    for (size_t i = 0; status == ED_OK && i < most; i++) {
        char name[128];
        snprintf(name, sizeof name, "devices/%s/%s", freeze->devices[i / each].session->entry->id,
                 files[i % each]);
        status = ed_path_join(names[n], freeze->directory, name, err);
        // A device that is this machine has no list of files.
        if (status == ED_OK && ed_path_exists(names[n])) {
            paths[n] = names[n];
            n++;
        }
    }
    if (status == ED_OK)
        status = ed_sync_paths(paths, n, err);
    free(paths);
    free(names);
    return status;
}

enum ed_status ed_freeze_campaign(struct ed_freeze *freeze, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(path, freeze->directory, "data", err);
    if (status == ED_OK)
        status = ed_path_make(path, 0755, err);
    for (size_t i = 0; status == ED_OK && i < freeze->n_devices; i++) {
        status = freeze_device(freeze, &freeze->devices[i], err);
        for (size_t t = 0; status == ED_OK && t < freeze->devices[i].plan.n_tasks; t++)
            status = copy_labels(freeze, &freeze->devices[i].plan.tasks[t], err);
    }
    if (status == ED_OK)
        status = sync_devices(freeze, err);
    return status == ED_OK ? write_campaign(freeze, err) : status;
}
