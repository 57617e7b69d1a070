// SPDX-License-Identifier: Apache-2.0
// A message of the controller on standard input: one JSON object.
#ifndef EDGEDYNO_RUNNERS_MESSAGE_H
#define EDGEDYNO_RUNNERS_MESSAGE_H

#include "base/json_read.h"

// Reads to the end of the input, at most max_bytes, and checks "type", and "wire" where it is given. The
// document is the caller's to release. ED_ERR_VERSION: another major version.
enum ed_status ed_message_read(struct ed_json_document *message, const char *type, size_t max_bytes,
                               struct ed_error *err);

#endif
