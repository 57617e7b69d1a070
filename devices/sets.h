// SPDX-License-Identifier: Apache-2.0
// What a campaign needs on a device, as sets of files by digest, and bringing the missing ones there. A
// device that is in place needs nothing.
#ifndef EDGEDYNO_DEVICES_SETS_H
#define EDGEDYNO_DEVICES_SETS_H

#include "base/digest.h"
#include "base/path.h"
#include "edgedyno/wire.h"

struct ed_set_file {
    char *local;                         // path on this machine; owned
    char name[ED_WIRE_ID_MAX_BYTES + 1]; // as it is called there
    char sha256[ED_DIGEST_HEX_BYTES];
    int64_t bytes;
    bool executable;
};

struct ed_set {
    char id[ED_DIGEST_HEX_BYTES]; // SHA-256 over kind, name, variant, version and every file's name, size and
                                  // digest
    char kind[16], name[128], variant[128], version[64];
    struct ed_set_file *files;
    size_t n_files;
};

struct ed_sets {
    struct ed_set *items;
    size_t n, capacity;
};

void ed_sets_init(struct ed_sets *sets);
void ed_sets_release(struct ed_sets *sets);
// Begins a set; files are added to the last one, and ed_sets_end gives it its id. An equal set that is there
// already is dropped again. Names that the wire does not take (ed_path_name_ok) and two files of one name are
// ED_ERR_USAGE.
enum ed_status ed_sets_begin(struct ed_sets *sets, const char *kind, const char *name, const char *variant,
                             const char *version, struct ed_error *err);
enum ed_status ed_sets_file(struct ed_sets *sets, const char *local, const char *sha256, int64_t bytes,
                            bool executable, struct ed_error *err);
enum ed_status ed_sets_end(struct ed_sets *sets, const struct ed_set **set, struct ed_error *err);
// Where `local` lies on a device with this work directory: WORK/sets/ID/NAME of the first set that has it.
// false: no set has it, or the path is too long.
bool ed_sets_locate(const struct ed_sets *sets, const char *work_dir, const char *local,
                    char out[ED_PATH_BYTES]);
// WORK/sets/ID.
bool ed_sets_directory(const struct ed_set *set, const char *work_dir, char out[ED_PATH_BYTES]);

#endif
