// SPDX-License-Identifier: Apache-2.0
// A device that takes part in a campaign: its transport connected, its runner in place and speaking our wire.
#ifndef EDGEDYNO_HARNESS_SESSION_H
#define EDGEDYNO_HARNESS_SESSION_H

#include "base/digest.h"
#include "devices/inventory.h"
#include "devices/remote.h"

struct ed_session {
    const struct ed_device_entry *entry;
    const struct ed_transport *transport;
    void *state;
    bool connected;
    struct ed_identity identity;
    struct ed_remote remote;
    char runner_sha256[ED_DIGEST_HEX_BYTES];
};

// `library_dir` holds TARGET/edgedyno-runner. ED_ERR_UNSUPPORTED for a target without a runner names those
// there are.
enum ed_status ed_session_open(struct ed_session *session, const struct ed_device_entry *entry,
                               const char *library_dir, struct ed_digest_cache *digests,
                               struct ed_error *err);
void ed_session_close(struct ed_session *session);
// Brings a file there; the path on the device is kept in `remote_path`.
enum ed_status ed_session_push(struct ed_session *session, const char *local_path, const char *sha256,
                               char remote_path[ED_PATH_BYTES], struct ed_error *err);

#endif
