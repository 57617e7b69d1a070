// SPDX-License-Identifier: Apache-2.0
// Accuracy of a case on a task: every sample judged against its label, and against the reference variant
// sample by sample.
#ifndef EDGEDYNO_HARNESS_ACCURACY_H
#define EDGEDYNO_HARNESS_ACCURACY_H

#include "harness/blocks.h"
#include "harness/scores.h"

// Fills the accuracy fields of `result`, or leaves them null with a reason.
void ed_accuracy_fill(struct ed_result *result, const struct ed_campaign *campaign,
                      const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                      size_t case_index);

// The file of the task's output, by its name in the evidence; the first one when the task names none.
enum ed_status ed_accuracy_outputs(const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                   size_t case_index, const struct ed_campaign_task *task,
                                   char path[ED_PATH_BYTES], struct ed_error *err);

// The drop of `mine` against `reference`, sample by sample, with its interval: accuracy_drop of `result`, or
// a reason why there is none.
void ed_accuracy_compare(struct ed_result *result, const struct ed_campaign *campaign,
                         const struct ed_campaign_task *task, const struct ed_scores *reference,
                         const struct ed_scores *mine);

#endif
