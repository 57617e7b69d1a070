// SPDX-License-Identifier: Apache-2.0
// What the SSH tests share: a scratch folder as HOME with keys, real SSH servers on free ports of loopback
// (OpenSSH and dropbear, as the user who runs the test), a forwarder in between that can fall silent or
// break, and connecting.
#ifndef EDGEDYNO_TESTS_DEVICES_SSH_PLACE_H
#define EDGEDYNO_TESTS_DEVICES_SSH_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"
#include "devices/process.h"
#include "devices/ssh/ssh.h"

#define SECOND_NS 1000000000ll
// Far beyond what anything here takes; reaching it is the failure.
#define PLENTY_NS (90 * SECOND_NS)

extern char ssh_place[64]; // the scratch folder
extern bool ssh_mounts;    // servers have mounts of their own, below

// The folder, HOME in it, keys: user_ed25519, user_ecdsa, user_rsa, user_locked (passphrase "open sesame"),
// host_ed25519, host_ecdsa, host_rsa; ~/.ssh/id_ed25519 is user_ed25519. False where OpenSSH is missing.
bool ssh_place_make(void);
void ssh_place_remove(void);
char *ssh_path(const char *name); // in the scratch folder; one of 16 buffers: what lives longer is copied
void ssh_write(const char *name, unsigned mode, const char *text);
bool ssh_exists(const char *name);
void ssh_remove(const char *name); // a file of the scratch folder
// A random file of `bytes`.
void ssh_random_file(const char *name, size_t bytes);
bool ssh_same_file(const char *one, const char *other);
// Runs a program here and returns its exit status; its output is in `ssh_said`.
int ssh_run_here(const char *const *argv);
extern char ssh_said[4096];

struct ssh_server {
    pid_t pid;
    int port;
    char dir[128];
};
// `hosts` is a list of host keys ("host_ed25519 host_ecdsa"); `extra` more lines of sshd_config. The keys of
// all users but user_other are authorised. As root, where the system lets it, each server has mounts of its
// own: an empty home folder for the user, and `small`, a file system of 8 MB.
void ssh_server_start(struct ssh_server *server, const char *hosts, const char *extra);
bool ssh_dropbear_start(struct ssh_server *server); // false where it is not installed, or the user is not
                                                    // root
void ssh_server_stop(struct ssh_server *server);

// Bytes between a free port and a server's, carried by a thread.
struct ssh_forwarder {
    int port, to_port, listener;
    atomic_int mode; // see below
    atomic_long up_bytes;
    atomic_long freeze_after_bytes; // then it falls silent; 0: never
    atomic_long reset_after_bytes;
    int stop[2];
    pthread_t thread;
};
enum { SSH_FORWARD, SSH_SILENT, SSH_RESET };
void ssh_forwarder_start(struct ssh_forwarder *forwarder, int to_port);
void ssh_forwarder_stop(struct ssh_forwarder *forwarder);

// Writes a known_hosts with these keys for these servers ("" none).
void ssh_know(const struct ssh_server *server, const char *host_key);
void ssh_know_port(int port, const char *host_key); // adds a line
void ssh_forget(void);                              // no known_hosts, no config

struct ssh_login {
    struct ed_address address;
    struct ed_transport_context context;
    int64_t time_ns; // 0: PLENTY_NS
};
// 127.0.0.1 at that port as this user.
struct ssh_login ssh_login_to(int port);
// A connected state or NULL with the error.
void *ssh_try(const struct ssh_login *login, struct ed_error *err);
void *ssh_connect(int port); // fails the test
void ssh_disconnect(void *state);
enum ed_status ssh_spawn(void *state, const char *const *argv, const void *input, size_t bytes,
                         int64_t time_ns, struct ed_spawn_result *result, struct ed_error *err);
enum ed_status ssh_shell(void *state, const char *script, struct ed_spawn_result *result,
                         struct ed_error *err);
enum ed_status ssh_push(void *state, const char *from, const char *to, int64_t offset, int64_t stall_ns,
                        struct ed_error *err);

// Says what went wrong before it fails.
#define assert_status(call, wanted, err)                                                                 \
    do {                                                                                                 \
        enum ed_status status_ = (call);                                                                 \
        if (status_ != (wanted))                                                                         \
            fail_msg("%s, not %s: %s: %s", ed_status_word(status_), ed_status_word(wanted), (err).where, \
                     (err).message);                                                                     \
    } while (0)
#define assert_says(err, part)                                                    \
    do {                                                                          \
        if (!strstr((err).message, part) && !strstr((err).where, part))           \
            fail_msg("'%s' is not in: %s: %s", part, (err).where, (err).message); \
    } while (0)
#define assert_refused(login, wanted, part)                                                               \
    do {                                                                                                  \
        struct ed_error err_ = {0};                                                                       \
        void *state_ = ssh_try(login, &err_);                                                             \
        if (state_)                                                                                       \
            fail_msg("connected, but should not (%s)", part);                                             \
        if (err_.code != (wanted))                                                                        \
            fail_msg("%s, not %s: %s: %s", ed_status_word(err_.code), ed_status_word(wanted), err_.where, \
                     err_.message);                                                                       \
        assert_says(err_, part);                                                                          \
    } while (0)

#endif
