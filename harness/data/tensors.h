// SPDX-License-Identifier: Apache-2.0
// A task's data that is given as .npy, for the check of an app's preprocessing: what its numbers are like,
// the usual mistakes made on them on purpose, and a tensor of the app's held against them.
#ifndef EDGEDYNO_HARNESS_DATA_TENSORS_H
#define EDGEDYNO_HARNESS_DATA_TENSORS_H

#include "base/npy.h"
#include "harness/data/mistakes.h"

#define ED_TENSORS_CHANNELS_MAX 4

struct ed_tensors {
    struct ed_npy npy;
    size_t n, each; // samples, and elements of one
    // Of samples of three dimensions, one of which is 1, 3 or 4 long and first or last; channels 0: no such.
    size_t channels, area;
    bool channels_last;
    // Over all elements that are finite.
    double low, high, mean, deviation;
    size_t not_finite;
    // Of each channel; of data without channels [0] is of all.
    double channel_mean[ED_TENSORS_CHANNELS_MAX], channel_deviation[ED_TENSORS_CHANNELS_MAX];
};

// ED_ERR_USAGE where it holds no samples. Close also after a failure.
enum ed_status ed_tensors_open(struct ed_tensors *tensors, const char *path, struct ed_error *err);
void ed_tensors_close(struct ed_tensors *tensors); // safe on a zeroed one
// Whether the mistake would change anything: order needs channels, values need float32.
bool ed_tensors_mistake_applies(enum ed_mistake mistake, const struct ed_tensors *tensors);
// `n` samples spread over the data with these mistakes, as .npy at `path`, which must not be there.
enum ed_status ed_tensors_write(const char *path, const struct ed_tensors *tensors, ed_mistakes mistakes,
                                size_t n, struct ed_error *err);
// `path` holds the first sample or the first few as the app has them, of any type, in whatever shape.
// ED_ERR_USAGE where its elements are no whole number of samples of ours.
enum ed_status ed_tensors_against(struct ed_against *against, const char *path,
                                  const struct ed_tensors *tensors, struct ed_error *err);
// The i-th of n samples spread evenly over `all`.
static inline size_t ed_spread(size_t i, size_t n, size_t all) {
    return n >= all ? i : i * all / n;
}

#endif
