// SPDX-License-Identifier: Apache-2.0
// The sentences of a choice.
#ifndef EDGEDYNO_HARNESS_TUNE_WORDS_H
#define EDGEDYNO_HARNESS_TUNE_WORDS_H

#include "harness/tune_candidate.h"
#include "harness/tune_verdict.h"

// How a row came about.
struct ed_tune_row_facts {
    const struct ed_tune_candidate *candidates; // of the row, in the order of the report's
    size_t eligible;                            // that could be chosen
    size_t rounds_needed;                       // more than there are; 0: there are enough
    bool stopped;                               // not all were measured
    bool accuracy_required;                     // a requirement names accuracy
    size_t variants;                            // of the model
};

// One paragraph: what is chosen, what it beats and by how much, what it cannot be told apart from, what
// failed and by which requirement, what is not decided. `report` has the candidates.
void ed_tune_words(struct ed_buffer *out, const struct ed_report_choice *report,
                   const struct ed_report_choice_row *row, const struct ed_tune_row_facts *facts);

#endif
