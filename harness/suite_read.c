// SPDX-License-Identifier: Apache-2.0
// Reading of single keys of a suite's file.
#include "harness/suite_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/options.h"
#include "base/units.h"
#include "harness/suite_values.h"

#define WORDS_MAX 16
#define WORD_BYTES 32

struct ed_json_at ed_suite_child(const struct ed_json_at *parent, const cJSON *child, size_t index) {
    return (struct ed_json_at){.document = parent->document,
                               .value = child,
                               .parent = parent,
                               .key = cJSON_IsObject(parent->value) ? child->string : NULL,
                               .index = index};
}

enum ed_status ed_suite_fail_kind(const struct ed_json_at *at, const char *wanted, struct ed_error *err) {
    const cJSON *value = at->value;
    const char *found = cJSON_IsString(value)   ? "text"
                        : cJSON_IsNumber(value) ? "a number"
                        : cJSON_IsObject(value) ? "an object"
                        : cJSON_IsArray(value)  ? "an array"
                        : cJSON_IsBool(value)   ? "a truth value"
                                                : "null";
    if (cJSON_IsNull(value))
        return ed_json_fail(at, err, "expected %s, found null; leave the key out where nothing is meant",
                            wanted);
    return ed_json_fail(at, err, "expected %s, found %s", wanted, found);
}

enum ed_status ed_suite_count_check(const struct ed_json_at *at, const struct ed_suite_key *key,
                                    const char *noun, struct ed_error *err) {
    size_t n = ed_json_count(at);
    if ((int64_t)n < key->min)
        return ed_json_fail(at, err, "is empty; at least %lld %s needed", (long long)key->min, noun);
    if ((int64_t)n > key->max)
        return ed_json_fail(at, err, "has %zu %s; at most %lld are allowed", n, noun, (long long)key->max);
    return ED_OK;
}

// Message and status of `inner`, with the place in the file.
static enum ed_status fail_inner(const struct ed_json_at *at, enum ed_status status,
                                 const struct ed_error *inner, struct ed_error *err) {
    ed_json_fail(at, err, "%s", inner->message);
    if (err)
        err->code = status;
    return status;
}

static enum ed_status rule_text(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                enum ed_suite_rule rule, char **out) {
    struct ed_error inner = {0};
    if (!cJSON_IsString(at->value))
        return ed_suite_fail_kind(at, "text in quotes", reader->err);
    if (ed_suite_rule_check(rule, at->value->valuestring, &inner))
        return fail_inner(at, ED_ERR_USAGE, &inner, reader->err);
    return ed_suite_text_set(out, at->value->valuestring, reader->err);
}

// Text that `check` accepts.
static enum ed_status checked_text(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   enum ed_status (*check)(const char *text, struct ed_error *err),
                                   char **out) {
    struct ed_error inner = {0};
    const char *text;
    enum ed_status status = ed_json_as_text(at, &text, reader->err);
    if (status)
        return status;
    if (check(text, &inner))
        return fail_inner(at, ED_ERR_USAGE, &inner, reader->err);
    return ed_suite_text_set(out, text, reader->err);
}

static enum ed_status place_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                 bool or_folder, char **out) {
    struct ed_error inner = {0};
    const char *text;
    enum ed_status status = ed_json_as_text(at, &text, reader->err);
    if (status)
        return status;
    status = or_folder ? ed_suite_place_resolve(out, reader->directory, text, &inner)
                       : ed_suite_file_resolve(out, reader->directory, text, &inner);
    return status ? fail_inner(at, status, &inner, reader->err) : ED_OK;
}

static enum ed_status file_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                char **out) {
    return place_read(reader, at, false, out);
}

static enum ed_status word_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                const struct ed_suite_key *key, char **out) {
    char words[WORDS_MAX][WORD_BYTES];
    const char *known[WORDS_MAX + 1] = {0}, *text, *near;
    size_t n = 0;
    enum ed_status status = ed_json_as_text(at, &text, reader->err);
    if (status)
        return status;
    for (const char *p = key->words; *p && n < WORDS_MAX; n++) {
        size_t length = strcspn(p, "|");
        snprintf(words[n], WORD_BYTES, "%.*s", (int)length, p);
        known[n] = words[n];
        if (strcmp(words[n], text) == 0)
            return ed_suite_text_set(out, text, reader->err);
        p += length + (p[length] == '|');
    }
    near = ed_nearest(text, known);
    return ed_json_fail(at, reader->err, "\"%.60s\" is not one of %s%s%s%s", text, key->words,
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static enum ed_status duration_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                    const struct ed_suite_key *key, int64_t *out) {
    char low[32], high[32];
    int64_t value = 0;
    enum ed_status status = ED_OK;
    if (!cJSON_IsString(at->value) && !cJSON_IsNumber(at->value))
        status = ed_suite_fail_kind(at, "a duration in quotes such as \"5 ms\"", reader->err);
    if (!status)
        status = ed_json_opt_duration(at->parent, at->key, &value, reader->err);
    if (status)
        return status;
    if (value < key->min || value > key->max) {
        ed_units_print_duration(low, sizeof low, key->min);
        ed_units_print_duration(high, sizeof high, key->max);
        return ed_json_fail(at, reader->err, "\"%.40s\" is outside %s to %s", at->value->valuestring, low,
                            high);
    }
    *out = value;
    return ED_OK;
}

static enum ed_status size_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                const struct ed_suite_key *key, int64_t *out) {
    char low[32], high[32];
    int64_t value = 0;
    struct ed_error inner = {0};
    if (!cJSON_IsString(at->value))
        return ed_suite_fail_kind(at, "a size in quotes such as \"512 MiB\"", reader->err);
    if (ed_units_size(at->value->valuestring, &value, &inner) != ED_OK)
        return ed_json_fail(at, reader->err, "%.200s", inner.message);
    if (value < key->min || value > key->max) {
        ed_units_print_size(low, sizeof low, key->min);
        ed_units_print_size(high, sizeof high, key->max);
        return ed_json_fail(at, reader->err, "\"%.40s\" is outside %s to %s", at->value->valuestring, low,
                            high);
    }
    *out = value;
    return ED_OK;
}

static enum ed_status share_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                 double *out) {
    double value = 0;
    enum ed_status status = ED_OK;
    if (!cJSON_IsString(at->value) && !cJSON_IsNumber(at->value))
        status = ed_suite_fail_kind(at, "a share such as \"95 %\"", reader->err);
    if (!status)
        status = ed_json_opt_share(at->parent, at->key, &value, reader->err);
    if (status)
        return status;
    if (!(value >= 0 && value <= 1))
        return ed_json_fail(at, reader->err, "is outside 0 %% to 100 %%");
    *out = value;
    return ED_OK;
}

// Texts of an array; each must differ from those before it.
static enum ed_status texts_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                 const struct ed_suite_key *key, char ***out, size_t *n) {
    size_t index = 0;
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (!status)
        status = ed_suite_count_check(at, key, "entries", reader->err);
    if (status)
        return status;
    *out = calloc(ed_json_count(at) + 1, sizeof **out);
    if (!*out)
        return ed_suite_fail_memory(reader->err);
    *n = ed_json_count(at);
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        if (key->kind == ED_SUITE_FILES)
            status = file_read(reader, &place, &(*out)[index]);
        else
            status = checked_text(reader, &place,
                                  key->kind == ED_SUITE_ENGINES  ? ed_suite_on_check
                                  : key->kind == ED_SUITE_EVENTS ? ed_suite_event_check
                                                                 : ed_suite_selector_check,
                                  &(*out)[index]);
        if (!status && key->kind == ED_SUITE_ENGINES) {
            struct ed_error inner = {0};
            if (ed_suite_on_resolve(&(*out)[index], reader->directory, &inner) != ED_OK)
                status = fail_inner(&place, ED_ERR_USAGE, &inner, reader->err);
        }
        for (size_t i = 0; i < index && !status; i++)
            if (strcmp((*out)[i], (*out)[index]) == 0)
                status = ed_json_fail(&place, reader->err, "\"%.80s\" stands twice in this list; remove one",
                                      child->valuestring);
    }
    return status;
}

static enum ed_status one_file_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                    char ***out, size_t *n) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ed_suite_fail_memory(reader->err);
    *n = 1;
    return file_read(reader, at, &(*out)[0]);
}

static enum ed_status numbers_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, int64_t max, size_t capacity,
                                   int64_t **out, size_t *n) {
    struct ed_error inner = {0};
    size_t index = 0;
    enum ed_status status = ED_OK;
    if (!cJSON_IsString(at->value) && !cJSON_IsArray(at->value))
        return ed_suite_fail_kind(at, "an array of whole numbers or a list in quotes such as \"1-8*2\"",
                                  reader->err);
    if (cJSON_IsArray(at->value))
        status = ed_suite_count_check(at, key, "numbers", reader->err);
    if (status)
        return status;
    *out = calloc(capacity, sizeof **out);
    if (!*out)
        return ed_suite_fail_memory(reader->err);
    if (cJSON_IsString(at->value)) {
        status = ed_options_int_list(at->value->valuestring, "", 0, max, *out, capacity, n, &inner);
        return status ? fail_inner(at, status, &inner, reader->err) : ED_OK;
    }
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        status = ed_json_as_int(&place, 0, max, &(*out)[index], reader->err);
        for (size_t i = 0; i < index && !status; i++)
            if ((*out)[i] == (*out)[index])
                status = ed_json_fail(&place, reader->err, "%lld stands twice in this list; remove one",
                                      (long long)(*out)[index]);
    }
    *n = index;
    return status;
}

static enum ed_status shape_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                 struct ed_suite_shape *shape) {
    struct ed_error inner = {0};
    size_t index = 0, rank = ed_json_count(at);
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (status)
        return status;
    if (rank < 1 || rank > ED_TENSOR_RANK_MAX)
        return ed_json_fail(at, reader->err, "has %zu sizes; a shape has 1 to %d", rank, ED_TENSOR_RANK_MAX);
    shape->rank = (uint32_t)rank;
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        status = ed_json_as_int(&place, 1, ED_SUITE_DIMENSION_MAX, &shape->shape[index], reader->err);
    }
    if (!status && ed_suite_shape_check(shape, &inner))
        status = fail_inner(at, ED_ERR_USAGE, &inner, reader->err);
    return status;
}

// The name of a member, by the rule for keys of such maps.
static enum ed_status key_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                               enum ed_suite_rule rule, char **out) {
    struct ed_error inner = {0};
    if (ed_suite_rule_check(rule, at->key, &inner))
        return ed_json_fail(at, reader->err, "the key %s", inner.message);
    return ed_suite_text_set(out, at->key, reader->err);
}

static enum ed_status member_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                  enum ed_suite_kind kind, void *element) {
    enum ed_status status;
    if (kind == ED_SUITE_SHAPES) {
        struct ed_suite_shape *shape = element;
        status = key_read(reader, at, ED_SUITE_RULE_TENSOR, &shape->input);
        return status ? status : shape_read(reader, at, shape);
    }
    if (kind == ED_SUITE_OPTIONS || kind == ED_SUITE_LABELS) {
        struct ed_suite_pair *pair = element;
        status = key_read(reader, at, ED_SUITE_RULE_WORD, &pair->key);
        return status ? status
                      : rule_text(reader, at,
                                  kind == ED_SUITE_LABELS ? ED_SUITE_RULE_LABEL : ED_SUITE_RULE_VALUE,
                                  &pair->value);
    }
    struct ed_suite_input *input = element;
    status = key_read(reader, at, ED_SUITE_RULE_TENSOR, &input->input);
    return status ? status : place_read(reader, at, kind == ED_SUITE_DATA, &input->file);
}

static enum ed_status map_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                               const struct ed_suite_key *key, void **out, size_t *n) {
    size_t bytes = key->kind == ED_SUITE_SHAPES ? sizeof(struct ed_suite_shape)
                   : key->kind == ED_SUITE_INPUTS || key->kind == ED_SUITE_DATA
                       ? sizeof(struct ed_suite_input)
                       : sizeof(struct ed_suite_pair);
    bool single = key->kind == ED_SUITE_DATA && cJSON_IsString(at->value);
    size_t index = 0, count = single ? 1 : ed_json_count(at);
    enum ed_status status = ED_OK;
    if (key->kind == ED_SUITE_DATA && !single && !cJSON_IsObject(at->value))
        return ed_suite_fail_kind(at, "a file in quotes, or an object of input names and files", reader->err);
    if (!single)
        status = ed_json_expect_object(at, reader->err);
    if (!status && !single)
        status = ed_suite_count_check(at, key, "entries", reader->err);
    if (status)
        return status;
    *out = calloc(count + 1, bytes);
    if (!*out)
        return ed_suite_fail_memory(reader->err);
    *n = count;
    if (single) {
        struct ed_suite_input *input = *out;
        status = ed_suite_text_set(&input->input, "", reader->err);
        return status ? status : place_read(reader, at, true, &input->file);
    }
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        status = member_read(reader, &place, key->kind, (char *)*out + index * bytes);
    }
    return status;
}

static enum ed_status requirements_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                        const struct ed_suite_key *key, struct ed_requirement **out,
                                        size_t *n) {
    size_t index = 0;
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (!status)
        status = ed_suite_count_check(at, key, "requirements", reader->err);
    if (status)
        return status;
    *out = calloc(ed_json_count(at) + 1, sizeof **out);
    if (!*out)
        return ed_suite_fail_memory(reader->err);
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        struct ed_error inner = {0};
        const char *text;
        status = ed_json_as_text(&place, &text, reader->err);
        if (!status && ed_requirement_parse(&(*out)[index], text, &inner))
            status = ed_json_fail(&place, reader->err, "\"%.130s\": %s", text, inner.message);
        for (size_t i = 0; i < index && !status; i++)
            if (strcmp((*out)[i].text, (*out)[index].text) == 0)
                status = ed_json_fail(&place, reader->err, "\"%.130s\" stands twice in this list; remove one",
                                      text);
    }
    *n = index;
    return status;
}

enum ed_status ed_suite_value_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, void *base) {
    void *value = (char *)base + key->value;
    size_t *count = (size_t *)((char *)base + key->count);
    switch (key->kind) {
    case ED_SUITE_NAME:
        return rule_text(reader, at, ED_SUITE_RULE_NAME, value);
    case ED_SUITE_TENSOR:
        return rule_text(reader, at, ED_SUITE_RULE_TENSOR, value);
    case ED_SUITE_WORD:
        return word_read(reader, at, key, value);
    case ED_SUITE_FILE:
        return file_read(reader, at, value);
    case ED_SUITE_TEXT:
        return rule_text(reader, at, ED_SUITE_RULE_VALUE, value);
    case ED_SUITE_SIDE: {
        enum ed_status status = rule_text(reader, at, ED_SUITE_RULE_VALUE, value);
        return status ? status : ed_suite_side_resolve(value, reader->directory, reader->err);
    }
    case ED_SUITE_CPUS:
        return checked_text(reader, at, ed_suite_cpus_check, value);
    case ED_SUITE_INT:
        return ed_json_as_int(at, key->min, key->max, value, reader->err);
    case ED_SUITE_DURATION:
        return duration_read(reader, at, key, value);
    case ED_SUITE_SIZE:
        return size_read(reader, at, key, value);
    case ED_SUITE_SHARE:
        return share_read(reader, at, value);
    case ED_SUITE_BOOL:
        return ed_json_get_bool(at->parent, at->key, value, reader->err);
    case ED_SUITE_ONE_FILE:
        return one_file_read(reader, at, value, count);
    case ED_SUITE_FILES:
    case ED_SUITE_ENGINES:
    case ED_SUITE_SELECTORS:
    case ED_SUITE_EVENTS:
        return texts_read(reader, at, key, value, count);
    case ED_SUITE_THREADS:
        return numbers_read(reader, at, key, ED_SUITE_THREADS_VALUE_MAX, ED_SUITE_THREADS_MAX, value, count);
    case ED_SUITE_TOKENS:
        return numbers_read(reader, at, key, ED_WORKLOAD_TOKENS_MAX, ED_SUITE_WORKLOADS_MAX, value, count);
    case ED_SUITE_PAIRS:
        return ed_suite_pairs_read(reader, at, key, value, count);
    case ED_SUITE_SCENARIOS:
        return ed_suite_scenarios_read(reader, at, key, value, count);
    case ED_SUITE_RATES:
        return ed_suite_rates_read(reader, at, key, value, count);
    case ED_SUITE_CROSSINGS:
        return ed_suite_crossings_read(reader, at, key, value, count);
    case ED_SUITE_SHAPES:
    case ED_SUITE_INPUTS:
    case ED_SUITE_DATA:
    case ED_SUITE_OPTIONS:
    case ED_SUITE_LABELS:
        return map_read(reader, at, key, value, count);
    case ED_SUITE_COMMAND:
        return ed_suite_command_read(reader, at, key, value, count);
    case ED_SUITE_SIZES:
        return ed_suite_sizes_read(reader, at, key, value, count);
    case ED_SUITE_REALS:
        return ed_suite_reals_read(reader, at, key, value, count);
    case ED_SUITE_RATIO:
        return ed_suite_ratio_read(reader, at, value);
    case ED_SUITE_REQUIREMENTS:
        return requirements_read(reader, at, key, value, count);
    case ED_SUITE_MEMBERS:
    case ED_SUITE_OBJECTS:
        break;
    }
    return ed_fail(reader->err, ED_ERR_INTERNAL, NULL, "a suite key of an unknown kind: %s", key->name);
}
