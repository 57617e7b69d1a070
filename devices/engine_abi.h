// SPDX-License-Identifier: Apache-2.0
// Whether the libraries of an engine build are what its row says, by the files themselves; nothing is loaded.
#ifndef EDGEDYNO_DEVICES_ENGINE_ABI_H
#define EDGEDYNO_DEVICES_ENGINE_ABI_H

#include "devices/engines.h"

// ED_ERR_UNSUPPORTED: a library is for another target. ED_ERR_VERSION: one needs a newer C library than
// build->libc. Of a build for Android it is said (`log`, may be NULL) which libraries are needed that neither
// the build nor the NDK has, and which do not load where pages have 16 KiB. Files that are no libraries are
// passed over.
enum ed_status ed_engine_abi_check(const struct ed_engine_build *build, const char *directory,
                                   const struct ed_log *log, struct ed_error *err);
// Whether an app on Android may link to it.
bool ed_engine_abi_public(const char *needed);

#endif
