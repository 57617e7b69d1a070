// SPDX-License-Identifier: Apache-2.0
// The runner's short commands (edgedyno/wire.h). Each writes one reply line to standard output.
#ifndef EDGEDYNO_RUNNERS_COMMANDS_H
#define EDGEDYNO_RUNNERS_COMMANDS_H

#include "base/buffer.h"
#include "base/options.h"

// Each takes the parsed arguments of its command; `program` is the path of this runner for exec.
enum ed_status ed_command_version(const struct ed_arguments *arguments, const char *program,
                                  struct ed_error *err);
enum ed_status ed_command_hardware(const struct ed_arguments *arguments, const char *program,
                                   struct ed_error *err);
enum ed_status ed_command_survey(const struct ed_arguments *arguments, const char *program,
                                 struct ed_error *err);
enum ed_status ed_command_work(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err);
enum ed_status ed_command_start(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err);
enum ed_status ed_command_status(const struct ed_arguments *arguments, const char *program,
                                 struct ed_error *err);
enum ed_status ed_command_read(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err);
enum ed_status ed_command_stop(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err);
enum ed_status ed_command_forget(const struct ed_arguments *arguments, const char *program,
                                 struct ed_error *err);
// runners/command_lease.c and runners/command_restore.c
enum ed_status ed_command_lease(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err);
enum ed_status ed_command_restore(const struct ed_arguments *arguments, const char *program,
                                  struct ed_error *err);
// runners/commands_store.c
enum ed_status ed_command_have(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err);
enum ed_status ed_command_stage(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err);
enum ed_status ed_command_adopt(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err);
enum ed_status ed_command_sets(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err);
enum ed_status ed_command_clean(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err);
enum ed_status ed_command_adopt_self(const struct ed_arguments *arguments, const char *program,
                                     struct ed_error *err);
enum ed_status ed_command_doctor(const struct ed_arguments *arguments, const char *program,
                                 struct ed_error *err);
// runners/command_probe.c and runners/command_snapshot.c
enum ed_status ed_command_probe(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err);
enum ed_status ed_command_snapshot(const struct ed_arguments *arguments, const char *program,
                                   struct ed_error *err);

// runners/command_convert.c
enum ed_status ed_command_convert(const struct ed_arguments *arguments, const char *program,
                                  struct ed_error *err);

// NAME=VALUE into the environment; a name that does not fit is left out.
void ed_command_set_variable(const char *pair);
// Standard output belongs to the reply, and engines may print there: gives a descriptor for the reply, and
// sends whatever else is printed to standard error. -1 where it cannot.
int ed_command_keep_output(struct ed_error *err);
// runners/command_conformance.c
enum ed_status ed_command_conformance(const struct ed_arguments *arguments, const char *program,
                                      struct ed_error *err);

// Sets what --environment NAME=VALUE says.
void ed_command_environment(const struct ed_arguments *arguments);
// Reads standard input to its end into `text`, whose maximum is the message's; `what` names it in a failure.
enum ed_status ed_command_input(struct ed_buffer *text, const char *what, struct ed_error *err);

#endif
