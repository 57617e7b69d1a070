// SPDX-License-Identifier: Apache-2.0
// Parsing of a suite: objects by their tables of keys, then what only a whole object can tell.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/nearest.h"
#include "base/path.h"
#include "harness/suite.h"
#include "harness/suite_keys.h"
#include "harness/suite_read.h"
#include "harness/suite_values.h"

// More than any table has rows.
#define KEYS_MAX 64

static enum ed_status object_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                  const struct ed_suite_object *object, void *base);

static const char *element_name(const char *elements, size_t bytes, size_t index) {
    const char *name;
    memcpy(&name, elements + index * bytes, sizeof name);
    return name;
}

static enum ed_status objects_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, void *base) {
    const struct ed_suite_object *object = key->object;
    size_t n = ed_json_count(at), index = 0;
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (!status)
        status = ed_suite_count_check(at, key, key->name, reader->err);
    if (status)
        return status;
    char *elements = calloc(n + 1, object->bytes);
    if (!elements)
        return ed_suite_fail_memory(reader->err);
    memcpy((char *)base + key->value, &elements, sizeof elements);
    memcpy((char *)base + key->count, &n, sizeof n);
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        status = object_read(reader, &place, object, elements + index * object->bytes);
        for (size_t i = 0; i < index && !status; i++)
            if (strcmp(element_name(elements, object->bytes, i),
                       element_name(elements, object->bytes, index)) == 0)
                status =
                    ed_json_fail(&place, reader->err,
                                 "the name \"%s\" is already that of /%s/%zu here; every %s needs its own",
                                 element_name(elements, object->bytes, i), key->name, i, object->name);
    }
    return status;
}

static bool is_text(enum ed_suite_kind kind) {
    return kind == ED_SUITE_NAME || kind == ED_SUITE_TENSOR || kind == ED_SUITE_WORD ||
           kind == ED_SUITE_FILE || kind == ED_SUITE_CPUS || kind == ED_SUITE_TEXT || kind == ED_SUITE_SIDE;
}

// A wrong value says more than a missing one, which it often is, misplaced: so this comes after all values.
static enum ed_status missing_check(const struct ed_json_at *at, const struct ed_suite_object *object,
                                    struct ed_error *err) {
    for (size_t i = 0; i < object->n_keys; i++)
        if (object->keys[i].required && !ed_json_member(at, object->keys[i].name).value)
            return ed_json_fail(at, err, "needs \"%s\": %s", object->keys[i].name, object->keys[i].help);
    if (object->either && !ed_json_member(at, object->either).value && !ed_json_member(at, object->or).value)
        return ed_json_fail(at, err, "needs \"%s\" or \"%s\"", object->either, object->or);
    return ED_OK;
}

static enum ed_status object_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                  const struct ed_suite_object *object, void *base) {
    const char *known[KEYS_MAX + 1] = {0};
    for (size_t i = 0; i < object->n_keys && i < KEYS_MAX; i++)
        known[i] = object->keys[i].name;
    enum ed_status status = ed_json_known_keys(at, known, reader->err);
    if (!status && object->either && ed_json_member(at, object->either).value &&
        ed_json_member(at, object->or).value)
        status = ed_json_fail(at, reader->err, "has both \"%s\" and \"%s\"; keep one of them", object->either,
                              object->or);
    for (size_t i = 0; i < object->n_keys && !status; i++) {
        const struct ed_suite_key *key = &object->keys[i];
        struct ed_json_at place = ed_json_member(at, key->name);
        if (!place.value && is_text(key->kind))
            status = ed_suite_text_set((char **)(void *)((char *)base + key->value),
                                       key->fallback ? key->fallback : "", reader->err);
        if (!place.value)
            continue;
        if (key->kind == ED_SUITE_MEMBERS)
            status = object_read(reader, &place, key->object, base);
        else if (key->kind == ED_SUITE_OBJECTS)
            status = objects_read(reader, &place, key, base);
        else
            status = ed_suite_value_read(reader, &place, key, base);
    }
    if (!status)
        status = missing_check(at, object, reader->err);
    if (!status && object->check)
        status = object->check(at, base, reader->err);
    return status;
}

enum ed_status ed_suite_variant_check(const struct ed_json_at *at, const void *value, struct ed_error *err) {
    const struct ed_suite_variant *variant = value;
    for (size_t i = 0; i < variant->n_files; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(ed_path_base(variant->files[i]), ed_path_base(variant->files[j])) == 0)
                return ed_json_fail(
                    at, err,
                    "two of its files are called %.120s; on a device they lie in one folder, so rename one",
                    ed_path_base(variant->files[i]));
    return ED_OK;
}

enum ed_status ed_suite_model_check(const struct ed_json_at *at, const void *value, struct ed_error *err) {
    const struct ed_suite_model *model = value;
    const char *known[ED_SUITE_VARIANTS_MAX + 1] = {0}, *near;
    struct ed_json_at place = ed_json_member(at, "reference");
    if (!place.value)
        return ED_OK;
    for (size_t i = 0; i < model->n_variants; i++) {
        known[i] = model->variants[i].name;
        if (strcmp(known[i], model->reference) == 0)
            return ED_OK;
    }
    near = ed_nearest(model->reference, known);
    return ed_json_fail(&place, err, "there is no variant \"%s\"; %s \"%s\"", model->reference,
                        near ? "did you mean" : "the first is", near ? near : known[0]);
}

bool ed_suite_on_needs_no_model(char *const *on, size_t n_on) {
    size_t n = strlen(ED_SUITE_NO_MODEL_ENGINE);
    for (size_t i = 0; i < n_on; i++)
        if (!ed_suite_on_address(on[i]) &&
            (ed_suite_on_name_bytes(on[i]) != n || memcmp(on[i], ED_SUITE_NO_MODEL_ENGINE, n) != 0))
            return false;
    return n_on > 0;
}

enum ed_status ed_suite_whole_check(const struct ed_json_at *at, const void *value, struct ed_error *err) {
    const struct ed_suite *suite = value;
    struct ed_json_at models = ed_json_member(at, "models"), block = ed_json_member(at, "block");
    if (suite->n_models == 0 && !ed_suite_on_needs_no_model(suite->on, suite->n_on))
        return ed_json_fail(models.value ? &models : at, err,
                            models.value ? "is empty; name at least one model"
                                         : "needs \"models\": what is measured");
    if (suite->block_min_ns > suite->block_max_ns)
        return ed_json_fail(
            &block, err,
            "\"min_time\" (or its default, 1 s) is longer than \"max_time\" (or its default, 10 s)");
    if (suite->block_timeout_ns <= suite->block_max_ns)
        return ed_json_fail(&block, err,
                            "\"timeout\" (or its default, 10 min) must be longer than \"max_time\"; else "
                            "every block is killed");
    return ED_OK;
}

static enum ed_status directory_set(struct ed_suite *suite, const char *directory, struct ed_error *err) {
    char here[ED_PATH_BYTES], path[ED_PATH_BYTES];
    if (directory[0] == '/')
        return ed_suite_text_set(&suite->directory, directory, err);
    if (!getcwd(here, sizeof here))
        return ed_fail_errno(err, ED_ERR_IO, NULL, "the current folder has no path: %m");
    enum ed_status status = ed_path_join(path, here, directory, err);
    return status ? status : ed_suite_text_set(&suite->directory, directory[0] ? path : here, err);
}

enum ed_status ed_suite_parse(struct ed_suite *suite, const char *name, const char *directory,
                              const char *text, size_t bytes, struct ed_error *err) {
    struct ed_json_document document = {0};
    struct ed_suite fresh;
    char fallback[65];
    enum ed_status status = ED_OK;
    ed_suite_release(suite);
    ed_suite_init(&fresh);
    if (bytes > ED_SUITE_FILE_BYTES_MAX)
        status = ed_fail(err, ED_ERR_LIMIT, name, "has %zu bytes; a suite has at most %u", bytes,
                         ED_SUITE_FILE_BYTES_MAX);
    if (!status)
        status = directory_set(&fresh, directory, err);
    if (!status)
        status = ed_json_parse(&document, name, text, bytes, err);
    if (!status) {
        struct ed_suite_reader reader = {fresh.directory, err};
        struct ed_json_at root = ed_json_root(&document);
        status = object_read(&reader, &root, ed_suite_object_root(), &fresh);
    }
    if (!status && fresh.name[0] == '\0') {
        ed_suite_name_make(fallback, name);
        status = ed_suite_text_set(&fresh.name, fallback, err);
    }
    ed_json_document_release(&document);
    if (status)
        ed_suite_release(&fresh);
    else
        *suite = fresh;
    return status;
}
