// SPDX-License-Identifier: Apache-2.0
// Sending a file by the sync protocol: SEND "path,mode", DATA pieces of 64 KiB, DONE with a time. Many pieces
// go to the socket in one call, which is what the speed comes from.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "devices/adb/sync.h"

#define PIECE_BYTES ((size_t)65536)
#define FRAME_BYTES (8 + PIECE_BYTES)
#define PIECES 16 // a call's worth: 1 MiB
// What an adb server, its device and the sockets between hold at most.
#define ON_THE_WAY_BYTES (40 << 20)

struct sending {
    struct ed_adb_sync *sync;
    const struct ed_push_args *args;
    int fd;
    int64_t size_bytes;   // of the local file when it was opened
    int64_t read_bytes;   // of it in frames
    int64_t told_bytes;   // last progress
    int64_t moved_ns;     // when something was taken last
    unsigned char *batch; // PIECES frames
    size_t batch_begin, batch_end;
    int64_t batch_at; // first byte of the file in the batch
    bool failed;      // the device has said so
};

static enum ed_status open_source(struct sending *sending, struct ed_error *err) {
    const char *path = sending->args->local_path;
    struct stat info;
    sending->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (sending->fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    if (fstat(sending->fd, &info) != 0 || !S_ISREG(info.st_mode))
        return ed_fail(err, ED_ERR_IO, path, "is not a regular file");
    sending->size_bytes = info.st_size;
    posix_fadvise(sending->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    sending->batch = malloc(PIECES * FRAME_BYTES);
    return sending->batch ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory to send it");
}

// adb would make missing directories, readable for others; a push into nowhere is a mistake instead.
static enum ed_status check_directory(struct ed_adb_sync *sync, const struct ed_push_args *args,
                                      struct ed_error *err) {
    char directory[ED_PATH_BYTES];
    struct ed_adb_stat info;
    enum ed_status status;
    ed_path_directory(directory, args->remote_path);
    status =
        ed_adb_sync_stat(sync, directory, &info, ed_adb_stall_until_ns(args, ed_clock_monotonic_ns()), err);
    if (status)
        return status;
    if (!info.exists)
        return ed_fail(err, ED_ERR_NOT_FOUND, sync->link.who,
                       "%.300s does not exist on the device, so nothing can be pushed into it", directory);
    if (!S_ISDIR(info.mode) && !S_ISLNK(info.mode))
        return ed_fail(err, ED_ERR_NOT_FOUND, sync->link.who, "%.300s is no directory on the device",
                       directory);
    return ED_OK;
}

// Fills the batch with the next frames.
static enum ed_status read_batch(struct sending *sending, struct ed_error *err) {
    struct iovec parts[PIECES];
    int64_t left = sending->size_bytes - sending->read_bytes;
    size_t wanted = left < (int64_t)(PIECES * PIECE_BYTES) ? (size_t)left : PIECES * PIECE_BYTES, got = 0;
    int n = 0;
    for (size_t at = 0; at < wanted; at += PIECE_BYTES, n++) {
        unsigned char *frame = sending->batch + (size_t)n * FRAME_BYTES;
        size_t bytes = wanted - at < PIECE_BYTES ? wanted - at : PIECE_BYTES;
        memcpy(frame, "DATA", 4);
        ed_adb_u32_put(frame + 4, (uint32_t)bytes);
        parts[n] = (struct iovec){frame + 8, bytes};
    }
    for (int first = 0; got < wanted;) {
        ssize_t part =
            preadv(sending->fd, parts + first, n - first, (off_t)(sending->read_bytes + (int64_t)got));
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return ed_fail_errno(err, ED_ERR_IO, sending->args->local_path, "cannot be read: %m");
        if (part == 0)
            return ed_fail(err, ED_ERR_IO, sending->args->local_path, "became shorter while it was pushed");
        got += (size_t)part;
        for (; first < n && (size_t)part >= parts[first].iov_len; first++)
            part -= (ssize_t)parts[first].iov_len;
        if (first < n && part > 0) {
            parts[first].iov_base = (char *)parts[first].iov_base + part;
            parts[first].iov_len -= (size_t)part;
        }
    }
    sending->batch_at = sending->read_bytes;
    sending->read_bytes += (int64_t)wanted;
    sending->batch_begin = 0;
    sending->batch_end = wanted + (size_t)n * 8;
    return ED_OK;
}

static void tell(struct sending *sending) {
    size_t whole = sending->batch_begin / FRAME_BYTES, rest = sending->batch_begin % FRAME_BYTES;
    int64_t sent = sending->batch_at + (int64_t)(whole * PIECE_BYTES + (rest > 8 ? rest - 8 : 0));
    if (sent > sending->told_bytes && sending->args->progress)
        sending->args->progress(sending->args->progress_context, sent);
    sending->told_bytes = sent > sending->told_bytes ? sent : sending->told_bytes;
}

int64_t ed_adb_stall_until_ns(const struct ed_push_args *args, int64_t from_ns) {
    bool limited = args->stall_ns > 0 && args->stall_ns < INT64_MAX - from_ns;
    int64_t until_ns = limited ? from_ns + args->stall_ns : INT64_MAX;
    return until_ns < args->deadline_ns ? until_ns : args->deadline_ns;
}

static int64_t stall_until_ns(const struct sending *sending) {
    return ed_adb_stall_until_ns(sending->args, sending->moved_ns);
}

// The last bytes that the socket took are still on their way through the server to the device: they get a
// second a mebibyte before silence counts.
static int64_t answer_until_ns(const struct sending *sending) {
    int64_t waiting_bytes = sending->size_bytes < ON_THE_WAY_BYTES ? sending->size_bytes : ON_THE_WAY_BYTES;
    return ed_adb_stall_until_ns(sending->args, sending->moved_ns + waiting_bytes / (1 << 20) * 1000000000);
}

static enum ed_status stalled(const struct sending *sending, enum ed_status status, struct ed_error *err) {
    if (status != ED_ERR_TIMEOUT || ed_clock_monotonic_ns() >= sending->args->deadline_ns)
        return status;
    return ed_fail(
        err, ED_ERR_TIMEOUT, sending->sync->link.who,
        "%.300s: the device took nothing for %.1f s, after %lld of %lld bytes; is the cable or the network "
        "still there?",
        sending->args->remote_path, (double)sending->args->stall_ns / 1e9, (long long)sending->told_bytes,
        (long long)sending->size_bytes);
}

// Sends the batch. The device may refuse at any time: its word is waiting to be read then, and the rest is
// not sent.
static enum ed_status send_batch(struct sending *sending, struct ed_error *err) {
    struct ed_adb_link *link = &sending->sync->link;
    enum ed_status status = ED_OK;
    while (!status && sending->batch_begin < sending->batch_end) {
        size_t sent = 0;
        short ready;
        status = ed_adb_link_wait(link, POLLIN | POLLOUT, &ready, stall_until_ns(sending), err);
        if (status)
            return stalled(sending, status, err);
        if (ready & (POLLIN | POLLHUP | POLLERR)) {
            sending->failed = true;
            return ED_OK;
        }
        status = ed_adb_link_send_some(link, sending->batch + sending->batch_begin,
                                       sending->batch_end - sending->batch_begin, &sent, err);
        sending->batch_begin += sent;
        if (sent > 0)
            sending->moved_ns = ed_clock_monotonic_ns();
        tell(sending);
    }
    return status;
}

static enum ed_status finish(struct sending *sending, struct ed_error *err) {
    struct ed_adb_link *link = &sending->sync->link;
    unsigned char words[8];
    enum ed_status status = ED_OK;
    if (!sending->failed) {
        memcpy(words, "DONE", 4);
        ed_adb_u32_put(words + 4, (uint32_t)time(NULL));
        status = ed_adb_link_send(link, words, sizeof words, answer_until_ns(sending), err);
    }
    if (!status)
        status = ed_adb_link_receive(link, words, sizeof words, answer_until_ns(sending), err);
    if (status)
        return stalled(sending, status, err);
    if (memcmp(words, "FAIL", 4) == 0)
        return ed_adb_sync_failed(sending->sync, sending->args->remote_path, ed_adb_u32(words + 4),
                                  answer_until_ns(sending), err);
    if (memcmp(words, "OKAY", 4) != 0 || sending->failed)
        return ed_fail(err, ED_ERR_PARSE, link->who,
                       "%.300s: the device's answer to a push is not adb's sync protocol",
                       sending->args->remote_path);
    return ED_OK;
}

static enum ed_status check_result(struct sending *sending, bool *needs_chmod, struct ed_error *err) {
    const struct ed_push_args *args = sending->args;
    struct ed_adb_stat info;
    int64_t until_ns = ed_adb_stall_until_ns(args, ed_clock_monotonic_ns());
    enum ed_status status = ed_adb_sync_stat(sending->sync, args->remote_path, &info, until_ns, err);
    uint64_t mask = info.size_is_short ? UINT32_MAX : UINT64_MAX;
    if (status)
        return status;
    if (!info.exists || !S_ISREG(info.mode) ||
        ((uint64_t)info.size_bytes & mask) != ((uint64_t)sending->size_bytes & mask))
        return ed_fail(err, ED_ERR_IO, sending->sync->link.who,
                       "%.300s was pushed, but the device has %lld bytes of %lld", args->remote_path,
                       (long long)info.size_bytes, (long long)sending->size_bytes);
    *needs_chmod = (info.mode & 07777) != (args->mode & 07777);
    return ED_OK;
}

enum ed_status ed_adb_sync_send(struct ed_adb_sync *sync, const struct ed_push_args *args, bool *needs_chmod,
                                struct ed_error *err) {
    struct sending sending = {.sync = sync, .args = args, .fd = -1};
    char target[ED_ADB_PATH_BYTES + 16];
    enum ed_status status = open_source(&sending, err);
    *needs_chmod = true;
    if (!status && strlen(args->remote_path) + 8 > ED_ADB_PATH_BYTES)
        status = ed_fail(err, ED_ERR_LIMIT, sync->link.who, "the path %.200s... is too long for adb",
                         args->remote_path);
    if (!status)
        status = check_directory(sync, args, err);
    if (!status) {
        sync->link.doing = "pushing a file";
        sending.moved_ns = ed_clock_monotonic_ns();
        snprintf(target, sizeof target, "%s,%u", args->remote_path, S_IFREG | (args->mode & 0777));
        status = ed_adb_sync_request(sync, "SEND", target, stall_until_ns(&sending), err);
    }
    while (!status && !sending.failed && sending.read_bytes < sending.size_bytes) {
        status = read_batch(&sending, err);
        if (!status)
            status = send_batch(&sending, err);
    }
    if (!status)
        status = finish(&sending, err);
    if (!status)
        status = check_result(&sending, needs_chmod, err);
    free(sending.batch);
    if (sending.fd >= 0)
        close(sending.fd);
    return status;
}
