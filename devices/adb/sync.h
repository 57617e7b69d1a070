// SPDX-License-Identifier: Apache-2.0
// Files to and from the device by adb's sync protocol.
#ifndef EDGEDYNO_DEVICES_ADB_SYNC_H
#define EDGEDYNO_DEVICES_ADB_SYNC_H

#include "devices/adb/server.h"
#include "edgedyno/device.h"

#define ED_ADB_PATH_BYTES 1024 // longest path of the protocol

struct ed_adb_sync {
    struct ed_adb_link link;
    bool has_stat_v2; // sizes beyond 4 GiB
};

struct ed_adb_stat {
    bool exists;
    unsigned mode; // as st_mode
    int64_t size_bytes;
    bool size_is_short; // only the low 32 bits of size_bytes are known
};

// The bytes at hand go to `take`, as in struct ed_adb_command.
typedef enum ed_status ed_adb_take(void *context, const char *bytes, size_t n, bool *enough,
                                   struct ed_error *err);

enum ed_status ed_adb_sync_open(struct ed_adb_server *server, struct ed_adb_sync *sync, const char *serial,
                                const char *who, bool has_stat_v2, int64_t deadline_ns, struct ed_error *err);
void ed_adb_sync_close(struct ed_adb_sync *sync);
// Follows links with stat v2, does not with v1 (where a link is taken for what it may point to by the
// caller).
enum ed_status ed_adb_sync_stat(struct ed_adb_sync *sync, const char *path, struct ed_adb_stat *out,
                                int64_t deadline_ns, struct ed_error *err);
// The whole of a local file; args->offset is 0. adb widens the mode: see *needs_chmod. ED_ERR_NOT_FOUND where
// the directory is missing, ED_ERR_NO_SPACE, ED_ERR_TIMEOUT also where nothing was taken for args->stall_ns.
enum ed_status ed_adb_sync_send(struct ed_adb_sync *sync, const struct ed_push_args *args, bool *needs_chmod,
                                struct ed_error *err);
// When silence that began at `from_ns` is over: after args->stall_ns, at args->deadline_ns at the latest.
int64_t ed_adb_stall_until_ns(const struct ed_push_args *args, int64_t from_ns);
// A file from its start, until its end or until `take` had enough, after which the connection can only be
// closed.
enum ed_status ed_adb_sync_receive(struct ed_adb_sync *sync, const char *path, ed_adb_take *take,
                                   void *context, int64_t deadline_ns, struct ed_error *err);

// Shared by its files: a request with a path; the status that a FAIL's text means.
enum ed_status ed_adb_sync_request(struct ed_adb_sync *sync, const char id[4], const char *path,
                                   int64_t deadline_ns, struct ed_error *err);
enum ed_status ed_adb_sync_failed(struct ed_adb_sync *sync, const char *path, uint32_t bytes,
                                  int64_t deadline_ns, struct ed_error *err);
// The status of an error text of the device's system about one of its files.
enum ed_status ed_adb_file_failed(const char *who, const char *path, const char *text, struct ed_error *err);

static inline uint32_t ed_adb_u32(const unsigned char bytes[4]) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}
static inline void ed_adb_u32_put(unsigned char bytes[4], uint32_t value) {
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
}

#endif
