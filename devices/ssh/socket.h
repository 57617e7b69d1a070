// SPDX-License-Identifier: Apache-2.0
// A TCP connection with a deadline, name resolution included.
#ifndef EDGEDYNO_DEVICES_SSH_SOCKET_H
#define EDGEDYNO_DEVICES_SSH_SOCKET_H

#include <stdint.h>

#include "edgedyno/error.h"

// Every address of `host` is tried in turn, each with its share of what time is left. *fd does not block.
// `where` is for messages. ED_ERR_UNREACHABLE (unknown host, refused, no route), ED_ERR_TIMEOUT (no answer),
// ED_ERR_IO.
enum ed_status ed_ssh_socket_connect(int *fd, const char *where, const char *host, int port,
                                     int64_t deadline_ns, struct ed_error *err);
// Lets a long link carry more at once, where the system grants more by SO_SNDBUF than it gives by itself.
void ed_ssh_socket_widen(int fd);

#endif
