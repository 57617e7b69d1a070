// SPDX-License-Identifier: Apache-2.0
// What lies on a device between campaigns, as its runner lists it.
#include "harness/cli/command_devices_store.h"

#include <stdlib.h>
#include <string.h>

static void copy_text(const struct ed_json_at *object, const char *key, char *out, size_t bytes) {
    const char *text = "";
    ed_json_opt_text(object, key, &text, NULL);
    snprintf(out, bytes, "%s", text);
}

enum ed_status ed_stored_read(struct ed_stored *stored, const struct ed_remote *remote,
                              struct ed_error *err) {
    struct ed_json_document reply = {0};
    memset(stored, 0, sizeof *stored);
    enum ed_status status = ed_remote_sets(remote, &reply, err);
    if (status)
        return status;
    const struct ed_json_at root = ed_json_root(&reply), sets = ed_json_member(&root, "sets");
    size_t n = ed_json_count(&sets);
    status = ed_json_expect_array(&sets, err);
    if (!status && n > ED_WIRE_SETS_MAX)
        status = ed_fail(err, ED_ERR_LIMIT, remote->device, "lists %zu sets; at most %u are believed", n,
                         ED_WIRE_SETS_MAX);
    stored->free_bytes = -1;
    ed_json_opt_int(&root, "free_bytes", 0, INT64_C(1) << 53, &stored->free_bytes, NULL);
    if (!status && !(stored->items = calloc(n + 1, sizeof *stored->items)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, remote->device, "no memory for its %zu sets", n);
    struct ed_json_at at = ed_json_element(&sets, 0);
    for (size_t i = 0; i < n && !status; i++, at = ed_json_next(&at)) {
        struct ed_stored_set *set = &stored->items[stored->n++];
        copy_text(&at, "id", set->id, sizeof set->id);
        copy_text(&at, "kind", set->kind, sizeof set->kind);
        copy_text(&at, "name", set->name, sizeof set->name);
        copy_text(&at, "variant", set->variant, sizeof set->variant);
        copy_text(&at, "version", set->version, sizeof set->version);
        status = ed_json_opt_int(&at, "bytes", 0, INT64_C(1) << 53, &set->bytes, err);
        if (!status)
            status = ed_json_opt_int(&at, "used_us", 0, INT64_C(1) << 52, &set->used_us, err);
    }
    ed_json_document_release(&reply);
    if (status)
        ed_stored_release(stored);
    return status;
}

void ed_stored_release(struct ed_stored *stored) {
    free(stored->items);
    memset(stored, 0, sizeof *stored);
}

bool ed_stored_has(const struct ed_stored *stored, const char *id) {
    for (size_t i = 0; i < stored->n; i++)
        if (strcmp(stored->items[i].id, id) == 0)
            return true;
    return false;
}
