// SPDX-License-Identifier: Apache-2.0
// Which algorithms are asked for, and why a server and libssh2 agree on none.
#ifndef EDGEDYNO_DEVICES_SSH_NEGOTIATE_H
#define EDGEDYNO_DEVICES_SSH_NEGOTIATE_H

#include "devices/ssh/known_hosts.h"
#include "devices/ssh/link.h"

// Whether this libssh2 takes `name` as a key type of hosts.
bool ed_ssh_host_key_type_works(struct ed_ssh_link *link, const char *name);
// Before the handshake. Host keys: the types of `known` first, in its order, then the others.
enum ed_status ed_ssh_negotiate(struct ed_ssh_link *link, const struct ed_ssh_known_hosts *known,
                                struct ed_error *err);
// After a failed handshake. ED_ERR_UNSUPPORTED with the way out where the server offers nothing that libssh2
// has; else ED_OK.
enum ed_status ed_ssh_negotiation_fault(struct ed_ssh_link *link, struct ed_error *err);
// The lists of the server's SSH_MSG_KEXINIT after its banner, `NAME,NAME`, in the order of RFC 4253 7.1.
// False when `bytes` hold none. For tests too: `bytes` are hostile.
#define ED_SSH_KEXINIT_LISTS 10
struct ed_ssh_kexinit {
    const char *lists[ED_SSH_KEXINIT_LISTS];
    size_t lengths[ED_SSH_KEXINIT_LISTS];
};
bool ed_ssh_kexinit_parse(struct ed_ssh_kexinit *out, const unsigned char *bytes, size_t n);

#endif
