// SPDX-License-Identifier: Apache-2.0
// Models of the command line to variants of one; the reference.
#include "harness/tune_models.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/path.h"
#include "harness/near_file.h"
#include "harness/suite_keys.h"
#include "harness/suite_values.h"

#define FLAG "--reference"
#define SEPARATORS "-_.:"

static const char *first_file(const struct ed_suite_variant *variant) {
    return variant->n_files ? variant->files[0] : "";
}

static struct ed_suite_variant *find_file(const struct ed_suite_model *model, const char *file) {
    for (size_t i = 0; i < model->n_variants; i++)
        if (strcmp(first_file(&model->variants[i]), file) == 0)
            return &model->variants[i];
    return NULL;
}

static struct ed_suite_variant *find_name(const struct ed_suite_model *model, const char *name) {
    for (size_t i = 0; i < model->n_variants; i++)
        if (strcmp(model->variants[i].name, name) == 0)
            return &model->variants[i];
    return NULL;
}

size_t ed_tune_common_bytes(const char *const *names, size_t n_names) {
    const char *first = names[0];
    size_t n = strlen(first);
    for (size_t m = 1; m < n_names; m++) {
        size_t same = 0;
        while (same < n && names[m][same] == first[same])
            same++;
        n = same;
    }
    // A part that is alike only by chance ("q4", "q8") is not cut off.
    while (n > 0 && !strchr(SEPARATORS, first[n - 1]))
        n--;
    for (size_t m = 0; m < n_names && n > 0; m++)
        if (!names[m][n])
            n = 0;
    return n > 1 ? n : 0;
}

static size_t common_bytes(const struct ed_suite *suite) {
    const char *names[ED_SUITE_MODELS_MAX];
    for (size_t m = 0; m < suite->n_models; m++)
        names[m] = suite->models[m].name;
    return ed_tune_common_bytes(names, suite->n_models);
}

// The variants of all models become those of the first.
static enum ed_status join_models(struct ed_suite *suite, struct ed_error *err) {
    struct ed_suite_model *whole = &suite->models[0];
    enum ed_status status = ED_OK;
    if (suite->n_models < 2)
        return ED_OK;
    const size_t common = common_bytes(suite);
    for (size_t m = 0; m < suite->n_models && status == ED_OK; m++)
        status = ed_suite_text_set(&suite->models[m].variants[0].name, suite->models[m].name + common, err);
    if (status == ED_OK && common)
        whole->name[common - 1] = '\0';
    for (size_t m = 1; m < suite->n_models && status == ED_OK; m++) {
        struct ed_suite_variant *variant =
            ed_suite_list_grow(&whole->variants, &whole->n_variants, sizeof *variant);
        if (!variant)
            status = ed_suite_fail_memory(err);
        if (status == ED_OK) {
            *variant = suite->models[m].variants[0];
            suite->models[m].n_variants = 0;
        }
    }
    if (status == ED_OK) {
        for (size_t m = 1; m < suite->n_models; m++)
            ed_suite_model_release(&suite->models[m]);
        suite->n_models = 1;
    }
    if (status == ED_OK && whole->n_variants > ED_SUITE_VARIANTS_MAX)
        status = ed_fail(err, ED_ERR_LIMIT, NULL, "%zu variants; at most %d are chosen from",
                         whole->n_variants, ED_SUITE_VARIANTS_MAX);
    return status;
}

// A file beside the variants of a suite's model.
static enum ed_status add_variant(struct ed_suite_model *model, const char *file, struct ed_error *err) {
    char name[65], *found = NULL;
    struct ed_error inner = {0};
    // A relative name that is no file is a variant's; an absolute one can be nothing else.
    if (ed_suite_file_resolve(&found, ".", file, &inner) != ED_OK)
        return ed_fail(err, ED_ERR_USAGE, FLAG, "%s", inner.message);
    free(found);
    ed_suite_name_make(name, file);
    if (find_name(model, name))
        return ed_fail(err, ED_ERR_USAGE, FLAG, "is a file, and model %s has another variant of the name %s",
                       model->name, name);
    struct ed_suite_variant *variant =
        ed_suite_list_grow(&model->variants, &model->n_variants, sizeof *variant);
    if (!variant || !(variant->files = calloc(1, sizeof *variant->files)))
        return ed_suite_fail_memory(err);
    variant->n_files = 1;
    enum ed_status status = ed_suite_text_set(&variant->files[0], file, err);
    if (status == ED_OK)
        status = ed_suite_text_set(&variant->name, name, err);
    return status == ED_OK ? ed_suite_text_set(&variant->how, "", err) : status;
}

static enum ed_status fail_variant(const struct ed_suite_model *model, const char *text,
                                   struct ed_error *err) {
    const char *known[ED_SUITE_VARIANTS_MAX + 2] = {NULL};
    for (size_t i = 0; i < model->n_variants && i <= ED_SUITE_VARIANTS_MAX; i++)
        known[i] = model->variants[i].name;
    char file[ED_PATH_BYTES];
    const char *near = ed_nearest(text, known);
    if (!near && ed_near_file(file, ".", text))
        near = file;
    return ed_fail(err, ED_ERR_USAGE, FLAG,
                   "\"%.200s\" is no file, and model %.64s has no variant of it%s%s%s", text, model->name,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static enum ed_status set_reference(struct ed_suite_model *model, const char *text, struct ed_error *err) {
    const struct ed_suite_variant *variant = text[0] == '/' ? find_file(model, text) : find_name(model, text);
    return variant ? ed_suite_text_set(&model->reference, variant->name, err)
                   : fail_variant(model, text, err);
}

enum ed_status ed_tune_models_settle(struct ed_suite *suite, struct ed_error *err) {
    const char *text = suite->tune.reference;
    const bool of_arguments = !suite->directory[0], is_file = text[0] == '/';
    enum ed_status status = ED_OK;
    bool there = !is_file;
    if (text[0] && !is_file && !suite->n_models)
        return ed_fail(
            err, ED_ERR_USAGE, FLAG,
            "\"%.200s\" is no file, and there is no model whose answers could be held against it: a "
            "server's are not judged; leave it out",
            text);
    for (size_t m = 0; m < suite->n_models; m++)
        there = there || find_file(&suite->models[m], text);
    if (!there && of_arguments)
        status = ed_suite_add_model(suite, text, err);
    if (status == ED_OK && of_arguments && suite->n_models)
        status = join_models(suite, err);
    if (status == ED_OK && !there && !of_arguments)
        status = suite->n_models == 1
                     ? add_variant(&suite->models[0], text, err)
                     : ed_fail(err, ED_ERR_USAGE, FLAG,
                               "is a file, and the suite has %zu models: name a variant that each has",
                               suite->n_models);
    for (size_t m = 0; text[0] && m < suite->n_models && status == ED_OK; m++)
        status = set_reference(&suite->models[m], text, err);
    return status;
}
