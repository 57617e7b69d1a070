// SPDX-License-Identifier: Apache-2.0
// What tells cases apart, as words: the columns that a table may have before its figures, and their texts.
#ifndef EDGEDYNO_REPORTS_NAMING_H
#define EDGEDYNO_REPORTS_NAMING_H

#include <stdbool.h>

#include "base/buffer.h"
#include "edgedyno/result.h"

// In the order in which the words of all rows are shown in one line. Where devices differ, their column is
// the last that is no `how`: rows of one case stand together.
enum ed_naming {
    ED_NAMING_CAMPAIGN,
    ED_NAMING_DEVICE,
    ED_NAMING_ENGINE, // with its version
    ED_NAMING_BACKEND,
    ED_NAMING_MODEL,
    ED_NAMING_VARIANT,
    ED_NAMING_THREADS,
    ED_NAMING_OPTIONS,
    ED_NAMING_WORKLOAD,
    ED_NAMING_LABEL,
    ED_NAMING_TASK,
    ED_NAMING_RAN_ON,
    ED_NAMING_METRIC,
    ED_NAMING_COUNT
};

struct ed_naming_kind {
    const char *head, *constant; // constant: the word before the value in a line of words; NULL: not there
    int field;
    bool how; // says how it went, not what the case is: never tells cases apart
};

const struct ed_naming_kind *ed_naming_kind(enum ed_naming naming);
// Appends the visible text of a row; nothing where it has none.
void ed_naming_text(struct ed_buffer *out, const struct ed_result *result, enum ed_naming naming);
// Whether two rows have the same text.
bool ed_naming_equal(const struct ed_result *a, const struct ed_result *b, enum ed_naming naming);
// "device pixel-7a", "threads 4", "variant -" where it has none: any result key and its value; -1 is the case
// itself.
void ed_naming_key_text(struct ed_buffer *out, const struct ed_result *result, int field);

#endif
