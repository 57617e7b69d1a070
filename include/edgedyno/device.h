// SPDX-License-Identifier: Apache-2.0
// The contract of a transport: how the controller reaches one device. Every blocking call takes a deadline on
// CLOCK_MONOTONIC in nanoseconds and returns ED_ERR_TIMEOUT when it passes. A lost link, a refused key, a
// full disk and a missing program are four different statuses. A transport is used by one thread at a time.
#ifndef EDGEDYNO_DEVICE_H
#define EDGEDYNO_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/option.h"

#define ED_TRANSPORT_ABI 1u

// Where and how; text is borrowed from the inventory. Unused fields are "".
struct ed_address {
    const char *id;   // the device's name in devices.json
    const char *host; // ssh: host; adb: serial
    int port;         // 0: the transport's default
    const char *user;
    const char *work_dir; // absolute directory on the device; "": the transport's default
};

struct ed_identity {
    char target[32];    // "linux-x86_64"
    char kernel[128];   // uname -sr
    char boot_id[64];   // changes at every boot; "" where unknown
    char work_dir[512]; // absolute, exists, mode 0700
};

// One finished short command. `exit_code` is -1 when a signal ended it (`signal` > 0).
struct ed_spawn_result {
    int exit_code;
    int signal;
    char *out; // standard output, terminated, owned by the caller (free)
    size_t out_bytes;
    char *err_out; // standard error likewise, at most 64 KiB of it
    size_t err_bytes;
};

struct ed_spawn_args {
    const char *const *argv; // NULL-terminated; argv[0] absolute on the device; never passes through a shell
                             // unquoted
    const void *input;       // standard input, may be NULL
    size_t input_bytes;
    size_t out_limit_bytes; // more output than this is ED_ERR_LIMIT
    int64_t deadline_ns;
};

struct ed_transport {
    uint32_t abi;
    uint32_t struct_bytes;
    const char *name; // "local", "ssh", "adb"
    const char *summary;
    const struct ed_option *options;
    size_t n_options;
    size_t state_bytes;
    bool in_place; // the device sees the controller's files: push gives back the path it was handed

    enum ed_status (*connect)(void *state, const struct ed_address *address, int64_t deadline_ns,
                              struct ed_error *err);
    enum ed_status (*identify)(void *state, struct ed_identity *out, int64_t deadline_ns,
                               struct ed_error *err);
    enum ed_status (*spawn)(void *state, const struct ed_spawn_args *args, struct ed_spawn_result *out,
                            struct ed_error *err);
    // Brings `local_path` (SHA-256 `sha256`, 64 hex digits) to the device and writes where it lies there into
    // `remote_path`. `name` is the last component it should have; it is created atomically and checked by
    // digest.
    enum ed_status (*push)(void *state, const char *local_path, const char *sha256, const char *name,
                           char *remote_path, size_t remote_path_bytes, int64_t deadline_ns,
                           struct ed_error *err);
    // Appends `bytes` of `remote_path` from `offset` to `local_fd`; *got is how many there were.
    enum ed_status (*pull)(void *state, const char *remote_path, int64_t offset, int64_t bytes, int local_fd,
                           int64_t *got, int64_t deadline_ns, struct ed_error *err);
    enum ed_status (*kill)(void *state, int64_t pid, int signal, int64_t deadline_ns, struct ed_error *err);
    void (*disconnect)(void *state);
};

static inline void ed_spawn_result_init(struct ed_spawn_result *result) {
    memset(result, 0, sizeof *result);
    result->exit_code = -1;
}

#endif
