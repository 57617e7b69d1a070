// SPDX-License-Identifier: Apache-2.0
// What the usual mistakes of preprocessing do to a task's score: the task's images once as written and once
// with each mistake, as tasks of a suite of their own that the reference model runs on this machine.
#ifndef EDGEDYNO_HARNESS_DATA_CHECK_H
#define EDGEDYNO_HARNESS_DATA_CHECK_H

#include "harness/data/folder.h"
#include "harness/data/mistakes.h"

#define ED_CHECK_WRITTEN "as-written"

struct ed_check {
    const struct ed_suite_model *model; // of the suite that was given
    const struct ed_suite_task *task;
    const char *folder;
    struct ed_preprocess preprocess;
    struct ed_folder images;
};

// The first task of the suite whose data is a folder of images, or that of this name (NULL: any).
// ED_ERR_USAGE where there is none, or where the preprocessing is a program of the user's.
enum ed_status ed_check_open(struct ed_check *check, const struct ed_suite *suite, const char *task,
                             struct ed_error *err);
void ed_check_close(struct ed_check *check);
// Makes the tensors of `n` images spread over the data, in `directory`, and the suite that runs them: a task
// ED_CHECK_WRITTEN, and one of the word of each mistake that applies. `on` NULL: the suite's first engine.
enum ed_status ed_check_suite(struct ed_suite *out, const struct ed_check *check,
                              const struct ed_suite *suite, const char *on, size_t n, const char *directory,
                              struct ed_error *err);

#endif
