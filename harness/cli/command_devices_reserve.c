// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices reserve`: keeps a device for its owner's campaigns.
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "harness/cli/command_devices.h"

#define FOR_LEAST_NS INT64_C(1000000000)
#define FOR_MOST_NS (INT64_C(30) * 24 * 3600 * 1000000000)

static int reserve(const struct ed_devices *devices, const struct ed_device_entry *entry, int64_t for_ns) {
    char owner[ED_WIRE_OWNER_MAX_BYTES + 1], until[96];
    struct ed_remote_lease lease = {0};
    enum ed_session_depth reached;
    struct ed_session session = {0};
    struct ed_error err = {0};
    enum ed_status status = ed_devices_open(devices, &session, entry, ED_SESSION_READY, &reached, &err);
    if (status)
        return ed_devices_fail(devices, entry, &err);
    ed_remote_owner(owner);
    const struct ed_remote_lease_ask ask = {
        .action = for_ns ? "reserve" : "unreserve", .owner = owner, .for_ns = for_ns};
    status = ed_remote_lease(&session.remote, &ask, &lease, &err);
    ed_session_close(&session);
    if (status)
        return ed_devices_fail(devices, entry, &err);
    ed_devices_until(lease.reserved_left_ns, until, sizeof until);
    if (!for_ns)
        ed_log_line(&devices->cli->log, ED_LOG_INFO, "%s: %s has no reservation any more", entry->id, owner);
    else
        ed_log_line(&devices->cli->log, ED_LOG_INFO,
                    "%s: reserved by %s until %s; `edgedyno devices reserve %s --for 0` ends it", entry->id,
                    lease.reserved_by, until, entry->id);
    return ED_EXIT_PASS;
}

int ed_devices_reserve(struct ed_devices *devices) {
    const char *text = ed_arguments_get(devices->cli->arguments, "for");
    struct ed_error err = {0};
    int64_t for_ns = 0;
    int code = ED_EXIT_PASS;
    if (!text)
        return ed_cli_usage(devices->cli,
                            "for how long? edgedyno devices reserve %s --for 2h, and --for 0 ends it",
                            ed_devices_entry(devices, 0)->id);
    if (strcmp(text, "0") != 0 && ed_units_duration(text, &for_ns, &err)) {
        snprintf(err.where, sizeof err.where, "--for");
        return ed_cli_fail(devices->cli, &err);
    }
    if (for_ns && (for_ns < FOR_LEAST_NS || for_ns > FOR_MOST_NS))
        return ed_cli_usage(devices->cli, "--for %s is not from 1 s to 720 h; --for 0 ends a reservation",
                            text);
    for (size_t i = 0; i < devices->n_indices; i++)
        code = ed_cli_exit_combine(code, reserve(devices, ed_devices_entry(devices, i), for_ns));
    return code;
}
