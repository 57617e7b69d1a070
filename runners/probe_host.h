// SPDX-License-Identifier: Apache-2.0
// What probes reach beside files: the running system's commands and libraries, or those that a snapshot of
// another machine recorded.
//
// A recorded tree keeps the standard output of a command in commands/NAME.out below its root, and in
// commands/NAME.status its exit status where that is not 0, or the word of the status (edgedyno/error.h) with
// which it could not be run. NAME is the words with '+' between them (ed_probe_command_name).
#ifndef EDGEDYNO_RUNNERS_PROBE_HOST_H
#define EDGEDYNO_RUNNERS_PROBE_HOST_H

#include "edgedyno/probe.h"

#define ED_PROBE_COMMANDS "commands"
// In the runner's environment: the recorded tree that its probes read instead of the running system. For
// tests.
#define ED_PROBE_ROOT_VARIABLE "EDGEDYNO_PROBE_ROOT"
#define ED_PROBE_COMMAND_NAME_BYTES 128

// The running system. A command is looked up in PATH, gets two seconds and /dev/null as its input and error
// stream, and is killed with everything in its process group when they are over. For a process with one
// thread.
extern const struct ed_probe_host ed_probe_host_live;

// Plays back what lies below *root_fd, which must outlive the host. Runs nothing and opens no library.
struct ed_probe_host ed_probe_host_recorded(const int *root_fd);

// Opens "/" and takes the live host, or the recorded ones where ED_PROBE_ROOT_VARIABLE names a tree. The host
// borrows root_fd, which the caller closes.
struct ed_probe_place {
    int root_fd;
    struct ed_probe_host host;
};
enum ed_status ed_probe_place_open(struct ed_probe_place *place, struct ed_error *err);

// "vcgencmd+get_throttled"; any character but [A-Za-z0-9._-] becomes '_'. False where it does not fit.
bool ed_probe_command_name(const char *const *argv, char name[ED_PROBE_COMMAND_NAME_BYTES]);

#endif
