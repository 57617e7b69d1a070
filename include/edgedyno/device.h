// SPDX-License-Identifier: Apache-2.0
// The contract of a transport: how the controller reaches one device. Every blocking call takes a deadline on
// CLOCK_MONOTONIC in nanoseconds and returns ED_ERR_TIMEOUT when it passes. A lost link (ED_ERR_LINK_LOST), a
// refused key (ED_ERR_KEY_REFUSED), a full disk (ED_ERR_NO_SPACE) and a missing program (ED_ERR_NO_PROGRAM)
// are four different statuses; so are a device that nobody answers for (ED_ERR_UNREACHABLE) and one that its
// adb server shows as offline (ED_ERR_OFFLINE). A state is used by one thread at a time; different states may
// be used by different threads at once.
#ifndef EDGEDYNO_DEVICE_H
#define EDGEDYNO_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/option.h"

#define ED_TRANSPORT_ABI 2u

// Where and how; text is borrowed from the inventory and outlives the connection. Unused fields are "".
struct ed_address {
    const char *id;     // the device's name in devices.json
    const char *host;   // ssh: host name, address, or a Host of ~/.ssh/config
    int port;           // 0: the transport's default (for ssh what ~/.ssh/config says)
    const char *user;   // ssh
    const char *serial; // adb: serial number as `adb devices` shows it
    const char *via; // "ssh://[USER@]HOST[:PORT]": a host in between; ssh: a jump host, adb: the host whose
                     // server it is
    const char *host_key; // ssh: pinned, "TYPE BASE64"; "": known_hosts decides
    const char *work_dir; // absolute directory on the device; "": the transport's default
};

// What a transport may ask of the program. Borrowed until disconnect.
struct ed_transport_context {
    bool accept_new; // an unknown host key is taken into known_hosts; a changed one is refused all the same
    // Asks a person for a passphrase; `secret` is terminated. ED_ERR_KEY_REFUSED where nobody can be asked.
    // NULL: nobody. May be called from any thread, one at a time.
    enum ed_status (*ask_secret)(void *context, const char *prompt, char *secret, size_t secret_bytes,
                                 struct ed_error *err);
    void (*note)(void *context, const char *line); // something a person should know once; NULL: nobody
                                                   // listens
    void *context;
};

// What the device is, found out by the transport before any program of ours runs there.
struct ed_identity {
    char target[32];       // best target for this device: "linux-x86_64"
    char kernel[128];      // uname -sr
    char machine[64];      // uname -m
    char boot_id[64];      // changes at every boot; "" where unknown
    char work_dir[512];    // absolute, exists, mode 0700
    char libc[16];         // "glibc", "musl", "bionic", "none" (none of these found), "" unknown
    char libc_version[32]; // "2.36"; "" unknown
    char model[128];       // what the device calls itself (Android: ro.product.model; device-tree model); ""
    bool android;          // a phone: programs of ours run as the shell's process and are not an app
    int oom_score_adj;     // of a process that this transport starts
    char cpuset[128];      // likewise; "" unknown
    int64_t real_us;       // the device's clock when asked, microseconds since 1970; 0 unknown
    int64_t real_asked_us; // the controller's at that moment (middle of question and answer)
    int64_t free_bytes;    // of the work directory's file system; -1 unknown
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

// A file to the device. What is there is replaced (offset 0) or continued; it need not be atomic.
struct ed_push_args {
    const char *local_path;  // a regular file
    const char *remote_path; // absolute; its directory exists
    unsigned mode;           // permission bits, such as 0700
    int64_t offset;          // bytes that are there already and stay; 0 unless `can_resume`
    int64_t stall_ns;        // no byte taken for this long is ED_ERR_TIMEOUT
    int64_t deadline_ns;
    void (*progress)(void *context, int64_t sent_bytes); // since `offset`; may be NULL
    void *progress_context;
};

struct ed_transport {
    uint32_t abi;
    uint32_t struct_bytes;
    const char *name; // "local", "ssh", "adb"
    const char *summary;
    const struct ed_option *options;
    size_t n_options;
    size_t state_bytes; // allocated zeroed by the caller
    bool in_place;      // the device sees the controller's files: nothing is pushed
    bool can_resume;    // push takes an offset

    // ED_ERR_UNREACHABLE, ED_ERR_OFFLINE, ED_ERR_KEY_REFUSED, ED_ERR_TIMEOUT, ED_ERR_USAGE (address),
    // ED_ERR_NO_PROGRAM (adb is missing). On failure the state needs no disconnect. `context` may be NULL.
    enum ed_status (*connect)(void *state, const struct ed_address *address,
                              const struct ed_transport_context *context, int64_t deadline_ns,
                              struct ed_error *err);
    // Makes the work directory. ED_ERR_UNSUPPORTED for a system without a target, with the way out.
    enum ed_status (*identify)(void *state, struct ed_identity *out, int64_t deadline_ns,
                               struct ed_error *err);
    enum ed_status (*spawn)(void *state, const struct ed_spawn_args *args, struct ed_spawn_result *out,
                            struct ed_error *err);
    enum ed_status (*push)(void *state, const struct ed_push_args *args, struct ed_error *err);
    // Appends `bytes` of `remote_path` from `offset` to `local_fd`; *got is how many there were.
    enum ed_status (*pull)(void *state, const char *remote_path, int64_t offset, int64_t bytes, int local_fd,
                           int64_t *got, int64_t deadline_ns, struct ed_error *err);
    enum ed_status (*kill)(void *state, int64_t pid, int signal, int64_t deadline_ns, struct ed_error *err);
    void (*disconnect)(void *state); // never blocks longer than a second, also on a dead link
};

static inline void ed_spawn_result_init(struct ed_spawn_result *result) {
    memset(result, 0, sizeof *result);
    result->exit_code = -1;
}

#endif
