// SPDX-License-Identifier: Apache-2.0
// What `edgedyno tune` says in the end: on every device the configuration of each model to use, or that none
// passes. Made from the campaign's directory alone, as often as one likes.
//
// Of what passes every requirement, those stay that cannot be told apart from the best (base/stats/best.h,
// over the rounds of the campaign); of these the smallest files, then the fewest threads, then the better
// median is chosen, so that chance does not choose. Never chosen: what did not end well, fell back to another
// processor, was simulated, is void, or has no usable speed; and what a requirement leaves undecided, unless
// that was allowed.
#ifndef EDGEDYNO_HARNESS_TUNE_VERDICT_H
#define EDGEDYNO_HARNESS_TUNE_VERDICT_H

#include "edgedyno/report.h"
#include "harness/blocks.h"
#include "harness/energy.h"

#define ED_TUNE_FILE "choice.json" // the decision record in the campaign's directory

struct ed_tune_verdict {
    struct ed_report_choice report; // for formats; points into what follows
    struct ed_report_choice_row *rows;
    struct ed_report_candidate *candidates;
    size_t n_rows, n_candidates;
    char **texts; // owned: what the rows and candidates point to
    size_t n_texts;
    char summary[512];
    size_t n_failed; // rows where none passes
    size_t n_broken; // rows where no configuration ended well
    // 0 a choice on every device; 1 none passes somewhere; 4 a device took no part, or no configuration ended
    // well on it; 5 invalid; 3 inconclusive; the first of 2, 1, 4, 5, 3.
    int exit_code;
};

// Adds a device's rows: `records` are those of its cases, judged, and stay where they are; `blocks` have been
// through ed_summary_validity. Release also after a failure.
enum ed_status ed_tune_verdict_add(struct ed_tune_verdict *out, const struct ed_campaign *campaign,
                                   const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                   const struct ed_energy_device *energy, const struct ed_result *records,
                                   struct ed_error *err);
// After the last device.
void ed_tune_verdict_end(struct ed_tune_verdict *out, const struct ed_campaign *campaign, bool usage_error);
void ed_tune_verdict_release(struct ed_tune_verdict *verdict);
// Writes choice.json, replacing it atomically.
enum ed_status ed_tune_record_write(const struct ed_campaign *campaign, struct ed_error *err);

#endif
