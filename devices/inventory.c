// SPDX-License-Identifier: Apache-2.0
// Reading the fleet: devices.json and the files that it includes.
#include "devices/inventory.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "devices/inventory_keys.h"
#include "devices/text_list.h"

// One file that is read, or was.
struct source {
    char path[ED_PATH_BYTES]; // absolute; "" for a text without a place
    char name[ED_PATH_BYTES]; // as messages call it
    size_t first;             // its first device
    bool open;                // its includes are being read
};

struct loader {
    struct ed_inventory *inventory;
    struct source *sources; // ED_INVENTORY_INCLUDES_MAX of them
    size_t n_sources;
    size_t *source_of; // of each device
};

static enum ed_status read_file(struct loader *loader, const char *path, const char *real,
                                const struct ed_json_at *from, size_t depth, struct ed_error *err);

static enum ed_status grow(struct loader *loader, size_t n, struct ed_error *err) {
    struct ed_inventory *inventory = loader->inventory;
    struct ed_device_entry *devices = realloc(inventory->devices, (inventory->n + n + 1) * sizeof *devices);
    if (devices)
        inventory->devices = devices;
    size_t *source_of =
        devices ? realloc(loader->source_of, (inventory->n + n + 1) * sizeof *source_of) : NULL;
    if (!source_of)
        return ed_fail(err, ED_ERR_NO_MEMORY, "devices", "no memory for %zu devices", inventory->n + n);
    loader->source_of = source_of;
    return ED_OK;
}

static enum ed_status read_devices(struct loader *loader, const struct ed_json_at *array, size_t source,
                                   struct ed_error *err) {
    struct ed_inventory *inventory = loader->inventory;
    enum ed_status status = ed_json_expect_array(array, err);
    size_t n = ed_json_count(array);
    if (!status && inventory->n + n > ED_INVENTORY_DEVICES_MAX)
        status = ed_json_fail(array, err, "has %zu devices; at most %d are allowed", inventory->n + n,
                              ED_INVENTORY_DEVICES_MAX);
    if (!status)
        status = grow(loader, n, err);
    struct ed_json_at at = ed_json_element(array, 0);
    for (size_t i = 0; i < n && !status; i++, at = ed_json_next(&at)) {
        struct ed_device_entry *entry = &inventory->devices[inventory->n];
        memset(entry, 0, sizeof *entry);
        memcpy(entry->file, loader->sources[source].path, sizeof entry->file);
        loader->source_of[inventory->n++] = source;
        status = ed_inventory_read_device(&at, entry, err);
    }
    return status;
}

static enum ed_status read_include(struct loader *loader, const struct ed_json_at *at, size_t source,
                                   size_t depth, struct ed_error *err) {
    char directory[ED_PATH_BYTES], path[ED_PATH_BYTES], real[ED_PATH_BYTES];
    const char *name;
    enum ed_status status = ed_json_as_text(at, &name, err);
    if (status)
        return status;
    if (!loader->sources[source].path[0])
        return ed_json_fail(at, err, "a text that is no file cannot include \"%.200s\"", name);
    if (depth >= ED_INVENTORY_DEPTH_MAX)
        return ed_json_fail(at, err,
                            "files include files more than %d deep; include this one from a file further up",
                            ED_INVENTORY_DEPTH_MAX);
    ed_path_directory(directory, loader->sources[source].path);
    status = ed_path_join(path, directory, name, err);
    if (!status && ed_path_real(real, path, NULL))
        return ed_json_fail(
            at, err, "there is no file %.600s; names are relative to the file that includes them", path);
    for (size_t i = 0; i < loader->n_sources && !status; i++)
        if (strcmp(loader->sources[i].path, real) == 0)
            status = loader->sources[i].open
                         ? ed_json_fail(at, err,
                                        "the file includes itself by way of %.600s; remove one of the lines",
                                        loader->sources[source].path)
                         : ed_json_fail(at, err, "%.600s is included twice; remove one of the lines", real);
    return status ? status : read_file(loader, path, real, at, depth + 1, err);
}

static enum ed_status read_includes(struct loader *loader, const struct ed_json_at *array, size_t source,
                                    size_t depth, struct ed_error *err) {
    enum ed_status status = ed_json_expect_array(array, err);
    size_t n = ed_json_count(array);
    struct ed_json_at at = ed_json_element(array, 0);
    for (size_t i = 0; i < n && !status; i++, at = ed_json_next(&at))
        status = read_include(loader, &at, source, depth, err);
    return status;
}

static enum ed_status read_text(struct loader *loader, size_t source, const char *text, size_t bytes,
                                size_t depth, struct ed_error *err) {
    static const char *const known[] = {"devices", "include", NULL};
    struct ed_json_document document = {0};
    enum ed_status status = ed_json_parse(&document, loader->sources[source].name, text, bytes, err);
    if (!status) {
        const struct ed_json_at root = ed_json_root(&document), devices = ed_json_member(&root, "devices"),
                                include = ed_json_member(&root, "include");
        status = ed_json_known_keys(&root, known, err);
        // A file that only includes others needs no devices of its own.
        if (!status && (devices.value || !include.value))
            status = read_devices(loader, &devices, source, err);
        if (!status && include.value)
            status = read_includes(loader, &include, source, depth, err);
    }
    loader->sources[source].open = false;
    ed_json_document_release(&document);
    return status;
}

static enum ed_status add_source(struct loader *loader, const char *name, const char *real, size_t *source,
                                 struct ed_error *err) {
    if (loader->n_sources == ED_INVENTORY_INCLUDES_MAX)
        return ed_fail(err, ED_ERR_USAGE, name, "the fleet has more than %d files",
                       ED_INVENTORY_INCLUDES_MAX);
    *source = loader->n_sources++;
    struct source *item = &loader->sources[*source];
    memset(item, 0, sizeof *item);
    snprintf(item->name, sizeof item->name, "%s", name);
    snprintf(item->path, sizeof item->path, "%s", real);
    item->first = loader->inventory->n;
    item->open = true;
    return ED_OK;
}

static enum ed_status read_file(struct loader *loader, const char *path, const char *real,
                                const struct ed_json_at *from, size_t depth, struct ed_error *err) {
    struct ed_error failure = {0};
    struct ed_buffer text;
    size_t source = 0;
    ed_buffer_init(&text, ED_INVENTORY_FILE_MAX_BYTES);
    enum ed_status status = ed_path_read(path, ED_INVENTORY_FILE_MAX_BYTES, &text, &failure);
    if (status)
        status = from ? ed_json_fail(from, err, "%.600s: %.300s", path, failure.message)
                      : ed_fail(err, status, failure.where, "%s", failure.message);
    if (!status)
        status = add_source(loader, path, real, &source, err);
    if (!status)
        status = read_text(loader, source, ed_buffer_text(&text), text.size, depth, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status fail_at(const struct loader *loader, size_t device, struct ed_error *err,
                              const char *id, const char *what, size_t other) {
    const struct source *source = &loader->sources[loader->source_of[device]];
    const struct source *first = &loader->sources[loader->source_of[other]];
    char where[ED_ERROR_WHERE_BYTES];
    snprintf(where, sizeof where, "%.220s: /devices/%zu", source->name, device - source->first);
    if (source == first)
        return ed_fail(err, ED_ERR_USAGE, where, "the id \"%s\" is %s \"%s\"; rename one of them", id, what,
                       loader->inventory->devices[other].id);
    return ed_fail(err, ED_ERR_USAGE, where, "the id \"%s\" is %s \"%s\" in %.400s; rename one of them", id,
                   what, loader->inventory->devices[other].id, first->name);
}

// An id stands for one device, and never for a group as well.
static enum ed_status check_names(const struct loader *loader, struct ed_error *err) {
    const struct ed_device_entry *devices = loader->inventory->devices;
    const size_t n = loader->inventory->n;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            if (strcmp(devices[i].id, devices[j].id) == 0)
                return fail_at(loader, i, err, devices[i].id, "there twice: it is also the id of", j);
        for (size_t j = 0; j < n; j++)
            for (char **tag = devices[j].tags; *tag; tag++)
                if (strcmp(devices[i].id, *tag) == 0)
                    return fail_at(loader, i, err, devices[i].id, "also a tag of", j);
    }
    return ED_OK;
}

static enum ed_status add_local(struct ed_inventory *inventory, struct ed_error *err) {
    for (size_t i = 0; i < inventory->n; i++)
        if (strcmp(inventory->devices[i].id, "local") == 0)
            return ED_OK;
    struct ed_device_entry *devices = realloc(inventory->devices, (inventory->n + 1) * sizeof *devices),
                           *local;
    if (!devices)
        return ed_fail(err, ED_ERR_NO_MEMORY, "devices", "no memory for %zu devices", inventory->n + 1);
    inventory->devices = devices;
    local = &devices[inventory->n];
    memset(local, 0, sizeof *local);
    memcpy(local->id, "local", sizeof "local");
    memcpy(local->transport, "local", sizeof "local");
    local->tags = calloc(1, sizeof *local->tags);
    if (!local->tags)
        return ed_fail(err, ED_ERR_NO_MEMORY, "devices", "no memory for the device local");
    inventory->n++;
    return ED_OK;
}

// `text` NULL: the file itself is read. `real` is "" for a text without a place.
static enum ed_status load(struct ed_inventory *inventory, const char *name, const char *real,
                           const char *text, size_t bytes, struct ed_error *err) {
    struct loader loader = {.inventory = inventory};
    enum ed_status status = ED_OK;
    size_t source = 0;
    memset(inventory, 0, sizeof *inventory);
    loader.sources = calloc(ED_INVENTORY_INCLUDES_MAX, sizeof *loader.sources);
    if (!loader.sources)
        status = ed_fail(err, ED_ERR_NO_MEMORY, name, "no memory for the fleet");
    else if (!text)
        status = read_file(&loader, name, real, NULL, 0, err);
    else {
        status = add_source(&loader, name, real, &source, err);
        if (!status)
            status = read_text(&loader, source, text, bytes, 0, err);
    }
    if (!status)
        status = check_names(&loader, err);
    if (!status)
        status = add_local(inventory, err);
    free(loader.sources);
    free(loader.source_of);
    if (status)
        ed_inventory_release(inventory);
    else
        snprintf(inventory->path, sizeof inventory->path, "%s", real);
    return status;
}

enum ed_status ed_inventory_parse(struct ed_inventory *inventory, const char *name, const char *text,
                                  size_t bytes, struct ed_error *err) {
    return load(inventory, name, "", text, bytes, err);
}

enum ed_status ed_inventory_parse_as(struct ed_inventory *inventory, const char *path, const char *text,
                                     size_t bytes, struct ed_error *err) {
    return load(inventory, path, path, text, bytes, err);
}

static enum ed_status read_inventory(struct ed_inventory *inventory, const char *path, struct ed_error *err) {
    char real[ED_PATH_BYTES];
    // The name alone would mean another file after a change of directory.
    if (ed_path_real(real, path, NULL))
        snprintf(real, sizeof real, "%s", path);
    return load(inventory, path, real, NULL, 0, err);
}

enum ed_status ed_inventory_load(struct ed_inventory *inventory, const char *path, struct ed_error *err) {
    static const char none[] = "{\"devices\":[]}";
    char config[ED_PATH_BYTES], found[ED_PATH_BYTES];
    memset(inventory, 0, sizeof *inventory);
    if (path)
        return read_inventory(inventory, path, err);
    if (access("devices.json", F_OK) == 0)
        return read_inventory(inventory, "devices.json", err);
    if (!ed_path_xdg(config, ED_XDG_CONFIG, NULL) && !ed_path_join(found, config, "devices.json", NULL) &&
        access(found, F_OK) == 0)
        return read_inventory(inventory, found, err);
    return ed_inventory_parse(inventory, "built-in devices.json", none, sizeof none - 1, err);
}

void ed_inventory_release(struct ed_inventory *inventory) {
    for (size_t i = 0; i < inventory->n; i++) {
        ed_text_list_free(inventory->devices[i].tags);
        ed_text_list_free(inventory->devices[i].meter_command);
    }
    free(inventory->devices);
    memset(inventory, 0, sizeof *inventory);
}
