// SPDX-License-Identifier: Apache-2.0
// Getting at the values of a parsed document, with messages that name the place.
#include "base/json_read.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/json_write.h"
#include "base/nearest.h"
#include "base/units.h"

// cJSON keeps doubles. 2^53 itself could have been 2^53 + 1 in the text, so the last integer that is known
// exactly is one less.
#define EXACT_INT_MAX 9007199254740991.0
// The document's own depth, and a few absent members below it.
#define PATH_LEVELS_MAX (ED_JSON_READ_DEPTH_MAX + 16)
// Bytes of a found value shown in a message.
#define SHOWN_BYTES 40

struct ed_json_at ed_json_root(const struct ed_json_document *document) {
    return (struct ed_json_at){.document = document, .value = document->root};
}

struct ed_json_at ed_json_member(const struct ed_json_at *parent, const char *key) {
    struct ed_json_at at = {.document = parent->document, .parent = parent, .key = key};
    if (cJSON_IsObject(parent->value))
        at.value = cJSON_GetObjectItemCaseSensitive(parent->value, key);
    return at;
}

struct ed_json_at ed_json_element(const struct ed_json_at *parent, size_t index) {
    struct ed_json_at at = {.document = parent->document, .parent = parent, .index = index};
    const cJSON *element = cJSON_IsArray(parent->value) ? parent->value->child : NULL;
    for (size_t i = 0; element && i < index; i++)
        element = element->next;
    at.value = element;
    return at;
}

struct ed_json_at ed_json_next(const struct ed_json_at *element) {
    struct ed_json_at next = *element;
    next.value = element->value ? element->value->next : NULL;
    next.index++;
    return next;
}

size_t ed_json_count(const struct ed_json_at *at) {
    size_t n = 0;
    if (cJSON_IsArray(at->value) || cJSON_IsObject(at->value))
        for (const cJSON *child = at->value->child; child; child = child->next)
            n++;
    return n;
}

// Appends to the path what fits; '~' and '/' of a key are written as RFC 6901 has it.
static size_t append_step(char *path, size_t bytes, size_t used, const char *key) {
    for (; *key; key++) {
        const char *piece = *key == '~' ? "~0" : *key == '/' ? "~1" : NULL;
        size_t n = piece ? 2 : 1;
        if (used + n >= bytes)
            break;
        memcpy(path + used, piece ? piece : key, n);
        used += n;
    }
    path[used] = '\0';
    return used;
}

void ed_json_path(const struct ed_json_at *at, char *path, size_t bytes) {
    const struct ed_json_at *steps[PATH_LEVELS_MAX];
    size_t n = 0, used = 0;
    if (bytes == 0)
        return;
    for (; at->parent && n < PATH_LEVELS_MAX; at = at->parent)
        steps[n++] = at;
    snprintf(path, bytes, "%s", n == 0 ? "/" : "");
    while (n-- > 0) {
        char number[24];
        snprintf(number, sizeof number, "%zu", steps[n]->index);
        if (used + 1 < bytes)
            path[used++] = '/';
        used = append_step(path, bytes, used, steps[n]->key ? steps[n]->key : number);
    }
}

enum ed_status ed_json_fail(const struct ed_json_at *at, struct ed_error *err, const char *format, ...) {
    char where[ED_ERROR_WHERE_BYTES], path[160];
    const char *name = at->document->name;
    size_t name_bytes = strlen(name), room;
    va_list args;
    ed_json_path(at, path, sizeof path);
    // The path matters more than the start of a long file name.
    room = sizeof where - strlen(path) - 3;
    if (name_bytes > room) {
        name += name_bytes - room;
        name_bytes = room;
    }
    memcpy(where, name, name_bytes);
    memcpy(where + name_bytes, ": ", 2);
    memcpy(where + name_bytes + 2, path, strlen(path) + 1);
    va_start(args, format);
    ed_fail_v(err, ED_ERR_USAGE, 0, where, format, args);
    va_end(args);
    return ED_ERR_USAGE;
}

// "a string", with the value where it is short and says something.
static const char *describe(const cJSON *value, char *text, size_t bytes) {
    char number[32];
    if (!value)
        return "nothing";
    if (cJSON_IsString(value)) {
        size_t n = strlen(value->valuestring), shown = n < SHOWN_BYTES ? n : SHOWN_BYTES;
        while (shown < n && ((unsigned char)value->valuestring[shown] & 0xC0) == 0x80)
            shown--;
        snprintf(text, bytes, "the string \"%.*s\"%s", (int)shown, value->valuestring,
                 shown < n ? " (cut)" : "");
        return text;
    }
    if (cJSON_IsNumber(value)) {
        ed_json_format_real(number, value->valuedouble);
        snprintf(text, bytes, "the number %s", number);
        return text;
    }
    return cJSON_IsObject(value)  ? "an object"
           : cJSON_IsArray(value) ? "an array"
           : cJSON_IsTrue(value)  ? "true"
           : cJSON_IsFalse(value) ? "false"
                                  : "null";
}

static bool is_a(const struct ed_json_at *at, cJSON_bool (*kind)(const cJSON *)) {
    return at->value && kind(at->value);
}

static enum ed_status fail_kind(const struct ed_json_at *at, const char *wanted, struct ed_error *err) {
    char found[96];
    if (!at->value)
        return ed_json_fail(at, err, "is missing; expected %s", wanted);
    return ed_json_fail(at, err, "expected %s, found %s", wanted, describe(at->value, found, sizeof found));
}

enum ed_status ed_json_expect_object(const struct ed_json_at *at, struct ed_error *err) {
    return cJSON_IsObject(at->value) ? ED_OK : fail_kind(at, "an object", err);
}

enum ed_status ed_json_expect_array(const struct ed_json_at *at, struct ed_error *err) {
    return cJSON_IsArray(at->value) ? ED_OK : fail_kind(at, "an array", err);
}

static bool is_known(const char *key, const char *const *known) {
    for (; *known; known++)
        if (strcmp(key, *known) == 0)
            return true;
    return key[0] == '$' || strncmp(key, "//", 2) == 0;
}

enum ed_status ed_json_known_keys(const struct ed_json_at *at, const char *const *known,
                                  struct ed_error *err) {
    enum ed_status status = ed_json_expect_object(at, err);
    // That no key occurs twice was seen when the document was parsed.
    for (const cJSON *member = status ? NULL : at->value->child; member && !status; member = member->next) {
        struct ed_json_at place = ed_json_member(at, member->string);
        const char *nearest;
        struct ed_buffer list;
        if (is_known(member->string, known))
            continue;
        nearest = ed_nearest(member->string, known);
        if (nearest) {
            status = ed_json_fail(&place, err, "unknown key; did you mean \"%s\"?", nearest);
            continue;
        }
        ed_buffer_init(&list, 800);
        for (size_t i = 0; known[i]; i++)
            ed_buffer_printf(&list, "%s%s", i ? ", " : "", known[i]);
        status = ed_json_fail(&place, err, "unknown key; known here: %s%s",
                              list.size ? ed_buffer_text(&list) : "none", list.too_large ? ", ..." : "");
        ed_buffer_release(&list);
    }
    return status;
}

enum ed_status ed_json_as_text(const struct ed_json_at *at, const char **out, struct ed_error *err) {
    if (!is_a(at, cJSON_IsString))
        return fail_kind(at, "text in quotes", err);
    if (at->value->valuestring[0] == '\0')
        return ed_json_fail(at, err, "is empty; expected text");
    *out = at->value->valuestring;
    return ED_OK;
}

enum ed_status ed_json_as_int(const struct ed_json_at *at, int64_t min, int64_t max, int64_t *out,
                              struct ed_error *err) {
    char wanted[96], found[96];
    double value;
    // Limits beyond what can be read at all would only confuse.
    if (min > -(int64_t)EXACT_INT_MAX && max < (int64_t)EXACT_INT_MAX)
        snprintf(wanted, sizeof wanted, "a whole number from %lld to %lld", (long long)min, (long long)max);
    else if (min > -(int64_t)EXACT_INT_MAX)
        snprintf(wanted, sizeof wanted, "a whole number of at least %lld", (long long)min);
    else if (max < (int64_t)EXACT_INT_MAX)
        snprintf(wanted, sizeof wanted, "a whole number of at most %lld", (long long)max);
    else
        snprintf(wanted, sizeof wanted, "a whole number");
    if (!is_a(at, cJSON_IsNumber))
        return fail_kind(at, wanted, err);
    value = at->value->valuedouble;
    if (value > EXACT_INT_MAX || value < -EXACT_INT_MAX)
        return ed_json_fail(at, err,
                            "%s is beyond +-9007199254740991 (2^53 - 1), where JSON numbers stop being exact",
                            describe(at->value, found, sizeof found));
    if (value != trunc(value) || (int64_t)value < min || (int64_t)value > max)
        return fail_kind(at, wanted, err);
    *out = (int64_t)value;
    return ED_OK;
}

static enum ed_status as_real(const struct ed_json_at *at, double min, double max, double *out,
                              struct ed_error *err) {
    char wanted[96], low[32], high[32];
    ed_json_format_real(low, min);
    ed_json_format_real(high, max);
    if (min > -DBL_MAX && max < DBL_MAX)
        snprintf(wanted, sizeof wanted, "a number from %s to %s", low, high);
    else if (min > -DBL_MAX)
        snprintf(wanted, sizeof wanted, "a number of at least %s", low);
    else if (max < DBL_MAX)
        snprintf(wanted, sizeof wanted, "a number of at most %s", high);
    else
        snprintf(wanted, sizeof wanted, "a number");
    if (!is_a(at, cJSON_IsNumber) || !(at->value->valuedouble >= min && at->value->valuedouble <= max))
        return fail_kind(at, wanted, err);
    *out = at->value->valuedouble;
    return ED_OK;
}

static enum ed_status as_bool(const struct ed_json_at *at, bool *out, struct ed_error *err) {
    if (!is_a(at, cJSON_IsBool))
        return fail_kind(at, "true or false", err);
    *out = cJSON_IsTrue(at->value);
    return ED_OK;
}

static enum ed_status as_string(const struct ed_json_at *at, char *out, size_t bytes, struct ed_error *err) {
    const char *text = NULL;
    enum ed_status status = ed_json_as_text(at, &text, err);
    if (status || !text)
        return status;
    if (strlen(text) >= bytes)
        return ed_json_fail(at, err, "has %zu bytes; at most %zu are allowed", strlen(text), bytes - 1);
    memcpy(out, text, strlen(text) + 1);
    return ED_OK;
}

// The member to be read. With `optional`, *absent says that there is nothing to read.
static enum ed_status find(const struct ed_json_at *object, const char *key, bool optional,
                           struct ed_json_at *at, bool *absent, struct ed_error *err) {
    *at = ed_json_member(object, key);
    *absent = optional && (!at->value || cJSON_IsNull(at->value));
    return object->value ? ed_json_expect_object(object, err) : ED_OK;
}

// Each pair of getters differs only in what absence means.
#define FIND(optional)                                                      \
    struct ed_json_at at;                                                   \
    bool absent;                                                            \
    enum ed_status status = find(object, key, optional, &at, &absent, err); \
    if (status || absent)                                                   \
        return status;

enum ed_status ed_json_get_text(const struct ed_json_at *object, const char *key, const char **out,
                                struct ed_error *err) {
    FIND(false)
    return ed_json_as_text(&at, out, err);
}

enum ed_status ed_json_get_int(const struct ed_json_at *object, const char *key, int64_t min, int64_t max,
                               int64_t *out, struct ed_error *err) {
    FIND(false)
    return ed_json_as_int(&at, min, max, out, err);
}

enum ed_status ed_json_get_real(const struct ed_json_at *object, const char *key, double min, double max,
                                double *out, struct ed_error *err) {
    FIND(false)
    return as_real(&at, min, max, out, err);
}

enum ed_status ed_json_get_bool(const struct ed_json_at *object, const char *key, bool *out,
                                struct ed_error *err) {
    FIND(false)
    return as_bool(&at, out, err);
}

enum ed_status ed_json_get_string(const struct ed_json_at *object, const char *key, char *out, size_t bytes,
                                  struct ed_error *err) {
    FIND(false)
    return as_string(&at, out, bytes, err);
}

enum ed_status ed_json_opt_text(const struct ed_json_at *object, const char *key, const char **out,
                                struct ed_error *err) {
    FIND(true)
    return ed_json_as_text(&at, out, err);
}

enum ed_status ed_json_opt_int(const struct ed_json_at *object, const char *key, int64_t min, int64_t max,
                               int64_t *out, struct ed_error *err) {
    FIND(true)
    return ed_json_as_int(&at, min, max, out, err);
}

enum ed_status ed_json_opt_real(const struct ed_json_at *object, const char *key, double min, double max,
                                double *out, struct ed_error *err) {
    FIND(true)
    return as_real(&at, min, max, out, err);
}

enum ed_status ed_json_opt_bool(const struct ed_json_at *object, const char *key, bool *out,
                                struct ed_error *err) {
    FIND(true)
    return as_bool(&at, out, err);
}

enum ed_status ed_json_opt_string(const struct ed_json_at *object, const char *key, char *out, size_t bytes,
                                  struct ed_error *err) {
    FIND(true)
    return as_string(&at, out, bytes, err);
}

// Text with a unit; `example` shows how to write it.
static enum ed_status unit_text(const struct ed_json_at *at, const char *example, const char **out,
                                struct ed_error *err) {
    char found[96];
    if (is_a(at, cJSON_IsNumber))
        return ed_json_fail(at, err, "expected text with a unit such as \"%s\", found %s; write the unit",
                            example, describe(at->value, found, sizeof found));
    return ed_json_as_text(at, out, err);
}

enum ed_status ed_json_opt_duration(const struct ed_json_at *object, const char *key, int64_t *out_ns,
                                    struct ed_error *err) {
    struct ed_error inner = {0};
    const char *text = NULL;
    int64_t value;
    FIND(true)
    status = unit_text(&at, "5 ms", &text, err);
    if (status)
        return status;
    if (ed_units_duration(text, &value, &inner))
        return ed_json_fail(&at, err, "%s", inner.message);
    *out_ns = value;
    return ED_OK;
}

enum ed_status ed_json_opt_size(const struct ed_json_at *object, const char *key, int64_t *out_bytes,
                                struct ed_error *err) {
    struct ed_error inner = {0};
    const char *text = NULL;
    int64_t value;
    FIND(true)
    status = unit_text(&at, "64 MiB", &text, err);
    if (status)
        return status;
    if (ed_units_size(text, &value, &inner))
        return ed_json_fail(&at, err, "%s", inner.message);
    *out_bytes = value;
    return ED_OK;
}

enum ed_status ed_json_opt_share(const struct ed_json_at *object, const char *key, double *out,
                                 struct ed_error *err) {
    struct ed_error inner = {0};
    const char *text = NULL;
    char number[32];
    double value;
    FIND(true)
    if (is_a(&at, cJSON_IsNumber)) {
        ed_json_format_real(number, at.value->valuedouble);
        text = number;
    } else {
        status = ed_json_as_text(&at, &text, err);
        if (status)
            return status;
    }
    if (ed_units_share(text, &value, &inner))
        return ed_json_fail(&at, err, "%s", inner.message);
    *out = value;
    return ED_OK;
}
