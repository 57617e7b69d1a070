// SPDX-License-Identifier: Apache-2.0
// The keys of one device in devices.json: the single source of the parser, of the schema, and of what an
// address on the command line may hold. Which transport needs or takes which key stands here as well.
#ifndef EDGEDYNO_DEVICES_INVENTORY_KEYS_H
#define EDGEDYNO_DEVICES_INVENTORY_KEYS_H

#include "base/json_read.h"
#include "devices/inventory.h"

#define ED_INVENTORY_DEVICES_MAX 1000
#define ED_INVENTORY_INCLUDES_MAX 64 // files of one fleet, with the first
#define ED_INVENTORY_DEPTH_MAX 8     // of files that include files
#define ED_INVENTORY_FILE_MAX_BYTES (4u << 20)

// Transports as bits, in the order of ed_inventory_transports.
#define ED_INVENTORY_LOCAL 1u
#define ED_INVENTORY_SSH 2u
#define ED_INVENTORY_ADB 4u
#define ED_INVENTORY_ANY 7u

extern const char *const ed_inventory_transports[]; // NULL-terminated
// The bit of a transport's name; 0: there is none of that name.
unsigned ed_inventory_transport_bit(const char *name);

enum ed_inventory_kind {
    ED_INVENTORY_TEXT,
    ED_INVENTORY_INT,      // `bytes` is the size of the field: int or int64_t
    ED_INVENTORY_SIZE,     // "8 GiB", or a whole number of bytes
    ED_INVENTORY_DURATION, // "2 h"
    ED_INVENTORY_BOOL,
    ED_INVENTORY_TEXTS,
    ED_INVENTORY_WORDS, // of a command: texts of which two may be equal
    ED_INVENTORY_OBJECT // of the keys in `members`
};

struct ed_inventory_key {
    const char *name;
    enum ed_inventory_kind kind;
    bool required;
    unsigned takes, needs;        // transports that know the key, and that cannot be without it
    size_t offset;                // in struct ed_device_entry
    size_t bytes;                 // of a text, with the NUL; of an integer's field
    int64_t min, max;             // of a number, a size in bytes, a duration in nanoseconds
    bool (*ok)(const char *text); // of a text, or of each one in a list
    const char *pattern;          // the same as an ECMA-262 expression
    const char *expected;         // the same in words
    const char *help;
    const struct ed_inventory_key *members;
    size_t n_members;
};

extern const struct ed_inventory_key ed_inventory_keys[];
extern const size_t ed_inventory_n_keys;

bool ed_inventory_is_host(const char *text);
bool ed_inventory_is_user(const char *text);
bool ed_inventory_is_serial(const char *text);
bool ed_inventory_is_via(const char *text);

// Reads one device. The error names the place in its file.
enum ed_status ed_inventory_read_device(const struct ed_json_at *at, struct ed_device_entry *entry,
                                        struct ed_error *err);
// Parses a text as if it stood in the file `path` (absolute), with its includes; for what is to become that
// file.
enum ed_status ed_inventory_parse_as(struct ed_inventory *inventory, const char *path, const char *text,
                                     size_t bytes, struct ed_error *err);

#endif
