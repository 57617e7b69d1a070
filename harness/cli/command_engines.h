// SPDX-License-Identifier: Apache-2.0
// The subcommands of `edgedyno engines`. Each returns the exit status.
#ifndef EDGEDYNO_HARNESS_CLI_COMMAND_ENGINES_H
#define EDGEDYNO_HARNESS_CLI_COMMAND_ENGINES_H

#include "harness/cli/output.h"
#include "harness/cli/resources.h"

int ed_engines_command_fetch(struct ed_cli *cli, struct ed_resources *resources,
                             const struct ed_output *output);
int ed_engines_command_add(struct ed_cli *cli, struct ed_resources *resources,
                           const struct ed_output *output);
int ed_engines_command_check(struct ed_cli *cli, struct ed_resources *resources,
                             const struct ed_output *output);

// NAME[@VERSION]; ED_ERR_USAGE where a part is empty or too long.
struct ed_engine_word {
    char name[64], version[64], backend[64]; // "" where it is not given
};
enum ed_status ed_engine_word_parse(struct ed_engine_word *word, const char *text, bool with_backend,
                                    struct ed_error *err);

#endif
