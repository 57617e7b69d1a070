// SPDX-License-Identifier: Apache-2.0
// Opening and closing a device.
#include "devices/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/session_runner.h"
#include "devices/transport.h"

#define SECOND_NS INT64_C(1000000000)

static int64_t step_deadline(const struct ed_session_args *args) {
    return ed_clock_monotonic_ns() + (args->connect_ns ? args->connect_ns : 20 * SECOND_NS);
}

static enum ed_status connect_device(struct ed_session *session, const struct ed_session_args *args,
                                     struct ed_error *err) {
    const struct ed_device_entry *entry = session->entry;
    const struct ed_address address = {.id = entry->id,
                                       .host = entry->host,
                                       .port = entry->port,
                                       .user = entry->user,
                                       .serial = entry->serial,
                                       .via = entry->via,
                                       .host_key = entry->host_key,
                                       .work_dir = entry->work_dir};
    session->transport = ed_transport_find(entry->transport);
    if (!session->transport)
        return ed_fail(err, ED_ERR_UNSUPPORTED, entry->id,
                       "has the transport '%s', which this version does not have", entry->transport);
    session->state = calloc(1, session->transport->state_bytes ? session->transport->state_bytes : 1);
    if (!session->state)
        return ed_fail(err, ED_ERR_NO_MEMORY, entry->id, "no memory for the transport");
    enum ed_status status =
        session->transport->connect(session->state, &address, args->context, step_deadline(args), err);
    session->connected = status == ED_OK;
    return status;
}

// A device in place runs what this machine's compiler built, in its own folder.
static enum ed_status find_own_pack(struct ed_session *session, const char *library_dir,
                                    struct ed_error *err) {
    struct ed_pack *pack = &session->pack;
    memset(pack, 0, sizeof *pack);
    memcpy(pack->target, session->identity.target, sizeof pack->target);
    enum ed_status status = ed_path_join(pack->directory, library_dir, pack->target, err);
    if (status == ED_OK)
        status = ed_path_join(pack->runner, pack->directory, "edgedyno-runner", err);
    if (status == ED_OK && !ed_path_exists(pack->runner))
        status = ed_fail(err, ED_ERR_NO_PROGRAM, pack->runner,
                         "this installation has no runner for this machine; install edgedyno whole");
    return status;
}

static enum ed_status make_ready(struct ed_session *session, const struct ed_session_args *args,
                                 struct ed_error *err) {
    const bool in_place = session->transport->in_place;
    enum ed_status status = in_place ? find_own_pack(session, args->library_dir, err)
                                     : ed_pack_find(&session->pack, args->library_dir, &session->identity,
                                                    session->entry->id, err);
    if (status == ED_OK)
        status = ed_digest_file(session->runner_sha256, NULL, session->pack.runner, err);
    session->remote = (struct ed_remote){.transport = session->transport, .state = session->state};
    snprintf(session->remote.device, sizeof session->remote.device, "%s", session->entry->id);
    snprintf(session->remote.work_dir, sizeof session->remote.work_dir, "%s", session->identity.work_dir);
    if (status != ED_OK)
        return status;
    if (!in_place)
        return ed_session_place_runner(session, args->verify, err);
    memcpy(session->remote.runner, session->pack.runner, sizeof session->remote.runner);
    return ed_remote_check(&session->remote, err);
}

enum ed_status ed_session_open(struct ed_session *session, const struct ed_device_entry *entry,
                               const struct ed_session_args *args, enum ed_session_depth *reached,
                               struct ed_error *err) {
    memset(session, 0, sizeof *session);
    session->entry = entry;
    enum ed_status status = connect_device(session, args, err);
    if (status == ED_OK && reached)
        *reached = ED_SESSION_CONNECTED;
    if (status == ED_OK && args->depth >= ED_SESSION_IDENTIFIED) {
        status = session->transport->identify(session->state, &session->identity, step_deadline(args), err);
        if (status == ED_OK && reached)
            *reached = ED_SESSION_IDENTIFIED;
    }
    if (status == ED_OK && args->depth >= ED_SESSION_READY) {
        status = make_ready(session, args, err);
        if (status == ED_OK && reached)
            *reached = ED_SESSION_READY;
    }
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
