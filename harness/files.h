// SPDX-License-Identifier: Apache-2.0
// Which files a device needs for its part of a campaign, as sets (devices/sets.h), and where they lie there.
// A device in place needs none: its files lie where they lie.
#ifndef EDGEDYNO_HARNESS_FILES_H
#define EDGEDYNO_HARNESS_FILES_H

#include "base/digest.h"
#include "devices/session.h"
#include "harness/plan.h"

#define ED_CAMPAIGN_FILES \
    "files.json" // of a device's directory in the campaign: the sets with their local paths

// Which of an engine build's files go where.
struct ed_files_build {
    const struct ed_engine_build *build;
    char adapter[ED_PATH_BYTES];   // on this machine, for this device
    char directory[ED_PATH_BYTES]; // of the engine's files, on the device; "" for an engine without
    char library[ED_PATH_BYTES];   // on the device; ""
    bool pack_libc;                // its worker runs with the pack's C library
    char libc_dir[ED_PATH_BYTES];  // on the device
};

struct ed_files {
    bool in_place;
    const struct ed_session *session; // borrowed
    struct ed_sets sets;
    struct ed_files_build *builds; // of the plan's engine builds, in the order in which they came
    size_t n_builds;
};

void ed_files_init(struct ed_files *files, const struct ed_session *session);
void ed_files_release(struct ed_files *files);
// An engine build with its adapter and, where its worker needs it, the pack's C library. Once is enough.
enum ed_status ed_files_add_build(struct ed_files *files, const struct ed_engine_build *build,
                                  struct ed_digest_cache *digests, bool verify,
                                  const struct ed_files_build **added, struct ed_error *err);
// Everything that the plan's cases and tasks name.
enum ed_status ed_files_add_plan(struct ed_files *files, const struct ed_plan *plan,
                                 struct ed_digest_cache *digests, bool verify, struct ed_error *err);
const struct ed_files_build *ed_files_find_build(const struct ed_files *files,
                                                 const struct ed_engine_build *build);
// The path on the device of a file of this machine; false: it is in no set, or the path is too long.
bool ed_files_locate(const struct ed_files *files, const char *local, char out[ED_PATH_BYTES]);

// To and from DIRECTORY/files.json, for a later resume.
enum ed_status ed_files_save(const struct ed_files *files, const char *directory, struct ed_error *err);
enum ed_status ed_files_load(struct ed_files *files, const char *directory, struct ed_error *err);

#endif
