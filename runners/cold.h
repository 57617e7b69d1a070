// SPDX-License-Identifier: Apache-2.0
// Dropping files from the page cache for the cold pass. Needs no privilege: clean pages that nobody maps are
// dropped on advice, and what stayed is counted afterwards, since advice may be ignored (other users of the
// file, tmpfs, some network file systems).
#ifndef EDGEDYNO_RUNNERS_COLD_H
#define EDGEDYNO_RUNNERS_COLD_H

#include <stddef.h>

#include "edgedyno/error.h"

// `resident_share` is the share of pages still cached after the advice, 0..1; for no bytes at all it is 0.
// ED_ERR_UNSUPPORTED where the kernel does not tell what is cached.
enum ed_status ed_cold_drop(const char *const *paths, size_t n, double *resident_share, struct ed_error *err);

#endif
