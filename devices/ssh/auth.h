// SPDX-License-Identifier: Apache-2.0
// Proving who we are: keys of the agent, key files, passphrases from a prompt. Never a password.
#ifndef EDGEDYNO_DEVICES_SSH_AUTH_H
#define EDGEDYNO_DEVICES_SSH_AUTH_H

#include "devices/ssh/config.h"
#include "devices/ssh/link.h"

// *deadline_ns moves by the time that a person took to answer. ED_ERR_KEY_REFUSED.
enum ed_status ed_ssh_auth(struct ed_ssh_link *link, const char *user, const struct ed_ssh_host *host,
                           const struct ed_transport_context *context, int64_t *deadline_ns,
                           struct ed_error *err);

#endif
