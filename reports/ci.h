// SPDX-License-Identifier: Apache-2.0
// What the formats for CI systems share: every judgement of a campaign as one list, whether of a gate or of
// requirements on single records.
#ifndef EDGEDYNO_REPORTS_CI_H
#define EDGEDYNO_REPORTS_CI_H

#include "base/buffer.h"
#include "reports/records.h"
#include "reports/verdict.h"

// One judgement. Texts are borrowed from the records, the gate or the report's info.
struct ed_ci_item {
    const char *device;
    const char *group; // the case, or the gate's model
    const char *name;  // a requirement, a result key of the gate, or "outcome"
    enum ed_verdict verdict;
    const char *detail; // why
    bool told;          // it passed, and its detail is shown all the same
};

struct ed_ci_list {
    struct ed_ci_item *items; // devices stand together
    size_t n, capacity;
};

// A gate: its rows; a choice: one a device and model. Else: for each record its outcome where it is not ok, a
// placement that fell short, and its requirements; a record of which nothing was required is "outcome",
// passed. A fallback that was allowed is passed and told. A device that took no part is invalid.
// ED_ERR_NO_MEMORY. Release in any case.
enum ed_status ed_ci_list_make(struct ed_ci_list *list, const struct ed_records *records,
                               struct ed_error *err);
void ed_ci_list_release(struct ed_ci_list *list);

// Whether a benchmark service is to keep this record: those of a baseline it is not, nor those that did not
// run.
bool ed_ci_is_kept(const struct ed_report_info *info, const struct ed_result *result);
// "pi5 / digits/int8 onnxruntime@1.27.0/cpu t1": the same words in every campaign; with " (fell back)" where
// it ran elsewhere than asked, which is another thing to keep figures of.
void ed_ci_name(struct ed_buffer *out, const struct ed_result *result);

#endif
