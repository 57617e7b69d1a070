// SPDX-License-Identifier: Apache-2.0
// One record as a JSON object: "case", every key of the table in its order with _low and _high, "reasons",
// and "ops" where it was profiled.
#ifndef EDGEDYNO_REPORTS_JSON_RECORD_H
#define EDGEDYNO_REPORTS_JSON_RECORD_H

#include "base/json_write.h"
#include "edgedyno/report.h"

// `key` as in json_write.h: NULL in an array and at the top.
// With the record's "ops" where `info` (may be NULL) has a source that knows them.
enum ed_status ed_result_json(struct ed_json_writer *writer, const char *key,
                              const struct ed_report_info *info, const struct ed_result *result,
                              struct ed_error *err);

#endif
