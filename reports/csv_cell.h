// SPDX-License-Identifier: Apache-2.0
// One text cell of CSV, as every CSV format writes it.
#ifndef EDGEDYNO_REPORTS_CSV_CELL_H
#define EDGEDYNO_REPORTS_CSV_CELL_H

#include "base/buffer.h"

// At most `max` bytes of `text` (stops at NUL), quoted where RFC 4180 asks for it, with an apostrophe before
// what a spreadsheet would take for a formula.
void ed_csv_cell(struct ed_buffer *out, const char *text, size_t max);

#endif
