// SPDX-License-Identifier: Apache-2.0
// Writes JSON into a buffer: keys in the order of the calls, UTF-8 checked (an invalid byte becomes U+FFFD),
// control characters escaped, integers exact to 64 bits, doubles in the shortest form that reads back the
// same, NaN and infinity as null. Independent of the locale. Output is one line unless `indent` is set.
#ifndef EDGEDYNO_BASE_JSON_WRITE_H
#define EDGEDYNO_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define ED_JSON_DEPTH_MAX 32

struct ed_json_writer {
    struct ed_buffer *out; // borrowed
    unsigned depth;
    bool indent;
    bool misuse; // depth exceeded or unbalanced: a defect of the caller
    bool has_item[ED_JSON_DEPTH_MAX];
};

void ed_json_writer_init(struct ed_json_writer *writer, struct ed_buffer *out, bool indent);
// `key` is NULL inside an array and at the top.
void ed_json_object_begin(struct ed_json_writer *writer, const char *key);
void ed_json_object_end(struct ed_json_writer *writer);
void ed_json_array_begin(struct ed_json_writer *writer, const char *key);
void ed_json_array_end(struct ed_json_writer *writer);
void ed_json_text(struct ed_json_writer *writer, const char *key, const char *value); // NULL writes null
// Empty text is null as well: what is not known.
void ed_json_text_or_null(struct ed_json_writer *writer, const char *key, const char *value);
void ed_json_text_n(struct ed_json_writer *writer, const char *key, const char *value, size_t n);
void ed_json_int(struct ed_json_writer *writer, const char *key, int64_t value);
void ed_json_uint(struct ed_json_writer *writer, const char *key, uint64_t value);
void ed_json_real(struct ed_json_writer *writer, const char *key, double value);
void ed_json_bool(struct ed_json_writer *writer, const char *key, bool value);
void ed_json_null(struct ed_json_writer *writer, const char *key);
// `json` is inserted as it is; the caller vouches that it is one valid JSON value on one line.
void ed_json_raw(struct ed_json_writer *writer, const char *key, const char *json);
// Shortest text of a finite double that reads back the same ("0.1"); at most 32 bytes with the NUL.
void ed_json_format_real(char text[32], double value);

#endif
