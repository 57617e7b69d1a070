// SPDX-License-Identifier: Apache-2.0
// The reasons of all records, each once with the rows it belongs to, and how the requirements went.
#ifndef EDGEDYNO_REPORTS_NOTES_H
#define EDGEDYNO_REPORTS_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "edgedyno/report.h"
#include "reports/verdict.h"
#include "reports/view.h"

// One note, as visible text. `rows` is "1-3, 7", and "" where every row has it.
struct ed_note {
    char *text;
    char *rows;
    bool unmeasured; // only says why keys that the view does not show were not measured
    bool prominent;  // how the figures came about: not to be folded away
};

struct ed_notes {
    size_t n;
    struct ed_note *items;
};

// Reasons of requirements are left out: see below. Init leaves something to release in any case.
enum ed_status ed_notes_init(struct ed_notes *notes, const struct ed_view *view, struct ed_error *err);
void ed_notes_release(struct ed_notes *notes);

// The requirements that the records were judged by: those of `info` first, then others that only records
// name. `texts` are owned. Release also after a failure.
struct ed_judged {
    size_t n;
    char **texts;
};
enum ed_status ed_judged_init(struct ed_judged *judged, const struct ed_report_info *info,
                              const struct ed_view *view, struct ed_error *err);
void ed_judged_release(struct ed_judged *judged);
// How `result` was judged by the requirement; *detail is borrowed from the result. ED_VERDICT_NONE where it
// was not.
enum ed_verdict ed_judged_find(const struct ed_result *result, const char *requirement, const char **detail);

// "2 passed, 1 failed, 1 inconclusive" over the rows; without any verdict "3 cases: 2 ok, 1 crashed". Then
// the devices that could not take part.
void ed_notes_total(const struct ed_view *view, const struct ed_report_info *info, struct ed_buffer *out);
// "not measured: pixel-7a (unauthorized: ...)" of an absent device; visible text.
void ed_notes_absent(const struct ed_report_absent *absent, struct ed_buffer *out);

#endif
