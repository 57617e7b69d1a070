// SPDX-License-Identifier: Apache-2.0
// What the usual mistakes of preprocessing do to a task's score: the task's data once as written and once
// with each mistake, as tasks of a suite of their own that the reference model runs on this machine. Of data
// that nobody preprocesses: what of it can be checked (harness/data/check_tell.h).
#ifndef EDGEDYNO_HARNESS_DATA_CHECK_H
#define EDGEDYNO_HARNESS_DATA_CHECK_H

#include "harness/data/folder.h"
#include "harness/data/mistakes.h"
#include "harness/data/tensors.h"

#define ED_CHECK_WRITTEN "as-written"

enum ed_check_kind {
    ED_CHECK_IMAGES,  // a folder, through the model's preprocessing
    ED_CHECK_TENSORS, // .npy; also what a preprocessing program of the user's made of images
    ED_CHECK_SEVERAL, // an .npy for each of several inputs
    ED_CHECK_TEXT,
    ED_CHECK_QUESTIONS,
    ED_CHECK_RECORDINGS, // a folder of them, with transcripts
    ED_CHECK_SPEECH      // one, which is a model's input and no task
};

struct ed_check {
    enum ed_check_kind kind;
    const struct ed_suite_model *model; // of the suite that was given
    const struct ed_suite_task *task;   // NULL: speech
    const char *data;                   // folder or file
    size_t n;                           // images or samples
    struct ed_preprocess preprocess;    // of images
    struct ed_folder images;
    struct ed_tensors tensors;
};

// The task of this name; NULL: the first whose score can be looked at, else the first, else a recording.
// ED_ERR_USAGE where there is nothing of all that. A preprocessing program of the user's is run.
enum ed_status ed_check_open(struct ed_check *check, struct ed_suite *suite, const char *task,
                             struct ed_error *err);
void ed_check_close(struct ed_check *check);
// Whether a score of right answers is to be had, so that mistakes have a price: NULL, or why not.
const char *ed_check_no_score(const struct ed_check *check);
bool ed_check_applies(const struct ed_check *check, enum ed_mistake mistake);
// Makes the tensors of `n` samples spread over the data, in `directory`, and the suite that runs them: a task
// ED_CHECK_WRITTEN, and one of the word of each mistake that applies. `on` NULL: the suite's first engine.
enum ed_status ed_check_suite(struct ed_suite *out, const struct ed_check *check,
                              const struct ed_suite *suite, const char *on, size_t n, const char *directory,
                              struct ed_error *err);

#endif
