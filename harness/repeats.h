// SPDX-License-Identifier: Apache-2.0
// Whether a campaign that is to repeat a gate asks the same of the same files. Paths are no promise: a model,
// a suite or an engine build may have changed since.
#ifndef EDGEDYNO_HARNESS_REPEATS_H
#define EDGEDYNO_HARNESS_REPEATS_H

#include "base/buffer.h"

// `text` is the campaign.json of the new one, `directory` that of the first. ED_ERR_USAGE says what is not
// the same. Devices that one of the two lacks are no difference.
enum ed_status ed_repeats_check(const struct ed_buffer *text, const char *directory, struct ed_error *err);

#endif
