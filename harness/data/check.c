// SPDX-License-Identifier: Apache-2.0
// The suite of a data check.
#include "harness/data/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/affix.h"
#include "base/json_write.h"
#include "base/path.h"
#include "harness/data/prepare.h"
#include "harness/metrics.h"
#include "harness/outputs.h"

#define SUITE_MAX_BYTES (1u << 20)

static enum ed_check_kind kind_of(const struct ed_suite_task *task) {
    return ed_metric_is_questions(task->metric)       ? ED_CHECK_QUESTIONS
           : ed_metric_is_speech(task->metric)        ? ED_CHECK_RECORDINGS
           : ed_metric_is_language(task->metric)      ? ED_CHECK_TEXT
           : task->n_data > 1                         ? ED_CHECK_SEVERAL
           : ed_path_is_directory(task->data[0].file) ? ED_CHECK_IMAGES
                                                      : ED_CHECK_TENSORS;
}

static bool has_score(const struct ed_suite_task *task) {
    return kind_of(task) <= ED_CHECK_TENSORS &&
           (ed_metric_top(task->metric) || ed_metric_is_command(task->metric));
}

static const struct ed_suite_task *find_task(const struct ed_suite *suite, const char *name,
                                             const struct ed_suite_model **model) {
    // Images before tensors, whatever has a score before what has none.
    for (int pass = name ? 2 : 0; pass < 3; pass++)
        for (size_t m = 0; m < suite->n_models; m++)
            for (size_t t = 0; t < suite->models[m].n_tasks; t++) {
                const struct ed_suite_task *task = &suite->models[m].tasks[t];
                *model = &suite->models[m];
                if (name ? !strcmp(task->name, name)
                         : pass == 2 || (has_score(task) && (pass || kind_of(task) == ED_CHECK_IMAGES)))
                    return task;
            }
    return NULL;
}

// A model's recording, where there is no task.
static const char *find_speech(const struct ed_suite *suite, const struct ed_suite_model **model) {
    for (size_t m = 0; m < suite->n_models; m++)
        for (size_t i = 0; i < suite->models[m].n_inputs; i++)
            if (ed_affix_ends(suite->models[m].inputs[i].file, ".wav")) {
                *model = &suite->models[m];
                return suite->models[m].inputs[i].file;
            }
    return NULL;
}

enum ed_status ed_check_open(struct ed_check *check, struct ed_suite *suite, const char *task,
                             struct ed_error *err) {
    memset(check, 0, sizeof *check);
    check->task = find_task(suite, task, &check->model);
    if (!check->task && task)
        return ed_fail(err, ED_ERR_USAGE, "--task", "there is no task '%.64s'", task);
    if (!check->task) {
        check->kind = ED_CHECK_SPEECH;
        check->data = find_speech(suite, &check->model);
        return check->data ? ED_OK
                           : ed_fail(err, ED_ERR_USAGE, suite->name,
                                     "has no task, and no recording as an input: there is no data to check");
    }
    check->kind = kind_of(check->task);
    enum ed_status status = ED_OK;
    // No mistake can be made on purpose in a program of the user's, but in what it gives.
    if (check->kind == ED_CHECK_IMAGES && check->model->preprocess.n_command) {
        status = ed_prepare_suite(suite, err);
        check->kind = ED_CHECK_TENSORS;
    }
    check->data = check->task->data[0].file;
    if (status == ED_OK && check->kind == ED_CHECK_IMAGES) {
        ed_preprocess_of_suite(&check->preprocess, &check->model->preprocess);
        status = ed_folder_read(&check->images, check->data, check->task->labels, err);
        check->n = check->images.n;
    } else if (status == ED_OK && check->kind == ED_CHECK_TENSORS) {
        status = ed_tensors_open(&check->tensors, check->data, err);
        check->n = check->tensors.n;
    }
    return status;
}

void ed_check_close(struct ed_check *check) {
    ed_folder_release(&check->images);
    ed_tensors_close(&check->tensors);
    memset(check, 0, sizeof *check);
}

const char *ed_check_no_score(const struct ed_check *check) {
    if (check->kind > ED_CHECK_TENSORS)
        return "mistakes are made in images and in the one tensor of a model's input";
    if (!has_score(check->task))
        return "its metric holds a variant's answers against the reference's, whose mistake would be the "
               "same; "
               "top-1 with labels has right answers";
    if (check->kind == ED_CHECK_IMAGES && ed_metric_top(check->task->metric) && !check->images.labelled)
        return "the images have no labels, so there is no score to look at";
    return NULL;
}

bool ed_check_applies(const struct ed_check *check, enum ed_mistake mistake) {
    return check->kind == ED_CHECK_IMAGES ? ed_mistake_applies(mistake, &check->preprocess)
                                          : ed_tensors_mistake_applies(mistake, &check->tensors);
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

static enum ed_status make_data(const struct ed_check *check, const char *path, ed_mistakes mistakes,
                                size_t n, struct ed_error *err) {
    const struct ed_preprocess p = ed_mistakes_make(&check->preprocess, mistakes);
    if (check->kind == ED_CHECK_TENSORS)
        return ed_tensors_write(path, &check->tensors, mistakes, n, err);
    char **files = calloc(n + 1, sizeof *files);
    if (!files)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the check");
    for (size_t i = 0; i < n; i++)
        files[i] = check->images.files[ed_spread(i, n, check->n)];
    enum ed_status status = ed_prepare_images(path, &p, check->data, files, n, err);
    free(files);
    return status;
}

// One way of preprocessing: its tensors, and its task.
static enum ed_status add_task(struct ed_json_writer *w, const struct ed_check *check, const char *word,
                               ed_mistakes mistakes, bool labels, size_t n, const char *directory,
                               struct ed_error *err) {
    const struct ed_suite_task *task = check->task;
    const char *input = task->data[0].input;
    char path[ED_PATH_BYTES], name[64];
    snprintf(name, sizeof name, "%s.npy", word);
    enum ed_status status = ed_path_join(path, directory, name, err);
    if (status == ED_OK)
        status = make_data(check, path, mistakes, n, err);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", word);
    if (input[0])
        ed_json_object_begin(w, "data");
    ed_json_text(w, input[0] ? input : "data", name);
    if (input[0])
        ed_json_object_end(w);
    if (labels)
        ed_json_text(w, "labels", "labels.npy");
    ed_json_text(w, "metric", task->metric);
    if (task->n_command) {
        ed_json_array_begin(w, "command");
        for (size_t i = 0; i < task->n_command; i++)
            ed_json_text(w, NULL, task->command[i]);
        ed_json_array_end(w);
        ed_json_bool(w, "lower_is_better", task->lower_is_better);
    }
    if (task->output[0])
        ed_json_text(w, "output", task->output);
    ed_json_object_end(w);
    return status;
}

// The right classes of the samples that are spread over the data.
static enum ed_status write_labels(const struct ed_check *check, size_t n, const char *directory,
                                   struct ed_error *err) {
    int64_t *labels = calloc(n + 1, sizeof *labels);
    struct ed_npy npy = {0};
    char path[ED_PATH_BYTES];
    enum ed_status status = labels ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the check");
    if (status == ED_OK && check->kind == ED_CHECK_TENSORS) {
        status = ed_npy_open(&npy, check->task->labels, err);
        if (status == ED_OK && (!ed_npy_is_real(&npy) || npy.count != (int64_t)check->n))
            status = ed_fail(err, ED_ERR_USAGE, check->task->labels, "has %lld labels for %zu samples",
                             (long long)npy.count, check->n);
    }
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        const size_t at = ed_spread(i, n, check->n);
        const double label = npy.data ? ed_npy_real(&npy, at) : (double)check->images.labels[at];
        if (!(label >= 0 && label < 1e15))
            status = ed_fail(err, ED_ERR_USAGE, check->task->labels, "label %zu is no class", at);
        else
            labels[i] = (int64_t)label;
    }
    if (status == ED_OK)
        status = ed_path_join(path, directory, "labels.npy", err);
    if (status == ED_OK)
        status = ed_prepare_labels(path, labels, n, err);
    ed_npy_close(&npy);
    free(labels);
    return status;
}

static enum ed_status write_tasks(struct ed_json_writer *w, const struct ed_check *check, size_t n,
                                  const char *directory, struct ed_error *err) {
    const bool labels = check->kind == ED_CHECK_IMAGES ? check->images.labelled : check->task->labels[0];
    enum ed_status status = labels ? write_labels(check, n, directory, err) : ED_OK;
    ed_json_array_begin(w, "tasks");
    if (status == ED_OK)
        status = add_task(w, check, ED_CHECK_WRITTEN, 0, labels, n, directory, err);
    for (int m = 0; status == ED_OK && m < ED_MISTAKE_COUNT; m++)
        if (ed_check_applies(check, m))
            status = add_task(w, check, ed_mistake_word(m), 1u << m, labels, n, directory, err);
    ed_json_array_end(w);
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
    n = n < check->n ? n : check->n;
    if (check->task->n_command && n < check->n)
        return ed_fail(err, ED_ERR_USAGE, "--samples",
                       "its program knows the %zu samples by their numbers; write --samples %zu", check->n,
                       check->n);
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
