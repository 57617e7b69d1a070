// SPDX-License-Identifier: Apache-2.0
// The keys of one device in devices.json: the single source of the parser and of the schema.
#ifndef EDGEDYNO_DEVICES_INVENTORY_KEYS_H
#define EDGEDYNO_DEVICES_INVENTORY_KEYS_H

#include "devices/inventory.h"

#define ED_INVENTORY_DEVICES_MAX 1000

enum ed_inventory_kind { ED_INVENTORY_TEXT, ED_INVENTORY_INT, ED_INVENTORY_TEXTS };

struct ed_inventory_key {
    const char *name;
    enum ed_inventory_kind kind;
    bool required;
    bool remote;                  // means nothing to a device that needs no address
    size_t offset;                // in struct ed_device_entry
    size_t bytes;                 // of a text, with the NUL
    int min, max;                 // of an integer
    bool (*ok)(const char *text); // of a text, or of each one in a list
    const char *pattern;          // the same as an ECMA-262 expression
    const char *expected;         // the same in words
    const char *help;
};

extern const struct ed_inventory_key ed_inventory_keys[];
extern const size_t ed_inventory_n_keys;

#endif
