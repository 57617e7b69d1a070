// SPDX-License-Identifier: Apache-2.0
// A strict check of JSON by recursive descent, depth limited. It builds nothing.
#include "base/json_scan.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct scan {
    const char *name, *text;
    size_t n, at;
    unsigned depth;
    struct ed_error *err;
};

// Fails at byte `at` of the text.
__attribute__((format(printf, 4, 5))) static enum ed_status
fail_at(const struct scan *scan, enum ed_status code, size_t at, const char *format, ...) {
    char where[ED_ERROR_WHERE_BYTES];
    size_t line = 1, line_start = 0;
    va_list args;
    for (size_t i = 0; i < at; i++)
        if (scan->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    snprintf(where, sizeof where, "%.200s:%zu:%zu", scan->name, line, at - line_start + 1);
    va_start(args, format);
    ed_fail_v(scan->err, code, 0, where, format, args);
    va_end(args);
    return code;
}

// Fails at the current place; says what stands there.
static enum ed_status expected(const struct scan *scan, const char *what) {
    size_t left = scan->n - scan->at, length;
    const char *at = scan->text + scan->at;
    if (left == 0)
        return fail_at(scan, ED_ERR_PARSE, scan->at, "expected %s, but the text ends here; is it cut off?",
                       what);
    length = ed_utf8_length(at, left);
    if (*at == '\'')
        return fail_at(scan, ED_ERR_PARSE, scan->at,
                       "expected %s, found a single quote; JSON text stands in \"", what);
    if (*at == '/' || *at == '#')
        return fail_at(scan, ED_ERR_PARSE, scan->at,
                       "expected %s, found '%c'; JSON has no comments, use a key that starts with \"//\"",
                       what, *at);
    if (length == 0 || ed_utf8_is_control(at, length))
        return fail_at(scan, ED_ERR_PARSE, scan->at, "expected %s, found the byte 0x%02X", what,
                       (unsigned char)*at);
    return fail_at(scan, ED_ERR_PARSE, scan->at, "expected %s, found '%.*s'", what, (int)length, at);
}

static int peek(const struct scan *scan) {
    return scan->at < scan->n ? (unsigned char)scan->text[scan->at] : -1;
}

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

static void skip_space(struct scan *scan) {
    for (int c = peek(scan); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(scan))
        scan->at++;
}

static void skip_digits(struct scan *scan) {
    while (is_digit(peek(scan)))
        scan->at++;
}

static enum ed_status scan_number(struct scan *scan) {
    char copy[ED_JSON_NUMBER_BYTES_MAX + 1];
    size_t start = scan->at, n;
    if (peek(scan) == '-')
        scan->at++;
    if (!is_digit(peek(scan)))
        return expected(scan, "a digit");
    if (peek(scan) == '0') {
        scan->at++;
        if (is_digit(peek(scan)))
            return fail_at(scan, ED_ERR_PARSE, start,
                           "a number must not start with a zero before other digits");
    } else {
        skip_digits(scan);
    }
    if (peek(scan) == '.') {
        scan->at++;
        if (!is_digit(peek(scan)))
            return expected(scan, "a digit after the decimal point");
        skip_digits(scan);
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-')
            scan->at++;
        if (!is_digit(peek(scan)))
            return expected(scan, "a digit of the exponent");
        skip_digits(scan);
    }
    n = scan->at - start;
    if (n > ED_JSON_NUMBER_BYTES_MAX)
        return fail_at(scan, ED_ERR_LIMIT, start, "a number of %zu characters; at most %d are read", n,
                       ED_JSON_NUMBER_BYTES_MAX);
    memcpy(copy, scan->text + start, n);
    copy[n] = '\0';
    if (!isfinite(strtod(copy, NULL)))
        return fail_at(scan, ED_ERR_PARSE, start, "the number %s is too large for a double", copy);
    return ED_OK;
}

// Four hexadecimal digits at `at`, or -1.
static long hex4(const struct scan *scan, size_t at) {
    long value = 0;
    if (scan->n - at < 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        char c = scan->text[i];
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

// At the backslash.
static enum ed_status scan_escape(struct scan *scan) {
    size_t start = scan->at++;
    int c = peek(scan);
    long unit, second;
    if (c < 0)
        return expected(scan, "the rest of a string");
    scan->at++;
    if (c != 'u') {
        if (strchr("\"\\/bfnrt", c) && c != 0)
            return ED_OK;
        return fail_at(scan, ED_ERR_PARSE, start, "no escape of JSON; write a backslash as \\\\");
    }
    unit = hex4(scan, scan->at);
    if (unit < 0)
        return fail_at(scan, ED_ERR_PARSE, start, "\\u needs four hexadecimal digits");
    if (unit == 0)
        return fail_at(scan, ED_ERR_PARSE, start, "\\u0000 is not allowed in text");
    scan->at += 4;
    if (unit < 0xD800 || unit > 0xDFFF)
        return ED_OK;
    if (unit <= 0xDBFF && scan->n - scan->at >= 6 && memcmp(scan->text + scan->at, "\\u", 2) == 0) {
        second = hex4(scan, scan->at + 2);
        if (second >= 0xDC00 && second <= 0xDFFF) {
            scan->at += 6;
            return ED_OK;
        }
    }
    return fail_at(scan, ED_ERR_PARSE, start, "half of a surrogate pair");
}

static enum ed_status scan_string(struct scan *scan) {
    size_t start = scan->at++;
    for (;;) {
        int c = peek(scan);
        size_t length;
        enum ed_status status;
        if (c < 0)
            return fail_at(scan, ED_ERR_PARSE, start, "this string is never closed; is the text cut off?");
        if (c == '"') {
            scan->at++;
            return ED_OK;
        }
        if (c == '\n' || c == '\r')
            return fail_at(scan, ED_ERR_PARSE, start,
                           "this string is not closed on its line; close it, or write \\n");
        if (c < 0x20)
            return fail_at(scan, ED_ERR_PARSE, scan->at, "a control character in a string; write \\u%04X%s",
                           (unsigned)c, c == 0 ? ", but not this one: NUL is not allowed" : "");
        if (c == '\\') {
            status = scan_escape(scan);
            if (status)
                return status;
            continue;
        }
        length = ed_utf8_length(scan->text + scan->at, scan->n - scan->at);
        if (length == 0)
            return fail_at(scan, ED_ERR_PARSE, scan->at,
                           "the byte 0x%02X is no UTF-8; save the file as UTF-8", (unsigned)c);
        scan->at += length;
    }
}

static enum ed_status scan_value(struct scan *scan);

// At the opening bracket of an object or an array.
static enum ed_status scan_container(struct scan *scan) {
    const bool object = peek(scan) == '{';
    const int close = object ? '}' : ']';
    enum ed_status status = ED_OK;
    if (scan->depth == ED_JSON_READ_DEPTH_MAX)
        return fail_at(scan, ED_ERR_LIMIT, scan->at, "nested deeper than %d levels", ED_JSON_READ_DEPTH_MAX);
    scan->depth++;
    scan->at++;
    skip_space(scan);
    if (peek(scan) == close)
        goto closed;
    for (;;) {
        size_t comma;
        if (object) {
            if (peek(scan) != '"')
                return expected(scan, "a key in double quotes");
            status = scan_string(scan);
            if (status)
                return status;
            skip_space(scan);
            if (peek(scan) != ':')
                return expected(scan, "':' after the key");
            scan->at++;
            skip_space(scan);
        }
        status = scan_value(scan);
        if (status)
            return status;
        skip_space(scan);
        if (peek(scan) == close)
            goto closed;
        if (peek(scan) != ',')
            return expected(scan, object ? "',' or '}'" : "',' or ']'");
        comma = scan->at++;
        skip_space(scan);
        if (peek(scan) == close)
            return fail_at(scan, ED_ERR_PARSE, comma, "a comma before '%c'; remove it", close);
    }
closed:
    scan->at++;
    scan->depth--;
    return ED_OK;
}

static enum ed_status scan_value(struct scan *scan) {
    static const char *const words[] = {"true", "false", "null"};
    size_t left = scan->n - scan->at;
    int c = peek(scan);
    if (c == '"')
        return scan_string(scan);
    if (c == '{' || c == '[')
        return scan_container(scan);
    if (c == '-' || is_digit(c))
        return scan_number(scan);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (left >= n && memcmp(scan->text + scan->at, words[i], n) == 0) {
            scan->at += n;
            return ED_OK;
        }
    }
    if (c == 'N' || c == 'I')
        return expected(scan, "a value (NaN and Infinity are no JSON: write null)");
    return expected(scan, "a value");
}

enum ed_status ed_json_scan(const char *name, const char *text, size_t bytes, struct ed_error *err) {
    struct scan scan = {.name = name, .text = text, .n = bytes, .err = err};
    enum ed_status status;
    skip_space(&scan);
    status = scan_value(&scan);
    if (status)
        return status;
    skip_space(&scan);
    return scan.at < scan.n ? expected(&scan, "nothing more after the value") : ED_OK;
}
