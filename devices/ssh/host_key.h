// SPDX-License-Identifier: Apache-2.0
// Is this the host that it says it is.
#ifndef EDGEDYNO_DEVICES_SSH_HOST_KEY_H
#define EDGEDYNO_DEVICES_SSH_HOST_KEY_H

#include "devices/ssh/known_hosts.h"
#include "devices/ssh/link.h"

struct ed_ssh_host_key_args {
    const char *id;     // in devices.json; "" for a jump host
    const char *target; // what `edgedyno devices add` is given: "ssh://pi@host"
    const char *name;   // in known_hosts
    int port;
    const char *pinned;      // "TYPE BASE64", "": known_hosts decides
    const char *known_files; // from ~/.ssh/config, one a line; "": ~/.ssh/known_hosts
    bool accept_new;
    void (*note)(void *context, const char *line); // may be NULL
    void *context;
};

// What is known before the handshake, to ask for a key of a type that is known.
enum ed_status ed_ssh_host_key_expected(const struct ed_ssh_host_key_args *args,
                                        struct ed_ssh_known_hosts *known, struct ed_error *err);
// After it. ED_ERR_KEY_REFUSED.
enum ed_status ed_ssh_host_key_check(struct ed_ssh_link *link, const struct ed_ssh_host_key_args *args,
                                     const struct ed_ssh_known_hosts *known, int64_t deadline_ns,
                                     struct ed_error *err);

#endif
