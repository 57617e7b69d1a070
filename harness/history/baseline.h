// SPDX-License-Identifier: Apache-2.0
// Baselines: model files and engine builds that are kept under a name, by digest, so that a gate compares
// against what was released and not against what a path holds by now.
//
//   $XDG_DATA_HOME/edgedyno/baselines/names/NAME.json   what the name means; replaced in one go
//                                     sets/SHA256/      files, read-only; SHA256 over their digests and names;
//                                                       of an engine in a folder per target
//                                     .lock             of who changes something
//
// Files are copied, not linked: a model that is written anew in its place would change a link as well.
#ifndef EDGEDYNO_HARNESS_HISTORY_BASELINE_H
#define EDGEDYNO_HARNESS_HISTORY_BASELINE_H

#include "base/digest.h"
#include "base/path.h"

#define ED_BASELINE_FILES_MAX 256

struct ed_baseline_file {
    char *name; // in the set: FILE, or TARGET/FILE
    char *path; // absolute
    char sha256[ED_DIGEST_HEX_BYTES];
    int64_t bytes;
};

struct ed_baseline {
    char name[65];
    char on[256]; // of an engine: ENGINE@VERSION or ENGINE@VERSION/BACKEND; "" for a model
    char set[ED_DIGEST_HEX_BYTES];
    char kept_utc[32];
    struct ed_baseline_file *files; // of a model in the order in which they were given
    size_t n_files;
    int64_t bytes;
};

// What the name stands for, every digest taken anew. Of an engine the build that this machine would use is
// held against the kept files, too. ED_ERR_NOT_FOUND: no such name, the nearest is told; ED_ERR_VERSION: a
// file is not what was kept, with what to do.
enum ed_status ed_baseline_find(struct ed_baseline *baseline, const char *name, struct ed_error *err);
// Only what is written down: no file is read. For lists.
enum ed_status ed_baseline_read(struct ed_baseline *baseline, const char *name, struct ed_error *err);
void ed_baseline_release(struct ed_baseline *baseline); // safe on a zeroed struct

// Names in their order, NULL-terminated; one allocation (free).
enum ed_status ed_baseline_names(char ***names, struct ed_error *err);
// Keeps files under a name, in place of what had it. `replaced` (may be NULL): it was there.
enum ed_status ed_baseline_set_files(const char *name, const char *const *paths, size_t n, bool *replaced,
                                     struct ed_error *err);
// Keeps every build of the engine that is present, of all targets. `on`: ENGINE, ENGINE@VERSION, either with
// /BACKEND.
enum ed_status ed_baseline_set_engine(const char *name, const char *on, bool *replaced, struct ed_error *err);
// Also its files, where no other name has them.
enum ed_status ed_baseline_remove(const char *name, struct ed_error *err);

#endif
