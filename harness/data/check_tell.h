// SPDX-License-Identifier: Apache-2.0
// What a check of data says where nothing is run: what of the data was looked at, what was found, and what no
// check can see.
#ifndef EDGEDYNO_HARNESS_DATA_CHECK_TELL_H
#define EDGEDYNO_HARNESS_DATA_CHECK_TELL_H

#include "harness/data/check.h"

// "digits, task images: 200 images" and, of tensors, what their numbers are like.
void ed_check_tell_data(struct ed_buffer *out, const struct ed_check *check);
// Data that has no score: texts, questions, recordings, several inputs, metrics against the reference. *sound
// is false where something is wrong with it. Errors are those of reading it.
enum ed_status ed_check_tell(struct ed_buffer *out, const struct ed_check *check, bool *sound,
                             struct ed_error *err);

#endif
