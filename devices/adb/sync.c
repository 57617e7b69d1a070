// SPDX-License-Identifier: Apache-2.0
// The sync protocol: requests of four letters, four bytes of length (little-endian) and a path; stat and
// receive.
#include "devices/adb/sync.h"

#include <ctype.h>

#define DATA_BYTES_MAX 65536u
#define FAIL_BYTES_MAX 65536u

enum ed_status ed_adb_sync_open(struct ed_adb_server *server, struct ed_adb_sync *sync, const char *serial,
                                const char *who, bool has_stat_v2, int64_t deadline_ns,
                                struct ed_error *err) {
    enum ed_status status = ed_adb_service_open(server, &sync->link, serial, who, "sync:", deadline_ns, err);
    sync->has_stat_v2 = has_stat_v2;
    return status;
}

void ed_adb_sync_close(struct ed_adb_sync *sync) {
    ed_adb_link_close(&sync->link);
}

enum ed_status ed_adb_sync_request(struct ed_adb_sync *sync, const char id[4], const char *path,
                                   int64_t deadline_ns, struct ed_error *err) {
    unsigned char request[8 + ED_ADB_PATH_BYTES];
    size_t n = strlen(path);
    if (n > ED_ADB_PATH_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, sync->link.who,
                       "a path of %zu bytes is longer than the %d that adb takes", n, ED_ADB_PATH_BYTES);
    memcpy(request, id, 4);
    ed_adb_u32_put(request + 4, (uint32_t)n);
    memcpy(request + 8, path, n);
    return ed_adb_link_send(&sync->link, request, 8 + n, deadline_ns, err);
}

enum ed_status ed_adb_file_failed(const char *who, const char *path, const char *text, struct ed_error *err) {
    static const struct {
        const char *part;
        enum ed_status status;
    } rows[] = {{"No space left", ED_ERR_NO_SPACE},
                {"quota exceeded", ED_ERR_NO_SPACE},
                {"No such file", ED_ERR_NOT_FOUND},
                {"Not a directory", ED_ERR_NOT_FOUND}};
    enum ed_status status = ED_ERR_IO;
    char clean[300];
    size_t n = 0;
    for (; *text && n + 1 < sizeof clean; text++)
        if (isprint((unsigned char)*text))
            clean[n++] = *text;
    clean[n] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strstr(clean, rows[i].part)) {
            status = rows[i].status;
            break;
        }
    return ed_fail(err, status, who, "%.300s: the device said: %s%s", path, n ? clean : "(nothing)",
                   status == ED_ERR_NO_SPACE ? "; free some space there (`edgedyno devices clean`)" : "");
}

enum ed_status ed_adb_sync_failed(struct ed_adb_sync *sync, const char *path, uint32_t bytes,
                                  int64_t deadline_ns, struct ed_error *err) {
    char text[400];
    uint32_t n = bytes < sizeof text - 1 ? bytes : (uint32_t)sizeof text - 1;
    enum ed_status status;
    if (bytes > FAIL_BYTES_MAX)
        return ed_fail(err, ED_ERR_PARSE, sync->link.who, "%.300s: the device sent an error text of %u bytes",
                       path, (unsigned)bytes);
    status = ed_adb_link_receive(&sync->link, text, n, deadline_ns, err);
    text[n] = '\0';
    return status ? status : ed_adb_file_failed(sync->link.who, path, text, err);
}

static enum ed_status unexpected(const struct ed_adb_sync *sync, const char *path, const unsigned char id[4],
                                 struct ed_error *err) {
    char seen[5] = "";
    for (int i = 0; i < 4; i++)
        seen[i] = isprint(id[i]) ? (char)id[i] : '?';
    return ed_fail(err, ED_ERR_PARSE, sync->link.who,
                   "%.300s: the device answered '%s', which is not adb's sync protocol", path, seen);
}

// Version 2: id, error, dev u64, ino u64, mode, nlink, uid, gid, size u64, three times of 8 bytes. Version 1:
// id, mode, size, mtime; all zero where nothing is there.
enum ed_status ed_adb_sync_stat(struct ed_adb_sync *sync, const char *path, struct ed_adb_stat *out,
                                int64_t deadline_ns, struct ed_error *err) {
    unsigned char answer[72];
    size_t n = sync->has_stat_v2 ? 72 : 16;
    const char *id = sync->has_stat_v2 ? "STA2" : "STAT";
    enum ed_status status;
    memset(out, 0, sizeof *out);
    sync->link.doing = "asking about a file";
    status = ed_adb_sync_request(sync, id, path, deadline_ns, err);
    if (!status)
        status = ed_adb_link_receive(&sync->link, answer, 4, deadline_ns, err);
    if (!status && memcmp(answer, id, 4) != 0)
        return unexpected(sync, path, answer, err);
    if (!status)
        status = ed_adb_link_receive(&sync->link, answer + 4, n - 4, deadline_ns, err);
    if (status)
        return status;
    if (sync->has_stat_v2) {
        uint64_t size = ed_adb_u32(answer + 40) | (uint64_t)ed_adb_u32(answer + 44) << 32;
        out->exists = ed_adb_u32(answer + 4) == 0;
        out->mode = ed_adb_u32(answer + 24);
        if (size > INT64_MAX)
            return ed_fail(err, ED_ERR_PARSE, sync->link.who, "%.300s: the device tells an impossible size",
                           path);
        out->size_bytes = (int64_t)size;
    } else {
        out->mode = ed_adb_u32(answer + 4);
        out->size_bytes = ed_adb_u32(answer + 8);
        out->exists = out->mode != 0;
        out->size_is_short = true;
    }
    return ED_OK;
}

enum ed_status ed_adb_sync_receive(struct ed_adb_sync *sync, const char *path, ed_adb_take *take,
                                   void *context, int64_t deadline_ns, struct ed_error *err) {
    struct ed_adb_link *link = &sync->link;
    bool enough = false;
    enum ed_status status;
    link->doing = "pulling a file";
    status = ed_adb_sync_request(sync, "RECV", path, deadline_ns, err);
    while (!status && !enough) {
        unsigned char header[8];
        uint32_t left;
        status = ed_adb_link_receive(link, header, sizeof header, deadline_ns, err);
        if (status)
            break;
        left = ed_adb_u32(header + 4);
        if (memcmp(header, "DONE", 4) == 0)
            break;
        if (memcmp(header, "FAIL", 4) == 0)
            return ed_adb_sync_failed(sync, path, left, deadline_ns, err);
        if (memcmp(header, "DATA", 4) != 0)
            return unexpected(sync, path, header, err);
        if (left > DATA_BYTES_MAX)
            return ed_fail(err, ED_ERR_PARSE, link->who,
                           "%.300s: the device sent a piece of %u bytes, more than %u", path, (unsigned)left,
                           DATA_BYTES_MAX);
        while (!status && left > 0 && !enough) {
            const char *bytes;
            size_t n;
            status = ed_adb_link_peek(link, &bytes, &n, deadline_ns, err);
            if (status)
                break;
            n = n < left ? n : left;
            status = take(context, bytes, n, &enough, err);
            ed_adb_link_skip(link, n);
            left -= (uint32_t)n;
        }
    }
    return status;
}
