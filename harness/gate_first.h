// SPDX-License-Identifier: Apache-2.0
// The gate whose fail a campaign repeats, as it is frozen in the repetition's campaign.json: its verdict,
// summary and comparisons, so that a report of the second has both beside each other, wherever the first is.
#ifndef EDGEDYNO_HARNESS_GATE_FIRST_H
#define EDGEDYNO_HARNESS_GATE_FIRST_H

#include "base/json_read.h"
#include "edgedyno/report.h"

struct ed_campaign;

struct ed_gate_first {
    bool known;
    struct ed_report_gate report; // points into the document
    struct ed_json_document document;
    struct ed_report_gate_row *rows;
};

// Reads it from the campaign's directory; a campaign that repeats nothing, or an older one that does not say
// what it repeats, leaves `known` false. ED_ERR_USAGE where what stands there is no verdict. Release also
// after a failure.
enum ed_status ed_gate_first_load(struct ed_gate_first *out, const struct ed_campaign *campaign,
                                  struct ed_error *err);
void ed_gate_first_release(struct ed_gate_first *first); // safe on a zeroed struct

#endif
