// SPDX-License-Identifier: Apache-2.0
// A gate's verdict for people and programs: parts that formats put before their records.
#ifndef EDGEDYNO_REPORTS_GATE_H
#define EDGEDYNO_REPORTS_GATE_H

#include "base/buffer.h"
#include "base/json_write.h"
#include "edgedyno/report.h"

// The object `key` with verdict, summary and every row; where it repeats a fail, "first" has those of the
// gate that failed.
void ed_report_gate_json(struct ed_json_writer *writer, const char *key, const struct ed_report_gate *gate);
// The summary, and where it repeats a fail, which one and what that came to; one line.
void ed_report_gate_summary(struct ed_buffer *out, const struct ed_report_gate *gate);
// For a terminal of `width` columns (SIZE_MAX: no limit), at least 60: the verdict, then a row a comparison
// with its verdict first; what did not pass says why below.
void ed_report_gate_text(struct ed_buffer *out, const struct ed_report_gate *gate, size_t width, bool colour);
// A Markdown table of the rows for which `wanted` is true (NULL: all).
void ed_report_gate_markdown(struct ed_buffer *out, const struct ed_report_gate *gate,
                             bool (*wanted)(const struct ed_report_gate_row *row));
bool ed_report_gate_open(const struct ed_report_gate_row *row); // did not pass, or is told all the same
bool ed_report_gate_passed(const struct ed_report_gate_row *row);

// "+3.1 %" and "+2.4 to +3.8 %"; of differences "+1.2 MiB"; "" where there is none.
void ed_report_gate_change(char *text, size_t bytes, const struct ed_report_gate_row *row);
void ed_report_gate_interval(char *text, size_t bytes, const struct ed_report_gate_row *row);
// "41.2 ms"; a value of the row's key.
void ed_report_gate_value(char *text, size_t bytes, const struct ed_report_gate_row *row, double value);

#endif
