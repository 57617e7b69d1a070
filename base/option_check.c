// SPDX-License-Identifier: Apache-2.0
// The check of one value against its row of an option table.
#include <stdlib.h>

#include "base/nearest.h"
#include "base/options.h"
#include "base/units.h"

#define LIST_VALUES_MAX 1024
#define WORDS_TEXT_MAX 256
#define WORDS_MAX 32

// Whole numbers without an exponent, as a person writes them.
static const char *format_limit(char text[32], double value) {
    if (value > -1e16 && value < 1e16 && value == (double)(int64_t)value)
        snprintf(text, 32, "%lld", (long long)value);
    else
        snprintf(text, 32, "%.12g", value);
    return text;
}

static enum ed_status check_range(const struct ed_option *option, const char *where, const char *text,
                                  double value, struct ed_error *err) {
    char low[32], high[32];
    if ((option->min == 0 && option->max == 0) || (value >= option->min && value <= option->max))
        return ED_OK;
    if (option->type == ED_OPTION_DURATION) {
        ed_units_print_duration(low, sizeof low, (int64_t)option->min);
        ed_units_print_duration(high, sizeof high, (int64_t)option->max);
    } else if (option->type == ED_OPTION_SIZE) {
        ed_units_print_size(low, sizeof low, (int64_t)option->min);
        ed_units_print_size(high, sizeof high, (int64_t)option->max);
    } else {
        format_limit(low, option->min);
        format_limit(high, option->max);
    }
    return ed_fail(err, ED_ERR_USAGE, where, "\"%.80s\" is outside the range %s to %s", text, low, high);
}

static enum ed_status check_word(const struct ed_option *option, const char *where, const char *text,
                                 struct ed_error *err) {
    char copy[WORDS_TEXT_MAX];
    const char *words[WORDS_MAX + 1];
    size_t n = 0;

    if (strlen(option->words) >= sizeof copy)
        return ed_fail(err, ED_ERR_INTERNAL, where, "the table's words are longer than %d bytes",
                       WORDS_TEXT_MAX - 1);
    snprintf(copy, sizeof copy, "%s", option->words);
    for (char *p = copy;;) {
        char *bar = strchr(p, '|');
        if (bar)
            *bar = '\0';
        if (strcmp(p, text) == 0)
            return ED_OK;
        if (n == WORDS_MAX)
            return ed_fail(err, ED_ERR_INTERNAL, where, "the table has more than %d words", WORDS_MAX);
        words[n++] = p;
        if (!bar)
            break;
        p = bar + 1;
    }
    words[n] = NULL;
    const char *near = ed_nearest(text, words);
    return ed_fail(err, ED_ERR_USAGE, where, "\"%.80s\" is none of %s%s%s%s", text, option->words,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static enum ed_status check_int_list(const struct ed_option *option, const char *where, const char *text,
                                     struct ed_error *err) {
    int64_t values[LIST_VALUES_MAX], min = INT64_MIN, max = INT64_MAX;
    size_t n = 0;
    if (option->min != 0 || option->max != 0) {
        // A table's bound may be a round figure beyond what int64_t holds.
        if (option->min > -9.2e18)
            min = (int64_t)option->min;
        if (option->max < 9.2e18)
            max = (int64_t)option->max;
    }
    return ed_options_int_list(text, where, min, max, values, LIST_VALUES_MAX, &n, err);
}

static enum ed_status check_pair(const char *where, const char *text, struct ed_error *err) {
    const char *equals = strchr(text, '=');
    if (!equals)
        return ed_fail(err, ED_ERR_USAGE, where, "\"%.80s\" has no '='; write KEY=VALUE", text);
    if (equals == text)
        return ed_fail(err, ED_ERR_USAGE, where, "\"%.80s\" has no key before '='; write KEY=VALUE", text);
    return ED_OK;
}

enum ed_status ed_option_check(const struct ed_option *option, const char *where, const char *text,
                               struct ed_error *err) {
    enum ed_status status = ED_OK;
    int64_t whole = 0;
    double real = 0;
    char **parts = NULL;
    size_t n = 0;

    switch (option->type) {
    case ED_OPTION_FLAG:
        if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0 && strcmp(text, "true") != 0 &&
            strcmp(text, "false") != 0)
            status = ed_fail(err, ED_ERR_USAGE, where, "\"%.80s\" is none of 0, 1, true, false", text);
        break;
    case ED_OPTION_INT:
        status = ed_units_integer(text, &whole, err);
        real = (double)whole;
        break;
    case ED_OPTION_REAL:
        status = ed_units_number(text, &real, err);
        break;
    case ED_OPTION_DURATION:
        status = ed_units_duration(text, &whole, err);
        real = (double)whole;
        break;
    case ED_OPTION_SIZE:
        status = ed_units_size(text, &whole, err);
        real = (double)whole;
        break;
    case ED_OPTION_SHARE:
        status = ed_units_share(text, &real, err);
        break;
    case ED_OPTION_WORD:
        return check_word(option, where, text, err);
    case ED_OPTION_INT_LIST:
        status = check_int_list(option, where, text, err);
        break;
    case ED_OPTION_LIST:
        status = ed_options_list(text, where, &parts, &n, err);
        free(parts);
        break;
    case ED_OPTION_PAIR:
        status = check_pair(where, text, err);
        break;
    case ED_OPTION_PATH:
        if (text[0] == '\0')
            status = ed_fail(err, ED_ERR_USAGE, where, "the path is empty");
        break;
    case ED_OPTION_TEXT:
        break;
    }
    if (status) {
        // The unit parsers know no place; a list that is too long is the user's mistake here.
        if (status == ED_ERR_LIMIT)
            status = ED_ERR_USAGE;
        if (err) {
            err->code = status;
            snprintf(err->where, sizeof err->where, "%s", where ? where : "");
        }
        return status;
    }
    switch (option->type) {
    case ED_OPTION_INT:
    case ED_OPTION_REAL:
    case ED_OPTION_DURATION:
    case ED_OPTION_SIZE:
    case ED_OPTION_SHARE:
        return check_range(option, where, text, real, err);
    default:
        return ED_OK;
    }
}
