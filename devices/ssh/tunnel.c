// SPDX-License-Identifier: Apache-2.0
// A tunnel: a pair of sockets, whose far end a thread connects with a direct-tcpip channel of an SSH session
// of its own.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/ssh/chain.h"
#include "devices/ssh/ssh.h"

#define PIECE_BYTES 32768u
#define LOOK_AGAIN_NS 1000000000

struct ed_ssh_tunnel {
    struct ed_ssh_link *link;
    LIBSSH2_CHANNEL *channel;
    int fd;      // the thread's end
    int stop[2]; // [0] ends when the tunnel is to be closed
    pthread_t thread;
    char up[PIECE_BYTES], down[PIECE_BYTES]; // to the host, and from it
    size_t up_begin, up_end, down_begin, down_end;
    bool up_ended, up_closed, down_ended;
};

// Both return false when nothing more can pass.
static bool carry_up(struct ed_ssh_tunnel *tunnel) {
    if (tunnel->up_begin == tunnel->up_end && !tunnel->up_ended) {
        ssize_t n = recv(tunnel->fd, tunnel->up, sizeof tunnel->up, MSG_DONTWAIT);
        tunnel->up_ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
        tunnel->up_begin = 0;
        tunnel->up_end = n > 0 ? (size_t)n : 0;
    }
    while (tunnel->up_begin < tunnel->up_end && ed_ssh_has_room(tunnel->link)) {
        ssize_t n = libssh2_channel_write(tunnel->channel, tunnel->up + tunnel->up_begin,
                                          tunnel->up_end - tunnel->up_begin);
        if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
            return true;
        if (n < 0)
            return false;
        tunnel->up_begin += (size_t)n;
    }
    if (tunnel->up_ended && tunnel->up_begin == tunnel->up_end && !tunnel->up_closed)
        tunnel->up_closed = libssh2_channel_send_eof(tunnel->channel) != LIBSSH2_ERROR_EAGAIN;
    return true;
}

static bool carry_down(struct ed_ssh_tunnel *tunnel) {
    while (!tunnel->down_ended) {
        while (tunnel->down_begin < tunnel->down_end) {
            ssize_t n = send(tunnel->fd, tunnel->down + tunnel->down_begin,
                             tunnel->down_end - tunnel->down_begin, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return true;
            if (n < 0)
                return false;
            tunnel->down_begin += (size_t)n;
        }
        ssize_t n = libssh2_channel_read(tunnel->channel, tunnel->down, sizeof tunnel->down);
        tunnel->down_begin = 0;
        tunnel->down_end = n > 0 ? (size_t)n : 0;
        if (n == LIBSSH2_ERROR_EAGAIN)
            return true;
        if (n <= 0) {
            if (n == 0 && libssh2_channel_eof(tunnel->channel) != 1)
                return true;
            shutdown(tunnel->fd, SHUT_WR);
            tunnel->down_ended = true;
            return n == 0;
        }
    }
    return true;
}

// Until both directions have ended, or the tunnel is closed.
static void *carry(void *context) {
    struct ed_ssh_tunnel *tunnel = context;
    struct pollfd others[ED_SSH_OTHERS] = {{.fd = tunnel->stop[0], .events = POLLIN}, {.fd = -1}};
    uint64_t mark;
    do {
        bool full;
        mark = ed_ssh_mark(tunnel->link);
        if (!carry_down(tunnel) || !carry_up(tunnel) || (tunnel->up_closed && tunnel->down_ended))
            break;
        full = tunnel->down_begin < tunnel->down_end;
        others[1].events = (short)((full ? POLLOUT : 0) |
                                   (!tunnel->up_ended && tunnel->up_begin == tunnel->up_end ? POLLIN : 0));
        others[1].fd = others[1].events ? tunnel->fd : -1;
        // What came before the link ended is still handed over.
        if (!ed_ssh_poll_with(tunnel->link, mark, ed_clock_monotonic_ns() + LOOK_AGAIN_NS, others, full) &&
            full)
            poll(others, ED_SSH_OTHERS, LOOK_AGAIN_NS / 1000000);
    } while (recv(tunnel->stop[0], &mark, 1, MSG_DONTWAIT | MSG_PEEK) != 0);
    shutdown(tunnel->fd, SHUT_RDWR);
    return NULL;
}

static void release(struct ed_ssh_tunnel *tunnel) {
    for (int i = 0; i < 2; i++)
        if (tunnel->stop[i] >= 0)
            close(tunnel->stop[i]);
    if (tunnel->fd >= 0)
        close(tunnel->fd);
    if (tunnel->link)
        ed_ssh_channel_close(tunnel->link, tunnel->channel, 0);
    ed_ssh_link_free(tunnel->link);
    free(tunnel);
}

// Signals are for the threads that know what to do with them.
static int start_thread(struct ed_ssh_tunnel *tunnel) {
    sigset_t all, kept;
    int number;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    number = pthread_create(&tunnel->thread, NULL, carry, tunnel);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return number;
}

enum ed_status ed_ssh_tunnel_open(struct ed_ssh_tunnel **out, int *fd, const struct ed_address *via,
                                  const struct ed_transport_context *context, const char *host, int port,
                                  int64_t deadline_ns, struct ed_error *err) {
    struct ed_ssh_tunnel *tunnel = calloc(1, sizeof *tunnel);
    enum ed_status status;
    int ends[2] = {-1, -1};
    *out = NULL;
    *fd = -1;
    if (!tunnel)
        return ed_fail(err, ED_ERR_NO_MEMORY, via->host, "no memory for a tunnel");
    tunnel->fd = tunnel->stop[0] = tunnel->stop[1] = -1;
    status = ed_ssh_chain_open(&tunnel->link, via, context, deadline_ns, err);
    if (!status)
        status = ed_ssh_direct_open(tunnel->link, &tunnel->channel, host, port, deadline_ns, err);
    if (!status && (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
                    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, tunnel->stop) != 0))
        status = ed_fail_errno(err, ED_ERR_IO, via->host, "no sockets for a tunnel: %m");
    tunnel->fd = ends[1];
    if (!status && (errno = start_thread(tunnel)) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, via->host, "no thread for a tunnel: %m");
    if (status) {
        if (ends[0] >= 0)
            close(ends[0]);
        release(tunnel);
        return status;
    }
    *out = tunnel;
    *fd = ends[0];
    return ED_OK;
}

void ed_ssh_tunnel_close(struct ed_ssh_tunnel *tunnel) {
    if (!tunnel)
        return;
    // The thread sees the end of this pair.
    shutdown(tunnel->stop[1], SHUT_RDWR);
    pthread_join(tunnel->thread, NULL);
    release(tunnel);
}
