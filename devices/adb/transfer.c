// SPDX-License-Identifier: Apache-2.0
// Files to and from the device over adb.
#include "base/clock.h"
#include "base/path.h"
#include "devices/adb/shell.h"
#include "devices/adb/state.h"

static enum ed_status set_mode(struct ed_adb_state *adb, const struct ed_push_args *args,
                               struct ed_error *err) {
    struct ed_buffer line, said;
    int code;
    enum ed_status status;
    ed_buffer_init(&line, ED_ADB_REQUEST_BYTES);
    ed_buffer_init(&said, ED_ADB_ERR_LIMIT_BYTES);
    ed_buffer_printf(&line, "export LC_ALL=C; exec chmod %04o ", args->mode & 07777);
    ed_adb_quote(&line, args->remote_path);
    status = ed_buffer_status(&line, "a path on the device", err);
    if (!status)
        status = ed_adb_run(adb, ed_buffer_text(&line), ed_adb_take_nothing, NULL, &said, &code,
                            ed_adb_stall_until_ns(args, ed_clock_monotonic_ns()), err);
    if (!status && code != 0)
        status = ed_adb_file_failed(adb->who, args->remote_path, ed_buffer_text(&said), err);
    ed_buffer_release(&line);
    ed_buffer_release(&said);
    return status;
}

enum ed_status ed_adb_push(void *state, const struct ed_push_args *args, struct ed_error *err) {
    struct ed_adb_state *adb = state;
    struct ed_adb_sync sync;
    bool needs_chmod = false;
    enum ed_status status = ed_adb_begin(adb, "push a file", err);
    if (!status && args->offset != 0)
        status = ed_fail(err, ED_ERR_INTERNAL, adb->who, "adb cannot go on with half a file");
    if (!status && args->remote_path[0] != '/')
        status = ed_fail(err, ED_ERR_INTERNAL, adb->who, "a file must be named by its absolute path");
    if (status)
        return status;
    status = ed_adb_sync_open(&adb->server, &sync, adb->serial, adb->who, adb->has_stat_v2,
                              ed_adb_stall_until_ns(args, ed_clock_monotonic_ns()), err);
    if (!status)
        status = ed_adb_sync_send(&sync, args, &needs_chmod, err);
    ed_adb_sync_close(&sync);
    return !status && needs_chmod ? set_mode(adb, args, err) : status;
}

// What is pulled, on its way to the file here.
struct fetch {
    int fd;
    int64_t skip_bytes, left_bytes, got_bytes;
};

static enum ed_status take_part(void *context, const char *bytes, size_t n, bool *enough,
                                struct ed_error *err) {
    struct fetch *fetch = context;
    size_t skip = (int64_t)n < fetch->skip_bytes ? n : (size_t)fetch->skip_bytes;
    enum ed_status status = ED_OK;
    fetch->skip_bytes -= (int64_t)skip;
    n -= skip;
    if ((int64_t)n > fetch->left_bytes)
        n = (size_t)fetch->left_bytes;
    if (n > 0)
        status = ed_path_write_all(fetch->fd, bytes + skip, n, "the copy of a file of the device", err);
    if (!status) {
        fetch->got_bytes += (int64_t)n;
        fetch->left_bytes -= (int64_t)n;
        *enough = fetch->left_bytes == 0;
    }
    return status;
}

// A part of a file that does not begin at its start: sync cannot do that, dd can, by blocks.
static enum ed_status pull_part(struct ed_adb_state *adb, const char *path, int64_t offset,
                                struct fetch *fetch, int64_t deadline_ns, struct ed_error *err) {
    int64_t block = fetch->left_bytes < (1 << 20) ? 4096 : 65536;
    int64_t blocks = fetch->left_bytes / block + 2;
    struct ed_buffer line, said;
    enum ed_status status;
    int code;
    fetch->skip_bytes = offset % block;
    ed_buffer_init(&line, ED_ADB_REQUEST_BYTES);
    ed_buffer_init(&said, ED_ADB_ERR_LIMIT_BYTES);
    ed_buffer_printf(&line, "export LC_ALL=C; exec dd bs=%lld skip=%lld count=%lld if=", (long long)block,
                     (long long)(offset / block), (long long)blocks);
    ed_adb_quote(&line, path);
    status = ed_buffer_status(&line, "a path on the device", err);
    if (!status)
        status = ed_adb_run(adb, ed_buffer_text(&line), take_part, fetch, &said, &code, deadline_ns, err);
    if (!status && code != 0)
        status = ed_adb_file_failed(adb->who, path, ed_buffer_text(&said), err);
    ed_buffer_release(&line);
    ed_buffer_release(&said);
    return status;
}

enum ed_status ed_adb_pull(void *state, const char *remote_path, int64_t offset, int64_t bytes, int local_fd,
                           int64_t *got, int64_t deadline_ns, struct ed_error *err) {
    struct fetch fetch = {.fd = local_fd, .left_bytes = bytes};
    struct ed_adb_state *adb = state;
    struct ed_adb_sync sync;
    enum ed_status status = ed_adb_begin(adb, "pull a file", err);
    *got = 0;
    if (!status && (offset < 0 || bytes < 0 || offset > INT64_MAX - bytes || remote_path[0] != '/'))
        status = ed_fail(err, ED_ERR_INTERNAL, remote_path, "%lld bytes from %lld are no part of a file",
                         (long long)bytes, (long long)offset);
    if (status || bytes == 0)
        return status;
    if (offset > 0) {
        status = pull_part(adb, remote_path, offset, &fetch, deadline_ns, err);
    } else {
        status =
            ed_adb_sync_open(&adb->server, &sync, adb->serial, adb->who, adb->has_stat_v2, deadline_ns, err);
        if (!status)
            status = ed_adb_sync_receive(&sync, remote_path, take_part, &fetch, deadline_ns, err);
        ed_adb_sync_close(&sync);
    }
    *got = fetch.got_bytes;
    return status;
}
