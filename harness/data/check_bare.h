// SPDX-License-Identifier: Apache-2.0
// The suite of a data check whose model and data were named on the command line.
#ifndef EDGEDYNO_HARNESS_DATA_CHECK_BARE_H
#define EDGEDYNO_HARNESS_DATA_CHECK_BARE_H

#include "harness/suite.h"

struct ed_check_bare {
    const char *model;      // file
    const char *data;       // "[INPUT=]PATH": a folder of images, .npy, .txt, .jsonl, .wav
    const char *labels;     // NULL: none
    const char *metric;     // NULL: what the data's kind has
    const char *preprocess; // the suite's object as JSON, or a file that holds it; NULL: none
};

// Paths are relative to the current directory. ED_ERR_USAGE as the suite's own parser has it; the flag that
// is wrong is named.
enum ed_status ed_check_bare_suite(struct ed_suite *suite, const struct ed_check_bare *bare,
                                   struct ed_error *err);

#endif
