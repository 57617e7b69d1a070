// SPDX-License-Identifier: Apache-2.0
// A reply of a short command: one line of JSON on standard output.
#ifndef EDGEDYNO_RUNNERS_REPLY_H
#define EDGEDYNO_RUNNERS_REPLY_H

#include "base/json_write.h"

struct ed_reply {
    struct ed_buffer text;
    struct ed_json_writer json;
};

// Opens the object and writes "type" and "wire".
void ed_reply_begin(struct ed_reply *reply, const char *type);
// Closes the object, writes the line to `fd`, releases everything.
enum ed_status ed_reply_send(struct ed_reply *reply, int fd, struct ed_error *err);
// The reply for a failure.
void ed_reply_error(int fd, const struct ed_error *failure);

#endif
