// SPDX-License-Identifier: Apache-2.0
// Lists of texts from JSON, as NULL-terminated arrays.
#ifndef EDGEDYNO_DEVICES_TEXT_LIST_H
#define EDGEDYNO_DEVICES_TEXT_LIST_H

#include "base/json_read.h"

#define ED_TEXT_LIST_MAX 64

// Copies the array of texts `key` of `object` to *out, which the caller frees with ed_text_list_free; an
// absent one gives an empty list. Every text must pass `ok` (what it should be is `expected`) and occur once;
// at most ED_TEXT_LIST_MAX. *out is NULL on failure.
enum ed_status ed_text_list_read(const struct ed_json_at *object, const char *key,
                                 bool (*ok)(const char *text), const char *expected, char ***out,
                                 struct ed_error *err);
// The same for the words of a command, of which two may be equal.
enum ed_status ed_text_list_read_words(const struct ed_json_at *object, const char *key,
                                       bool (*ok)(const char *text), const char *expected, char ***out,
                                       struct ed_error *err);
void ed_text_list_free(char **list); // NULL is fine

#endif
