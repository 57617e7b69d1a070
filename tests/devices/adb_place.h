// SPDX-License-Identifier: Apache-2.0
// What the adb tests share: a scratch folder as HOME, network and mounts of their own, programs that are
// started and ended by their number.
#ifndef EDGEDYNO_TESTS_DEVICES_ADB_PLACE_H
#define EDGEDYNO_TESTS_DEVICES_ADB_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdbool.h>
#include <sys/types.h>

#include "devices/adb/adb.h"

#define SECOND_NS 1000000000ll
// Far beyond what anything here takes; reaching it is the failure.
#define PLENTY_NS (60 * SECOND_NS)

extern char place[64];   // the scratch folder
extern char place_why[]; // why place_isolate failed

// Makes the scratch folder with HOME and TMPDIR in it and takes away whatever of adb the environment says.
void place_make(void);
void place_remove(void);
// Network (loopback up) and mounts of this process alone; as an ordinary user by a user namespace. Before any
// thread.
bool place_isolate(void);
char *place_path(const char *name); // in the scratch folder; one of 16 buffers
void place_write(const char *name, const void *bytes, size_t n, unsigned mode);

// Starts a program, its output in the scratch folder's file `log`. `environment` NULL: this one's.
pid_t place_start(const char *const *argv, const char *const *environment, const char *log);
// As place_start with the first line that it prints, for programs that tell their port.
pid_t place_start_port(const char *const *argv, int *port);
void place_end(pid_t *pid); // kills it and its group, and waits; 0 is fine
bool place_answers(int port, int64_t within_ns);
int64_t place_now_ns(void);

// A connected state (free with place_disconnect), or NULL with the error.
void *place_connect(const char *serial, const char *via, struct ed_error *err);
void place_disconnect(void *state);
enum ed_status place_spawn(void *state, const char *const *argv, const void *input, size_t bytes,
                           int64_t within_ns, struct ed_spawn_result *result, struct ed_error *err);
enum ed_status place_shell(void *state, const char *script, struct ed_spawn_result *result,
                           struct ed_error *err);
enum ed_status place_push(void *state, const char *from, const char *to, unsigned mode, int64_t stall_ns,
                          struct ed_error *err);

// Says what went wrong before it fails.
#define assert_status(call, wanted, err)                                                                 \
    do {                                                                                                 \
        enum ed_status status_ = (call);                                                                 \
        if (status_ != (wanted))                                                                         \
            fail_msg("%s, not %s: %s: %s", ed_status_word(status_), ed_status_word(wanted), (err).where, \
                     (err).message);                                                                     \
    } while (0)
#define assert_says(err, part)                                   \
    do {                                                         \
        if (!strstr((err).message, part))                        \
            fail_msg("'%s' is not in: %s", part, (err).message); \
    } while (0)

#endif
