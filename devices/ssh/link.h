// SPDX-License-Identifier: Apache-2.0
// One SSH session that never blocks: a libssh2 session over a TCP socket, or over a direct-tcpip channel of
// another such session (a jump host). What libssh2 sends goes into a queue of ours, so that it never sees a
// full socket: in libssh2 a packet that is half sent forbids every other call but its own repetition. Who
// sends bulk data asks ed_ssh_has_room.
//
// A call that may block is written as
//     do {
//         mark = ed_ssh_mark(link);
//         rc = libssh2_...(...);
//     } while (rc == LIBSSH2_ERROR_EAGAIN && !(status = ed_ssh_wait(link, mark, deadline_ns, "what is done", err)));
#ifndef EDGEDYNO_DEVICES_SSH_LINK_H
#define EDGEDYNO_DEVICES_SSH_LINK_H

#include <libssh2.h>
#include <poll.h>

#include "edgedyno/device.h"

#define ED_SSH_ZOMBIES_MAX 8
#define ED_SSH_FIRST_BYTES 16384

struct ed_ssh_link {
    LIBSSH2_SESSION *session;
    struct ed_ssh_link *outer; // owned; NULL: over `fd`
    LIBSSH2_CHANNEL *carrier;  // of outer->session
    int fd;                    // the TCP socket of the outermost link; -1 for the others
    char name[352];            // "pi@host" or "pi@host:2222", for messages
    char *queue;               // bytes from queue_begin to queue_end wait to be sent
    size_t queue_begin, queue_end, queue_bytes;
    uint64_t in_bytes, sent_bytes; // as they came and went
    int sys_errno;                 // what ended it, 0: the other side closed it
    int send_errno;                // nothing can be sent any more, but something may still be read
    bool ended;                    // nothing comes or goes any more
    bool established;              // keys are exchanged: `first` is not kept any longer
    unsigned char *first;          // what the server said in the clear, ED_SSH_FIRST_BYTES at most
    size_t n_first;
    char goodbye[160];    // the server's words when it hung up
    int64_t window_bytes; // that a command's channel takes before it answers, as last seen; 0 unknown
    int64_t opening_ns, round_trip_ns; // when the channel was asked for that is being opened; the shortest
                                       // answer, 0 unknown
    LIBSSH2_CHANNEL *zombies[ED_SSH_ZOMBIES_MAX]; // given up before the other side closed them
    size_t n_zombies;
};

// Either `fd` (taken, also on failure) or `outer` with `carrier` (taken likewise).
enum ed_status ed_ssh_link_new(struct ed_ssh_link **link, int fd, struct ed_ssh_link *outer,
                               LIBSSH2_CHANNEL *carrier, const char *name, struct ed_error *err);
// Says goodbye and closes it with everything below it, in less than a second on a dead link too. NULL is
// fine.
void ed_ssh_link_free(struct ed_ssh_link *link);

// The link that has the socket.
struct ed_ssh_link *ed_ssh_bottom(struct ed_ssh_link *link);
uint64_t ed_ssh_mark(const struct ed_ssh_link *link);
// Until something may have changed since `mark`. ED_ERR_TIMEOUT, ED_ERR_LINK_LOST.
enum ed_status ed_ssh_wait(struct ed_ssh_link *link, uint64_t mark, int64_t deadline_ns, const char *what,
                           struct ed_error *err);
// As ed_ssh_wait without words: sends what it can, then waits at most until `until_ns`. False when the link
// has ended.
bool ed_ssh_poll(struct ed_ssh_link *link, uint64_t mark, int64_t until_ns);
// Likewise, and for ED_SSH_OTHERS others. `deaf`: what comes over the link wakes nobody now, since nobody
// could take it.
#define ED_SSH_OTHERS 2
bool ed_ssh_poll_with(struct ed_ssh_link *link, uint64_t mark, int64_t until_ns,
                      const struct pollfd others[ED_SSH_OTHERS], bool deaf);
// Whether the other end is asked if it is still there while nothing comes: a call that may take an hour then
// meets a dead network or a dead device within half a minute. Off between calls, so that nothing goes over an
// idle link.
void ed_ssh_watch(struct ed_ssh_link *link, bool on);
bool ed_ssh_has_room(const struct ed_ssh_link *link);
// Bytes on their way: in our queues and in the kernel's, not yet acknowledged.
int64_t ed_ssh_unsent_bytes(const struct ed_ssh_link *link);

// Turns a failed libssh2 call into a status; `what` is "start a program".
enum ed_status ed_ssh_link_fail(struct ed_ssh_link *link, int rc, const char *what, struct ed_error *err);
enum ed_status ed_ssh_timed_out(const struct ed_ssh_link *link, const char *what, struct ed_error *err);

// Goes on with opening a session channel; *channel is NULL as long as that takes. ED_ERR_REFUSED,
// ED_ERR_LINK_LOST.
enum ed_status ed_ssh_channel_try(struct ed_ssh_link *link, LIBSSH2_CHANNEL **channel, struct ed_error *err);
// Closes and frees; where the other side does not answer by `deadline_ns` the channel is kept aside and freed
// later. NULL is fine.
void ed_ssh_channel_close(struct ed_ssh_link *link, LIBSSH2_CHANNEL *channel, int64_t deadline_ns);

#endif
