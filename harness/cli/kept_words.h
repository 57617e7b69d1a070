// SPDX-License-Identifier: Apache-2.0
// The words of a command line on disk, so that what was asked can be asked again.
#ifndef EDGEDYNO_HARNESS_CLI_KEPT_WORDS_H
#define EDGEDYNO_HARNESS_CLI_KEPT_WORDS_H

#include "base/json_read.h"
#include "base/json_write.h"
#include "harness/cli/cli.h"

// Members of the object that is open: "words", which can be parsed again, and "directory", the current one,
// to which paths among them are relative. `left_out`: flags that are not kept, NULL-terminated.
enum ed_status ed_kept_words_write(struct ed_json_writer *w, const struct ed_arguments *arguments,
                                   const char *const *left_out, struct ed_error *err);
// Parses them for `command`. `arguments` (to be released) and `directory` point into the document of
// `object`.
enum ed_status ed_kept_words_read(struct ed_arguments *arguments, const char **directory,
                                  const struct ed_json_at *object, const struct ed_cli_command *command,
                                  struct ed_error *err);

#endif
