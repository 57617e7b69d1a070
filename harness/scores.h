// SPDX-License-Identifier: Apache-2.0
// A score for every sample of a task, from the outputs that a campaign keeps.
#ifndef EDGEDYNO_HARNESS_SCORES_H
#define EDGEDYNO_HARNESS_SCORES_H

#include "base/stats/bootstrap.h"
#include "harness/blocks.h"

// Of a task that a program of the user's judges: float64 of [samples, 2], score and weight, in the device's
// folder of the campaign; of a figure of all samples together [1 + ED_SET_DRAWS, 2], figure and samples.
#define ED_SCORES_FOLDER "scores"
#define ED_SCORES_CONFIDENCE 0.95 // of every interval of a task's figures, two-sided

struct ed_scores {
    double *values, *weights; // owned; weights NULL: all alike
    size_t n;
    // One figure of all `samples` together instead: values[0] of them as they are, the other ED_SET_DRAWS of
    // what was drawn from them (harness/score_lines.h).
    bool set;
    size_t samples;
    // Of top-K: samples with a score that is NaN, which count as wrong where it matters, and the first of
    // them.
    size_t not_numbers, first_not_number;
    bool shares; // every score is 0 or 1, and all weigh alike: their mean is a share of right answers
};

static inline size_t ed_scores_samples(const struct ed_scores *scores) {
    return scores->set ? scores->samples : scores->n;
}

// The weighted mean; of all samples together the figure itself. NaN where no sample has a weight.
double ed_scores_mean(const struct ed_scores *scores);
// Samples that weigh unlike say as much as so many that weigh alike (Kish, Survey Sampling, 1965): the square
// of the weights' sum by the sum of their squares.
size_t ed_scores_alike(const struct ed_scores *scores);
// Whether all lie within 0 and 1; whether all are the same.
bool ed_scores_within_unit(const struct ed_scores *scores);
bool ed_scores_even(const struct ed_scores *scores);
// The interval of ED_SET_DRAWS figures over draws of `samples`; they are sorted. False where none differs
// from another.
bool ed_scores_draws(double *draws, size_t samples, double *low, double *high);

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
