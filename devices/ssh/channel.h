// SPDX-License-Identifier: Apache-2.0
// One command on a device, from its start to its exit status, over an SSH session.
#ifndef EDGEDYNO_DEVICES_SSH_CHANNEL_H
#define EDGEDYNO_DEVICES_SSH_CHANNEL_H

#include "base/buffer.h"
#include "devices/ssh/link.h"

#define ED_SSH_ERR_OUT_BYTES (64u << 10)

struct ed_ssh_command {
    struct ed_ssh_link *link;
    LIBSSH2_CHANNEL *channel;
    const char *what; // "run /usr/bin/env", for messages
    struct ed_buffer line, out, err_out;
    // Where standard output goes instead of `out`, if not NULL. A failure ends the command.
    enum ed_status (*sink)(void *context, const char *bytes, size_t n, struct ed_error *err);
    void *sink_context;
    bool started, input_ended, finished; // finished: exit status and all output are there
};

// The command line is made; each step goes on with the start as far as it can without waiting, until
// `started`. Released also after a failure. While one channel is being opened, no other may be.
enum ed_status ed_ssh_command_init(struct ed_ssh_command *command, struct ed_ssh_link *link,
                                   const char *const *argv, size_t out_limit_bytes, const char *what,
                                   struct ed_error *err);
enum ed_status ed_ssh_command_step(struct ed_ssh_command *command, struct ed_error *err);
// Both, and waits. Opens a channel and starts `argv` there. Released also after a failure.
enum ed_status ed_ssh_command_start(struct ed_ssh_command *command, struct ed_ssh_link *link,
                                    const char *const *argv, size_t out_limit_bytes, const char *what,
                                    int64_t deadline_ns, struct ed_error *err);
// Takes what output there is and sees whether it ended. Does not wait.
enum ed_status ed_ssh_command_collect(struct ed_ssh_command *command, struct ed_error *err);
// Gives up to `bytes` to its standard input; *taken is 0 when it takes none now, or ended already.
enum ed_status ed_ssh_command_feed(struct ed_ssh_command *command, const void *input, size_t bytes,
                                   size_t *taken, struct ed_error *err);
enum ed_status ed_ssh_command_end_input(struct ed_ssh_command *command, struct ed_error *err);
// Feeds `input`, collects until it ends, and fills `out`, whose text the caller then owns.
enum ed_status ed_ssh_command_finish(struct ed_ssh_command *command, const void *input, size_t input_bytes,
                                     int64_t deadline_ns, struct ed_spawn_result *out, struct ed_error *err);
// Only when `finished`.
enum ed_status ed_ssh_command_result(struct ed_ssh_command *command, struct ed_spawn_result *out,
                                     struct ed_error *err);
// As ed_ssh_wait, with words about the command.
enum ed_status ed_ssh_command_wait(struct ed_ssh_command *command, uint64_t mark, int64_t deadline_ns,
                                   struct ed_error *err);
// Before a command is given up that has not ended: takes and drops what it writes, without waiting. True when
// it has ended. dropbear 2022 dies, with the connection, where a program still writes to a channel that is
// closed.
#define ED_SSH_DRAIN_NS 1000000000
bool ed_ssh_command_drain(struct ed_ssh_command *command);
void ed_ssh_command_release(struct ed_ssh_command *command);

// All of the above for a short command. ED_ERR_NO_PROGRAM where argv[0] is not there or cannot be run.
enum ed_status ed_ssh_run(struct ed_ssh_link *link, const struct ed_spawn_args *args,
                          struct ed_spawn_result *out, struct ed_error *err);
// "/bin/sh -c SCRIPT sh ARGUMENT..." for scripts of ours, in the C locale. `arguments` ends with NULL;
// ED_SSH_SCRIPT_ARGUMENTS at most.
#define ED_SSH_SCRIPT_ARGUMENTS 5
struct ed_ssh_script {
    const char *argv[ED_SSH_SCRIPT_ARGUMENTS + 5];
};
void ed_ssh_script_init(struct ed_ssh_script *script, const char *text, const char *const *arguments);
// "; it said: ..." with the last line of standard error, control characters taken out; "" where there is
// none.
#define ED_SSH_SAID_BYTES 256
const char *ed_ssh_said(char text[ED_SSH_SAID_BYTES], const struct ed_spawn_result *result);

#endif
