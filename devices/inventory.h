// SPDX-License-Identifier: Apache-2.0
// The fleet: devices.json (--devices FILE, else ./devices.json, else the XDG configuration folder), with
// `local` always there.
#ifndef EDGEDYNO_DEVICES_INVENTORY_H
#define EDGEDYNO_DEVICES_INVENTORY_H

#include "base/buffer.h"
#include "edgedyno/device.h"

struct ed_device_entry {
    char id[64];
    char transport[16];
    char host[256];
    int port;
    char user[64];
    char work_dir[1024];
    char **tags; // NULL-terminated
};

struct ed_inventory {
    char path[4096]; // "" where there is no file
    struct ed_device_entry *devices;
    size_t n;
};

// `path` NULL: searched as above; no file at all is fine and gives `local` alone.
enum ed_status ed_inventory_load(struct ed_inventory *inventory, const char *path, struct ed_error *err);
enum ed_status ed_inventory_parse(struct ed_inventory *inventory, const char *name, const char *text,
                                  size_t bytes, struct ed_error *err);
void ed_inventory_release(struct ed_inventory *inventory);
// Devices that `selector` (an id, a tag, or a glob over ids) means, as indices without doubles, in the
// fleet's order. None: ED_ERR_USAGE with the nearest id.
enum ed_status ed_inventory_select(const struct ed_inventory *inventory, const char *const *selectors,
                                   size_t n_selectors, size_t *indices, size_t capacity, size_t *n,
                                   struct ed_error *err);
// Appends the JSON Schema (2020-12) of devices.json, made from the table that the parser reads by. The caller
// checks the buffer.
void ed_inventory_schema(struct ed_buffer *out);

#endif
