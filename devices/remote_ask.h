// SPDX-License-Identifier: Apache-2.0
// Inside of the wire client: what remote.c, remote_lease.c and remote_store.c share.
#ifndef EDGEDYNO_DEVICES_REMOTE_ASK_H
#define EDGEDYNO_DEVICES_REMOTE_ASK_H

#include "devices/remote.h"

// Runs `runner WORD...` (through the pack's loader where the device needs that) and hands back what it
// printed. The words are NULL-terminated.
enum ed_status ed_remote_command(const struct ed_remote *remote, const char *const *words, const void *input,
                                 size_t input_bytes, size_t out_limit, int64_t seconds,
                                 struct ed_spawn_result *result, struct ed_error *err);
// The reply's version and type; an error reply becomes the error that it words.
enum ed_status ed_remote_check_reply(const struct ed_remote *remote, const struct ed_json_document *reply,
                                     const char *type, struct ed_error *err);
// A command whose reply is one line of JSON of the given type. `reply` is the caller's on success.
enum ed_status ed_remote_ask(const struct ed_remote *remote, const char *const *words, const void *input,
                             size_t input_bytes, int64_t seconds, const char *type,
                             struct ed_json_document *reply, struct ed_error *err);
// Where a distant device has not found a file that it was given, it is the device that is wrong:
// ED_ERR_NOT_FOUND becomes ED_ERR_REFUSED. For commands that ask for nothing that may be missing.
enum ed_status ed_remote_blame(const struct ed_remote *remote, enum ed_status status, struct ed_error *err);
// Text for people: cut where it is too long, "" where it is missing.
void ed_remote_copy_text(const struct ed_json_at *object, const char *key, char *out, size_t bytes);

#endif
