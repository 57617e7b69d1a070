// SPDX-License-Identifier: Apache-2.0
// Flags of the command line that add to a suite or override it. A failure leaves the suite as it was.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "base/path.h"
#include "base/units.h"
#include "harness/suite_keys.h"
#include "harness/suite_values.h"

#define NAME_BYTES 65

// As `inner` has it, with the flag as the place.
static enum ed_status fail_inner(const char *flag, enum ed_status status, const struct ed_error *inner,
                                 struct ed_error *err) {
    return ed_fail(err, status, flag, "%s", inner->message);
}

static enum ed_status here_read(char here[ED_PATH_BYTES], struct ed_error *err) {
    if (!getcwd(here, ED_PATH_BYTES))
        return ed_fail_errno(err, ED_ERR_IO, NULL, "the current folder has no path: %m");
    return ED_OK;
}

static bool has_model(const struct ed_suite *suite, const char *name) {
    for (size_t i = 0; i < suite->n_models; i++)
        if (strcmp(suite->models[i].name, name) == 0)
            return true;
    return false;
}

// A name that no model has: of the file, then with its folder before it, then with a number behind it.
static void name_choose(const struct ed_suite *suite, char name[NAME_BYTES], const char *path) {
    char folder[ED_PATH_BYTES], stem[NAME_BYTES], joined[2 * NAME_BYTES];
    ed_suite_name_make(name, path);
    if (!has_model(suite, name))
        return;
    ed_path_directory(folder, path);
    // A folder has no ending to be cut: "v1.5" must not become "v1".
    size_t n = strlen(folder);
    if (n + 2 < sizeof folder)
        memcpy(folder + n, ".x", 3);
    ed_suite_name_make(stem, folder);
    snprintf(joined, sizeof joined, "%s-%s", stem, name);
    snprintf(name, NAME_BYTES, "%.64s", joined);
    for (unsigned number = 2; has_model(suite, name); number++) {
        char ending[16];
        snprintf(ending, sizeof ending, "-%u", number);
        snprintf(name, NAME_BYTES, "%.*s%s", (int)(64 - strlen(ending)), joined, ending);
    }
}

static enum ed_status model_fill(struct ed_suite_model *model, const char *name, char **file,
                                 struct ed_error *err) {
    struct ed_suite_variant *variant = calloc(1, sizeof *variant);
    model->variants = variant;
    if (!variant)
        return ed_suite_fail_memory(err);
    model->n_variants = 1;
    variant->files = calloc(1, sizeof *variant->files);
    if (!variant->files)
        return ed_suite_fail_memory(err);
    variant->n_files = 1;
    variant->files[0] = *file;
    *file = NULL;
    enum ed_status status = ed_suite_text_set(&model->name, name, err);
    if (!status)
        status = ed_suite_text_set(&model->reference, "", err);
    if (!status)
        status = ed_suite_text_set(&variant->name, "", err);
    return status ? status : ed_suite_text_set(&variant->how, "", err);
}

enum ed_status ed_suite_add_model(struct ed_suite *suite, const char *path, struct ed_error *err) {
    char here[ED_PATH_BYTES], name[NAME_BYTES], *file = NULL;
    struct ed_error inner = {0};
    struct ed_suite_model model = {0}, *place;
    enum ed_status status = here_read(here, err);
    if (status)
        return status;
    status = ed_suite_file_resolve(&file, here, path, &inner);
    if (status)
        return fail_inner("model", status, &inner, err);
    for (size_t i = 0; i < suite->n_models && !status; i++)
        for (size_t j = 0; j < suite->models[i].n_variants && !status; j++)
            if (strcmp(suite->models[i].variants[j].files[0], file) == 0)
                status = ed_fail(err, ED_ERR_USAGE, path, "this model is given twice; give it once");
    if (!status && suite->n_models >= ED_SUITE_MODELS_MAX)
        status = ed_fail(err, ED_ERR_LIMIT, path, "more than %d models; measure them in several runs",
                         ED_SUITE_MODELS_MAX);
    if (!status) {
        name_choose(suite, name, file);
        status = model_fill(&model, name, &file, err);
    }
    place = status ? NULL : ed_suite_list_grow(&suite->models, &suite->n_models, sizeof *suite->models);
    if (place) {
        *place = model;
    } else {
        ed_suite_model_release(&model);
        if (!status)
            status = ed_suite_fail_memory(err);
    }
    free(file);
    return status;
}

// A comma list whose parts `check` accepts, instead of the list there was.
static enum ed_status list_set(const char *flag, const char *list, size_t max,
                               enum ed_status (*check)(const char *text, struct ed_error *err), char ***out,
                               size_t *n_out, struct ed_error *err) {
    struct ed_error inner = {0};
    char **parts = NULL, **texts = NULL;
    size_t n = 0;
    enum ed_status status = ed_options_list(list, flag, &parts, &n, err);
    if (status)
        return status;
    if (n > max)
        status =
            ed_fail(err, ED_ERR_USAGE, flag, "the list has %zu entries; at most %zu are allowed", n, max);
    if (!status && !(texts = calloc(n, sizeof *texts)))
        status = ed_suite_fail_memory(err);
    for (size_t i = 0; i < n && !status; i++) {
        if (check(parts[i], &inner))
            status = fail_inner(flag, ED_ERR_USAGE, &inner, err);
        for (size_t j = 0; j < i && !status; j++)
            if (strcmp(parts[i], parts[j]) == 0)
                status = ed_fail(err, ED_ERR_USAGE, flag, "\"%.80s\" stands twice in the list; remove one",
                                 parts[i]);
        if (!status)
            status = ed_suite_text_set(&texts[i], parts[i], err);
    }
    free(parts);
    if (status) {
        ed_suite_texts_release(texts, n);
        return status;
    }
    ed_suite_texts_release(*out, *n_out);
    *out = texts;
    *n_out = n;
    return ED_OK;
}

enum ed_status ed_suite_set_on(struct ed_suite *suite, const char *list, struct ed_error *err) {
    char here[ED_PATH_BYTES];
    struct ed_error inner = {0};
    enum ed_status status =
        list_set("--on", list, ED_SUITE_ON_MAX, ed_suite_on_check, &suite->on, &suite->n_on, err);
    if (status == ED_OK)
        status = here_read(here, err);
    for (size_t i = 0; status == ED_OK && i < suite->n_on; i++)
        if (ed_suite_on_resolve(&suite->on[i], here, &inner) != ED_OK)
            status = fail_inner("--on", ED_ERR_USAGE, &inner, err);
    return status;
}

enum ed_status ed_suite_set_devices(struct ed_suite *suite, const char *list, struct ed_error *err) {
    return list_set("--device", list, ED_SUITE_DEVICES_MAX, ed_suite_selector_check, &suite->devices,
                    &suite->n_devices, err);
}

enum ed_status ed_suite_set_papi(struct ed_suite *suite, const char *list, struct ed_error *err) {
    return list_set("--papi", list, ED_SUITE_EVENTS_MAX, ed_suite_event_check, &suite->papi, &suite->n_papi,
                    err);
}

enum ed_status ed_suite_set_threads(struct ed_suite *suite, const char *list, struct ed_error *err) {
    int64_t *values = calloc(ED_SUITE_THREADS_MAX, sizeof *values);
    size_t n = 0;
    if (!values)
        return ed_suite_fail_memory(err);
    enum ed_status status = ed_options_int_list(list, "--threads", 0, ED_SUITE_THREADS_VALUE_MAX, values,
                                                ED_SUITE_THREADS_MAX, &n, err);
    if (status) {
        free(values);
        return status;
    }
    free(suite->threads);
    suite->threads = values;
    suite->n_threads = n;
    return ED_OK;
}

// KEY=VALUE: replaces the value of a key that is there.
static enum ed_status pair_set(const char *flag, const char *text, enum ed_suite_rule rule, size_t max,
                               struct ed_suite_pair **pairs, size_t *n_pairs, struct ed_error *err) {
    struct ed_error inner = {0};
    struct ed_suite_pair fresh = {0}, *place = NULL;
    const char *equals = strchr(text, '=');
    enum ed_status status = ED_OK;
    if (!equals)
        return ed_fail(err, ED_ERR_USAGE, flag, "\"%.80s\" has no '='; write KEY=VALUE", text);
    fresh.key = strndup(text, (size_t)(equals - text));
    if (!fresh.key)
        return ed_suite_fail_memory(err);
    if (ed_suite_rule_check(ED_SUITE_RULE_WORD, fresh.key, &inner))
        status = ed_fail(err, ED_ERR_USAGE, flag, "the key %s", inner.message);
    else if (ed_suite_rule_check(rule, equals + 1, &inner))
        status = fail_inner(flag, ED_ERR_USAGE, &inner, err);
    else
        status = ed_suite_text_set(&fresh.value, equals + 1, err);
    for (size_t i = 0; i < *n_pairs && !status && !place; i++)
        if (strcmp((*pairs)[i].key, fresh.key) == 0)
            place = &(*pairs)[i];
    if (!status && !place && *n_pairs >= max)
        status = ed_fail(err, ED_ERR_LIMIT, flag, "more than %zu of them", max);
    if (!status && !place && !(place = ed_suite_list_grow(pairs, n_pairs, sizeof **pairs)))
        status = ed_suite_fail_memory(err);
    if (!status) {
        struct ed_suite_pair old = *place;
        *place = fresh;
        fresh = old;
    }
    free(fresh.key);
    free(fresh.value);
    return status;
}

enum ed_status ed_suite_add_option(struct ed_suite *suite, const char *pair, struct ed_error *err) {
    return pair_set("--option", pair, ED_SUITE_RULE_VALUE, ED_OPTIONS_GIVEN_MAX, &suite->options,
                    &suite->n_options, err);
}

enum ed_status ed_suite_add_label(struct ed_suite *suite, const char *pair, struct ed_error *err) {
    return pair_set("--label", pair, ED_SUITE_RULE_LABEL, ED_SUITE_LABELS_MAX, &suite->labels,
                    &suite->n_labels, err);
}

enum ed_status ed_suite_add_requirement(struct ed_suite *suite, const char *text, struct ed_error *err) {
    struct ed_error inner = {0};
    struct ed_requirement requirement, *place;
    if (ed_requirement_parse(&requirement, text, &inner))
        return ed_fail(err, ED_ERR_USAGE, "--require", "\"%.130s\": %s", text, inner.message);
    for (size_t i = 0; i < suite->n_requirements; i++)
        if (strcmp(suite->requirements[i].text, requirement.text) == 0)
            return ED_OK;
    if (suite->n_requirements >= ED_REQUIREMENTS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, "--require", "more than %d requirements", ED_REQUIREMENTS_MAX);
    place = ed_suite_list_grow(&suite->requirements, &suite->n_requirements, sizeof *place);
    if (!place)
        return ed_suite_fail_memory(err);
    *place = requirement;
    return ED_OK;
}
