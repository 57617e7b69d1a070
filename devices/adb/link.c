// SPDX-License-Identifier: Apache-2.0
// One connection to an adb server: non-blocking socket and poll.
#include "devices/adb/link.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define IN_BYTES (128u << 10)

void ed_adb_link_init(struct ed_adb_link *link) {
    memset(link, 0, sizeof *link);
    link->fd = -1;
    link->who = link->doing = "";
}

enum ed_status ed_adb_link_take(struct ed_adb_link *link, int fd, struct ed_ssh_tunnel *tunnel,
                                const char *who, struct ed_error *err) {
    int flags = fcntl(fd, F_GETFL);
    ed_adb_link_init(link);
    link->fd = fd;
    link->tunnel = tunnel;
    link->who = who;
    link->doing = "asking the adb server";
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        enum ed_status status = ed_fail_errno(err, ED_ERR_IO, who, "its connection cannot be set up: %m");
        ed_adb_link_close(link);
        return status;
    }
    link->in = malloc(IN_BYTES);
    if (link->in)
        return ED_OK;
    ed_adb_link_close(link);
    return ed_fail(err, ED_ERR_NO_MEMORY, who, "no memory for a buffer of %u bytes", IN_BYTES);
}

void ed_adb_link_close(struct ed_adb_link *link) {
    if (link->fd >= 0)
        close(link->fd);
    ed_ssh_tunnel_close(link->tunnel);
    free(link->in);
    ed_adb_link_init(link);
}

enum ed_status ed_adb_link_wait(struct ed_adb_link *link, short events, short *ready, int64_t deadline_ns,
                                struct ed_error *err) {
    for (;;) {
        struct pollfd end = {link->fd, events, 0};
        int64_t left_ns = deadline_ns - ed_clock_monotonic_ns();
        struct timespec wait = {0};
        int n;
        if (left_ns > 0)
            wait = (struct timespec){left_ns / 1000000000, left_ns % 1000000000};
        n = ppoll(&end, 1, &wait, NULL);
        *ready = end.revents;
        if (n > 0)
            return ED_OK;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return ed_fail_errno(err, ED_ERR_IO, link->who, "its connection cannot be waited for: %m");
        if (n == 0 && left_ns <= 0)
            return ed_fail(err, ED_ERR_TIMEOUT, link->who, "no answer in time while %s", link->doing);
    }
}

enum ed_status ed_adb_link_fill(struct ed_adb_link *link, struct ed_error *err) {
    ssize_t n;
    if (link->in_begin == link->in_end)
        link->in_begin = link->in_end = 0;
    if (link->in_begin > 0 && link->in_end == IN_BYTES) {
        memmove(link->in, link->in + link->in_begin, link->in_end - link->in_begin);
        link->in_end -= link->in_begin;
        link->in_begin = 0;
    }
    if (link->in_ended || link->in_end == IN_BYTES)
        return ED_OK;
    do
        n = recv(link->fd, link->in + link->in_end, IN_BYTES - link->in_end, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        link->in_end += (size_t)n;
    else if (n == 0 || errno == ECONNRESET || errno == EPIPE || errno == ETIMEDOUT)
        link->in_ended = true;
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        return ed_fail_errno(err, ED_ERR_LINK_LOST, link->who, "the connection broke while %s: %m",
                             link->doing);
    return ED_OK;
}

enum ed_status ed_adb_link_peek(struct ed_adb_link *link, const char **bytes, size_t *n, int64_t deadline_ns,
                                struct ed_error *err) {
    enum ed_status status = ED_OK;
    short ready;
    while (!status && link->in_begin == link->in_end) {
        if (link->in_ended)
            return ed_fail(err, ED_ERR_LINK_LOST, link->who,
                           "the connection was closed while %s: the device went away or its adb server ended",
                           link->doing);
        status = ed_adb_link_wait(link, POLLIN, &ready, deadline_ns, err);
        if (!status)
            status = ed_adb_link_fill(link, err);
    }
    *bytes = link->in + link->in_begin;
    *n = link->in_end - link->in_begin;
    return status;
}

void ed_adb_link_skip(struct ed_adb_link *link, size_t n) {
    link->in_begin += n;
}

enum ed_status ed_adb_link_receive(struct ed_adb_link *link, void *bytes, size_t n, int64_t deadline_ns,
                                   struct ed_error *err) {
    char *to = bytes;
    while (n > 0) {
        const char *piece;
        size_t part;
        enum ed_status status = ed_adb_link_peek(link, &piece, &part, deadline_ns, err);
        if (status)
            return status;
        if (part > n)
            part = n;
        memcpy(to, piece, part);
        ed_adb_link_skip(link, part);
        to += part;
        n -= part;
    }
    return ED_OK;
}

enum ed_status ed_adb_link_send_some(struct ed_adb_link *link, const void *bytes, size_t n, size_t *sent,
                                     struct ed_error *err) {
    ssize_t done;
    *sent = 0;
    do
        done = send(link->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (done < 0 && errno == EINTR);
    if (done >= 0)
        *sent = (size_t)done;
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
        return ed_fail_errno(err, ED_ERR_LINK_LOST, link->who, "the connection broke while %s: %m",
                             link->doing);
    return ED_OK;
}

enum ed_status ed_adb_link_send(struct ed_adb_link *link, const void *bytes, size_t n, int64_t deadline_ns,
                                struct ed_error *err) {
    const char *from = bytes;
    enum ed_status status = ED_OK;
    while (!status && n > 0) {
        size_t sent;
        short ready;
        status = ed_adb_link_send_some(link, from, n, &sent, err);
        from += sent;
        n -= sent;
        if (!status && sent == 0)
            status = ed_adb_link_wait(link, POLLOUT, &ready, deadline_ns, err);
    }
    return status;
}
