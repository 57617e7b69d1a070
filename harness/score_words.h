// SPDX-License-Identifier: Apache-2.0
// Scores of recordings: what an accuracy block heard in each, held against its transcript.
#ifndef EDGEDYNO_HARNESS_SCORE_WORDS_H
#define EDGEDYNO_HARNESS_SCORE_WORDS_H

#include "harness/scores.h"

// The word error rate of each recording (base/words.h), weighed by the words of its transcript, so that their
// weighted mean is all errors over all words. Both files are lines of JSON with "text", one a recording, in
// the same order: the task's labels, and the case's first output.
enum ed_status ed_scores_words(struct ed_scores *scores, const struct ed_campaign_task *task,
                               const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                               size_t case_index, struct ed_error *err);

#endif
