// SPDX-License-Identifier: Apache-2.0
// The interval of a task's own figure over its samples, so that a limit on the figure itself ("top-1 >= 97
// %", "word-error-rate <= 12 %") is certified, failed or left open as one on a drop is.
#ifndef EDGEDYNO_HARNESS_VALUE_SPAN_H
#define EDGEDYNO_HARNESS_VALUE_SPAN_H

#include "harness/campaign.h"
#include "harness/scores.h"

// The ends of accuracy_value, which is set already, and advice where a limit on it is left open:
//   right or wrong     the exact interval of a share (base/stats/proportion.h)
//   all the same       within 0 and 1, as many samples may have another score as none of these has shown
//   all together       the middle 95 % of what was drawn
//   anything else      the bootstrap of the weighted mean over samples
// Where there is none and a limit asks for it, a reason says why.
void ed_value_set_span(struct ed_result *result, const struct ed_campaign *campaign,
                       const struct ed_campaign_task *task, const struct ed_scores *scores);
// Why `n` samples have no interval by the bootstrap.
void ed_value_no_interval(struct ed_result *result, const char *key, size_t n);

#endif
