// SPDX-License-Identifier: Apache-2.0
// Lists in option values: texts between commas, and whole numbers with ranges.
#include <stdlib.h>

#include "base/options.h"

static const char *const RANGE_HELP = "write 1,2,8 or a range as 1-8, 1-8*2 or 1-8+3";

enum step_kind { STEP_ADD, STEP_MULTIPLY };

struct range {
    int64_t first, last, step;
    enum step_kind kind;
};

// Where the numbers go.
struct int_list {
    int64_t *values;
    size_t capacity, n;
};

// Reads [-]digits at *p. False: no digit there. *overflow: it does not fit in 64 bits.
static bool int_scan(const char **p, const char *end, int64_t *out, bool *overflow) {
    const char *q = *p;
    int64_t value = 0;
    bool negative = q < end && *q == '-';
    if (negative)
        q++;
    const char *digits = q;
    for (; q < end && *q >= '0' && *q <= '9'; q++) {
        int digit = *q - '0';
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(negative ? -digit : digit), &value))
            *overflow = true;
    }
    if (q == digits)
        return false;
    *out = value;
    *p = q;
    return true;
}

static enum ed_status range_scan(struct range *range, const char *text, size_t length, const char *where,
                                 struct ed_error *err) {
    const char *p = text, *end = text + length;
    int shown = length < 60 ? (int)length : 60;
    bool overflow = false, stepped = false, ok = length > 0;

    *range = (struct range){.step = 1, .kind = STEP_ADD};
    ok = ok && int_scan(&p, end, &range->first, &overflow);
    range->last = range->first;
    if (ok && p < end && *p == '-') {
        p++;
        ok = int_scan(&p, end, &range->last, &overflow);
        if (ok && p < end && (*p == '*' || *p == '+')) {
            stepped = true;
            range->kind = *p == '*' ? STEP_MULTIPLY : STEP_ADD;
            p++;
            ok = int_scan(&p, end, &range->step, &overflow);
        }
    }
    if (!ok || p != end) {
        if (length == 0)
            return ed_fail(err, ED_ERR_USAGE, where, "a part of the list is empty; %s", RANGE_HELP);
        return ed_fail(err, ED_ERR_USAGE, where, "\"%.*s\" is neither a whole number nor a range; %s", shown,
                       text, RANGE_HELP);
    }
    if (overflow)
        return ed_fail(err, ED_ERR_USAGE, where, "\"%.*s\" holds a number that does not fit in 64 bits",
                       shown, text);
    if (range->last < range->first)
        return ed_fail(err, ED_ERR_USAGE, where, "the range \"%.*s\" goes down; write its smaller end first",
                       shown, text);
    if (stepped && range->kind == STEP_ADD && range->step < 1)
        return ed_fail(err, ED_ERR_USAGE, where, "the step behind '+' in \"%.*s\" must be at least 1", shown,
                       text);
    if (stepped && range->kind == STEP_MULTIPLY && range->step < 2)
        return ed_fail(err, ED_ERR_USAGE, where, "the factor behind '*' in \"%.*s\" must be at least 2",
                       shown, text);
    if (stepped && range->kind == STEP_MULTIPLY && range->first < 1)
        return ed_fail(err, ED_ERR_USAGE, where,
                       "a range with '*' starts at 1 or more, and \"%.*s\" does not", shown, text);
    return ED_OK;
}

// False: full. A value that is already there costs nothing.
static bool int_list_add(struct int_list *list, int64_t value) {
    for (size_t i = 0; i < list->n; i++)
        if (list->values[i] == value)
            return true;
    if (list->n == list->capacity)
        return false;
    list->values[list->n++] = value;
    return true;
}

static bool int_list_add_range(struct int_list *list, const struct range *range) {
    int64_t value = range->first;
    for (;;) {
        if (!int_list_add(list, value))
            return false;
        int64_t next;
        bool past = range->kind == STEP_MULTIPLY ? __builtin_mul_overflow(value, range->step, &next)
                                                 : __builtin_add_overflow(value, range->step, &next);
        if (past || next > range->last)
            return true;
        value = next;
    }
}

enum ed_status ed_options_int_list(const char *text, const char *where, int64_t min, int64_t max,
                                   int64_t *values, size_t capacity, size_t *n, struct ed_error *err) {
    struct int_list list = {values, capacity, 0};
    const char *part = text;

    for (;;) {
        struct range range;
        size_t length = strcspn(part, ",");
        enum ed_status status = range_scan(&range, part, length, where, err);
        if (status)
            return status;
        if (range.first < min || range.last > max)
            return ed_fail(err, ED_ERR_USAGE, where, "%lld is outside the range %lld to %lld",
                           (long long)(range.first < min ? range.first : range.last), (long long)min,
                           (long long)max);
        if (!int_list_add_range(&list, &range))
            return ed_fail(err, ED_ERR_LIMIT, where,
                           "the list has more than %zu values; give fewer, or a larger step", capacity);
        part += length;
        if (*part == '\0')
            break;
        part++;
    }
    *n = list.n;
    return ED_OK;
}

enum ed_status ed_options_list(const char *text, const char *where, char ***parts, size_t *n,
                               struct ed_error *err) {
    size_t count = 1, length = strlen(text);
    for (const char *p = text; *p; p++)
        count += *p == ',';
    // Each part counted needs a comma or the terminator, so neither product nor sum can overflow before
    // `text` itself would.
    char **list = malloc(count * sizeof *list + length + 1);
    if (!list)
        return ed_fail(err, ED_ERR_NO_MEMORY, where, "no memory for a list of %zu parts", count);
    char *copy = (char *)(list + count);
    memcpy(copy, text, length + 1);

    for (size_t i = 0; i < count; i++) {
        size_t part = strcspn(copy, ",");
        if (part == 0) {
            free(list);
            if (length == 0)
                return ed_fail(err, ED_ERR_USAGE, where,
                               "the list is empty; write its parts with commas between them");
            return ed_fail(err, ED_ERR_USAGE, where,
                           "part %zu of the list \"%.80s\" is empty; remove the extra comma", i + 1, text);
        }
        copy[part] = '\0';
        list[i] = copy;
        copy += part + 1;
    }
    *parts = list;
    *n = count;
    return ED_OK;
}
