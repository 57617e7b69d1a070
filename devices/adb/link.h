// SPDX-License-Identifier: Apache-2.0
// One connection to an adb server, never blocking longer than its deadline: bytes out, buffered bytes in.
#ifndef EDGEDYNO_DEVICES_ADB_LINK_H
#define EDGEDYNO_DEVICES_ADB_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/ssh/ssh.h"
#include "edgedyno/error.h"

struct ed_adb_link {
    int fd;                       // -1: closed
    struct ed_ssh_tunnel *tunnel; // NULL: a direct connection
    const char *who, *doing;      // borrowed, for messages: a device or server, and what it is asked for
    char *in;                     // received and not yet taken: in[in_begin..in_end)
    size_t in_begin, in_end;
    bool in_ended; // nothing follows what is buffered
};

void ed_adb_link_init(struct ed_adb_link *link); // closed
// Takes a connected stream socket; it is closed with the link, also where this fails.
enum ed_status ed_adb_link_take(struct ed_adb_link *link, int fd, struct ed_ssh_tunnel *tunnel,
                                const char *who, struct ed_error *err);
void ed_adb_link_close(struct ed_adb_link *link); // safe on a closed one

// Waits for POLLIN, POLLOUT or an error of the socket. ED_ERR_TIMEOUT.
enum ed_status ed_adb_link_wait(struct ed_adb_link *link, short events, short *ready, int64_t deadline_ns,
                                struct ed_error *err);
// Receives what is there into the free part of the buffer, without waiting. A broken connection ends it as a
// closed one does: in_ended.
enum ed_status ed_adb_link_fill(struct ed_adb_link *link, struct ed_error *err);
// Bytes that are buffered, at least one; waits for it. ED_ERR_LINK_LOST at the end. Valid until the next
// call.
enum ed_status ed_adb_link_peek(struct ed_adb_link *link, const char **bytes, size_t *n, int64_t deadline_ns,
                                struct ed_error *err);
void ed_adb_link_skip(struct ed_adb_link *link, size_t n); // of what peek gave
// Exactly `n` bytes.
enum ed_status ed_adb_link_receive(struct ed_adb_link *link, void *bytes, size_t n, int64_t deadline_ns,
                                   struct ed_error *err);
// Sends what the socket takes now; *sent may be 0. ED_ERR_LINK_LOST.
enum ed_status ed_adb_link_send_some(struct ed_adb_link *link, const void *bytes, size_t n, size_t *sent,
                                     struct ed_error *err);
enum ed_status ed_adb_link_send(struct ed_adb_link *link, const void *bytes, size_t n, int64_t deadline_ns,
                                struct ed_error *err);

#endif
