// SPDX-License-Identifier: Apache-2.0
// Making many small files safe at once. One file that is synced waits for the disk; sixty-four waited
// sixty-four times.
#ifndef EDGEDYNO_HARNESS_SYNC_H
#define EDGEDYNO_HARNESS_SYNC_H

#include <stddef.h>

#include "edgedyno/error.h"

// Syncs every file and every directory of `paths` to disk, several at a time, and waits for all of them. The
// first failure is returned, ED_ERR_IO with the path.
enum ed_status ed_sync_paths(const char *const *paths, size_t n, struct ed_error *err);

#endif
