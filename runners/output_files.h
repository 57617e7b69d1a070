// SPDX-License-Identifier: Apache-2.0
// What a block's evidence says of the files that it leaves in outputs/: their names, and what they hold.
#ifndef EDGEDYNO_RUNNERS_OUTPUT_FILES_H
#define EDGEDYNO_RUNNERS_OUTPUT_FILES_H

#include <stddef.h>

#include "base/json_write.h"
#include "edgedyno/error.h"

// Writes "output_files" and "output_sha256", one for each of `paths`, which are whole and synced.
enum ed_status ed_output_files_write(struct ed_json_writer *evidence, const char *const *paths, size_t n,
                                     struct ed_error *err);

#endif
