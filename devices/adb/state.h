// SPDX-License-Identifier: Apache-2.0
// What a connection to one device over adb remembers, shared by the files of the transport.
#ifndef EDGEDYNO_DEVICES_ADB_STATE_H
#define EDGEDYNO_DEVICES_ADB_STATE_H

#include "devices/adb/server.h"
#include "devices/adb/sync.h"

#define ED_ADB_ERR_LIMIT_BYTES (64u << 10) // of a command's standard error

struct ed_adb_state {
    struct ed_adb_server server;
    char serial[128]; // "": not connected
    char who[192];    // the device in messages
    const char *id, *work_dir;
    bool has_stat_v2;
};

// ED_ERR_INTERNAL where it is not connected.
enum ed_status ed_adb_begin(const struct ed_adb_state *adb, const char *what, struct ed_error *err);
// A line for the device's shell, without input.
enum ed_status ed_adb_run(struct ed_adb_state *adb, const char *line, ed_adb_take *take, void *context,
                          struct ed_buffer *err_text, int *exit_code, int64_t deadline_ns,
                          struct ed_error *err);
enum ed_status ed_adb_take_nothing(void *context, const char *bytes, size_t n, bool *enough,
                                   struct ed_error *err);

// The hooks of the transport; `state` is a struct ed_adb_state.
enum ed_status ed_adb_spawn(void *state, const struct ed_spawn_args *args, struct ed_spawn_result *out,
                            struct ed_error *err);
enum ed_status ed_adb_kill(void *state, int64_t pid, int signal, int64_t deadline_ns, struct ed_error *err);
enum ed_status ed_adb_push(void *state, const struct ed_push_args *args, struct ed_error *err);
enum ed_status ed_adb_pull(void *state, const char *remote_path, int64_t offset, int64_t bytes, int local_fd,
                           int64_t *got, int64_t deadline_ns, struct ed_error *err);

#endif
