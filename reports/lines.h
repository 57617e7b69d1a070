// SPDX-License-Identifier: Apache-2.0
// What the parts for a terminal share: cells, paragraphs, figures with their unit.
#ifndef EDGEDYNO_REPORTS_LINES_H
#define EDGEDYNO_REPORTS_LINES_H

#include <stdbool.h>

#include "base/buffer.h"

// "41.2 ms", "1.2 MiB", "0.40 %": a value of the result key `index` (enum ed_result_index; -1: without unit).
void ed_lines_value(char *text, size_t bytes, int index, double value);
// The same of a record with this accuracy_metric (NULL: none), which decides the unit of what is accuracy.
void ed_lines_value_of(char *text, size_t bytes, int index, const char *metric, double value);
// "+3.1 %"; `unit` is what stands behind the number.
void ed_lines_share(char *text, size_t bytes, double share, const char *unit);
// The word in the colour of the verdict.
void ed_lines_verdict(struct ed_buffer *out, const char *word, const char *verdict, bool colour);
// Visible text cut to `columns` and padded to it where `fill`.
void ed_lines_cell(struct ed_buffer *out, const char *text, size_t columns, bool fill);
// Visible text, broken at spaces, every line behind `indent`. `width` SIZE_MAX: no limit.
void ed_lines_paragraph(struct ed_buffer *out, const char *text, size_t indent, size_t width);

#endif
