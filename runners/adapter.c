// SPDX-License-Identifier: Apache-2.0
// Opening and checking adapters.
#include "runners/adapter.h"

#include <dlfcn.h>
#include <stdlib.h>

#define STATE_MAX_BYTES (64u << 20)

enum ed_status ed_adapter_check(const struct ed_backend *b, const char *where, struct ed_error *err) {
    if (!b)
        return ed_fail(err, ED_ERR_VERSION, where,
                       "the adapter does not serve abi %u of this runner: build it against this version",
                       ED_BACKEND_ABI);
    if (b->abi != ED_BACKEND_ABI || b->struct_bytes != sizeof *b)
        return ed_fail(err, ED_ERR_VERSION, where,
                       "the adapter has abi %u and a table of %u bytes, this runner abi %u and %zu bytes: "
                       "build it against this version",
                       b->abi, b->struct_bytes, ED_BACKEND_ABI, sizeof *b);
    if (!b->name || !b->name[0] || !b->summary || !b->summary[0])
        return ed_fail(err, ED_ERR_VERSION, where, "the adapter's table has no name or no summary");
    if (b->n_options && !b->options)
        return ed_fail(err, ED_ERR_VERSION, where, "the adapter's table has options but no table of them");
    if (b->state_bytes > STATE_MAX_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, where, "the adapter wants %zu bytes of state; at most %u are given",
                       b->state_bytes, STATE_MAX_BYTES);
    const struct {
        const char *name;
        bool missing;
    } hooks[] = {
        {"open", !b->open},
        {"survey", !b->survey},
        {"load", !b->load},
        {"describe", !b->describe},
        {"bind", !b->bind},
        {"run", !b->run},
        {"submit", !b->submit},
        {"wait", !b->wait},
        {"outputs", !b->outputs},
        {"language", !b->language},
        {"tokenize", !b->tokenize},
        {"rewind", !b->rewind},
        {"prefill", !b->prefill},
        {"decode", !b->decode},
        {"logits", !b->logits},
        {"processes", !b->processes},
        {"placement", !b->placement},
        {"op_profile", !b->op_profile},
        {"engine_memory", !b->engine_memory},
        {"unload", !b->unload},
        {"close", !b->close},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (hooks[i].missing)
            return ed_fail(err, ED_ERR_VERSION, where,
                           "the adapter's hook '%s' is NULL: use the default in edgedyno/backend.h",
                           hooks[i].name);
    return ED_OK;
}

enum ed_status ed_adapter_open(struct ed_adapter *adapter, const char *path, struct ed_error *err) {
    memset(adapter, 0, sizeof *adapter);
    adapter->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!adapter->handle)
        return ed_fail(err, ED_ERR_REFUSED, path, "the adapter does not load: %s", dlerror());
    ed_adapter_entry_fn entry = NULL;
    *(void **)&entry = dlsym(adapter->handle, ED_ADAPTER_ENTRY);
    if (!entry)
        return ed_fail(err, ED_ERR_VERSION, path, "not an adapter: it does not export %s", ED_ADAPTER_ENTRY);
    const struct ed_backend *backend = entry(ED_BACKEND_ABI);
    enum ed_status status = ed_adapter_check(backend, path, err);
    if (status != ED_OK)
        return status;
    adapter->state = calloc(1, backend->state_bytes ? backend->state_bytes : 1);
    if (!adapter->state)
        return ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory for the adapter's state of %zu bytes",
                       backend->state_bytes);
    adapter->backend = backend;
    return ED_OK;
}

void ed_adapter_release(struct ed_adapter *adapter) {
    free(adapter->state);
    memset(adapter, 0, sizeof *adapter);
}
