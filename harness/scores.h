// SPDX-License-Identifier: Apache-2.0
// A score for every sample of a task, from the outputs that a campaign keeps.
#ifndef EDGEDYNO_HARNESS_SCORES_H
#define EDGEDYNO_HARNESS_SCORES_H

#include "base/stats/bootstrap.h"
#include "harness/blocks.h"

// Of a task that a program of the user's judges: float64 of [samples, 2], score and weight, in the device's
// folder of the campaign; of a figure of all samples together [1 + ED_SET_DRAWS, 2], figure and samples.
#define ED_SCORES_FOLDER "scores"

struct ed_scores {
    double *values, *weights; // owned; weights NULL: all alike
    size_t n;
    // One figure of all `samples` together instead: values[0] of them as they are, the other ED_SET_DRAWS of
    // what was drawn from them (harness/score_lines.h).
    bool set;
    size_t samples;
    bool shares; // every score is 0 or 1, and all weigh alike: their mean is a share of right answers
};

static inline size_t ed_scores_samples(const struct ed_scores *scores) {
    return scores->set ? scores->samples : scores->n;
}

// Scores of one case: top-K by the task's labels, word errors by its transcripts, or what the
// user's program said.
enum ed_status ed_scores_make(struct ed_scores *scores, const struct ed_campaign *campaign,
                              const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                              size_t case_index, struct ed_error *err);
// Of a metric that holds outputs against the reference's: the cosine of each sample; or noise over signal of
// each, weighed by its signal.
enum ed_status ed_scores_signal(struct ed_scores *scores, const struct ed_campaign *campaign,
                                const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                size_t case_index, size_t reference_index, struct ed_error *err);
void ed_scores_release(struct ed_scores *scores); // safe on a zeroed one
// "DEVICE-FOLDER/scores/CASE.npy".
enum ed_status ed_scores_path(char path[ED_PATH_BYTES], const struct ed_campaign_device *device,
                              size_t case_index, struct ed_error *err);
// "DEVICE-FOLDER/scores/CASE.txt": why the program gave no scores.
enum ed_status ed_scores_failure_path(char path[ED_PATH_BYTES], const struct ed_campaign_device *device,
                                      size_t case_index, struct ed_error *err);

#endif
