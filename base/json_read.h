// SPDX-License-Identifier: Apache-2.0
// Strict reading of JSON through cJSON: a syntax error names file:line:column; a wrong value names its JSON
// path
// (/models/0/file), what was expected and what was found; an unknown or doubled key names the nearest known
// one. Integers beyond 2^53 are refused, since cJSON keeps doubles. Depth and size are limited.
#ifndef EDGEDYNO_BASE_JSON_READ_H
#define EDGEDYNO_BASE_JSON_READ_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

// A parsed document and its name for messages. Values point into it.
struct ed_json_document {
    cJSON *root;
    char name[256]; // file name or "standard input", "reply of DEVICE"
};

// Parses exactly one value with nothing but white space behind it. `text` need not be terminated; a NUL byte
// inside is an error, a UTF-8 byte order mark is skipped. Line and column count from 1, columns in bytes.
enum ed_status ed_json_parse(struct ed_json_document *document, const char *name, const char *text,
                             size_t bytes, struct ed_error *err);
// Reads at most max_bytes of a regular file and parses it.
enum ed_status ed_json_parse_file(struct ed_json_document *document, const char *path, size_t max_bytes,
                                  struct ed_error *err);
void ed_json_document_release(struct ed_json_document *document); // safe on a zeroed struct

// One place in a document: a value and the way to it. Passed by value, borrows the document.
struct ed_json_at {
    const struct ed_json_document *document;
    const cJSON *value; // NULL: absent
    const struct ed_json_at *parent;
    const char *key; // in an object; NULL in an array and at the root
    size_t index;    // in an array
};

struct ed_json_at ed_json_root(const struct ed_json_document *document);
// Member `key` of an object; value NULL where absent or where `parent` is no object. `parent` must outlive
// the result.
struct ed_json_at ed_json_member(const struct ed_json_at *parent, const char *key);
struct ed_json_at ed_json_element(const struct ed_json_at *parent, size_t index);
// The element behind `element` of the same array; value NULL at the end. For long arrays: ed_json_element
// counts from the front.
struct ed_json_at ed_json_next(const struct ed_json_at *element);
size_t ed_json_count(const struct ed_json_at *at); // elements or members; 0 for anything else
// Path as a JSON pointer ("/models/0/file"; "/" for the root), cut to `bytes`.
void ed_json_path(const struct ed_json_at *at, char *path, size_t bytes);
// Fails with ED_ERR_USAGE, where = "NAME: /path", and the given words.
__attribute__((format(printf, 3, 4))) enum ed_status
ed_json_fail(const struct ed_json_at *at, struct ed_error *err, const char *format, ...);

// Kind checks: ED_OK or ED_ERR_USAGE with "expected an object, found a string".
enum ed_status ed_json_expect_object(const struct ed_json_at *at, struct ed_error *err);
enum ed_status ed_json_expect_array(const struct ed_json_at *at, struct ed_error *err);
// Every member's key must be in `known` (NULL-terminated) and occur once; keys starting with "$" or "//" are
// comments. The message for an unknown key names the nearest known one, or all of them where none is near.
enum ed_status ed_json_known_keys(const struct ed_json_at *at, const char *const *known,
                                  struct ed_error *err);

// Required values; *out is untouched on failure. Text is borrowed from the document. Empty text is an error.
enum ed_status ed_json_get_text(const struct ed_json_at *object, const char *key, const char **out,
                                struct ed_error *err);
enum ed_status ed_json_get_int(const struct ed_json_at *object, const char *key, int64_t min, int64_t max,
                               int64_t *out, struct ed_error *err);
enum ed_status ed_json_get_real(const struct ed_json_at *object, const char *key, double min, double max,
                                double *out, struct ed_error *err);
enum ed_status ed_json_get_bool(const struct ed_json_at *object, const char *key, bool *out,
                                struct ed_error *err);
// Copies text of at most `bytes` with the NUL; longer is an error.
enum ed_status ed_json_get_string(const struct ed_json_at *object, const char *key, char *out, size_t bytes,
                                  struct ed_error *err);
// Optional values: absent or null leaves *out as it is and is ED_OK; present and wrong is an error.
enum ed_status ed_json_opt_text(const struct ed_json_at *object, const char *key, const char **out,
                                struct ed_error *err);
enum ed_status ed_json_opt_int(const struct ed_json_at *object, const char *key, int64_t min, int64_t max,
                               int64_t *out, struct ed_error *err);
enum ed_status ed_json_opt_real(const struct ed_json_at *object, const char *key, double min, double max,
                                double *out, struct ed_error *err);
enum ed_status ed_json_opt_bool(const struct ed_json_at *object, const char *key, bool *out,
                                struct ed_error *err);
enum ed_status ed_json_opt_string(const struct ed_json_at *object, const char *key, char *out, size_t bytes,
                                  struct ed_error *err);
// "5 ms", "64 MiB", "1 %": text with a unit, by base/units.h. A bare number is an error that says to write
// the unit, except for a share, where 0.01 is allowed.
enum ed_status ed_json_opt_duration(const struct ed_json_at *object, const char *key, int64_t *out_ns,
                                    struct ed_error *err);
enum ed_status ed_json_opt_size(const struct ed_json_at *object, const char *key, int64_t *out_bytes,
                                struct ed_error *err);
enum ed_status ed_json_opt_share(const struct ed_json_at *object, const char *key, double *out,
                                 struct ed_error *err);
// The value at `at` itself.
enum ed_status ed_json_as_text(const struct ed_json_at *at, const char **out, struct ed_error *err);
enum ed_status ed_json_as_int(const struct ed_json_at *at, int64_t min, int64_t max, int64_t *out,
                              struct ed_error *err);

#endif
