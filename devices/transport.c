// SPDX-License-Identifier: Apache-2.0
// The visible table of transports: a new one is a new file and one line here.
#include "devices/transport.h"

#include "devices/adb/adb.h"
#include "devices/local.h"
#include "devices/ssh/ssh.h"

const struct ed_transport *const *ed_transports(size_t *n) {
    static const struct ed_transport *const table[] = {&ed_transport_local, &ed_transport_ssh,
                                                       &ed_transport_adb};
    *n = sizeof table / sizeof table[0];
    return table;
}

const struct ed_transport *ed_transport_find(const char *name) {
    size_t n;
    const struct ed_transport *const *table = ed_transports(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

enum ed_status ed_transports_start(struct ed_error *err) {
    return ed_ssh_init(err);
}

enum ed_status ed_transport_check(const struct ed_transport *transport, struct ed_error *err) {
    const char *name;
    // Nothing beyond these two may be read from a table of another layout.
    if (transport->abi != ED_TRANSPORT_ABI || transport->struct_bytes != sizeof *transport)
        return ed_fail(err, ED_ERR_VERSION, "transport",
                       "its abi is %u with %u bytes; this edgedyno has %u with %zu", transport->abi,
                       transport->struct_bytes, ED_TRANSPORT_ABI, sizeof *transport);
    name = transport->name && transport->name[0] ? transport->name : "transport";
    if (!transport->name || !transport->name[0] || !transport->summary || !transport->summary[0])
        return ed_fail(err, ED_ERR_INTERNAL, name, "has no name or no summary");
    if (transport->n_options > 0 && !transport->options)
        return ed_fail(err, ED_ERR_INTERNAL, name, "counts %zu options but has no table of them",
                       transport->n_options);
    if (!transport->connect || !transport->identify || !transport->spawn || !transport->push ||
        !transport->pull || !transport->kill || !transport->disconnect)
        return ed_fail(err, ED_ERR_INTERNAL, name, "lacks a hook; every one is required");
    return ED_OK;
}
