// SPDX-License-Identifier: Apache-2.0
// Texts made from the tables of commands and flags. Each appends to a buffer that the caller checks.
#ifndef EDGEDYNO_HARNESS_CLI_HELP_H
#define EDGEDYNO_HARNESS_CLI_HELP_H

#include "base/buffer.h"
#include "harness/cli/cli.h"

#define ED_CLI_TEXT_MAX_BYTES (8u << 20)
#define ED_CLI_SUMMARY "benchmarks on-device inference on real devices, and says what the figures are worth"

struct ed_cli_row {
    const char *name, *what;
};
// What the exit statuses mean, which files and variables are read: NULL-terminated by name.
extern const struct ed_cli_row ed_cli_exits[], ed_cli_files[], ed_cli_variables[];

void ed_cli_help_short(struct ed_buffer *out);
void ed_cli_help_text(struct ed_buffer *out, const struct ed_cli_command *command, size_t width);
int ed_cli_help_command(const struct ed_cli *cli, const struct ed_cli_command *command);

void ed_cli_manual(struct ed_buffer *out);
void ed_cli_completion_bash(struct ed_buffer *out);
void ed_cli_completion_zsh(struct ed_buffer *out);
enum ed_status ed_cli_reference(struct ed_buffer *out, struct ed_error *err);

// "-t, --threads N,..." as a person writes it.
void ed_cli_option_left(const struct ed_option *option, struct ed_buffer *out);
// Its help with words, default and whether it may be repeated.
void ed_cli_option_help(const struct ed_option *option, struct ed_buffer *out);

#endif
