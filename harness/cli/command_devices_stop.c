// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices stop`: ends the job that runs on a device; what it measured stays.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/cli/command_devices.h"

#define END_NS INT64_C(60000000000)
#define PAUSE_NS INT64_C(200000000)

// The job's own controller may fetch and forget it as soon as it has ended: *last is all zero then.
static enum ed_status wait_for_end(const struct ed_remote *remote, const char *job,
                                   struct ed_remote_status *last, struct ed_error *err) {
    const int64_t until = ed_clock_monotonic_ns() + END_NS;
    for (;;) {
        enum ed_status status = ed_remote_status(remote, job, last, err);
        if (status == ED_ERR_NOT_FOUND) {
            memset(last, 0, sizeof *last);
            return ED_OK;
        }
        if (status || last->state != ED_REMOTE_RUNNING)
            return status;
        if (ed_clock_monotonic_ns() > until)
            return ed_fail(
                err, ED_ERR_TIMEOUT, remote->device,
                "job %s was told to stop but has not ended after 60 s; `edgedyno devices check` tells more",
                job);
        ed_clock_sleep_until(ed_clock_monotonic_ns() + PAUSE_NS, NULL);
    }
}

static int stop(const struct ed_devices *devices, const struct ed_device_entry *entry) {
    char job[ED_WIRE_ID_MAX_BYTES + 1] = "", by[ED_WIRE_OWNER_MAX_BYTES + 1], done[80] = "";
    struct ed_remote_status last = {0};
    enum ed_session_depth reached;
    struct ed_session session = {0};
    struct ed_error err = {0};
    enum ed_status status = ed_devices_open(devices, &session, entry, ED_SESSION_READY, &reached, &err);
    if (status)
        return ed_devices_fail(devices, entry, &err);
    ed_remote_owner(by);
    status = ed_remote_running(&session.remote, job, &err);
    if (!status && job[0])
        status = ed_remote_stop(&session.remote, job, by, &err);
    if (status == ED_ERR_NOT_FOUND) {
        status = ED_OK;
        job[0] = 0;
    }
    if (!status && job[0])
        status = wait_for_end(&session.remote, job, &last, &err);
    ed_session_close(&session);
    if (status)
        return ed_devices_fail(devices, entry, &err);
    if (last.blocks_total)
        snprintf(done, sizeof done, ", with %lld of %lld blocks done", (long long)last.blocks_done,
                 (long long)last.blocks_total);
    if (!job[0])
        ed_log_line(&devices->cli->log, ED_LOG_INFO, "%s: no job runs there", entry->id);
    else
        ed_log_line(
            &devices->cli->log, ED_LOG_INFO,
            "%s: job %s is stopped%s; its campaign goes on with --resume DIR, of the command that began it",
            entry->id, job, done);
    return ED_EXIT_PASS;
}

int ed_devices_stop(struct ed_devices *devices) {
    int code = ED_EXIT_PASS;
    for (size_t i = 0; i < devices->n_indices; i++)
        code = ed_cli_exit_combine(code, stop(devices, ed_devices_entry(devices, i)));
    return code;
}
