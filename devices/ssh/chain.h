// SPDX-License-Identifier: Apache-2.0
// From an address to a session that is authenticated, over jump hosts where there are any.
#ifndef EDGEDYNO_DEVICES_SSH_CHAIN_H
#define EDGEDYNO_DEVICES_SSH_CHAIN_H

#include "devices/ssh/link.h"

#define ED_SSH_HOPS_MAX 8

enum ed_status ed_ssh_chain_open(struct ed_ssh_link **link, const struct ed_address *address,
                                 const struct ed_transport_context *context, int64_t deadline_ns,
                                 struct ed_error *err);
// A connection from the host of `link` to host:port. ED_ERR_UNREACHABLE, ED_ERR_REFUSED (forwarding is
// forbidden there).
enum ed_status ed_ssh_direct_open(struct ed_ssh_link *link, LIBSSH2_CHANNEL **channel, const char *host,
                                  int port, int64_t deadline_ns, struct ed_error *err);
// "[ssh://][USER@]HOST[:PORT]", HOST may be in brackets; user "" and port 0 where not given. ED_ERR_USAGE.
enum ed_status ed_ssh_spec_parse(const char *spec, char host[256], char user[64], int *port,
                                 struct ed_error *err);

#endif
