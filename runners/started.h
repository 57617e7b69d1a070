// SPDX-License-Identifier: Apache-2.0
// How this very program was started: directly, or through a C library's loader that came with a pack
// (LOADER --library-path DIR RUNNER ...), in which case /proc/self/exe is the loader.
#ifndef EDGEDYNO_RUNNERS_STARTED_H
#define EDGEDYNO_RUNNERS_STARTED_H

#include "base/path.h"

struct ed_started {
    char program[ED_PATH_BYTES];      // the runner's own file, absolute
    char loader[ED_PATH_BYTES];       // absolute; "" where it was started directly
    char library_path[ED_PATH_BYTES]; // of the loader; ""
    char libc[32];                    // version of the C library that it runs with: "2.36"
};

// From /proc/self/exe and /proc/self/cmdline. argv0 is used where the loader hides the program.
enum ed_status ed_started_find(struct ed_started *started, const char *argv0, struct ed_error *err);

#endif
