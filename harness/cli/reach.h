// SPDX-License-Identifier: Apache-2.0
// A device of the fleet that a command asks something, without a campaign.
#ifndef EDGEDYNO_HARNESS_CLI_REACH_H
#define EDGEDYNO_HARNESS_CLI_REACH_H

#include "devices/inventory.h"
#include "devices/remote.h"

struct ed_reach {
    const struct ed_transport *transport; // NULL: not connected
    void *state;                          // owned
    struct ed_identity identity;
    struct ed_remote remote;
};

// Connects and identifies; whether the runner answers is not asked. ED_ERR_UNSUPPORTED for a transport of
// which this version has none.
enum ed_status ed_reach_open(struct ed_reach *reach, const struct ed_device_entry *entry,
                             const char *library_dir, struct ed_error *err);
void ed_reach_close(struct ed_reach *reach); // safe on a zeroed struct

#endif
