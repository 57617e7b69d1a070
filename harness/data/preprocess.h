// SPDX-License-Identifier: Apache-2.0
// Preprocessing: an image becomes a tensor. In this order: colours (harness/data/image.h), resize
// (harness/data/resize.h), crop of the centre, then (pixel * scale - mean) / std in double, rounded once, and
// the layout.
//
// A resize to one number makes the shorter side that long; the longer one becomes number * longer / shorter,
// cut to a whole. The crop begins at (size - crop) / 2, a half rounded to the even number. Both are as
// torchvision has them.
#ifndef EDGEDYNO_HARNESS_DATA_PREPROCESS_H
#define EDGEDYNO_HARNESS_DATA_PREPROCESS_H

#include "base/digest.h"
#include "harness/data/image.h"
#include "harness/data/resize.h"
#include "harness/suite.h"

enum ed_preprocess_color { ED_COLOR_RGB, ED_COLOR_BGR, ED_COLOR_GRAY };

struct ed_preprocess {
    char version[65];
    size_t resize[2], n_resize, crop[2]; // height and width; crop 0: none
    enum ed_resize_method method;
    bool antialias;
    enum ed_preprocess_color color;
    bool nhwc;  // order of the shape
    bool mixed; // the elements lie in the other order than the shape says: a mistake
    bool bytes; // uint8 instead of float32
    double scale, mean[3], std[3];
};

// What an image becomes: its dimensions after crop, and its tensor's.
struct ed_preprocess_size {
    size_t height, width, channels;
    int64_t shape[3]; // without the dimension of samples
    size_t n_bytes;   // of one sample
};

// Of a suite's object without a command; a model without the object has the defaults.
void ed_preprocess_of_suite(struct ed_preprocess *p, const struct ed_suite_preprocess *suite);
// Digest over everything that it says, the same on every machine. Of a command: its words, and the content of
// those that are files. ED_ERR_IO where such a file cannot be read.
enum ed_status ed_preprocess_digest(char hex[ED_DIGEST_HEX_BYTES], const struct ed_suite_preprocess *suite,
                                    struct ed_error *err);
// ED_ERR_USAGE where the crop is larger than the image.
enum ed_status ed_preprocess_size(struct ed_preprocess_size *size, const struct ed_preprocess *p,
                                  size_t width, size_t height, struct ed_error *err);
// Reads a file; *out (owned by the caller, free) has size->n_bytes.
enum ed_status ed_preprocess_file(void **out, struct ed_preprocess_size *size, const struct ed_preprocess *p,
                                  const char *path, struct ed_error *err);

#endif
