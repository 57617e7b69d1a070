// SPDX-License-Identifier: Apache-2.0
// What a gate says in the end: every comparison and requirement of every device as a row, and the verdict
// over all of them. Made from the campaign's directory alone, as often as one likes.
#ifndef EDGEDYNO_HARNESS_GATE_VERDICT_H
#define EDGEDYNO_HARNESS_GATE_VERDICT_H

#include "edgedyno/report.h"
#include "harness/campaign.h"
#include "harness/gate_first.h"

#define ED_GATE_FILE "gate.json" // the decision record in the campaign's directory

struct ed_gate_verdict {
    struct ed_report_gate report; // for formats; points into what follows
    struct ed_report_gate_row *rows;
    char (*texts)[512]; // `why` of each row
    char (*models)[256];
    size_t n_rows, capacity;
    char summary[512];
    struct ed_gate_first first; // whose fail it repeats
    enum ed_verdict verdict;    // over all rows
    size_t devices_judged;      // that came to pass or fail
    bool enough_devices;        // by `need`
    size_t blocks_left;         // that a resume would measure next
    int exit_code;              // ed_gate_exit_code
};

// Judges the campaign's pairs, and gives the candidates' records their verdicts and reasons. `records` are
// those of the campaign, in their order. Release also after a failure.
enum ed_status ed_gate_verdict_make(struct ed_gate_verdict *out, const struct ed_campaign *campaign,
                                    struct ed_records *records, struct ed_error *err);
void ed_gate_verdict_release(struct ed_gate_verdict *verdict);
// Exit status by the design's rule, with what `inconclusive` and `need` say.
int ed_gate_exit_code(const struct ed_gate_verdict *verdict, const struct ed_campaign *campaign,
                      bool usage_error);
// Writes gate.json, replacing it atomically.
enum ed_status ed_gate_record_write(const struct ed_campaign *campaign, struct ed_error *err);

#endif
