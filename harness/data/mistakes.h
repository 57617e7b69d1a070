// SPDX-License-Identifier: Apache-2.0
// The usual mistakes of an app's preprocessing, made on purpose: to see what they cost, and to tell which one
// a tensor of the app's looks like.
#ifndef EDGEDYNO_HARNESS_DATA_MISTAKES_H
#define EDGEDYNO_HARNESS_DATA_MISTAKES_H

#include "base/buffer.h"
#include "harness/data/preprocess.h"

enum ed_mistake {
    ED_MISTAKE_COLOR,     // red and blue changed
    ED_MISTAKE_SCALE_255, // 255 times too large
    ED_MISTAKE_SCALE_1,   // 255 times too small
    ED_MISTAKE_NORMAL,    // mean and std left out
    ED_MISTAKE_LAYOUT,    // channels beside each other where they should follow, or the other way round
    ED_MISTAKE_RESIZE,    // the nearest pixel instead of a mean
    // Of data that is given as tensors, whose mean and std nobody says (harness/data/tensors.h).
    ED_MISTAKE_CENTRE, // -1..1 for 0..1
    ED_MISTAKE_TWICE,  // mean 0 and deviation 1 of each channel
    ED_MISTAKE_COUNT
};

// A set of them, a bit each.
typedef unsigned ed_mistakes;

static inline bool ed_mistakes_has(ed_mistakes mistakes, enum ed_mistake mistake) {
    return mistakes >> mistake & 1;
}

// "red and blue changed"; and a word for a task's name: "color".
const char *ed_mistake_text(enum ed_mistake mistake);
const char *ed_mistake_word(enum ed_mistake mistake);
// Whether it would change anything.
bool ed_mistake_applies(enum ed_mistake mistake, const struct ed_preprocess *p);
// Two of one set that nobody makes together.
bool ed_mistakes_contradict(ed_mistakes mistakes);
struct ed_preprocess ed_mistakes_make(const struct ed_preprocess *p, ed_mistakes mistakes);

// A tensor of the app's held against ours.
struct ed_against {
    double max_difference; // to ours as written; NaN where the numbers of elements differ
    double step;           // what one step of 8 bits makes in a tensor of ours
    ed_mistakes likeliest; // the set whose tensor is nearest; 0: as written
    double likeliest_difference;
    size_t samples, elements; // compared
};

// `path` holds one sample or several of the app's, of any type, in whatever shape; they are the first images
// of `files` (relative to `folder`). ED_ERR_USAGE where its elements are no whole number of samples of ours.
enum ed_status ed_against_make(struct ed_against *against, const char *path, const struct ed_preprocess *p,
                               const char *folder, char *const *files, size_t n, struct ed_error *err);
// What there is to say of it; true where the app's tensor is ours.
bool ed_against_print(struct ed_buffer *out, const struct ed_against *against);

#endif
