// SPDX-License-Identifier: Apache-2.0
// Inside of the engine supply: what engines.c, engines_file.c and engine_fetch.c share.
#ifndef EDGEDYNO_DEVICES_ENGINES_FILE_H
#define EDGEDYNO_DEVICES_ENGINES_FILE_H

#include "devices/engines.h"

#define ED_ENGINES_FILE_MAX_BYTES (4u << 20)

// Reads the text of engines.json: fills `builds` (everything above "Found by ed_engines_load") and `n`. On
// failure `engines` is empty.
enum ed_status ed_engines_parse(struct ed_engines *engines, const char *name, const char *text, size_t bytes,
                                struct ed_error *err);
// Whether every file of the build is in `directory` with its size; else `reason` says which is not and why.
bool ed_engine_files_present(const struct ed_engine_build *build, const char *directory, char reason[256]);
// The same with every file's digest. ED_ERR_NOT_FOUND or ED_ERR_VERSION where one differs.
enum ed_status ed_engine_files_verify(const struct ed_engine_build *build, const char *directory,
                                      struct ed_error *err);

#endif
