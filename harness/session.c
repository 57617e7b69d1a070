// SPDX-License-Identifier: Apache-2.0
// Opening and closing a device.
#include "harness/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/transport.h"

#define SECOND_NS INT64_C(1000000000)

static enum ed_status find_runner(struct ed_session *session, const char *library_dir,
                                  char path[ED_PATH_BYTES], struct ed_error *err) {
    char name[128];
    snprintf(name, sizeof name, "%s/edgedyno-runner", session->identity.target);
    enum ed_status status = ed_path_join(path, library_dir, name, err);
    if (status == ED_OK && !ed_path_exists(path))
        return ed_fail(
            err, ED_ERR_NO_PROGRAM, session->entry->id,
            "is a %s, for which this installation has no runner (%s): build edgedyno for that target",
            session->identity.target, path);
    return status;
}

enum ed_status ed_session_push(struct ed_session *session, const char *local_path, const char *sha256,
                               char remote_path[ED_PATH_BYTES], struct ed_error *err) {
    return session->transport->push(session->state, local_path, sha256, ed_path_base(local_path), remote_path,
                                    ED_PATH_BYTES, ed_clock_monotonic_ns() + 3600 * SECOND_NS, err);
}

enum ed_status ed_session_open(struct ed_session *session, const struct ed_device_entry *entry,
                               const char *library_dir, struct ed_digest_cache *digests,
                               struct ed_error *err) {
    char runner[ED_PATH_BYTES];
    memset(session, 0, sizeof *session);
    session->entry = entry;
    session->transport = ed_transport_find(entry->transport);
    if (!session->transport)
        return ed_fail(err, ED_ERR_UNSUPPORTED, entry->id,
                       "has the transport '%s', which this version does not have", entry->transport);
    session->state = calloc(1, session->transport->state_bytes ? session->transport->state_bytes : 1);
    if (!session->state)
        return ed_fail(err, ED_ERR_NO_MEMORY, entry->id, "no memory for the transport");
    const struct ed_address address = {.id = entry->id,
                                       .host = entry->host,
                                       .port = entry->port,
                                       .user = entry->user,
                                       .work_dir = entry->work_dir};
    enum ed_status status =
        session->transport->connect(session->state, &address, ed_clock_monotonic_ns() + 20 * SECOND_NS, err);
    session->connected = status == ED_OK;
    if (status == ED_OK)
        status = session->transport->identify(session->state, &session->identity,
                                              ed_clock_monotonic_ns() + 20 * SECOND_NS, err);
    if (status == ED_OK)
        status = find_runner(session, library_dir, runner, err);
    if (status == ED_OK)
        status = ed_digest_cache_file(digests, session->runner_sha256, NULL, runner, false, err);
    session->remote = (struct ed_remote){.transport = session->transport, .state = session->state};
    snprintf(session->remote.device, sizeof session->remote.device, "%s", entry->id);
    snprintf(session->remote.work_dir, sizeof session->remote.work_dir, "%s", session->identity.work_dir);
    if (status == ED_OK)
        status = ed_session_push(session, runner, session->runner_sha256, session->remote.runner, err);
    if (status == ED_OK)
        status = ed_remote_check(&session->remote, err);
    if (status != ED_OK)
        ed_session_close(session);
    return status;
}

void ed_session_close(struct ed_session *session) {
    if (session->connected)
        session->transport->disconnect(session->state);
    free(session->state);
    session->state = NULL;
    session->connected = false;
}
