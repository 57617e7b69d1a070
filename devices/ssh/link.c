// SPDX-License-Identifier: Apache-2.0
// The bytes of an SSH session: callbacks of libssh2, the queue, waiting.
#include "devices/ssh/link.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define QUEUE_FULL_BYTES (256u << 10)
#define QUEUE_MAX_BYTES (16u << 20)
#define CARRIED_BYTES 32768u
#define WATCH_IDLE_S 10
#define WATCH_EVERY_S 5
#define WATCH_TRIES 3

static void end(struct ed_ssh_link *link, int number) {
    if (!link->ended)
        link->sys_errno = number;
    link->ended = true;
}

// How much of `bytes` could be handed on at once; the rest has to wait. -1: it has ended.
static ssize_t hand_on(struct ed_ssh_link *link, const char *bytes, size_t n) {
    size_t done = 0;
    while (done < n && !link->ended) {
        ssize_t sent;
        if (!link->outer) {
            sent = send(link->fd, bytes + done, n - done, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && errno == EINTR)
                continue;
            // What the other side said before it hung up is still to be read.
            if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
                link->send_errno = errno;
                return (ssize_t)n;
            }
        } else {
            size_t piece = n - done < CARRIED_BYTES ? n - done : CARRIED_BYTES;
            if (!ed_ssh_has_room(link->outer))
                break;
            sent = libssh2_channel_write(link->carrier, bytes + done, piece);
            if (link->outer->ended)
                end(link, link->outer->sys_errno);
            else if (sent < 0 && sent != LIBSSH2_ERROR_EAGAIN)
                end(link, 0);
        }
        if (sent <= 0)
            break;
        done += (size_t)sent;
        link->sent_bytes += (uint64_t)sent;
    }
    return link->ended ? -1 : (ssize_t)done;
}

static void flush(struct ed_ssh_link *link) {
    while (link) {
        if (link->queue_begin < link->queue_end) {
            ssize_t n = hand_on(link, link->queue + link->queue_begin, link->queue_end - link->queue_begin);
            if (n > 0)
                link->queue_begin += (size_t)n;
            if (link->queue_begin == link->queue_end)
                link->queue_begin = link->queue_end = 0;
        }
        link = link->outer;
    }
}

static bool enqueue(struct ed_ssh_link *link, const char *bytes, size_t n) {
    size_t waiting = link->queue_end - link->queue_begin;
    if (link->queue_bytes - link->queue_end < n && link->queue_begin > 0) {
        memmove(link->queue, link->queue + link->queue_begin, waiting);
        link->queue_begin = 0;
        link->queue_end = waiting;
    }
    if (link->queue_bytes - link->queue_end < n) {
        size_t wanted = link->queue_bytes ? link->queue_bytes : 2 * QUEUE_FULL_BYTES;
        char *grown;
        while (wanted < waiting + n)
            wanted *= 2;
        grown = wanted <= QUEUE_MAX_BYTES ? realloc(link->queue, wanted) : NULL;
        if (!grown)
            return false;
        link->queue = grown;
        link->queue_bytes = wanted;
    }
    memcpy(link->queue + link->queue_end, bytes, n);
    link->queue_end += n;
    return true;
}

static LIBSSH2_SEND_FUNC(on_send) {
    struct ed_ssh_link *link = *abstract;
    ssize_t n = 0;
    (void)socket;
    (void)flags;
    if (link->ended)
        return -ECONNRESET;
    if (link->queue_begin == link->queue_end)
        n = hand_on(link, buffer, length);
    if (n >= 0 && (size_t)n < length && !enqueue(link, (const char *)buffer + n, length - (size_t)n))
        end(link, ENOMEM);
    return link->ended ? -ECONNRESET : (ssize_t)length;
}

static LIBSSH2_RECV_FUNC(on_receive) {
    struct ed_ssh_link *link = *abstract;
    int on = 1;
    ssize_t n;
    (void)socket;
    (void)flags;
    if (link->ended)
        return -ECONNRESET;
    if (link->outer) {
        n = libssh2_channel_read(link->carrier, buffer, length);
        if (link->outer->ended) {
            end(link, link->outer->sys_errno);
            return -ECONNRESET;
        }
        if (n == LIBSSH2_ERROR_EAGAIN || (n == 0 && !libssh2_channel_eof(link->carrier)))
            return -EAGAIN;
    } else {
        do
            n = recv(link->fd, buffer, length, MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!link->send_errno)
                return -EAGAIN;
            errno = link->send_errno;
        }
    }
    if (n <= 0) {
        end(link, link->outer || n == 0 ? 0 : errno);
        return n == 0 ? 0 : -ECONNRESET;
    }
    // A server that gathers small packets holds the next one back until this one is acknowledged, for 40 ms
    // otherwise.
    if (!link->outer && (size_t)n < length)
        setsockopt(link->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    if (!link->established && link->first) {
        size_t room = ED_SSH_FIRST_BYTES - link->n_first, some = (size_t)n < room ? (size_t)n : room;
        memcpy(link->first + link->n_first, buffer, some);
        link->n_first += some;
    }
    link->in_bytes += (uint64_t)n;
    return n;
}

// The server's text is shown to people: no control characters.
static LIBSSH2_DISCONNECT_FUNC(on_disconnect) {
    struct ed_ssh_link *link = *abstract;
    size_t n = 0;
    (void)session;
    (void)reason;
    (void)language;
    (void)language_len;
    for (int i = 0; i < message_len && n < sizeof link->goodbye - 1; i++)
        if (message[i] >= ' ' && message[i] <= '~')
            link->goodbye[n++] = message[i];
    link->goodbye[n] = '\0';
}

bool ed_ssh_has_room(const struct ed_ssh_link *link) {
    return link->queue_end - link->queue_begin < QUEUE_FULL_BYTES;
}

uint64_t ed_ssh_mark(const struct ed_ssh_link *link) {
    uint64_t mark = 0;
    for (; link; link = link->outer)
        mark += link->in_bytes;
    return mark;
}

struct ed_ssh_link *ed_ssh_bottom(struct ed_ssh_link *link) {
    while (link->outer)
        link = link->outer;
    return link;
}

int64_t ed_ssh_unsent_bytes(const struct ed_ssh_link *link) {
    int64_t bytes = 0;
    int in_kernel = 0;
    for (; link; link = link->outer) {
        bytes += (int64_t)(link->queue_end - link->queue_begin);
        if (!link->outer && ioctl(link->fd, SIOCOUTQ, &in_kernel) == 0 && in_kernel > 0)
            bytes += in_kernel;
    }
    return bytes;
}

bool ed_ssh_poll_with(struct ed_ssh_link *link, uint64_t mark, int64_t until_ns,
                      const struct pollfd others[ED_SSH_OTHERS], bool deaf) {
    struct ed_ssh_link *bottom = ed_ssh_bottom(link);
    struct pollfd ends[1 + ED_SSH_OTHERS] = {{.fd = bottom->fd, .events = deaf ? 0 : POLLIN}};
    struct timespec wait = {0};
    int64_t left_ns;
    flush(link);
    if (link->ended)
        return false;
    // Sending reads too: what came with it lies in libssh2 already, and the socket would not tell.
    if (!deaf && ed_ssh_mark(link) != mark)
        return true;
    if (bottom->queue_begin < bottom->queue_end)
        ends[0].events |= POLLOUT;
    for (size_t i = 0; others && i < ED_SSH_OTHERS; i++)
        ends[1 + i] = others[i];
    left_ns = until_ns - ed_clock_monotonic_ns();
    if (left_ns > 0)
        wait = (struct timespec){left_ns / 1000000000, left_ns % 1000000000};
    if (ppoll(ends, others ? 1 + ED_SSH_OTHERS : 1, &wait, NULL) < 0 && errno != EINTR && errno != EAGAIN)
        end(link, errno);
    if (ends[0].revents & POLLOUT)
        flush(link);
    return !link->ended;
}

void ed_ssh_watch(struct ed_ssh_link *link, bool on) {
    const int keep = on, idle_s = WATCH_IDLE_S, every_s = WATCH_EVERY_S, tries = WATCH_TRIES;
    const unsigned unanswered_ms = (WATCH_IDLE_S + WATCH_EVERY_S * WATCH_TRIES) * 1000u;
    const int fd = ed_ssh_bottom(link)->fd;
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &keep, sizeof keep);
}

bool ed_ssh_poll(struct ed_ssh_link *link, uint64_t mark, int64_t until_ns) {
    return ed_ssh_poll_with(link, mark, until_ns, NULL, false);
}

enum ed_status ed_ssh_timed_out(const struct ed_ssh_link *link, const char *what, struct ed_error *err) {
    return ed_fail(err, ED_ERR_TIMEOUT, link->name,
                   "no answer in time when it was to %s; is the device still on, and the network up?", what);
}

enum ed_status ed_ssh_wait(struct ed_ssh_link *link, uint64_t mark, int64_t deadline_ns, const char *what,
                           struct ed_error *err) {
    if (ed_clock_monotonic_ns() >= deadline_ns)
        return ed_ssh_timed_out(link, what, err);
    // An end is not judged here: libssh2 may hold what came before it, and meets the end itself.
    ed_ssh_poll(link, mark, deadline_ns);
    return ED_OK;
}

enum ed_status ed_ssh_link_fail(struct ed_ssh_link *link, int rc, const char *what, struct ed_error *err) {
    char *words = NULL;
    libssh2_session_last_error(link->session, &words, NULL, 0);
    if (!words)
        words = "";
    if (rc == LIBSSH2_ERROR_ALLOC || link->sys_errno == ENOMEM)
        return ed_fail(err, ED_ERR_NO_MEMORY, link->name, "no memory to %s", what);
    if (rc == LIBSSH2_ERROR_TIMEOUT || rc == LIBSSH2_ERROR_SOCKET_TIMEOUT || link->sys_errno == ETIMEDOUT)
        return ed_ssh_timed_out(link, what, err);
    if (link->goodbye[0])
        return ed_fail(err, ED_ERR_LINK_LOST, link->name,
                       "the device ended the connection when it was to %s; it said: %s", what, link->goodbye);
    if (link->ended) {
        errno = link->sys_errno;
        if (errno)
            return ed_fail(err, ED_ERR_LINK_LOST, link->name,
                           "the connection broke when the device was to %s: %m", what);
        return ed_fail(err, ED_ERR_LINK_LOST, link->name,
                       "the device closed the connection when it was to %s", what);
    }
    return ed_fail(err, ED_ERR_LINK_LOST, link->name, "the device could not %s: %.200s (libssh2 error %d)",
                   what, words, rc);
}

static void set_callbacks(LIBSSH2_SESSION *session) {
#if LIBSSH2_VERSION_NUM >= 0x010b01
    libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_SEND, (libssh2_cb_generic *)on_send);
    libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_RECV, (libssh2_cb_generic *)on_receive);
    libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_DISCONNECT, (libssh2_cb_generic *)on_disconnect);
#else
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, (void *)on_send);
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, (void *)on_receive);
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_DISCONNECT, (void *)on_disconnect);
#endif
}

enum ed_status ed_ssh_link_new(struct ed_ssh_link **out, int fd, struct ed_ssh_link *outer,
                               LIBSSH2_CHANNEL *carrier, const char *name, struct ed_error *err) {
    struct ed_ssh_link *link = calloc(1, sizeof *link);
    *out = NULL;
    if (link) {
        snprintf(link->name, sizeof link->name, "%s", name);
        link->fd = fd;
        link->outer = outer;
        link->carrier = carrier;
        link->first = malloc(ED_SSH_FIRST_BYTES);
        link->session = libssh2_session_init_ex(NULL, NULL, NULL, link);
        if (link->first && link->session) {
            libssh2_session_set_blocking(link->session, 0);
            set_callbacks(link->session);
            *out = link;
            return ED_OK;
        }
        ed_ssh_link_free(link);
    } else {
        if (fd >= 0)
            close(fd);
        ed_ssh_channel_close(outer, carrier, 0);
        ed_ssh_link_free(outer);
    }
    return ed_fail(err, ED_ERR_NO_MEMORY, name, "no memory for an SSH session");
}
