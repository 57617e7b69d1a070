// SPDX-License-Identifier: Apache-2.0
// A command on the device by shell protocol v2: standard streams apart, and its exit status.
#ifndef EDGEDYNO_DEVICES_ADB_SHELL_H
#define EDGEDYNO_DEVICES_ADB_SHELL_H

#include "base/buffer.h"
#include "devices/adb/server.h"

struct ed_adb_command {
    const char *serial, *who; // borrowed; `who` is for messages
    const char *line;         // for the device's shell
    const void *input;        // standard input; NULL: none
    size_t input_bytes;
    // Takes standard output as it comes; *enough ends the command early, with exit status 0.
    enum ed_status (*take)(void *context, const char *bytes, size_t n, bool *enough, struct ed_error *err);
    void *context;
    struct ed_buffer *err_text; // standard error; what exceeds its maximum is dropped
    int64_t deadline_ns;
};

// *exit_code is 0..255 as the device's shell daemon tells it. When the deadline passes the connection is
// closed, at which the daemon sends SIGHUP to the command.
enum ed_status ed_adb_shell(struct ed_adb_server *server, const struct ed_adb_command *command,
                            int *exit_code, struct ed_error *err);
// Appends `word` as one word of a POSIX shell.
void ed_adb_quote(struct ed_buffer *line, const char *word);

#endif
