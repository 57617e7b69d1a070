// SPDX-License-Identifier: Apache-2.0
// Reaching a device of the fleet.
#include "harness/cli/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/transport.h"

#define CONNECT_NS INT64_C(20000000000)

enum ed_status ed_reach_open(struct ed_reach *reach, const struct ed_device_entry *entry,
                             const char *library_dir, struct ed_error *err) {
    const struct ed_transport *transport = ed_transport_find(entry->transport);
    const int64_t deadline = ed_clock_monotonic_ns() + CONNECT_NS;
    const struct ed_address address = {entry->id, entry->host, entry->port, entry->user, entry->work_dir};
    char name[128];
    memset(reach, 0, sizeof *reach);
    if (!transport)
        return ed_fail(err, ED_ERR_UNSUPPORTED, entry->id, "the transport %s is not part of this version",
                       entry->transport);
    reach->state = calloc(1, transport->state_bytes ? transport->state_bytes : 1);
    if (!reach->state)
        return ed_fail(err, ED_ERR_NO_MEMORY, entry->id, "no memory for the device");
    enum ed_status status = transport->connect(reach->state, &address, deadline, err);
    if (!status) {
        reach->transport = transport;
        status = transport->identify(reach->state, &reach->identity, deadline, err);
    }
    if (!status && !transport->in_place)
        status = ed_fail(err, ED_ERR_UNSUPPORTED, entry->id,
                         "devices that need a pushed runner are not part of this version");
    if (!status) {
        snprintf(name, sizeof name, "%s/edgedyno-runner", reach->identity.target);
        status = ed_path_join(reach->remote.runner, library_dir, name, err);
    }
    reach->remote.transport = transport;
    reach->remote.state = reach->state;
    snprintf(reach->remote.device, sizeof reach->remote.device, "%s", entry->id);
    snprintf(reach->remote.work_dir, sizeof reach->remote.work_dir, "%s", reach->identity.work_dir);
    if (status)
        ed_reach_close(reach);
    return status;
}

void ed_reach_close(struct ed_reach *reach) {
    if (reach->transport)
        reach->transport->disconnect(reach->state);
    free(reach->state);
    memset(reach, 0, sizeof *reach);
}
