// SPDX-License-Identifier: Apache-2.0
// What is generated from the table of result keys for people and programs that read the records.
#ifndef EDGEDYNO_REPORTS_SCHEMA_H
#define EDGEDYNO_REPORTS_SCHEMA_H

#include "base/buffer.h"

// Appends a JSON Schema (draft 2020-12). It accepts a document of format "json" and a record (a line of
// "jsonl"); the two are also reachable as #/$defs/document and #/$defs/record. Check the buffer's status.
void ed_report_schema(struct ed_buffer *out);

// Appends the reference of every key as Markdown: one table a group, with type, unit and meaning; also the
// CSV columns.
void ed_result_reference(struct ed_buffer *out);

#endif
