// SPDX-License-Identifier: Apache-2.0
// Data that is not tensors yet becomes tensors, once, on the host: a folder of images goes through the
// model's preprocessing into one .npy, questions give a .npy with the right answers, a folder of recordings
// two .npy and its transcripts (speech_prepare.h). All are kept in the cache folder (cache.h) under a digest
// over everything that they come from: names, contents and classes of the files, the preprocessing, this
// program's version.
#ifndef EDGEDYNO_HARNESS_DATA_PREPARE_H
#define EDGEDYNO_HARNESS_DATA_PREPARE_H

#include "base/log.h"
#include "harness/data/preprocess.h"

// Every task of the suite that needs it then names .npy files, and has its preprocess_sha256. Errors name the
// file: ED_ERR_USAGE for labels that are missing or wrong, those of the decoders for an image.
enum ed_status ed_prepare_suite(struct ed_suite *suite, struct ed_error *err);
// A folder's images as one .npy at `path` (replaced), the first `n` of them; `relative` are their names in
// `folder`. All must come out alike.
enum ed_status ed_prepare_images(const char *path, const struct ed_preprocess *p, const char *folder,
                                 char *const *relative, size_t n, struct ed_error *err);
// Whole numbers as .npy of int64.
enum ed_status ed_prepare_labels(const char *path, const int64_t *labels, size_t n, struct ed_error *err);

#endif
