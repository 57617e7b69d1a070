// SPDX-License-Identifier: Apache-2.0
// The flags --shape and --input: they count for every model of the suite. A failure may leave the models
// before the one that failed changed only where memory ran out.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "base/path.h"
#include "base/units.h"
#include "harness/suite_keys.h"
#include "harness/suite_values.h"

// Splits [NAME=]REST at the first '='; *name is "" without one. Free *name.
static enum ed_status name_split(const char *flag, const char *text, char **name, const char **rest,
                                 struct ed_error *err) {
    struct ed_error inner = {0};
    const char *equals = strchr(text, '=');
    *rest = equals ? equals + 1 : text;
    *name = equals ? strndup(text, (size_t)(equals - text)) : strdup("");
    if (!*name)
        return ed_suite_fail_memory(err);
    if (!equals || ed_suite_rule_check(ED_SUITE_RULE_TENSOR, *name, &inner) == ED_OK)
        return ED_OK;
    free(*name);
    *name = NULL;
    return ed_fail(err, ED_ERR_USAGE, flag, "before the '=': %s", inner.message);
}

static enum ed_status shape_parse(const char *text, struct ed_suite_shape *shape, struct ed_error *err) {
    static const char flag[] = "--shape";
    struct ed_error inner = {0};
    char **parts = NULL;
    size_t n = 0;
    enum ed_status status = ed_options_list(text, flag, &parts, &n, err);
    if (status)
        return status;
    if (n > ED_TENSOR_RANK_MAX)
        status = ed_fail(err, ED_ERR_USAGE, flag, "\"%.80s\" has %zu sizes; a shape has 1 to %d", text, n,
                         ED_TENSOR_RANK_MAX);
    for (size_t i = 0; i < n && !status; i++) {
        if (ed_units_integer(parts[i], &shape->shape[i], &inner))
            status = ed_fail(err, ED_ERR_USAGE, flag, "%s; write [INPUT=]N,N,... such as image=1,3,224,224",
                             inner.message);
        else if (shape->shape[i] < 1 || shape->shape[i] > ED_SUITE_DIMENSION_MAX)
            status = ed_fail(err, ED_ERR_USAGE, flag, "a size is a whole number from 1 to %lld, not %s",
                             (long long)ED_SUITE_DIMENSION_MAX, parts[i]);
    }
    shape->rank = (uint32_t)n;
    if (!status && ed_suite_shape_check(shape, &inner))
        status = ed_fail(err, ED_ERR_USAGE, flag, "%s", inner.message);
    free(parts);
    return status;
}

// Where `name` goes among the inputs that a model's list names: its own place, or *n for a new one. An
// unnamed one is the only input.
static enum ed_status place_find(const char *flag, const char *model, const char *name, char *const *names,
                                 size_t n, size_t *place, struct ed_error *err) {
    for (*place = 0; *place < n; (*place)++)
        if (strcmp(names[*place], name) == 0)
            return ED_OK;
    if (n == 0 || (name[0] != '\0' && names[0][0] != '\0' && n < ED_TENSORS_MAX))
        return ED_OK;
    if (name[0] != '\0' && n >= ED_TENSORS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, flag, "more than %d inputs", ED_TENSORS_MAX);
    if (name[0] == '\0' && n == 1) {
        *place = 0;
        return ED_OK;
    }
    if (name[0] == '\0')
        return ed_fail(err, ED_ERR_USAGE, flag,
                       "model %s has several inputs here; write INPUT= before the value", model);
    return ed_fail(
        err, ED_ERR_USAGE, flag,
        "input \"%.80s\" is named, and another %s names none; write INPUT= before the value each time", name,
        flag);
}

static enum ed_status fail_no_model(const char *flag, struct ed_error *err) {
    return ed_fail(err, ED_ERR_USAGE, flag,
                   "there is no model that this could belong to; give a suite or a model");
}

// The place in `model`, for both kinds of list: an element begins with its input's name.
static enum ed_status model_place(const char *flag, const struct ed_suite_model *model, const char *name,
                                  bool shapes, size_t *place, struct ed_error *err) {
    char *names[ED_TENSORS_MAX];
    size_t n = shapes ? model->n_shapes : model->n_inputs;
    for (size_t i = 0; i < n && i < ED_TENSORS_MAX; i++)
        names[i] = shapes ? model->shapes[i].input : model->inputs[i].input;
    return place_find(flag, model->name, name, names, n, place, err);
}

enum ed_status ed_suite_add_shape(struct ed_suite *suite, const char *text, struct ed_error *err) {
    static const char flag[] = "--shape";
    struct ed_suite_shape shape = {0};
    const char *sizes;
    char *name = NULL;
    size_t place;
    enum ed_status status =
        suite->n_models ? name_split(flag, text, &name, &sizes, err) : fail_no_model(flag, err);
    if (!status)
        status = shape_parse(sizes, &shape, err);
    for (size_t i = 0; i < suite->n_models && !status; i++)
        status = model_place(flag, &suite->models[i], name, true, &place, err);
    for (size_t i = 0; i < suite->n_models && !status; i++) {
        struct ed_suite_model *model = &suite->models[i];
        struct ed_suite_shape *entry = NULL;
        status = model_place(flag, model, name, true, &place, err);
        if (!status && place == model->n_shapes) {
            char *copy = strdup(name);
            entry = copy ? ed_suite_list_grow(&model->shapes, &model->n_shapes, sizeof *entry) : NULL;
            if (entry)
                entry->input = copy;
            else
                free(copy);
        } else if (!status) {
            entry = &model->shapes[place];
        }
        if (!status && !entry)
            status = ed_suite_fail_memory(err);
        if (entry) {
            entry->rank = shape.rank;
            memcpy(entry->shape, shape.shape, sizeof entry->shape);
        }
    }
    free(name);
    return status;
}

static enum ed_status input_put(struct ed_suite_model *model, const char *name, const char *file,
                                struct ed_error *err) {
    struct ed_suite_input *entry, fresh = {0};
    size_t place;
    enum ed_status status = model_place("--input", model, name, false, &place, err);
    if (!status)
        status = ed_suite_text_set(&fresh.file, file, err);
    if (!status && place < model->n_inputs) {
        free(model->inputs[place].file);
        model->inputs[place].file = fresh.file;
        return ED_OK;
    }
    if (!status)
        status = ed_suite_text_set(&fresh.input, name, err);
    entry = status ? NULL : ed_suite_list_grow(&model->inputs, &model->n_inputs, sizeof *entry);
    if (entry) {
        *entry = fresh;
        return ED_OK;
    }
    free(fresh.input);
    free(fresh.file);
    return status ? status : ed_suite_fail_memory(err);
}

enum ed_status ed_suite_add_input(struct ed_suite *suite, const char *text, struct ed_error *err) {
    static const char flag[] = "--input";
    char here[ED_PATH_BYTES], *name = NULL, *file = NULL;
    struct ed_error inner = {0};
    const char *path;
    size_t place;
    enum ed_status status =
        suite->n_models ? name_split(flag, text, &name, &path, err) : fail_no_model(flag, err);
    if (!status && !getcwd(here, sizeof here))
        status = ed_fail_errno(err, ED_ERR_IO, NULL, "the current folder has no path: %m");
    if (!status) {
        status = ed_suite_file_resolve(&file, here, path, &inner);
        if (status)
            ed_fail(err, status, flag, "%s", inner.message);
    }
    for (size_t i = 0; i < suite->n_models && !status; i++)
        status = model_place(flag, &suite->models[i], name, false, &place, err);
    for (size_t i = 0; i < suite->n_models && !status; i++)
        status = input_put(&suite->models[i], name, file, err);
    free(name);
    free(file);
    return status;
}
