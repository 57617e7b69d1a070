// SPDX-License-Identifier: Apache-2.0
// Baseline and candidate.
#include "harness/gate_sides.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/path.h"
#include "harness/history/baseline.h"
#include "harness/near_file.h"
#include "harness/suite_keys.h"
#include "harness/suite_values.h"

static const char *const side_names[] = {"baseline", "candidate"};

static char **side_of(struct ed_suite *suite, size_t side) {
    return side ? &suite->gate.candidate : &suite->gate.baseline;
}

static bool is_engine(const char *text) {
    return strncmp(text, ED_SUITE_SIDE_ENGINE, strlen(ED_SUITE_SIDE_ENGINE)) == 0;
}

static bool is_file(const char *text) {
    return text[0] == '/';
}

static struct ed_suite_variant *find_variant(struct ed_suite_model *model, const char *name) {
    for (size_t i = 0; i < model->n_variants; i++)
        if (strcmp(model->variants[i].name, name) == 0)
            return &model->variants[i];
    return NULL;
}

// The file of `side` as a variant of the suite's only model, which is made where there is none.
static enum ed_status add_file(struct ed_suite *suite, size_t side, struct ed_error *err) {
    char **text = side_of(suite, side), flag[32];
    const char *file = *text;
    enum ed_status status = ED_OK;
    snprintf(flag, sizeof flag, "--%s", side_names[side]);
    // A relative name that is no file is a variant's; an absolute one can be nothing else.
    struct ed_error inner = {0};
    char *found = NULL;
    if (ed_suite_file_resolve(&found, ".", file, &inner) != ED_OK)
        return ed_fail(err, ED_ERR_USAGE, flag, "%s", inner.message);
    free(found);
    if (suite->n_models > 1)
        return ed_fail(err, ED_ERR_USAGE, flag,
                       "is a file, and the suite has %zu models: name a variant that each of them has",
                       suite->n_models);
    if (!suite->n_models) {
        status = ed_suite_add_model(suite, file, err);
        if (status == ED_OK)
            status = ed_suite_text_set(&suite->models[0].variants[0].name, side_names[side], err);
        return status == ED_OK ? ed_suite_text_set(text, side_names[side], err) : status;
    }
    struct ed_suite_model *model = &suite->models[0];
    if (find_variant(model, side_names[side]))
        return ed_fail(err, ED_ERR_USAGE, flag,
                       "is a file, and model %s has a variant of the name %s already: leave one of them out",
                       model->name, side_names[side]);
    // A model of the command line has a variant without a name; beside another one it needs one.
    if (!model->variants[0].name[0])
        status = ed_suite_text_set(&model->variants[0].name, side_names[!side], err);
    struct ed_suite_variant *variant =
        status == ED_OK ? ed_suite_list_grow(&model->variants, &model->n_variants, sizeof *variant) : NULL;
    if (status == ED_OK && !variant)
        status = ed_suite_fail_memory(err);
    if (status == ED_OK && !(variant->files = calloc(1, sizeof *variant->files)))
        status = ed_suite_fail_memory(err);
    if (status == ED_OK) {
        variant->n_files = 1;
        status = ed_suite_text_set(&variant->files[0], file, err);
    }
    if (status == ED_OK)
        status = ed_suite_text_set(&variant->name, side_names[side], err);
    if (status == ED_OK)
        status = ed_suite_text_set(&variant->how, "", err);
    return status == ED_OK ? ed_suite_text_set(text, side_names[side], err) : status;
}

// All files of what is kept, in the place of the first alone.
static enum ed_status add_kept_files(struct ed_suite *suite, size_t side, const struct ed_baseline *kept,
                                     struct ed_error *err) {
    struct ed_suite_variant *variant = find_variant(&suite->models[0], side_names[side]);
    char **files = variant ? realloc(variant->files, kept->n_files * sizeof *files) : NULL;
    enum ed_status status = ED_OK;
    if (!files)
        return ed_suite_fail_memory(err);
    variant->files = files;
    for (size_t i = 1; status == ED_OK && i < kept->n_files; i++) {
        files[i] = NULL;
        status = ed_suite_text_set(&files[i], kept->files[i].path, err);
        variant->n_files = status == ED_OK ? i + 1 : variant->n_files;
    }
    return status;
}

static bool is_variant(struct ed_suite *suite, const char *text) {
    for (size_t m = 0; m < suite->n_models; m++)
        if (find_variant(&suite->models[m], text))
            return true;
    return false;
}

// A name that `edgedyno baseline set` keeps; any other word stays for who knows the variants.
static enum ed_status add_kept(struct ed_suite *suite, size_t side, struct ed_error *err) {
    char **text = side_of(suite, side), on[300];
    struct ed_error inner = {0};
    struct ed_baseline kept;
    if (!ed_path_name_ok(*text))
        return ED_OK;
    enum ed_status status = ed_baseline_find(&kept, *text, &inner);
    if (status == ED_ERR_NOT_FOUND)
        return ED_OK;
    if (status != ED_OK)
        return ed_fail(err, status, inner.where, "%s", inner.message);
    if (kept.on[0]) {
        snprintf(on, sizeof on, ED_SUITE_SIDE_ENGINE "%s", kept.on);
        status = ed_suite_text_set(text, on, err);
    } else {
        status = ed_suite_text_set(text, kept.files[0].path, err);
        if (status == ED_OK)
            status = add_file(suite, side, err);
        if (status == ED_OK && kept.n_files > 1)
            status = add_kept_files(suite, side, &kept, err);
    }
    ed_baseline_release(&kept);
    return status;
}

enum ed_status ed_gate_sides_add(struct ed_suite *suite, struct ed_error *err) {
    enum ed_status status = ED_OK;
    // The candidate first, since a model that has to be made is called after it.
    for (size_t i = 2; status == ED_OK && i-- > 0;) {
        const char *text = *side_of(suite, i);
        if (is_file(text))
            status = add_file(suite, i, err);
        else if (text[0] && !is_engine(text) && !is_variant(suite, text))
            status = add_kept(suite, i, err);
    }
    return status;
}

// One side names engines: the other one does, or it is what the suite asks for.
static enum ed_status settle_engines(struct ed_suite *suite, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t side = 0; status == ED_OK && side < 2; side++) {
        const char *text = *side_of(suite, side);
        char flag[32];
        snprintf(flag, sizeof flag, "--%s", side_names[side]);
        if (text[0] && !is_engine(text))
            return ed_fail(err, ED_ERR_USAGE, flag,
                           "one side is an engine, and \"%.100s\" is none; write on=ENGINE@VERSION/BACKEND",
                           text);
        if (!text[0] && suite->n_on != 1)
            return ed_fail(err, ED_ERR_USAGE, flag,
                           "is missing; without it, --on or the suite names the one engine of that side");
        const char *on = text[0] ? text + strlen(ED_SUITE_SIDE_ENGINE) : suite->on[0];
        struct ed_error inner = {0};
        if (ed_suite_on_check(on, &inner) != ED_OK)
            return ed_fail(err, ED_ERR_USAGE, flag, "%s", inner.message);
        status = ed_suite_text_set(&suite->gate.side_on[side], on, err);
    }
    // Everybody who asks what engines the suite needs sees both.
    char list[1024];
    const bool same = status == ED_OK && strcmp(suite->gate.side_on[0], suite->gate.side_on[1]) == 0;
    snprintf(list, sizeof list, "%s%s%s", status == ED_OK ? suite->gate.side_on[0] : "", same ? "" : ",",
             status == ED_OK && !same ? suite->gate.side_on[1] : "");
    return status == ED_OK ? ed_suite_set_on(suite, list, err) : status;
}

// "; did you mean \"new.onnx\"?": a variant (`model` may be NULL), a file, or a baseline that is kept; or "".
static void mend_words(char *words, size_t bytes, const struct ed_suite_model *model, const char *text) {
    const char *known[ED_SUITE_VARIANTS_MAX + 3] = {NULL};
    char file[ED_PATH_BYTES], **kept = NULL;
    for (size_t i = 0; model && i < model->n_variants && i < ED_SUITE_VARIANTS_MAX + 2; i++)
        known[i] = model->variants[i].name;
    const char *near = ed_nearest(text, known);
    if (!near && ed_near_file(file, ".", text))
        near = file;
    if (!near && ed_baseline_names(&kept, NULL) == ED_OK)
        near = ed_nearest(text, (const char *const *)kept);
    words[0] = '\0';
    if (near)
        snprintf(words, bytes, "; did you mean \"%.200s\"?", near);
    free(kept);
}

static enum ed_status fail_variant(const struct ed_suite_model *model, size_t side, const char *text,
                                   struct ed_error *err) {
    char flag[32], mend[256];
    mend_words(mend, sizeof mend, model, text);
    snprintf(flag, sizeof flag, "--%s", side_names[side]);
    return ed_fail(err, ED_ERR_USAGE, flag,
                   "\"%.200s\" is no file, no baseline is kept under that name, and model %.64s has no "
                   "variant of it%s",
                   text, model->name, mend);
}

static enum ed_status settle_variants(struct ed_suite *suite, struct ed_error *err) {
    for (size_t side = 0; side < 2; side++) {
        const char *text = *side_of(suite, side), *other = *side_of(suite, !side);
        char flag[32];
        snprintf(flag, sizeof flag, "--%s", side_names[side]);
        for (size_t m = 0; m < suite->n_models; m++)
            if (text[0] && !find_variant(&suite->models[m], text))
                return fail_variant(&suite->models[m], side, text, err);
        if (!text[0]) {
            const struct ed_suite_model *model = &suite->models[0];
            if (suite->n_models != 1 || model->n_variants != 2)
                return ed_fail(err, ED_ERR_USAGE, flag,
                               "is missing: a file, the name of a variant, or on=ENGINE@VERSION/BACKEND");
            text = model->variants[strcmp(model->variants[0].name, other) == 0].name;
        }
        enum ed_status status = ed_suite_text_set(&suite->gate.side_variant[side], text, err);
        if (status != ED_OK)
            return status;
    }
    return ED_OK;
}

enum ed_status ed_gate_sides_settle(struct ed_suite *suite, struct ed_error *err) {
    if (!suite->gate.baseline[0] && !suite->gate.candidate[0])
        return ed_fail(
            err, ED_ERR_USAGE, "gate",
            "say what is compared: --baseline A --candidate B, or \"gate\" in the suite; A and B are "
            "models' files, variants, or on=ENGINE@VERSION/BACKEND");
    if (is_engine(suite->gate.baseline) || is_engine(suite->gate.candidate)) {
        enum ed_status status = settle_engines(suite, err);
        if (status == ED_OK && !suite->n_models && !ed_suite_on_needs_no_model(suite->on, suite->n_on))
            status =
                ed_fail(err, ED_ERR_USAGE, "gate",
                        "two engines need a model that both run: name it, or a suite, as in `edgedyno gate "
                        "model.onnx --baseline on=A --candidate on=B`");
        return status;
    }
    if (!suite->n_models) {
        const char *text = suite->gate.candidate[0] ? suite->gate.candidate : suite->gate.baseline;
        char mend[256];
        mend_words(mend, sizeof mend, NULL, text);
        return ed_fail(
            err, ED_ERR_USAGE, "gate",
            "there is no model: \"%.200s\" is no file here, no baseline that is kept, and no suite "
            "was given%s",
            text, mend);
    }
    return settle_variants(suite, err);
}
