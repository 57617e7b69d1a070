// SPDX-License-Identifier: Apache-2.0
// A build of the user's own: found in a directory and copied into the store.
#ifndef EDGEDYNO_DEVICES_ENGINE_ADD_H
#define EDGEDYNO_DEVICES_ENGINE_ADD_H

#include "devices/engines_file.h"

struct ed_engine_add {
    const char *engine;    // NULL: the one whose library is there
    const char *directory; // with the library, or with a lib or lib64 that has it
    const char *version;   // what it is called: ENGINE@VERSION
    const char *target;
};

// Copies the directory's shared libraries into the store. One that is there under the same name is replaced.
// `id` is what it is called. ED_ERR_UNSUPPORTED: a library is for another target.
enum ed_status ed_engines_add(const struct ed_engines *engines, const struct ed_catalogue *catalogue,
                              const struct ed_engine_add *add, const struct ed_log *log, char id[130],
                              struct ed_error *err);

#endif
