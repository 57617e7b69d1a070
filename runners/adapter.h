// SPDX-License-Identifier: Apache-2.0
// Opening an adapter's shared object and checking its table. Only a worker does this.
#ifndef EDGEDYNO_RUNNERS_ADAPTER_H
#define EDGEDYNO_RUNNERS_ADAPTER_H

#include "edgedyno/backend.h"

struct ed_adapter {
    void *handle;
    const struct ed_backend *backend;
    void *state; // state_bytes, zeroed
};

// The adapter stays in memory until the process ends: engines leave threads and thread-local destructors
// behind that would run in unmapped code.
enum ed_status ed_adapter_open(struct ed_adapter *adapter, const char *path, struct ed_error *err);
// Names what is wrong with a table: abi, size, a NULL hook, a missing name, a bad option row. ED_OK when it
// can be used.
enum ed_status ed_adapter_check(const struct ed_backend *backend, const char *where, struct ed_error *err);
void ed_adapter_release(struct ed_adapter *adapter);

#endif
