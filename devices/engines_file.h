// SPDX-License-Identifier: Apache-2.0
// Inside of the engine supply: what engines.c, engines_file.c and engine_fetch.c share.
#ifndef EDGEDYNO_DEVICES_ENGINES_FILE_H
#define EDGEDYNO_DEVICES_ENGINES_FILE_H

#include "devices/engines.h"

#define ED_ENGINES_FILE_MAX_BYTES (4u << 20)
#define ED_ENGINE_ADDED_FILE "edgedyno.json" // beside the files of a build that was added: what it is

// Reads the text of engines.json: fills `builds` (everything above "Found by ed_engines_load") and `n`. On
// failure `engines` is empty.
enum ed_status ed_engines_parse(struct ed_engines *engines, const char *name, const char *text, size_t bytes,
                                struct ed_error *err);
// Whether every file of the build is in `directory` with its size; else `reason` says which is not and why.
bool ed_engine_files_present(const struct ed_engine_build *build, const char *directory, char reason[256]);
// The same with every file's digest. ED_ERR_NOT_FOUND or ED_ERR_VERSION where one differs.
enum ed_status ed_engine_files_verify(const struct ed_engine_build *build, const char *directory,
                                      struct ed_error *err);

// Brings the build into `store`. `description` (may be NULL) becomes its ED_ENGINE_ADDED_FILE, and then a
// build that is there already is replaced.
enum ed_status ed_engine_bring(const char *store, const struct ed_engine_build *build,
                               const struct ed_buffer *description, const struct ed_log *log,
                               const struct ed_engine_watch *watch, struct ed_error *err);
// Appends the builds of the store that were added. One whose description is damaged is unavailable, with the
// reason.
enum ed_status ed_engines_read_added(struct ed_engines *engines, struct ed_error *err);
void ed_engine_build_release(struct ed_engine_build *build);

#endif
