// SPDX-License-Identifier: Apache-2.0
// Writes JSON into a buffer. After a misuse nothing more is written, so that what is left cannot be taken for
// a whole document.
#include "base/json_write.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void ed_json_writer_init(struct ed_json_writer *writer, struct ed_buffer *out, bool indent) {
    memset(writer, 0, sizeof *writer);
    writer->out = out;
    writer->indent = indent;
}

static void newline(struct ed_json_writer *writer, unsigned depth) {
    ed_buffer_append(writer->out, "\n", 1);
    for (unsigned i = 0; i < depth; i++)
        ed_buffer_append(writer->out, "  ", 2);
}

static void quoted(struct ed_json_writer *writer, const char *text, size_t n) {
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    struct ed_buffer *out = writer->out;
    size_t start = 0, at = 0;
    ed_buffer_append(out, "\"", 1);
    while (at < n) {
        size_t length = ed_utf8_length(text + at, n - at);
        const char *name = length == 1 && text[at] ? strchr(named, text[at]) : NULL;
        if (length > 0 && !name && !ed_utf8_is_control(text + at, length)) {
            at += length;
            continue;
        }
        ed_buffer_append(out, text + start, at - start);
        if (length == 0) {
            ed_buffer_append(out, "\xEF\xBF\xBD", 3);
            length = 1;
        } else if (name) {
            ed_buffer_printf(out, "\\%c", letters[name - named]);
        } else {
            // C2 80..C2 9F are U+0080..U+009F: the last byte is the code point.
            ed_buffer_printf(out, "\\u%04x", (unsigned)(unsigned char)text[at + length - 1]);
        }
        at += length;
        start = at;
    }
    ed_buffer_append(out, text + start, at - start);
    ed_buffer_append(out, "\"", 1);
}

// What comes before every value: comma, line break, key. false after a misuse.
static bool prefix(struct ed_json_writer *writer, const char *key) {
    if (writer->depth == 0 && (key || writer->has_item[0]))
        writer->misuse = true;
    if (writer->misuse)
        return false;
    if (writer->has_item[writer->depth])
        ed_buffer_append(writer->out, ",", 1);
    writer->has_item[writer->depth] = true;
    if (writer->indent && writer->depth > 0)
        newline(writer, writer->depth);
    if (key) {
        quoted(writer, key, strlen(key));
        ed_buffer_append(writer->out, ": ", writer->indent ? 2 : 1);
    }
    return true;
}

static void begin(struct ed_json_writer *writer, const char *key, const char *bracket) {
    if (writer->depth + 1 >= ED_JSON_DEPTH_MAX)
        writer->misuse = true;
    if (!prefix(writer, key))
        return;
    ed_buffer_append(writer->out, bracket, 1);
    writer->has_item[++writer->depth] = false;
}

static void end(struct ed_json_writer *writer, const char *bracket) {
    if (writer->depth == 0)
        writer->misuse = true;
    if (writer->misuse)
        return;
    writer->depth--;
    if (writer->indent && writer->has_item[writer->depth + 1])
        newline(writer, writer->depth);
    ed_buffer_append(writer->out, bracket, 1);
}

void ed_json_object_begin(struct ed_json_writer *writer, const char *key) {
    begin(writer, key, "{");
}

void ed_json_object_end(struct ed_json_writer *writer) {
    end(writer, "}");
}

void ed_json_array_begin(struct ed_json_writer *writer, const char *key) {
    begin(writer, key, "[");
}

void ed_json_array_end(struct ed_json_writer *writer) {
    end(writer, "]");
}

void ed_json_text(struct ed_json_writer *writer, const char *key, const char *value) {
    if (value)
        ed_json_text_n(writer, key, value, strlen(value));
    else
        ed_json_null(writer, key);
}

void ed_json_text_or_null(struct ed_json_writer *writer, const char *key, const char *value) {
    ed_json_text(writer, key, value && value[0] ? value : NULL);
}

void ed_json_text_n(struct ed_json_writer *writer, const char *key, const char *value, size_t n) {
    if (prefix(writer, key))
        quoted(writer, value, n);
}

void ed_json_int(struct ed_json_writer *writer, const char *key, int64_t value) {
    if (prefix(writer, key))
        ed_buffer_printf(writer->out, "%" PRId64, value);
}

void ed_json_uint(struct ed_json_writer *writer, const char *key, uint64_t value) {
    if (prefix(writer, key))
        ed_buffer_printf(writer->out, "%" PRIu64, value);
}

void ed_json_real(struct ed_json_writer *writer, const char *key, double value) {
    char text[32];
    ed_json_format_real(text, value);
    ed_json_raw(writer, key, text);
}

void ed_json_bool(struct ed_json_writer *writer, const char *key, bool value) {
    ed_json_raw(writer, key, value ? "true" : "false");
}

void ed_json_null(struct ed_json_writer *writer, const char *key) {
    ed_json_raw(writer, key, "null");
}

void ed_json_raw(struct ed_json_writer *writer, const char *key, const char *json) {
    if (prefix(writer, key))
        ed_buffer_text_append(writer->out, json);
}

void ed_json_format_real(char text[32], double value) {
    char wide[48] = "", *comma;
    if (!isfinite(value)) {
        memcpy(text, "null", 5);
        return;
    }
    // 15 digits always survive the way from text to a normal double and back, and %g drops trailing zeros; a
    // subnormal has fewer.
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(wide, sizeof wide, "%.*g", digits, value);
        if (strtod(wide, NULL) == value)
            break;
    }
    // Our programs never call setlocale, so this is a point already; but a library loaded into a worker may
    // have called it.
    comma = strchr(wide, ',');
    if (comma)
        *comma = '.';
    // 17 digits, sign, point and exponent are 24 bytes.
    memcpy(text, wide, 32);
    text[31] = '\0';
}
