// SPDX-License-Identifier: Apache-2.0
// A device that is being used: its transport connected, what it is found out, its runner in place and
// speaking our wire.
#ifndef EDGEDYNO_DEVICES_SESSION_H
#define EDGEDYNO_DEVICES_SESSION_H

#include <signal.h>

#include "devices/inventory.h"
#include "devices/pack.h"
#include "devices/remote.h"
#include "devices/sets.h"

struct ed_session {
    const struct ed_device_entry *entry;
    const struct ed_transport *transport;
    void *state; // owned
    bool connected;
    struct ed_identity identity;
    struct ed_pack pack;
    struct ed_remote remote;
    char runner_sha256[ED_DIGEST_HEX_BYTES];
};

enum ed_session_depth {
    ED_SESSION_CONNECTED,  // the transport only
    ED_SESSION_IDENTIFIED, // and `identity`
    ED_SESSION_READY       // and the runner in place, and it answers
};

struct ed_session_args {
    const char *library_dir;
    const struct ed_transport_context *context; // may be NULL
    enum ed_session_depth depth;
    bool verify;        // the runner there is taken again by digest
    int64_t connect_ns; // for each step; 0: 20 s
};

// Opens as deep as asked. On failure everything is closed again, *reached (may be NULL) says how far it came,
// and `identity` is still filled where that was ED_SESSION_IDENTIFIED. The runner is pushed where the device
// does not have it: to WORK/staging, checked there by its own digest, renamed.
enum ed_status ed_session_open(struct ed_session *session, const struct ed_device_entry *entry,
                               const struct ed_session_args *args, enum ed_session_depth *reached,
                               struct ed_error *err);
void ed_session_close(struct ed_session *session); // safe on a zeroed one

struct ed_session_push_args {
    const char *token;
    bool verify;
    void (*progress)(void *context, int64_t sent_bytes, int64_t total_bytes); // may be NULL
    void *progress_context;
    const volatile sig_atomic_t *cancelled; // may be NULL
};
// Brings what the device does not have of `sets` there, under the lease `token`. Nothing for a device in
// place. The lease is renewed on the way.
enum ed_status ed_session_push(struct ed_session *session, const struct ed_sets *sets,
                               const struct ed_session_push_args *args, struct ed_error *err);

#endif
