// SPDX-License-Identifier: Apache-2.0
// What a suite says of language models, tests of tokens, and of options with several values.
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "harness/suite_keys.h"
#include "harness/suite_read.h"
#include "harness/suite_values.h"

// "512,128": up to seven digits, a comma, up to seven digits.
static enum ed_status pair_parse(const char *text, struct ed_suite_tokens *pair, struct ed_error *err) {
    int64_t numbers[2] = {0};
    size_t n = 0;
    const char *comma = strchr(text, ',');
    enum ed_status status =
        strspn(text, "0123456789,") == strlen(text) && comma && !strchr(comma + 1, ',')
            ? ed_options_int_list(text, "", 0, ED_WORKLOAD_TOKENS_MAX, numbers, 2, &n, NULL)
            : ED_ERR_USAGE;
    // A list drops what it has already, so "128,128" comes out as one number.
    if (!status && n == 1)
        numbers[1] = numbers[n++ - 1];
    if (status || n != 2 || (!numbers[0] && !numbers[1]))
        return ed_fail(
            err, ED_ERR_USAGE, NULL,
            "\"%.60s\" is no prompt and what is generated behind it; write both numbers of tokens, "
            "each up to %d, such as 512,128",
            text, ED_WORKLOAD_TOKENS_MAX);
    *pair = (struct ed_suite_tokens){(int32_t)numbers[0], (int32_t)numbers[1]};
    return ED_OK;
}

enum ed_status ed_suite_pairs_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, struct ed_suite_tokens **out, size_t *n) {
    struct ed_error inner = {0};
    size_t index = 0;
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (!status)
        status = ed_suite_count_check(at, key, "tests", reader->err);
    if (status)
        return status;
    if (!(*out = calloc(ed_json_count(at) + 1, sizeof **out)))
        return ed_suite_fail_memory(reader->err);
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        const char *text = NULL;
        status = ed_json_as_text(&place, &text, reader->err);
        if (!status && pair_parse(text, &(*out)[index], &inner))
            status = ed_json_fail(&place, reader->err, "%s", inner.message);
        for (size_t i = 0; i < index && !status; i++)
            if (!memcmp(&(*out)[i], &(*out)[index], sizeof **out))
                status = ed_json_fail(&place, reader->err, "\"%.20s\" stands twice in this list; remove one",
                                      text);
    }
    *n = index;
    return status;
}

static enum ed_status add_value(struct ed_suite_crossing *crossing, const char *value, struct ed_error *err) {
    enum ed_status status = ed_suite_rule_check(ED_SUITE_RULE_VALUE, value, err);
    for (size_t i = 0; i < crossing->n_values && !status; i++)
        if (!strcmp(crossing->values[i], value))
            status =
                ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" stands twice in the list; remove one", value);
    return status ? status : ed_suite_text_set(&crossing->values[crossing->n_values++], value, err);
}

static enum ed_status crossing_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                    struct ed_suite_crossing *crossing) {
    struct ed_error inner = {0};
    size_t index = 0;
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (status)
        return status;
    if (ed_json_count(at) < 1 || ed_json_count(at) > ED_SUITE_VALUES_MAX)
        return ed_json_fail(at, reader->err, "has %zu values; a list has 1 to %d", ed_json_count(at),
                            ED_SUITE_VALUES_MAX);
    if (ed_suite_rule_check(ED_SUITE_RULE_WORD, at->key, &inner))
        return ed_json_fail(at, reader->err, "the key %s", inner.message);
    if (!(crossing->values = calloc(ed_json_count(at), sizeof *crossing->values)))
        return ed_suite_fail_memory(reader->err);
    status = ed_suite_text_set(&crossing->key, at->key, reader->err);
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        if (!cJSON_IsString(child))
            status = ed_suite_fail_kind(&place, "text in quotes", reader->err);
        else if (add_value(crossing, child->valuestring, &inner))
            status = ed_json_fail(&place, reader->err, "%s", inner.message);
    }
    return status;
}

enum ed_status ed_suite_crossings_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                       const struct ed_suite_key *key, struct ed_suite_crossing **out,
                                       size_t *n) {
    size_t index = 0;
    enum ed_status status = ed_json_expect_object(at, reader->err);
    if (!status)
        status = ed_suite_count_check(at, key, "entries", reader->err);
    if (status)
        return status;
    if (!(*out = calloc(ed_json_count(at) + 1, sizeof **out)))
        return ed_suite_fail_memory(reader->err);
    *n = ed_json_count(at);
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        status = crossing_read(reader, &place, &(*out)[index]);
    }
    return status;
}

static void crossing_release(struct ed_suite_crossing *crossing) {
    ed_suite_texts_release(crossing->values, crossing->n_values);
    free(crossing->key);
}

// Whatever the suite said of this option before.
static void forget_option(struct ed_suite *suite, const char *key) {
    for (size_t i = 0; i < suite->n_crossings; i++)
        if (!strcmp(suite->crossings[i].key, key)) {
            crossing_release(&suite->crossings[i]);
            suite->crossings[i] = suite->crossings[--suite->n_crossings];
            return;
        }
    for (size_t i = 0; i < suite->n_options; i++)
        if (!strcmp(suite->options[i].key, key)) {
            free(suite->options[i].key);
            free(suite->options[i].value);
            suite->options[i] = suite->options[--suite->n_options];
            return;
        }
}

enum ed_status ed_suite_cross_option(struct ed_suite *suite, const char *flag, const char *key,
                                     const char *const *values, size_t n_values, struct ed_error *err) {
    struct ed_error inner = {0};
    struct ed_suite_crossing crossing = {0}, *place;
    struct ed_suite_pair *pair;
    enum ed_status status = ED_OK;
    if (n_values > ED_SUITE_VALUES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, flag, "the list has %zu values; at most %d are allowed", n_values,
                       ED_SUITE_VALUES_MAX);
    if (!(crossing.values = calloc(n_values + 1, sizeof *crossing.values)))
        return ed_suite_fail_memory(err);
    status = ed_suite_text_set(&crossing.key, key, err);
    for (size_t i = 0; i < n_values && !status; i++)
        if (add_value(&crossing, values[i], &inner))
            status = ed_fail(err, ED_ERR_USAGE, flag, "%s", inner.message);
    if (!status)
        forget_option(suite, key);
    if (!status && n_values == 1) {
        if (!(pair = ed_suite_list_grow(&suite->options, &suite->n_options, sizeof *pair)))
            status = ed_suite_fail_memory(err);
        else
            *pair = (struct ed_suite_pair){crossing.key, crossing.values[0]};
        if (!status) {
            free(crossing.values);
            return ED_OK;
        }
    } else if (!status) {
        if (!(place = ed_suite_list_grow(&suite->crossings, &suite->n_crossings, sizeof *place)))
            status = ed_suite_fail_memory(err);
        else {
            *place = crossing;
            return ED_OK;
        }
    }
    crossing_release(&crossing);
    return status;
}

static enum ed_status tokens_set(const char *flag, const char *list, int64_t **out, size_t *n_out,
                                 struct ed_error *err) {
    int64_t *values = calloc(ED_SUITE_WORKLOADS_MAX, sizeof *values);
    size_t n = 0;
    if (!values)
        return ed_suite_fail_memory(err);
    enum ed_status status =
        ed_options_int_list(list, flag, 0, ED_WORKLOAD_TOKENS_MAX, values, ED_SUITE_WORKLOADS_MAX, &n, err);
    if (status) {
        free(values);
        return status;
    }
    free(*out);
    *out = values;
    *n_out = n;
    return ED_OK;
}

enum ed_status ed_suite_set_prompts(struct ed_suite *suite, const char *list, struct ed_error *err) {
    return tokens_set("-p", list, &suite->prompts, &suite->n_prompts, err);
}

enum ed_status ed_suite_set_generates(struct ed_suite *suite, const char *list, struct ed_error *err) {
    return tokens_set("-n", list, &suite->generates, &suite->n_generates, err);
}

enum ed_status ed_suite_set_depths(struct ed_suite *suite, const char *list, struct ed_error *err) {
    return tokens_set("--depth", list, &suite->depths, &suite->n_depths, err);
}

enum ed_status ed_suite_add_pair(struct ed_suite *suite, const char *text, struct ed_error *err) {
    struct ed_error inner = {0};
    struct ed_suite_tokens pair = {0}, *place;
    if (pair_parse(text, &pair, &inner))
        return ed_fail(err, ED_ERR_USAGE, "-pg", "%s", inner.message);
    for (size_t i = 0; i < suite->n_pairs; i++)
        if (!memcmp(&suite->pairs[i], &pair, sizeof pair))
            return ED_OK;
    if (suite->n_pairs >= ED_SUITE_WORKLOADS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, "-pg", "more than %d of them", ED_SUITE_WORKLOADS_MAX);
    if (!(place = ed_suite_list_grow(&suite->pairs, &suite->n_pairs, sizeof *place)))
        return ed_suite_fail_memory(err);
    *place = pair;
    return ED_OK;
}
