// SPDX-License-Identifier: Apache-2.0
// The forwarder of the SSH tests: carries bytes, falls silent, or resets its connections.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/devices/ssh_place.h"

#define PAIRS_MAX 64
#define PIECE_BYTES 65536

struct pair {
    int ends[2]; // [0] the client's
    bool ended[2];
};

static int listen_on(int *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 32), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void close_pair(struct pair *pair, bool reset) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    for (int i = 0; i < 2; i++) {
        if (reset)
            setsockopt(pair->ends[i], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        close(pair->ends[i]);
    }
    pair->ends[0] = -1;
}

static bool accept_pair(struct ssh_forwarder *forwarder, struct pair *pair) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)forwarder->to_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *pair = (struct pair){
        .ends = {accept(forwarder->listener, NULL, NULL), socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}};
    if (pair->ends[0] >= 0 && connect(pair->ends[1], (const struct sockaddr *)&address, sizeof address) == 0)
        return true;
    close_pair(pair, false);
    return false;
}

// From one end to the other, which may block: the servers here always read.
static void carry(struct ssh_forwarder *forwarder, struct pair *pair, int from) {
    char piece[PIECE_BYTES];
    ssize_t n = recv(pair->ends[from], piece, sizeof piece, MSG_DONTWAIT), sent = 0;
    if (n <= 0) {
        if (n < 0 && errno == EAGAIN)
            return;
        shutdown(pair->ends[!from], SHUT_WR);
        pair->ended[from] = true;
        return;
    }
    if (from == 0) {
        long up = atomic_fetch_add(&forwarder->up_bytes, n) + n, freeze = forwarder->freeze_after_bytes,
             reset = forwarder->reset_after_bytes;
        if (freeze && up > freeze)
            forwarder->mode = SSH_SILENT;
        if (reset && up > reset)
            forwarder->mode = SSH_RESET;
        if (forwarder->mode != SSH_FORWARD)
            return;
    }
    while (sent < n) {
        ssize_t some = send(pair->ends[!from], piece + sent, (size_t)(n - sent), MSG_NOSIGNAL);
        if (some <= 0)
            return;
        sent += some;
    }
}

static void *serve(void *context) {
    struct ssh_forwarder *forwarder = context;
    struct pair pairs[PAIRS_MAX];
    size_t n_pairs = 0;
    for (;;) {
        struct pollfd fds[2 + 2 * PAIRS_MAX] = {{.fd = forwarder->stop[0], .events = POLLIN},
                                                {.fd = forwarder->listener, .events = POLLIN}};
        bool silent = forwarder->mode == SSH_SILENT;
        for (size_t i = 0; i < n_pairs; i++)
            for (int k = 0; k < 2; k++)
                fds[2 + 2 * i + (size_t)k] = (struct pollfd){
                    .fd = pairs[i].ends[0] < 0 || pairs[i].ended[k] || silent ? -1 : pairs[i].ends[k],
                    .events = POLLIN};
        // The mode changes from outside: a short wait sees it.
        poll(fds, 2 + 2 * n_pairs, 20);
        if (fds[0].revents)
            break;
        if (forwarder->mode == SSH_RESET) {
            for (size_t i = 0; i < n_pairs; i++)
                if (pairs[i].ends[0] >= 0)
                    close_pair(&pairs[i], true);
            n_pairs = 0;
            forwarder->reset_after_bytes = 0;
            forwarder->mode = SSH_FORWARD;
            continue;
        }
        for (size_t i = 0; i < n_pairs; i++)
            for (int k = 0; k < 2; k++)
                if (fds[2 + 2 * i + (size_t)k].revents && pairs[i].ends[0] >= 0 &&
                    forwarder->mode == SSH_FORWARD)
                    carry(forwarder, &pairs[i], k);
        for (size_t i = 0; i < n_pairs; i++)
            if (pairs[i].ends[0] >= 0 && pairs[i].ended[0] && pairs[i].ended[1])
                close_pair(&pairs[i], false);
        if ((fds[1].revents & POLLIN) && n_pairs < PAIRS_MAX)
            n_pairs += accept_pair(forwarder, &pairs[n_pairs]);
    }
    for (size_t i = 0; i < n_pairs; i++)
        if (pairs[i].ends[0] >= 0)
            close_pair(&pairs[i], false);
    return NULL;
}

void ssh_forwarder_start(struct ssh_forwarder *forwarder, int to_port) {
    *forwarder = (struct ssh_forwarder){.to_port = to_port};
    forwarder->listener = listen_on(&forwarder->port);
    assert_int_equal(pipe2(forwarder->stop, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&forwarder->thread, NULL, serve, forwarder), 0);
}

void ssh_forwarder_stop(struct ssh_forwarder *forwarder) {
    close(forwarder->stop[1]);
    pthread_join(forwarder->thread, NULL);
    close(forwarder->stop[0]);
    close(forwarder->listener);
}
