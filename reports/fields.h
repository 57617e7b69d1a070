// SPDX-License-Identifier: Apache-2.0
// Reading a result field by its index, for formats and verdicts. `field` is an enum ed_result_index; `end` is
// -1 for KEY_low, 0 for KEY, 1 for KEY_high. Texts are borrowed from the result.
#ifndef EDGEDYNO_REPORTS_FIELDS_H
#define EDGEDYNO_REPORTS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/result.h"

// Not measured, or an empty text.
bool ed_result_is_null(const struct ed_result *result, int field);
// Whether the field has KEY_low and KEY_high beside it.
bool ed_result_has_ends(int field);
// Of TEXT fields.
const char *ed_result_text(const struct ed_result *result, int field);
// Of BOOL fields.
bool ed_result_bool(const struct ed_result *result, int field);
// Of INT and SPANI fields, of REAL and SPANR fields; the caller has checked that the end exists.
int64_t ed_result_int(const struct ed_result *result, int field, int end);
double ed_result_real(const struct ed_result *result, int field, int end);
// Any numeric field as a double. False where it is null, has no such end, is not finite or not a number.
bool ed_result_number(const struct ed_result *result, int field, int end, double *value);
// The first reason of this key, or NULL.
const struct ed_reason *ed_result_reason_find(const struct ed_result *result, const char *key);
// How many reasons this one stands for: 1, or what the last one of a full list counts.
size_t ed_result_reason_count(const struct ed_reason *reason);
// Counts `n` reasons that have no room in the last slot, which is made for that purpose.
void ed_result_reason_more(struct ed_result *result, size_t n);
// The words a TEXT field is made of, separated by '|'; NULL where any text may stand.
const char *ed_result_words(int field);

#endif
