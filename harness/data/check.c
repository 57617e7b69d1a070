// SPDX-License-Identifier: Apache-2.0
// The suite of a data check.
#include "harness/data/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "base/path.h"
#include "harness/data/prepare.h"
#include "harness/metrics.h"

#define SUITE_MAX_BYTES (1u << 20)

static const struct ed_suite_task *find_task(const struct ed_suite *suite, const char *name,
                                             const struct ed_suite_model **model) {
    for (size_t m = 0; m < suite->n_models; m++)
        for (size_t t = 0; t < suite->models[m].n_tasks; t++) {
            const struct ed_suite_task *task = &suite->models[m].tasks[t];
            *model = &suite->models[m];
            if (name ? !strcmp(task->name, name)
                     : task->n_data == 1 && ed_path_is_directory(task->data[0].file) &&
                           ed_metric_top(task->metric))
                return task;
        }
    return NULL;
}

enum ed_status ed_check_open(struct ed_check *check, const struct ed_suite *suite, const char *task,
                             struct ed_error *err) {
    memset(check, 0, sizeof *check);
    check->task = find_task(suite, task, &check->model);
    if (!check->task)
        return task
                   ? ed_fail(err, ED_ERR_USAGE, "--task", "there is no task '%.64s'", task)
                   : ed_fail(err, ED_ERR_USAGE, suite->name,
                             "has no task of a folder of images with a metric top-K: what an app does to its "
                             "images can be checked where edgedyno does it too (\"preprocess\")");
    check->folder = check->task->data[0].file;
    if (!ed_path_is_directory(check->folder) || ed_metric_is_speech(check->task->metric))
        return ed_fail(err, ED_ERR_USAGE, check->task->name,
                       "its data is no folder of images; there is no preprocessing to check");
    if (check->model->preprocess.n_command)
        return ed_fail(
            err, ED_ERR_USAGE, check->task->name,
            "its preprocessing is a program of its own, in which no mistake can be made on purpose");
    ed_preprocess_of_suite(&check->preprocess, &check->model->preprocess);
    return ed_folder_read(&check->images, check->folder, check->task->labels, err);
}

void ed_check_close(struct ed_check *check) {
    ed_folder_release(&check->images);
    memset(check, 0, sizeof *check);
}

// The i-th of n images, evenly from the first to the last.
static size_t spread(const struct ed_check *check, size_t i, size_t n) {
    return n >= check->images.n ? i : i * check->images.n / n;
}

static void write_variant(struct ed_json_writer *w, const struct ed_suite_variant *variant) {
    ed_json_array_begin(w, "variants");
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", variant->name[0] ? variant->name : "model");
    ed_json_array_begin(w, "files");
    for (size_t i = 0; i < variant->n_files; i++)
        ed_json_text(w, NULL, variant->files[i]);
    ed_json_array_end(w);
    ed_json_object_end(w);
    ed_json_array_end(w);
}

static void write_shapes(struct ed_json_writer *w, const struct ed_suite_model *model) {
    ed_json_object_begin(w, "inputs");
    for (size_t i = 0; i < model->n_inputs; i++)
        ed_json_text(w, model->inputs[i].input, model->inputs[i].file);
    ed_json_object_end(w);
    ed_json_object_begin(w, "shapes");
    for (size_t i = 0; i < model->n_shapes; i++) {
        ed_json_array_begin(w, model->shapes[i].input);
        for (uint32_t d = 0; d < model->shapes[i].rank; d++)
            ed_json_int(w, NULL, model->shapes[i].shape[d]);
        ed_json_array_end(w);
    }
    ed_json_object_end(w);
}

// One way of preprocessing: its tensors, and its task.
static enum ed_status add_task(struct ed_json_writer *w, const struct ed_check *check, const char *word,
                               ed_mistakes mistakes, char *const *files, size_t n, const char *directory,
                               struct ed_error *err) {
    const struct ed_preprocess p = ed_mistakes_make(&check->preprocess, mistakes);
    const char *input = check->task->data[0].input;
    char path[ED_PATH_BYTES], name[64];
    snprintf(name, sizeof name, "%s.npy", word);
    enum ed_status status = ed_path_join(path, directory, name, err);
    if (status == ED_OK)
        status = ed_prepare_images(path, &p, check->folder, files, n, err);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", word);
    if (input[0])
        ed_json_object_begin(w, "data");
    ed_json_text(w, input[0] ? input : "data", name);
    if (input[0])
        ed_json_object_end(w);
    ed_json_text(w, "labels", "labels.npy");
    ed_json_text(w, "metric", check->task->metric);
    if (check->task->output[0])
        ed_json_text(w, "output", check->task->output);
    ed_json_object_end(w);
    return status;
}

static enum ed_status write_tasks(struct ed_json_writer *w, const struct ed_check *check, size_t n,
                                  const char *directory, struct ed_error *err) {
    char **files = calloc(n + 1, sizeof *files), path[ED_PATH_BYTES];
    int64_t *labels = calloc(n + 1, sizeof *labels);
    enum ed_status status =
        files && labels ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the check");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        files[i] = check->images.files[spread(check, i, n)];
        labels[i] = check->images.labels[spread(check, i, n)];
    }
    if (status == ED_OK)
        status = ed_path_join(path, directory, "labels.npy", err);
    if (status == ED_OK)
        status = ed_prepare_labels(path, labels, n, err);
    ed_json_array_begin(w, "tasks");
    if (status == ED_OK)
        status = add_task(w, check, ED_CHECK_WRITTEN, 0, files, n, directory, err);
    for (int m = 0; status == ED_OK && m < ED_MISTAKE_COUNT; m++)
        if (ed_mistake_applies(m, &check->preprocess))
            status = add_task(w, check, ed_mistake_word(m), 1u << m, files, n, directory, err);
    ed_json_array_end(w);
    free(files);
    free(labels);
    return status;
}

static const struct ed_suite_variant *reference_of(const struct ed_suite_model *model) {
    for (size_t i = 0; i < model->n_variants; i++)
        if (!strcmp(model->variants[i].name, model->reference))
            return &model->variants[i];
    return &model->variants[0];
}

enum ed_status ed_check_suite(struct ed_suite *out, const struct ed_check *check,
                              const struct ed_suite *suite, const char *on, size_t n, const char *directory,
                              struct ed_error *err) {
    struct ed_buffer text;
    struct ed_json_writer writer, *w = &writer;
    n = n < check->images.n ? n : check->images.n;
    if (!check->images.labelled)
        return ed_fail(err, ED_ERR_USAGE, check->folder, "has no labels, so there is no score to look at");
    ed_buffer_init(&text, SUITE_MAX_BYTES);
    ed_json_writer_init(w, &text, false);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", "data-check");
    ed_json_array_begin(w, "models");
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", check->model->name[0] ? check->model->name : "model");
    write_variant(w, reference_of(check->model));
    write_shapes(w, check->model);
    enum ed_status status = write_tasks(w, check, n, directory, err);
    ed_json_object_end(w);
    ed_json_array_end(w);
    if (on || suite->n_on) {
        ed_json_array_begin(w, "on");
        ed_json_text(w, NULL, on ? on : suite->on[0]);
        ed_json_array_end(w);
    }
    ed_json_object_begin(w, "options");
    for (size_t i = 0; i < suite->n_options; i++)
        ed_json_text(w, suite->options[i].key, suite->options[i].value);
    ed_json_object_end(w);
    ed_json_int(w, "blocks", 1);
    ed_json_object_begin(w, "block");
    ed_json_int(w, "inferences", 1);
    ed_json_object_end(w);
    ed_json_object_end(w);
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the check", err);
    if (status == ED_OK)
        status = ed_suite_parse(out, "data check", directory, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    return status;
}
