// SPDX-License-Identifier: Apache-2.0
// Quality of a language model on a task whose data is a text: perplexity, Kullback-Leibler divergence from
// the reference variant, share of tokens at which both find the same one likeliest.
//
// metric           accuracy_value                     accuracy_drop (what a limit is set on; lower is better)
// perplexity       exp of the mean -ln p of a token   ln of its ratio to the reference's: 0.01 is 1 % more
// kl-divergence    mean over tokens, nats             the same
// same-top         share of tokens                    1 less the share
//
// Intervals by bootstrap over the chunks of the text, whose seed comes from the campaign's.
#ifndef EDGEDYNO_HARNESS_QUALITY_H
#define EDGEDYNO_HARNESS_QUALITY_H

#include "harness/blocks.h"

// Whether the metric is one of these; and whether it needs the reference variant in the same block.
bool ed_quality_is(const char *metric);
bool ed_quality_needs_reference(const char *metric);
// The case whose accuracy block speaks for this one of a language model: the first that differs from it in
// nothing but the test that is timed.
size_t ed_quality_judged_case(const struct ed_campaign_device *device, size_t index);
// Fills the accuracy fields of `result`, or leaves them null with a reason. The case's task has such a
// metric.
void ed_quality_fill(struct ed_result *result, const struct ed_campaign *campaign,
                     const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                     size_t case_index);

#endif
