// SPDX-License-Identifier: Apache-2.0
// The transport over SSH (libssh2).
#ifndef EDGEDYNO_DEVICES_SSH_H
#define EDGEDYNO_DEVICES_SSH_H

#include "edgedyno/device.h"

extern const struct ed_transport ed_transport_ssh;

// Once, before the first thread uses the transport. ED_ERR_INTERNAL.
enum ed_status ed_ssh_init(struct ed_error *err);

// A TCP connection made by that host: bytes of *fd go to host:port as seen from there. A thread of ours
// carries them until the tunnel is closed. For adb servers of a lab host.
struct ed_ssh_tunnel;
enum ed_status ed_ssh_tunnel_open(struct ed_ssh_tunnel **tunnel, int *fd, const struct ed_address *via,
                                  const struct ed_transport_context *context, const char *host, int port,
                                  int64_t deadline_ns, struct ed_error *err);
void ed_ssh_tunnel_close(struct ed_ssh_tunnel *tunnel); // NULL is fine

#endif
