// SPDX-License-Identifier: Apache-2.0
// Rules for the texts of a suite: as a check and as a regular expression, from one table.
#include "base/utf8.h"
#include "harness/suite_keys.h"

// A set is written as between the brackets of a regular expression, without escapes: ranges, and a '-' at the
// end. No set: any well-formed UTF-8 but control characters, and but the space where `spaces` is false.
static const struct rule {
    const char *first, *rest;
    bool spaces, may_be_empty;
    size_t max_bytes;
    const char *noun, *words;
} rules[ED_SUITE_RULE_COUNT] = {
    [ED_SUITE_RULE_NAME] = {"A-Za-z0-9_@+", "A-Za-z0-9._@+-", .max_bytes = 64, .noun = "a name",
                            .words = "letters, digits and . _ @ + -, not starting with . or -"},
    [ED_SUITE_RULE_WORD] = {"A-Za-z0-9_", "A-Za-z0-9._+-", .max_bytes = 63, .noun = "a word",
                            .words = "letters, digits and . _ + -, starting with a letter, a digit or _"},
    [ED_SUITE_RULE_GLOB] = {"A-Za-z0-9_*", "A-Za-z0-9._*+-", .max_bytes = 63, .noun = "a word or glob",
                            .words =
                                "letters, digits and . _ + - *, starting with a letter, a digit, _ or *"},
    [ED_SUITE_RULE_SELECTOR] = {"!-+.-~", "!-+.-~-", .max_bytes = 127, .noun = "a device selector",
                                .words =
                                    "an id, a tag or a glob, without spaces and commas, not starting with -"},
    [ED_SUITE_RULE_EVENT] = {"A-Za-z0-9_", "A-Za-z0-9._:=~+-", .max_bytes = 47, .noun = "an event",
                             .words =
                                 "letters, digits and . _ : = ~ + -, starting with a letter, a digit or _"},
    [ED_SUITE_RULE_TENSOR] = {.spaces = true,
                              .max_bytes = 127,
                              .noun = "the name of an input or output",
                              .words = "a text without control characters"},
    [ED_SUITE_RULE_LABEL] = {.max_bytes = 128,
                             .noun = "the value of a label",
                             .words =
                                 "a text without spaces and control characters (write - or _ between words)"},
    [ED_SUITE_RULE_VALUE] = {.spaces = true,
                             .may_be_empty = true,
                             .max_bytes = 1023,
                             .noun = "the value of an option",
                             .words = "a text without control characters"},
    [ED_SUITE_RULE_PATH] = {.spaces = true,
                            .max_bytes = 4095,
                            .noun = "the name of a file",
                            .words = "a text without control characters"},
};

static bool set_has(const char *set, char c) {
    for (; *set; set++) {
        if (set[1] == '-' && set[2] != '\0') {
            if (c >= set[0] && c <= set[2])
                return true;
            set += 2;
        } else if (c == *set) {
            return true;
        }
    }
    return false;
}

static bool matches(const struct rule *rule, const char *text, size_t n) {
    if (n == 0)
        return rule->may_be_empty;
    if (rule->first) {
        for (size_t i = 0; i < n; i++)
            if (!set_has(i == 0 ? rule->first : rule->rest, text[i]))
                return false;
        return true;
    }
    for (size_t i = 0, step; i < n; i += step) {
        step = ed_utf8_length(text + i, n - i);
        if (step == 0 || ed_utf8_is_control(text + i, step) || (text[i] == ' ' && !rule->spaces))
            return false;
    }
    return true;
}

enum ed_status ed_suite_rule_check(enum ed_suite_rule rule, const char *text, struct ed_error *err) {
    const struct rule *row = &rules[rule];
    size_t n = strnlen(text, row->max_bytes + 1);
    if (n > row->max_bytes)
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.40s...\" is longer than %s may be: at most %zu bytes",
                       text, row->noun, row->max_bytes);
    if (matches(row, text, n))
        return ED_OK;
    if (n == 0)
        return ed_fail(err, ED_ERR_USAGE, NULL, "is empty; expected %s: %s", row->noun, row->words);
    return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is not %s: %s", text, row->noun, row->words);
}

enum ed_status ed_suite_selector_check(const char *text, struct ed_error *err) {
    return ed_suite_rule_check(ED_SUITE_RULE_SELECTOR, text, err);
}

enum ed_status ed_suite_event_check(const char *text, struct ed_error *err) {
    return ed_suite_rule_check(ED_SUITE_RULE_EVENT, text, err);
}

void ed_suite_rule_pattern(enum ed_suite_rule rule, char *pattern, size_t bytes) {
    const struct rule *row = &rules[rule];
    if (row->first)
        snprintf(pattern, bytes, "[%s][%s]{0,%zu}", row->first, row->rest, row->max_bytes - 1);
    else
        snprintf(pattern, bytes, "[^\\u0000-\\u00%s\\u007f-\\u009f]{%d,%zu}", row->spaces ? "1f" : "20",
                 row->may_be_empty ? 0 : 1, row->max_bytes);
}
