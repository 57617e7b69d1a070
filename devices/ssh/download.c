// SPDX-License-Identifier: Apache-2.0
// A part of a file from a device, by `dd` there, which counts in blocks: what is too much at both ends is
// dropped here.
#include "base/path.h"
#include "devices/process.h"
#include "devices/ssh/channel.h"
#include "devices/ssh/transfer.h"

#define SMALL_BYTES 65536
#define SMALL_BLOCK_BYTES 512
#define LARGE_BLOCK_BYTES 65536

static const char script_text[] =
    "LC_ALL=C; export LC_ALL; [ -e \"$1\" ] || exit 74; [ -f \"$1\" ] || exit 75; "
    "[ -r \"$1\" ] || exit 76; exec dd if=\"$1\" bs=\"$2\" skip=\"$3\" count=\"$4\"";
enum { MISSING = 74, NO_FILE, FORBIDDEN };

struct download {
    int fd;
    const char *where;
    int64_t drop_bytes, wanted_bytes, got_bytes;
};

static enum ed_status take(void *context, const char *bytes, size_t n, struct ed_error *err) {
    struct download *download = context;
    size_t dropped = download->drop_bytes < (int64_t)n ? (size_t)download->drop_bytes : n, kept;
    enum ed_status status;
    int64_t left = download->wanted_bytes - download->got_bytes;
    download->drop_bytes -= (int64_t)dropped;
    kept = n - dropped;
    if ((int64_t)kept > left)
        kept = (size_t)left;
    if (!kept)
        return ED_OK;
    status = ed_path_write_all(download->fd, bytes + dropped, kept, download->where, err);
    if (!status)
        download->got_bytes += (int64_t)kept;
    return status;
}

static enum ed_status judge(const struct ed_ssh_link *link, const char *path,
                            const struct ed_spawn_result *result, struct ed_error *err) {
    char said[ED_SSH_SAID_BYTES];
    ed_ssh_said(said, result);
    switch (result->exit_code) {
    case 0:
        return ED_OK;
    case MISSING:
        return ed_fail(err, ED_ERR_NOT_FOUND, path, "does not exist on %s", link->name);
    case NO_FILE:
        return ed_fail(err, ED_ERR_IO, path, "is not a regular file on %s", link->name);
    case FORBIDDEN:
        return ed_fail(err, ED_ERR_IO, path, "may not be read on %s", link->name);
    case 126:
    case 127:
        return ed_fail(err, ED_ERR_NO_PROGRAM, link->name, "/bin/sh or dd is missing there%s", said);
    default:
        if (result->signal > 0)
            return ed_fail(err, ED_ERR_IO, path, "signal %d ended what read it on %s", result->signal,
                           link->name);
        return ed_fail(err, ED_ERR_IO, path, "cannot be read on %s (exit status %d)%s", link->name,
                       result->exit_code, said);
    }
}

enum ed_status ed_ssh_download(struct ed_ssh_link *link, const char *remote_path, int64_t offset,
                               int64_t bytes, int local_fd, int64_t *got, int64_t deadline_ns,
                               struct ed_error *err) {
    int64_t block = bytes > SMALL_BYTES ? LARGE_BLOCK_BYTES : SMALL_BLOCK_BYTES;
    struct download download = {.fd = local_fd, .where = remote_path, .wanted_bytes = bytes};
    char block_text[24], skip_text[24], count_text[24];
    struct ed_spawn_result result;
    struct ed_ssh_command command;
    struct ed_ssh_script script;
    enum ed_status status;
    *got = 0;
    if (remote_path[0] != '/')
        return ed_fail(err, ED_ERR_INTERNAL, remote_path, "must be an absolute path");
    if (offset < 0 || bytes < 0 || offset > INT64_MAX - bytes - 2 * block)
        return ed_fail(err, ED_ERR_INTERNAL, remote_path, "%lld bytes from %lld are no part of a file",
                       (long long)bytes, (long long)offset);
    download.drop_bytes = offset % block;
    snprintf(block_text, sizeof block_text, "%lld", (long long)block);
    snprintf(skip_text, sizeof skip_text, "%lld", (long long)(offset / block));
    snprintf(count_text, sizeof count_text, "%lld",
             (long long)((download.drop_bytes + bytes + block - 1) / block));
    ed_ssh_script_init(&script, script_text,
                       (const char *const[]){remote_path, block_text, skip_text, count_text, NULL});
    ed_spawn_result_init(&result);
    status = ed_ssh_command_start(&command, link, script.argv, 0, "give a file", deadline_ns, err);
    command.sink = take;
    command.sink_context = &download;
    if (!status)
        status = ed_ssh_command_finish(&command, NULL, 0, deadline_ns, &result, err);
    if (!status)
        status = judge(link, remote_path, &result, err);
    *got = download.got_bytes;
    ed_ssh_command_release(&command);
    ed_spawn_result_release(&result);
    return status;
}
