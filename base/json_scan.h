// SPDX-License-Identifier: Apache-2.0
// Checks that a text is JSON by RFC 8259 to the letter, with the exact place of the first mistake.
// ed_json_parse runs it before cJSON, which accepts more than JSON and reports places roughly.
#ifndef EDGEDYNO_BASE_JSON_SCAN_H
#define EDGEDYNO_BASE_JSON_SCAN_H

#include <stddef.h>

#include "edgedyno/error.h"

#define ED_JSON_READ_DEPTH_MAX 64   // arrays and objects inside each other
#define ED_JSON_NUMBER_BYTES_MAX 63 // cJSON cuts a longer number silently

// Exactly one value, white space around it. Refused beyond the grammar: NUL bytes and \u0000 (C text would
// end there), invalid UTF-8, lone surrogates, numbers beyond a double or too long. ED_ERR_PARSE, or
// ED_ERR_LIMIT for depth and long numbers, with where "NAME:LINE:COLUMN", both from 1, columns in bytes. A
// byte order mark must have been skipped.
enum ed_status ed_json_scan(const char *name, const char *text, size_t bytes, struct ed_error *err);

#endif
