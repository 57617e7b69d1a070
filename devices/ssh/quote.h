// SPDX-License-Identifier: Apache-2.0
// An argument array as a command line for a login shell that is not known: sh, bash, dash, ash, ksh, zsh,
// fish, csh, tcsh.
#ifndef EDGEDYNO_DEVICES_SSH_QUOTE_H
#define EDGEDYNO_DEVICES_SSH_QUOTE_H

#include "base/buffer.h"

// Appends "exec 'ARG' 'ARG' ...". Where an argument holds what those shells do not agree on within single
// quotes (' \ ! line breaks, bytes beyond ASCII), /bin/sh makes it from octal digits: "exec /bin/sh -c 'eval
// "exec $(printf "...")"'".
void ed_ssh_quote(struct ed_buffer *line, const char *const *argv);

#endif
