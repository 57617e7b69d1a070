// SPDX-License-Identifier: Apache-2.0
// A file to a device: `cat` there takes it from an SSH channel. The other side may end before it has taken
// everything (a full disk), so it is listened to all the time; and bytes count as sent only when the kernel
// has had them acknowledged, so that a dead link is seen although the socket's buffer still takes some.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "devices/process.h"
#include "devices/ssh/socket.h"
#include "devices/ssh/transfer.h"

#define PIECE_BYTES (1u << 20)
// Of a file that is not worth a megabyte: many devices may be given the same small files at a time.
#define SMALL_FILE_BYTES (8 << 20)
#define SMALL_PIECE_BYTES (64u << 10)
#define LOOK_AGAIN_NS 200000000 // acknowledgements wake nobody
#define WANTED_BYTES_PER_S 125000000
#define OPENSSH_WINDOW_BYTES (2u << 20)
#define DROPBEAR_WINDOW_BYTES 24576u
#define STRIPES_PER_LANE 4

enum { CANNOT_REPLACE = 71, CANNOT_WRITE, CANNOT_SET_MODE, TOO_SHORT };

static const char whole_script[] =
    "LC_ALL=C; export LC_ALL; umask 077; rm -f \"$1\" || exit 71; cat > \"$1\" || exit 72; "
    "chmod \"$2\" \"$1\" || exit 73";

static enum ed_status open_local(struct ed_ssh_upload *upload, struct ed_error *err) {
    const struct ed_push_args *args = upload->args;
    struct stat info;
    upload->fd = open(args->local_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (upload->fd < 0 || fstat(upload->fd, &info) != 0)
        return ed_fail_errno(err, ED_ERR_IO, args->local_path, "cannot be opened: %m");
    if (!S_ISREG(info.st_mode))
        return ed_fail(err, ED_ERR_IO, args->local_path, "is not a regular file");
    if (args->offset < 0 || args->offset > info.st_size)
        return ed_fail(err, ED_ERR_INTERNAL, args->local_path,
                       "has %lld bytes, but was to be continued at %lld", (long long)info.st_size,
                       (long long)args->offset);
    posix_fadvise(upload->fd, (off_t)args->offset, 0, POSIX_FADV_SEQUENTIAL);
    upload->size_bytes = info.st_size;
    upload->from_bytes = args->offset;
    return ED_OK;
}

enum ed_status ed_ssh_upload_read(const struct ed_ssh_upload *upload, char *bytes, size_t n, int64_t at,
                                  struct ed_error *err) {
    while (n > 0) {
        ssize_t some = pread(upload->fd, bytes, n, (off_t)at);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return ed_fail_errno(err, ED_ERR_IO, upload->args->local_path, "cannot be read: %m");
        if (some == 0)
            return ed_fail(err, ED_ERR_IO, upload->args->local_path, "became shorter while it was pushed");
        bytes += some;
        at += some;
        n -= (size_t)some;
    }
    return ED_OK;
}

void ed_ssh_upload_count(struct ed_ssh_upload *upload) {
    int64_t sent = upload->given_bytes - ed_ssh_unsent_bytes(upload->link);
    int64_t told = upload->from_bytes + sent - upload->args->offset;
    if (sent <= upload->sent_bytes)
        return;
    upload->sent_bytes = sent;
    upload->moved_ns = ed_clock_monotonic_ns();
    if (upload->args->progress && told > 0)
        upload->args->progress(upload->args->progress_context, told);
}

int64_t ed_ssh_upload_stall_ns(const struct ed_ssh_upload *upload) {
    int64_t stall_ns = upload->args->stall_ns, deadline_ns = upload->args->deadline_ns;
    return stall_ns > 0 && stall_ns < deadline_ns - upload->moved_ns ? upload->moved_ns + stall_ns
                                                                     : deadline_ns;
}

enum ed_status ed_ssh_upload_wait(struct ed_ssh_upload *upload, uint64_t mark, struct ed_error *err) {
    const struct ed_push_args *args = upload->args;
    int64_t now_ns = ed_clock_monotonic_ns(), until_ns = now_ns + LOOK_AGAIN_NS;
    if (now_ns >= args->deadline_ns)
        return ed_fail(err, ED_ERR_TIMEOUT, args->remote_path,
                       "was not pushed in time: %s took %lld bytes of %lld", upload->link->name,
                       (long long)upload->sent_bytes, (long long)(upload->size_bytes - upload->from_bytes));
    if (args->stall_ns > 0 && now_ns - upload->moved_ns >= args->stall_ns)
        return ed_fail(
            err, ED_ERR_TIMEOUT, args->remote_path,
            "%s took no byte for %.1f s while it was pushed; is the device still on, and the network up?",
            upload->link->name, (double)args->stall_ns / 1e9);
    if (until_ns > args->deadline_ns)
        until_ns = args->deadline_ns;
    ed_ssh_poll(upload->link, mark, until_ns);
    return ED_OK;
}

enum ed_status ed_ssh_upload_judge(const struct ed_ssh_upload *upload, const struct ed_spawn_result *result,
                                   bool all, struct ed_error *err) {
    const char *path = upload->args->remote_path, *name = upload->link->name;
    char said[ED_SSH_SAID_BYTES];
    if (result->exit_code == 0 && all)
        return ED_OK;
    ed_ssh_said(said, result);
    if (strstr(result->err_out, "o space left") || strstr(result->err_out, "uota exceeded"))
        return ed_fail(err, ED_ERR_NO_SPACE, path,
                       "there is no room for %lld bytes on %s%s; free some (edgedyno devices clean), or "
                       "choose another work_dir",
                       (long long)upload->size_bytes, name, said);
    if (result->signal > 0)
        return ed_fail(err, ED_ERR_IO, path, "signal %d ended what wrote it on %s%s", result->signal, name,
                       said);
    switch (result->exit_code) {
    case CANNOT_REPLACE:
        return ed_fail(err, ED_ERR_IO, path, "cannot be %s on %s%s",
                       upload->args->offset ? "continued" : "replaced", name, said);
    case CANNOT_SET_MODE:
        return ed_fail(err, ED_ERR_IO, path, "its mode cannot be set on %s%s", name, said);
    case TOO_SHORT:
        return ed_fail(err, ED_ERR_IO, path,
                       "is shorter on %s than the %lld bytes after which it was to be continued", name,
                       (long long)upload->args->offset);
    case 126:
    case 127:
        return ed_fail(err, ED_ERR_NO_PROGRAM, name, "/bin/sh, cat, dd, rm or chmod is missing there%s",
                       said);
    default:
        return ed_fail(err, ED_ERR_IO, path, "cannot be written on %s (exit status %d)%s", name,
                       result->exit_code, said);
    }
}

enum ed_status ed_ssh_upload_rest(struct ed_ssh_upload *upload, struct ed_ssh_command *command,
                                  struct ed_error *err) {
    const size_t piece_bytes =
        upload->size_bytes - upload->from_bytes > SMALL_FILE_BYTES ? PIECE_BYTES : SMALL_PIECE_BYTES;
    char *piece = malloc(piece_bytes);
    size_t begin = 0, end = 0;
    enum ed_status status =
        piece ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, upload->args->local_path, "no memory for a piece");
    while (!status) {
        uint64_t mark = ed_ssh_mark(upload->link);
        int64_t left = upload->size_bytes - upload->from_bytes - upload->given_bytes;
        size_t taken = 0;
        status = ed_ssh_command_collect(command, err);
        if (status || command->finished)
            break;
        if (begin == end && left > 0) {
            begin = 0;
            end = left < (int64_t)piece_bytes ? (size_t)left : piece_bytes;
            status = ed_ssh_upload_read(upload, piece, end, upload->size_bytes - left, err);
        }
        if (!status && !command->input_ended)
            status = ed_ssh_command_feed(command, piece + begin, end - begin, &taken, err);
        begin += taken;
        upload->given_bytes += (int64_t)taken;
        if (!status && left == (int64_t)taken)
            status = ed_ssh_command_end_input(command, err);
        ed_ssh_upload_count(upload);
        if (!status && (begin < end || left == (int64_t)taken))
            status = ed_ssh_upload_wait(upload, mark, err);
    }
    free(piece);
    return status;
}

static enum ed_status upload_whole(struct ed_ssh_upload *upload, struct ed_error *err) {
    const struct ed_push_args *args = upload->args;
    struct ed_spawn_result result;
    struct ed_ssh_command command;
    struct ed_ssh_script script;
    char mode[8];
    enum ed_status status;
    ed_spawn_result_init(&result);
    snprintf(mode, sizeof mode, "%04o", args->mode & 07777);
    ed_ssh_script_init(&script, whole_script, (const char *const[]){args->remote_path, mode, NULL});
    status = ed_ssh_command_start(&command, upload->link, script.argv, ED_SSH_ERR_OUT_BYTES, "take a file",
                                  ed_ssh_upload_stall_ns(upload), err);
    upload->moved_ns = ed_clock_monotonic_ns();
    if (!status)
        status = ed_ssh_upload_rest(upload, &command, err);
    if (!status)
        status = ed_ssh_command_result(&command, &result, err);
    if (!status)
        status = ed_ssh_upload_judge(upload, &result, upload->given_bytes == upload->size_bytes, err);
    ed_ssh_command_release(&command);
    ed_spawn_result_release(&result);
    return status;
}

// How many channels keep the link full: rate times round trip, over a channel's window.
static size_t count_lanes(struct ed_ssh_link *link, int64_t bytes) {
    const char *banner = libssh2_session_banner_get(link->session);
    bool dropbear = banner && strstr(banner, "dropbear");
    int64_t window = link->window_bytes ? link->window_bytes
                     : dropbear         ? DROPBEAR_WINDOW_BYTES
                                        : OPENSSH_WINDOW_BYTES;
    int64_t round_trip_us = link->round_trip_ns / 1000, lanes,
            most = bytes / (STRIPES_PER_LANE * ED_SSH_STRIPE_BYTES);
    struct tcp_info info = {0};
    socklen_t n = sizeof info;
    if (!round_trip_us && !link->outer && getsockopt(link->fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0)
        round_trip_us = info.tcpi_rtt;
    lanes =
        (WANTED_BYTES_PER_S * (round_trip_us < 1000000 ? round_trip_us : 1000000) / 1000000 + window - 1) /
        window;
    if (lanes > ED_SSH_LANES_MAX)
        lanes = ED_SSH_LANES_MAX;
    if (lanes > most)
        lanes = most;
    return lanes > 1 ? (size_t)lanes : 1;
}

enum ed_status ed_ssh_upload(struct ed_ssh_link *link, const struct ed_push_args *args,
                             struct ed_error *err) {
    struct ed_ssh_upload upload = {.args = args, .link = link, .fd = -1, .moved_ns = ed_clock_monotonic_ns()};
    enum ed_status status;
    size_t n_lanes;
    if (args->remote_path[0] != '/')
        return ed_fail(err, ED_ERR_INTERNAL, args->remote_path, "must be an absolute path");
    status = open_local(&upload, err);
    if (!status) {
        n_lanes = count_lanes(link, upload.size_bytes - args->offset);
        if (n_lanes > 1)
            ed_ssh_socket_widen(ed_ssh_bottom(link)->fd);
        status = n_lanes == 1 && !args->offset ? upload_whole(&upload, err)
                                               : ed_ssh_upload_lanes(&upload, n_lanes, err);
    }
    if (!status && args->progress)
        args->progress(args->progress_context, upload.size_bytes - args->offset);
    if (upload.fd >= 0)
        close(upload.fd);
    return status;
}
