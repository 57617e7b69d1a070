// SPDX-License-Identifier: Apache-2.0
// Names of signals in SSH (RFC 4254, 6.10) and those that servers send besides.
#ifndef EDGEDYNO_DEVICES_SSH_SIGNALS_H
#define EDGEDYNO_DEVICES_SSH_SIGNALS_H

// A signal for which the server knows no name ("SIG@openssh.com"): no number of a real one.
#define ED_SSH_SIGNAL_UNNAMED 255

// Linux numbers, which are the same on all our targets. Unknown names are ED_SSH_SIGNAL_UNNAMED.
int ed_ssh_signal_number(const char *name);

#endif
