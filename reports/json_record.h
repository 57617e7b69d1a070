// SPDX-License-Identifier: Apache-2.0
// One record as a JSON object: "case", every key of the table in its order with _low and _high, "reasons".
#ifndef EDGEDYNO_REPORTS_JSON_RECORD_H
#define EDGEDYNO_REPORTS_JSON_RECORD_H

#include "base/json_write.h"
#include "edgedyno/result.h"

// `key` as in json_write.h: NULL in an array and at the top.
void ed_result_json(struct ed_json_writer *writer, const char *key, const struct ed_result *result);

#endif
