// SPDX-License-Identifier: Apache-2.0
// The fleet: devices.json (--devices FILE, else ./devices.json, else the XDG configuration folder), with
// `local` always there. Files include files ("include": ["phones.json"], relative to the file that says so).
#ifndef EDGEDYNO_DEVICES_INVENTORY_H
#define EDGEDYNO_DEVICES_INVENTORY_H

#include "base/buffer.h"
#include "edgedyno/device.h"

// What a campaign may change on the device while it runs, each put back at its end. "" and 0: left as it is.
struct ed_device_settings {
    char governor[32];
    int64_t frequency_min_khz, frequency_max_khz;
    bool fixed_performance; // Android's fixed-performance mode
    bool stay_awake;        // Android: the screen's sleep is held off while it charges
};

struct ed_device_entry {
    char id[64];
    char transport[16];
    char host[256];
    int port;
    char user[64];
    char serial[128];
    char via[256];
    char host_key[1024];
    char work_dir[1024];
    char **tags;             // NULL-terminated
    int64_t cache_max_bytes; // of what stays on the device between campaigns; 0: no limit but the disk's
    int64_t free_min_bytes;  // of the disk, never used up by pushes; 0: 64 MiB
    int64_t job_max_ns;      // a job's longest time; 0: no limit
    struct ed_device_settings settings;
    char **meter_command;    // NULL-terminated; of a power meter on this machine; empty or NULL: none
    int meter_gain_permille; // uncertainty of its scale; 0: not known
    char file[4096];         // where it was read; "" for a built-in one
};

struct ed_inventory {
    char path[4096]; // "" where there is no file
    struct ed_device_entry *devices;
    size_t n;
};

// `path` NULL: searched as above; no file at all is fine and gives `local` alone.
enum ed_status ed_inventory_load(struct ed_inventory *inventory, const char *path, struct ed_error *err);
// Without includes being followed: they are refused, since a text has no place.
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

// "ssh://[USER@]HOST[:PORT]", "adb:SERIAL", "adb:SERIAL@ssh://[USER@]HOST[:PORT]" into transport, host, port,
// user, serial, via. ED_ERR_USAGE with the forms there are.
enum ed_status ed_device_address_parse(struct ed_device_entry *entry, const char *text, struct ed_error *err);
// A valid id that `inventory` does not have yet, from the address: "pi5" of "pi@pi5.local".
void ed_device_id_suggest(char id[64], const struct ed_device_entry *entry,
                          const struct ed_inventory *inventory);
// Adds devices to the fleet's file, atomically; the rest of the file stays as it is (keys, order; it is
// written with four spaces of indent). `path` "": $XDG_CONFIG_HOME/edgedyno/devices.json, made where it is
// missing. The whole is parsed again before it replaces the file. ED_ERR_USAGE where an id is there already.
enum ed_status ed_inventory_add(const char *path, const struct ed_device_entry *entries, size_t n,
                                struct ed_error *err);

#endif
