// SPDX-License-Identifier: Apache-2.0
// A file to a device: `cat` there takes it from an SSH channel. The other side may end before it has taken everything (a full
// disk), so it is listened to all the time; and bytes count as sent only when the kernel has had them acknowledged, so that a
// dead link is seen although the socket's buffer still takes some.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "devices/process.h"
#include "devices/ssh/channel.h"
#include "devices/ssh/transfer.h"

#define PIECE_BYTES (1u << 20)
#define LOOK_AGAIN_NS 200000000 // acknowledgements wake nobody

enum { CANNOT_REPLACE = 71, CANNOT_WRITE, CANNOT_SET_MODE, TOO_SHORT };

static const char whole_script[] = "LC_ALL=C; export LC_ALL; umask 077; rm -f \"$1\" || exit 71; cat > \"$1\" || exit 72; "
                                   "chmod \"$2\" \"$1\" || exit 73";
static const char rest_script[] =
    "LC_ALL=C; export LC_ALL; set -- \"$1\" \"$2\" \"$3\" $(wc -c < \"$1\"); [ -n \"$4\" ] || exit 71; "
    "if [ \"$4\" != \"$3\" ]; then [ \"$4\" -gt \"$3\" ] || exit 74; "
    "dd if=/dev/null of=\"$1\" bs=1 count=0 seek=\"$3\" 2>/dev/null || exit 72; fi; "
    "cat >> \"$1\" || exit 72; chmod \"$2\" \"$1\" || exit 73";

struct upload {
    const struct ed_push_args *args;
    struct ed_ssh_command command;
    int fd;
    int64_t size_bytes, read_bytes; // of the local file, `read_bytes` from its beginning
    char *piece;
    size_t piece_begin, piece_end;
    int64_t sent_bytes, moved_ns; // acknowledged since the offset, and when that last changed
};

static enum ed_status open_local(struct upload *upload, struct ed_error *err) {
    const struct ed_push_args *args = upload->args;
    struct stat info;
    upload->fd = open(args->local_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (upload->fd < 0 || fstat(upload->fd, &info) != 0)
        return ed_fail_errno(err, ED_ERR_IO, args->local_path, "cannot be opened: %m");
    if (!S_ISREG(info.st_mode))
        return ed_fail(err, ED_ERR_IO, args->local_path, "is not a regular file");
    if (args->offset < 0 || args->offset > info.st_size)
        return ed_fail(err, ED_ERR_INTERNAL, args->local_path, "has %lld bytes, but was to be continued at %lld",
                       (long long)info.st_size, (long long)args->offset);
    posix_fadvise(upload->fd, (off_t)args->offset, 0, POSIX_FADV_SEQUENTIAL);
    upload->size_bytes = info.st_size;
    upload->read_bytes = args->offset;
    upload->piece = malloc(PIECE_BYTES);
    return upload->piece ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, args->local_path, "no memory for a piece");
}

static enum ed_status fill(struct upload *upload, struct ed_error *err) {
    int64_t left = upload->size_bytes - upload->read_bytes;
    size_t wanted = left < (int64_t)PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    ssize_t n;
    if (upload->piece_begin < upload->piece_end || !wanted)
        return ED_OK;
    do
        n = pread(upload->fd, upload->piece, wanted, (off_t)upload->read_bytes);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return ed_fail_errno(err, ED_ERR_IO, upload->args->local_path, "cannot be read: %m");
    if (n == 0)
        return ed_fail(err, ED_ERR_IO, upload->args->local_path, "became shorter while it was pushed");
    upload->read_bytes += n;
    upload->piece_begin = 0;
    upload->piece_end = (size_t)n;
    return ED_OK;
}

static void count_sent(struct upload *upload) {
    int64_t given = upload->read_bytes - upload->args->offset - (int64_t)(upload->piece_end - upload->piece_begin);
    int64_t sent = given - ed_ssh_unsent_bytes(upload->command.link);
    if (sent <= upload->sent_bytes)
        return;
    upload->sent_bytes = sent;
    upload->moved_ns = ed_clock_monotonic_ns();
    if (upload->args->progress)
        upload->args->progress(upload->args->progress_context, sent);
}

static enum ed_status wait_on(struct upload *upload, uint64_t mark, struct ed_error *err) {
    const struct ed_push_args *args = upload->args;
    int64_t now_ns = ed_clock_monotonic_ns(), until_ns = now_ns + LOOK_AGAIN_NS;
    if (now_ns >= args->deadline_ns)
        return ed_fail(err, ED_ERR_TIMEOUT, args->remote_path, "was not pushed in time: %s took %lld bytes of %lld",
                       upload->command.link->name, (long long)upload->sent_bytes,
                       (long long)(upload->size_bytes - args->offset));
    if (args->stall_ns > 0 && now_ns - upload->moved_ns >= args->stall_ns)
        return ed_fail(err, ED_ERR_TIMEOUT, args->remote_path,
                       "%s took no byte for %lld s while it was pushed; is the device still on, and the network up?",
                       upload->command.link->name, (long long)(args->stall_ns / 1000000000));
    if (until_ns > args->deadline_ns)
        until_ns = args->deadline_ns;
    ed_ssh_poll(upload->command.link, mark, until_ns);
    return ED_OK;
}

// Until the other side has ended, whether it took everything or not.
static enum ed_status pump(struct upload *upload, struct ed_spawn_result *result, struct ed_error *err) {
    struct ed_ssh_command *command = &upload->command;
    enum ed_status status = ED_OK;
    while (!status) {
        uint64_t mark = ed_ssh_mark(command->link);
        size_t taken = 0;
        status = ed_ssh_command_collect(command, err);
        if (status || command->finished)
            break;
        if (!command->input_ended)
            status = fill(upload, err);
        if (!status && !command->input_ended && upload->piece_begin < upload->piece_end)
            status = ed_ssh_command_feed(command, upload->piece + upload->piece_begin,
                                         upload->piece_end - upload->piece_begin, &taken, err);
        upload->piece_begin += taken;
        if (!status && upload->piece_begin == upload->piece_end && upload->read_bytes == upload->size_bytes)
            status = ed_ssh_command_end_input(command, err);
        count_sent(upload);
        if (!status && (upload->piece_begin < upload->piece_end || upload->read_bytes == upload->size_bytes))
            status = wait_on(upload, mark, err);
    }
    return status ? status : ed_ssh_command_result(command, result, err);
}

static enum ed_status judge(const struct upload *upload, const struct ed_spawn_result *result, struct ed_error *err) {
    const char *path = upload->args->remote_path, *name = upload->command.link->name;
    bool all = upload->piece_begin == upload->piece_end && upload->read_bytes == upload->size_bytes;
    char said[ED_SSH_SAID_BYTES];
    if (result->exit_code == 0 && all)
        return ED_OK;
    ed_ssh_said(said, result);
    if (strstr(result->err_out, "o space left") || strstr(result->err_out, "uota exceeded"))
        return ed_fail(err, ED_ERR_NO_SPACE, path,
                       "there is no room for %lld bytes on %s%s; free some (edgedyno devices clean), or choose another work_dir",
                       (long long)upload->size_bytes, name, said);
    if (result->signal > 0)
        return ed_fail(err, ED_ERR_IO, path, "signal %d ended what wrote it on %s%s", result->signal, name, said);
    switch (result->exit_code) {
    case CANNOT_REPLACE:
        return ed_fail(err, ED_ERR_IO, path, "cannot be %s on %s%s", upload->args->offset ? "continued" : "replaced", name,
                       said);
    case CANNOT_SET_MODE:
        return ed_fail(err, ED_ERR_IO, path, "its mode cannot be set on %s%s", name, said);
    case TOO_SHORT:
        return ed_fail(err, ED_ERR_IO, path, "is shorter on %s than the %lld bytes after which it was to be continued", name,
                       (long long)upload->args->offset);
    case 126:
    case 127:
        return ed_fail(err, ED_ERR_NO_PROGRAM, name, "/bin/sh, cat, rm or chmod is missing there%s", said);
    default:
        return ed_fail(err, ED_ERR_IO, path, "cannot be written on %s (exit status %d)%s", name, result->exit_code, said);
    }
}

enum ed_status ed_ssh_upload(struct ed_ssh_link *link, const struct ed_push_args *args, struct ed_error *err) {
    struct upload upload = {.args = args, .fd = -1, .moved_ns = ed_clock_monotonic_ns()};
    struct ed_spawn_result result;
    struct ed_ssh_script script;
    char mode[8], offset[24];
    enum ed_status status;
    ed_spawn_result_init(&result);
    snprintf(mode, sizeof mode, "%04o", args->mode & 07777);
    snprintf(offset, sizeof offset, "%lld", (long long)args->offset);
    ed_ssh_script_init(&script, args->offset ? rest_script : whole_script,
                       (const char *const[]){args->remote_path, mode, offset, NULL});
    if (args->remote_path[0] != '/')
        return ed_fail(err, ED_ERR_INTERNAL, args->remote_path, "must be an absolute path");
    status = open_local(&upload, err);
    if (!status) {
        status = ed_ssh_command_start(&upload.command, link, script.argv, ED_SSH_ERR_OUT_BYTES, "take a file",
                                      args->deadline_ns, err);
        upload.moved_ns = ed_clock_monotonic_ns();
        if (!status)
            status = pump(&upload, &result, err);
        if (!status)
            status = judge(&upload, &result, err);
        if (!status && args->progress)
            args->progress(args->progress_context, upload.size_bytes - args->offset);
        ed_ssh_command_release(&upload.command);
    }
    ed_spawn_result_release(&result);
    free(upload.piece);
    if (upload.fd >= 0)
        close(upload.fd);
    return status;
}
