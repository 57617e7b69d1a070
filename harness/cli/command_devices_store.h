// SPDX-License-Identifier: Apache-2.0
// What lies on a device between campaigns, as its runner lists it.
#ifndef EDGEDYNO_HARNESS_CLI_COMMAND_DEVICES_STORE_H
#define EDGEDYNO_HARNESS_CLI_COMMAND_DEVICES_STORE_H

#include "devices/remote.h"

struct ed_stored_set {
    char id[72], kind[16], name[128], variant[128], version[64];
    int64_t bytes, used_us;
};

struct ed_stored {
    struct ed_stored_set *items; // owned
    size_t n;
    int64_t free_bytes; // -1: not told
};

enum ed_status ed_stored_read(struct ed_stored *stored, const struct ed_remote *remote, struct ed_error *err);
void ed_stored_release(struct ed_stored *stored); // safe on a zeroed one
bool ed_stored_has(const struct ed_stored *stored, const char *id);

#endif
