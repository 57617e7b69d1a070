// SPDX-License-Identifier: Apache-2.0
// Where data that was made once is kept: $XDG_CACHE_HOME/edgedyno/data/KEY and an ending, KEY being a digest
// over all that it comes from. A file there is whole, or it is not there.
#ifndef EDGEDYNO_HARNESS_DATA_CACHE_H
#define EDGEDYNO_HARNESS_DATA_CACHE_H

#include <stdbool.h>

#include "base/path.h"

#define ED_CACHE_PART_BYTES (ED_PATH_BYTES + 32)

// The file of this key and ending; the folder is made.
enum ed_status ed_cache_path(char path[ED_PATH_BYTES], const char *key, const char *ending,
                             struct ed_error *err);
// Whether `path` is an .npy of `n` samples.
bool ed_cache_has(const char *path, size_t n);
// Where this process writes what is to become `path`.
void ed_cache_part(char part[ED_CACHE_PART_BYTES], const char *path);
// Syncs `fd`, which is `part`, and renames it to `path`; where `status` or this fails, `part` is removed.
enum ed_status ed_cache_publish(int fd, const char *part, const char *path, enum ed_status status,
                                struct ed_error *err);

#endif
