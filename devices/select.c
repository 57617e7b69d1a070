// SPDX-License-Identifier: Apache-2.0
// Which devices a selector means.
#include <fnmatch.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "devices/inventory.h"

static bool has_tag(const struct ed_device_entry *device, const char *word) {
    for (char **tag = device->tags; tag && *tag; tag++)
        if (strcmp(*tag, word) == 0)
            return true;
    return false;
}

static bool means(const char *selector, const struct ed_device_entry *device) {
    if (strcmp(device->id, selector) == 0 || has_tag(device, selector))
        return true;
    return fnmatch(selector, device->id, 0) == 0;
}

// Names the nearest id or tag, or all ids where none is near.
static enum ed_status nothing_found(const struct ed_inventory *inventory, const char *selector,
                                    struct ed_error *err) {
    size_t n = 0, at = 0, used = 0;
    const char **names, *near;
    char ids[512] = "";
    for (size_t i = 0; i < inventory->n; i++) {
        n++;
        for (char **tag = inventory->devices[i].tags; tag && *tag; tag++)
            n++;
        if (used < sizeof ids)
            used += (size_t)snprintf(ids + used, sizeof ids - used, "%s%s", used ? ", " : "",
                                     inventory->devices[i].id);
    }
    names = calloc(n + 1, sizeof *names);
    if (!names)
        return ed_fail(err, ED_ERR_NO_MEMORY, selector, "no memory for %zu names", n);
    for (size_t i = 0; i < inventory->n; i++) {
        names[at++] = inventory->devices[i].id;
        for (char **tag = inventory->devices[i].tags; tag && *tag; tag++)
            names[at++] = *tag;
    }
    near = ed_nearest(selector, names);
    if (near)
        ed_fail(err, ED_ERR_USAGE, selector, "no device has this id or tag; did you mean '%s'?", near);
    else
        ed_fail(err, ED_ERR_USAGE, selector, "no device has this id or tag; there are: %s", ids);
    free(names);
    return ED_ERR_USAGE;
}

enum ed_status ed_inventory_select(const struct ed_inventory *inventory, const char *const *selectors,
                                   size_t n_selectors, size_t *indices, size_t capacity, size_t *n,
                                   struct ed_error *err) {
    *n = 0;
    if (n_selectors == 0)
        return ed_fail(err, ED_ERR_USAGE, "", "no device was named");
    for (size_t s = 0; s < n_selectors; s++) {
        bool found = false;
        for (size_t i = 0; i < inventory->n && !found; i++)
            found = means(selectors[s], &inventory->devices[i]);
        if (!found)
            return nothing_found(inventory, selectors[s], err);
    }
    for (size_t i = 0; i < inventory->n; i++) {
        bool chosen = false;
        for (size_t s = 0; s < n_selectors && !chosen; s++)
            chosen = means(selectors[s], &inventory->devices[i]);
        if (!chosen)
            continue;
        if (*n == capacity)
            return ed_fail(err, ED_ERR_LIMIT, inventory->devices[i].id, "more than %zu devices were chosen",
                           capacity);
        indices[(*n)++] = i;
    }
    return ED_OK;
}
