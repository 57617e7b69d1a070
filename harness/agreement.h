// SPDX-License-Identifier: Apache-2.0
// Whether a case answers as a reference case does: the same model on another engine, backend or number of
// threads, or another variant of it, over the same data. Outputs are those that the accuracy blocks left.
//
// Whose outputs go together: those of the same name whose shapes fit; of the rest those whose shape only one
// on either side has. Shapes fit where they are equal but for dimensions of 1, or where one has its channels
// first and the other last; values are then taken in the reference's order. Quantized outputs count as the
// real numbers that they stand for. What cannot be told to belong together is not compared, and said.
#ifndef EDGEDYNO_HARNESS_AGREEMENT_H
#define EDGEDYNO_HARNESS_AGREEMENT_H

#include "harness/blocks.h"
#include "harness/plan.h"

// Which output a figure is of: its name, and in words how far it is.
struct ed_agreement_notes {
    char cosine[128], max_abs[128], sqnr_db[128], top1[128];
};

// Sets the cases' `agreement`. Without suite->agree_with a case is held against the first case of its model
// and task that runs the reference variant; with it, every case whose task has the same data is held against
// the first case that the text fits: MODEL[/VARIANT] [ENGINE[@VERSION][/BACKEND]] [tTHREADS]. ED_ERR_USAGE
// where it fits none.
enum ed_status ed_agreement_choose(struct ed_plan *plan, const struct ed_suite *suite, struct ed_error *err);

// Fills the fields of the group "agreement" but its verdict, or leaves them null with a reason.
void ed_agreement_fill(struct ed_result *result, const struct ed_campaign *campaign,
                       const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                       size_t case_index, struct ed_agreement_notes *notes);
// After the judgement: a speed that is not to be used since a requirement on the agreement failed gets a
// reason that names engine, output, figure, limit and reference.
void ed_agreement_explain(struct ed_result *result, const struct ed_requirement *requirements,
                          size_t n_requirements, const struct ed_agreement_notes *notes);

#endif
