// SPDX-License-Identifier: Apache-2.0
// Channels of an SSH session, opened and closed, and its end. libssh2 frees nothing before the other side has
// answered, so what a dead or slow device leaves open is kept aside and freed with the session.
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/ssh/link.h"

#define GOODBYE_NS 300000000
#define FREE_TRIES \
    1000 // once it has ended libssh2 waits for nothing; should it all the same, memory is lost, not time

static void bury(struct ed_ssh_link *link) {
    size_t kept = 0;
    for (size_t i = 0; i < link->n_zombies; i++)
        if (libssh2_channel_free(link->zombies[i]) == LIBSSH2_ERROR_EAGAIN)
            link->zombies[kept++] = link->zombies[i];
    link->n_zombies = kept;
}

enum ed_status ed_ssh_channel_try(struct ed_ssh_link *link, LIBSSH2_CHANNEL **channel, struct ed_error *err) {
    int64_t now_ns = ed_clock_monotonic_ns();
    int rc;
    if (!link->opening_ns) {
        bury(link);
        if (link->n_zombies == ED_SSH_ZOMBIES_MAX)
            return ed_fail(err, ED_ERR_LINK_LOST, link->name,
                           "%d commands there did not end in time; the connection is not used any more",
                           ED_SSH_ZOMBIES_MAX);
        link->opening_ns = now_ns;
    }
    *channel = libssh2_channel_open_session(link->session);
    rc = *channel ? 0 : libssh2_session_last_errno(link->session);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return ED_OK;
    // A server opens it at once, so that this is what a question and its answer take.
    if (!rc && (!link->round_trip_ns || now_ns - link->opening_ns < link->round_trip_ns))
        link->round_trip_ns = now_ns - link->opening_ns;
    link->opening_ns = 0;
    if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        return ed_fail(
            err, ED_ERR_REFUSED, link->name,
            "the SSH server opens no session for a command; look at MaxSessions and at what the account "
            "is allowed in its sshd_config");
    return rc ? ed_ssh_link_fail(link, rc, "open a session", err) : ED_OK;
}

void ed_ssh_channel_close(struct ed_ssh_link *link, LIBSSH2_CHANNEL *channel, int64_t deadline_ns) {
    uint64_t mark;
    if (!channel)
        return;
    do {
        mark = ed_ssh_mark(link);
        if (libssh2_channel_free(channel) != LIBSSH2_ERROR_EAGAIN)
            return;
    } while (ed_clock_monotonic_ns() < deadline_ns && ed_ssh_poll(link, mark, deadline_ns));
    if (link->n_zombies < ED_SSH_ZOMBIES_MAX)
        link->zombies[link->n_zombies++] = channel;
}

// What was given up must not arrive later: the kernel would go on sending it for minutes, to a command that
// then writes into a file which is pushed anew, or starts a job that nobody waits for.
static void drop_unsent(int fd) {
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void ed_ssh_link_free(struct ed_ssh_link *link) {
    // A link that takes nothing is not waited for twice: the outer ones share the time.
    int64_t until_ns = ed_clock_monotonic_ns() + GOODBYE_NS;
    bool given_up = false;
    while (link) {
        struct ed_ssh_link *outer = link->outer;
        given_up = given_up || (link->n_zombies && ed_ssh_unsent_bytes(link) > 0);
        if (link->session) {
            if (link->established && !link->ended)
                libssh2_session_disconnect(link->session, "done");
            while (!link->ended && link->queue_begin < link->queue_end && ed_clock_monotonic_ns() < until_ns)
                if (!ed_ssh_poll(link, ed_ssh_mark(link), until_ns))
                    break;
            link->ended = true;
            for (int i = 0; i < FREE_TRIES && libssh2_session_free(link->session) == LIBSSH2_ERROR_EAGAIN;
                 i++)
                continue;
        }
        if (outer && link->carrier)
            ed_ssh_channel_close(outer, link->carrier, 0);
        if (link->fd >= 0 && given_up)
            drop_unsent(link->fd);
        if (link->fd >= 0)
            close(link->fd);
        free(link->queue);
        free(link->first);
        free(link);
        link = outer;
    }
}
