// SPDX-License-Identifier: Apache-2.0
// The table of result keys as rows, looking a key up, and adding reasons.
#include "edgedyno/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"

#define MORE_CODE "more_reasons"

#define ENDS_TEXT(key) 0, 0
#define ENDS_INT(key) 0, 0
#define ENDS_REAL(key) 0, 0
#define ENDS_BOOL(key) 0, 0
#define ENDS_SPANI(key) offsetof(struct ed_result, key##_low), offsetof(struct ed_result, key##_high)
#define ENDS_SPANR(key) offsetof(struct ed_result, key##_low), offsetof(struct ed_result, key##_high)
#define ROW(key, type, unit, group, help) \
    {#key, ED_RESULT_##type, unit, group, help, offsetof(struct ed_result, key), ENDS_##type(key)},

static const struct ed_result_field fields[ED_FIELD_COUNT] = {ED_RESULT_FIELDS(ROW)};

const struct ed_result_field *ed_result_fields(void) {
    return fields;
}

bool ed_result_has_ends(int field) {
    return fields[field].type == ED_RESULT_SPANI || fields[field].type == ED_RESULT_SPANR;
}

int ed_result_find(const char *key, int *end) {
    for (int i = 0; i < ED_FIELD_COUNT; i++) {
        size_t n = strlen(fields[i].key);
        if (strncmp(key, fields[i].key, n) != 0)
            continue;
        int which = strcmp(key + n, "_low") == 0 ? -1 : strcmp(key + n, "_high") == 0 ? 1 : 0;
        if (key[n] != '\0' && (which == 0 || !ed_result_has_ends(i)))
            continue;
        if (end)
            *end = which;
        return i;
    }
    return -1;
}

size_t ed_result_reason_count(const struct ed_reason *reason) {
    return strcmp(reason->code, MORE_CODE) == 0 ? (size_t)strtoull(reason->text, NULL, 10) : 1;
}

void ed_result_reason_more(struct ed_result *result, size_t n) {
    struct ed_reason *last = &result->reasons[ED_REASONS_MAX - 1];
    size_t more = n;
    if (result->n_reasons >= ED_REASONS_MAX) {
        more += ed_result_reason_count(last); // the one that makes room is left out, too
        result->n_reasons = ED_REASONS_MAX - 1;
    }
    struct ed_reason *place = &result->reasons[result->n_reasons++];
    memset(place, 0, sizeof *place);
    snprintf(place->code, sizeof place->code, "%s", MORE_CODE);
    snprintf(place->text, sizeof place->text, "%zu more reasons had no room here", more);
}

void ed_result_reason(struct ed_result *result, const char *key, const char *code, const char *format, ...) {
    if (result->n_reasons >= ED_REASONS_MAX) {
        ed_result_reason_more(result, 1);
        return;
    }
    struct ed_reason *reason = &result->reasons[result->n_reasons++];
    va_list args;
    snprintf(reason->key, sizeof reason->key, "%s", key ? key : "");
    snprintf(reason->code, sizeof reason->code, "%s", code ? code : "");
    va_start(args, format);
    vsnprintf(reason->text, sizeof reason->text, format, args);
    va_end(args);
}

bool ed_result_is_null(const struct ed_result *result, int field) {
    if (!result->has[field])
        return true;
    return fields[field].type == ED_RESULT_TEXT && *ed_result_text(result, field) == '\0';
}

const char *ed_result_text(const struct ed_result *result, int field) {
    return (const char *)result + fields[field].offset;
}

bool ed_result_bool(const struct ed_result *result, int field) {
    bool value;
    memcpy(&value, (const char *)result + fields[field].offset, sizeof value);
    return value;
}

static size_t end_offset(int field, int end) {
    const struct ed_result_field *row = &fields[field];
    return end == 0 ? row->offset : end < 0 ? row->low_offset : row->high_offset;
}

int64_t ed_result_int(const struct ed_result *result, int field, int end) {
    int64_t value;
    memcpy(&value, (const char *)result + end_offset(field, end), sizeof value);
    return value;
}

double ed_result_real(const struct ed_result *result, int field, int end) {
    double value;
    memcpy(&value, (const char *)result + end_offset(field, end), sizeof value);
    return value;
}

bool ed_result_number(const struct ed_result *result, int field, int end, double *value) {
    enum ed_result_type type = fields[field].type;
    if (ed_result_is_null(result, field) || (end != 0 && !result->has_span[field]))
        return false;
    if (type == ED_RESULT_INT || type == ED_RESULT_SPANI)
        *value = (double)ed_result_int(result, field, end);
    else if (type == ED_RESULT_REAL || type == ED_RESULT_SPANR)
        *value = ed_result_real(result, field, end);
    else
        return false;
    return *value - *value == 0; // NaN and infinity are no figures
}

const struct ed_reason *ed_result_reason_find(const struct ed_result *result, const char *key) {
    for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX; i++)
        if (strcmp(result->reasons[i].key, key) == 0)
            return &result->reasons[i];
    return NULL;
}

const char *ed_result_words(int field) {
    switch (field) {
    case ED_FIELD_outcome:
        return "ok|oom|crashed|timeout|refused|cancelled";
    case ED_FIELD_steady:
        return "yes|no|not testable";
    case ED_FIELD_processor:
        return "cpu|gpu|npu|remote";
    case ED_FIELD_accuracy_verdict:
    case ED_FIELD_agreement_verdict:
        return "pass|fail|inconclusive";
    case ED_FIELD_verdict:
        return "pass|fail|inconclusive|invalid";
    default:
        return NULL;
    }
}
