// SPDX-License-Identifier: Apache-2.0
// What the program asks a person while it reaches devices.
#ifndef EDGEDYNO_HARNESS_CLI_ASK_H
#define EDGEDYNO_HARNESS_CLI_ASK_H

#include "edgedyno/device.h"
#include "harness/cli/cli.h"

// Asks on the terminal, without echo: /dev/tty, not the standard streams, which may be files. One question at
// a time, whichever thread asks. ED_ERR_KEY_REFUSED where there is no terminal or nothing was typed;
// ED_ERR_CANCELLED after Ctrl-C. `context` is not used.
enum ed_status ed_ask_secret(void *context, const char *prompt, char *secret, size_t secret_bytes,
                             struct ed_error *err);
// Says a line on standard error; `context` is a struct ed_cli.
void ed_ask_note(void *context, const char *line);

// A context for transports: passphrases are asked for, notes are told. `cli` is borrowed.
struct ed_transport_context ed_ask_context(const struct ed_cli *cli, bool accept_new);

#endif
