// SPDX-License-Identifier: Apache-2.0
// A suite's life: defaults, reading its file, release.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/path.h"

#include "harness/suite.h"
#include "harness/suite_keys.h"
#include "harness/suite_values.h"

#define SECOND_NS INT64_C(1000000000)

void ed_suite_init(struct ed_suite *suite) {
    *suite = (struct ed_suite){
        .name = strdup(""),
        .directory = strdup(""),
        .blocks = 10,
        .seed = -1,
        .pin = strdup(""),
        .cool_down_ns = 120 * SECOND_NS,
        .min_placed = 1,
        .on_invalid = strdup("repeat"),
        .agree_with = strdup(""),
        .gate = {.baseline = strdup(""),
                 .candidate = strdup(""),
                 .mde = strdup(""),
                 .metric = strdup(""),
                 .inconclusive = strdup(""),
                 .confirms = strdup(""),
                 .confirms_in = strdup(""),
                 .asked = strdup(""),
                 .first = strdup("")},
        .tune = {.reference = strdup(""), .minimize = strdup(""), .inconclusive = strdup("")},
        .block_min_ns = SECOND_NS,
        .block_max_ns = 10 * SECOND_NS,
        .block_min_inferences = 100,
        .block_timeout_ns = 600 * SECOND_NS,
    };
}

static void inputs_release(struct ed_suite_input *inputs, size_t n) {
    for (size_t i = 0; inputs && i < n; i++) {
        free(inputs[i].input);
        free(inputs[i].file);
    }
    free(inputs);
}

static void preprocess_release(struct ed_suite_preprocess *preprocess) {
    ed_suite_texts_release(preprocess->command, preprocess->n_command);
    free(preprocess->version);
    free(preprocess->resize);
    free(preprocess->crop);
    free(preprocess->method);
    free(preprocess->color);
    free(preprocess->layout);
    free(preprocess->dtype);
    free(preprocess->mean);
    free(preprocess->std);
}

void ed_suite_model_release(struct ed_suite_model *model) {
    for (size_t i = 0; model->variants && i < model->n_variants; i++) {
        struct ed_suite_variant *variant = &model->variants[i];
        ed_suite_texts_release(variant->files, variant->n_files);
        free(variant->name);
        free(variant->how);
    }
    for (size_t i = 0; model->shapes && i < model->n_shapes; i++)
        free(model->shapes[i].input);
    inputs_release(model->inputs, model->n_inputs);
    for (size_t i = 0; model->tasks && i < model->n_tasks; i++) {
        struct ed_suite_task *task = &model->tasks[i];
        inputs_release(task->data, task->n_data);
        free(task->name);
        free(task->labels);
        free(task->metric);
        free(task->output);
        free(task->threshold);
        ed_suite_texts_release(task->command, task->n_command);
    }
    preprocess_release(&model->preprocess);
    free(model->variants);
    free(model->shapes);
    free(model->tasks);
    free(model->name);
    free(model->reference);
    memset(model, 0, sizeof *model);
}

void ed_suite_release(struct ed_suite *suite) {
    for (size_t i = 0; suite->models && i < suite->n_models; i++)
        ed_suite_model_release(&suite->models[i]);
    free(suite->models);
    ed_suite_texts_release(suite->on, suite->n_on);
    ed_suite_texts_release(suite->devices, suite->n_devices);
    ed_suite_pairs_release(suite->options, suite->n_options);
    ed_suite_pairs_release(suite->labels, suite->n_labels);
    for (size_t i = 0; suite->crossings && i < suite->n_crossings; i++) {
        ed_suite_texts_release(suite->crossings[i].values, suite->crossings[i].n_values);
        free(suite->crossings[i].key);
    }
    free(suite->crossings);
    free(suite->prompts);
    free(suite->generates);
    free(suite->depths);
    free(suite->pairs);
    free(suite->scenarios);
    free(suite->rates);
    free(suite->threads);
    free(suite->requirements);
    free(suite->name);
    free(suite->directory);
    free(suite->pin);
    ed_suite_texts_release(suite->papi, suite->n_papi);
    free(suite->gate.baseline);
    free(suite->gate.candidate);
    free(suite->gate.mde);
    free(suite->gate.metric);
    free(suite->on_invalid);
    free(suite->agree_with);
    free(suite->gate.inconclusive);
    free(suite->gate.confirms);
    free(suite->gate.confirms_in);
    free(suite->gate.asked);
    free(suite->gate.first);
    free(suite->tune.reference);
    free(suite->tune.minimize);
    free(suite->tune.inconclusive);
    for (size_t side = 0; side < 2; side++) {
        free(suite->gate.side_on[side]);
        free(suite->gate.side_variant[side]);
    }
    memset(suite, 0, sizeof *suite);
}

enum ed_status ed_suite_load(struct ed_suite *suite, const char *path, struct ed_error *err) {
    char parent[ED_PATH_BYTES], directory[ED_PATH_BYTES];
    struct ed_buffer text;
    ed_buffer_init(&text, ED_SUITE_FILE_BYTES_MAX);
    enum ed_status status = ed_path_read(path, ED_SUITE_FILE_BYTES_MAX, &text, err);
    if (!status) {
        ed_path_directory(parent, path);
        status = ed_path_real(directory, parent, err);
    }
    if (status)
        ed_suite_release(suite);
    else
        status = ed_suite_parse(suite, path, directory, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    return status;
}
