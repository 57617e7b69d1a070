// SPDX-License-Identifier: Apache-2.0
// Reading devices.json.
#include "devices/inventory.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/nearest.h"
#include "base/path.h"
#include "devices/inventory_keys.h"
#include "devices/text_list.h"
#include "devices/transport.h"

#define FILE_MAX_BYTES (4u << 20)

static bool begins_and_holds(const char *text, const char *first, const char *more) {
    if (!isalnum((unsigned char)text[0]) && (text[0] == '\0' || !strchr(first, text[0])))
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr(more, *text))
            return false;
    return true;
}

// Host and user become arguments of a program: neither may look like an option.
static bool is_host(const char *text) {
    return begins_and_holds(text, "_:[", "._:%[]-");
}

static bool is_user(const char *text) {
    return begins_and_holds(text, "_", "._-");
}

static bool is_directory(const char *text) {
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return text[0] == '/';
}

static bool is_transport(const char *text) {
    return ed_transport_find(text) != NULL;
}

#define NAME_PATTERN "^[A-Za-z0-9_@+][A-Za-z0-9._@+-]{0,63}$"
#define NAME_WORDS "a name of at most 63 letters, digits and ._@+- that begins with neither '.' nor '-'"
#define FIELD(name) offsetof(struct ed_device_entry, name), sizeof((struct ed_device_entry *)0)->name

const struct ed_inventory_key ed_inventory_keys[] = {
    {"id", ED_INVENTORY_TEXT, true, false, FIELD(id), 0, 0, ed_path_name_ok, NAME_PATTERN, NAME_WORDS,
     "the device's name, which selects it and names its folder in a campaign"},
    {"transport", ED_INVENTORY_TEXT, true, false, FIELD(transport), 0, 0, is_transport, NULL, "a transport",
     "how the device is reached"},
    {"host", ED_INVENTORY_TEXT, false, true, FIELD(host), 0, 0, is_host,
     "^[A-Za-z0-9_:\\[][A-Za-z0-9._:%\\[\\]-]*$", "a host name, an address or a serial number",
     "host name or address"},
    {"port", ED_INVENTORY_INT, false, true, FIELD(port), 1, 65535, NULL, NULL, NULL,
     "port; absent: the transport's own"},
    {"user", ED_INVENTORY_TEXT, false, true, FIELD(user), 0, 0, is_user, "^[A-Za-z0-9_][A-Za-z0-9._-]*$",
     "a user's name", "user to log in as; absent: the transport's own"},
    {"work_dir", ED_INVENTORY_TEXT, false, false, FIELD(work_dir), 0, 0, is_directory,
     "^/[^\\u0000-\\u001f\\u007f]*$", "an absolute path",
     "directory on the device for everything that edgedyno puts there, mode 0700; absent: the transport's "
     "own"},
    {"tags", ED_INVENTORY_TEXTS, false, false, FIELD(tags), 0, 0, ed_path_name_ok, NAME_PATTERN, NAME_WORDS,
     "names that select this device together with others"},
};
const size_t ed_inventory_n_keys = sizeof ed_inventory_keys / sizeof ed_inventory_keys[0];

static enum ed_status unknown_transport(const struct ed_json_at *at, const char *word, struct ed_error *err) {
    const char *names[33] = {NULL}, *near;
    char list[256] = "";
    size_t n, used = 0;
    const struct ed_transport *const *table = ed_transports(&n);
    for (size_t i = 0; i < n && i < 32; i++) {
        names[i] = table[i]->name;
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", names[i]);
    }
    near = ed_nearest(word, names);
    if (near)
        return ed_json_fail(at, err, "there is no transport \"%.40s\"; did you mean \"%s\"?", word, near);
    return ed_json_fail(at, err, "there is no transport \"%.40s\"; there are: %s", word, list);
}

static enum ed_status read_key(const struct ed_json_at *device, const struct ed_inventory_key *key,
                               struct ed_device_entry *entry, struct ed_error *err) {
    void *field = (char *)entry + key->offset;
    struct ed_json_at at = ed_json_member(device, key->name);
    enum ed_status status;
    int64_t number = 0;
    switch (key->kind) {
    case ED_INVENTORY_INT:
        status = ed_json_opt_int(device, key->name, key->min, key->max, &number, err);
        *(int *)field = (int)number;
        return status;
    case ED_INVENTORY_TEXTS:
        return ed_text_list_read(device, key->name, key->ok, key->expected, field, err);
    case ED_INVENTORY_TEXT:
        break;
    }
    status = key->required ? ed_json_get_string(device, key->name, field, key->bytes, err)
                           : ed_json_opt_string(device, key->name, field, key->bytes, err);
    if (status || !((char *)field)[0] || key->ok(field))
        return status;
    if (key->ok == is_transport)
        return unknown_transport(&at, field, err);
    return ed_json_fail(&at, err, "\"%.100s\" is not %s", (char *)field, key->expected);
}

static enum ed_status read_device(const struct ed_json_at *at, struct ed_device_entry *entry,
                                  struct ed_error *err) {
    const char *known[sizeof ed_inventory_keys / sizeof ed_inventory_keys[0] + 1] = {NULL};
    enum ed_status status;
    bool in_place;
    for (size_t i = 0; i < ed_inventory_n_keys; i++)
        known[i] = ed_inventory_keys[i].name;
    status = ed_json_known_keys(at, known, err);
    for (size_t i = 0; i < ed_inventory_n_keys && !status; i++)
        status = read_key(at, &ed_inventory_keys[i], entry, err);
    if (status)
        return status;
    in_place = ed_transport_find(entry->transport)->in_place;
    for (size_t i = 0; i < ed_inventory_n_keys; i++) {
        struct ed_json_at place = ed_json_member(at, ed_inventory_keys[i].name);
        if (in_place && ed_inventory_keys[i].remote && place.value && !cJSON_IsNull(place.value))
            return ed_json_fail(&place, err,
                                "the transport \"%s\" takes no \"%s\"; remove it, or name another transport",
                                entry->transport, ed_inventory_keys[i].name);
    }
    if (!in_place && !entry->host[0])
        return ed_json_fail(at, err, "the transport \"%s\" needs \"host\"", entry->transport);
    return ED_OK;
}

// An id stands for one device, and never for a group as well.
static enum ed_status check_names(const struct ed_inventory *inventory, const struct ed_json_at *array,
                                  struct ed_error *err) {
    for (size_t i = 0; i < inventory->n; i++) {
        struct ed_json_at at = ed_json_element(array, i);
        for (size_t j = 0; j < i; j++)
            if (strcmp(inventory->devices[i].id, inventory->devices[j].id) == 0)
                return ed_json_fail(&at, err, "the id \"%s\" is there twice", inventory->devices[i].id);
        for (size_t j = 0; j < inventory->n; j++)
            for (char **tag = inventory->devices[j].tags; *tag; tag++)
                if (strcmp(inventory->devices[i].id, *tag) == 0)
                    return ed_json_fail(&at, err, "the id \"%s\" is also a tag of \"%s\"; rename one of them",
                                        *tag, inventory->devices[j].id);
    }
    return ED_OK;
}

static enum ed_status add_local(struct ed_inventory *inventory, struct ed_error *err) {
    struct ed_device_entry *devices, *local;
    for (size_t i = 0; i < inventory->n; i++)
        if (strcmp(inventory->devices[i].id, "local") == 0)
            return ED_OK;
    devices = realloc(inventory->devices, (inventory->n + 1) * sizeof *devices);
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

enum ed_status ed_inventory_parse(struct ed_inventory *inventory, const char *name, const char *text,
                                  size_t bytes, struct ed_error *err) {
    static const char *const known[] = {"devices", NULL};
    struct ed_json_document document = {0};
    struct ed_json_at root, array;
    enum ed_status status;
    size_t n;
    memset(inventory, 0, sizeof *inventory);
    status = ed_json_parse(&document, name, text, bytes, err);
    if (status)
        goto out;
    root = ed_json_root(&document);
    array = ed_json_member(&root, "devices");
    n = ed_json_count(&array);
    status = ed_json_known_keys(&root, known, err);
    if (!status)
        status = ed_json_expect_array(&array, err);
    if (!status && n > ED_INVENTORY_DEVICES_MAX)
        status =
            ed_json_fail(&array, err, "has %zu devices; at most %d are allowed", n, ED_INVENTORY_DEVICES_MAX);
    if (status)
        goto out;
    inventory->devices = calloc(n + 1, sizeof *inventory->devices);
    if (!inventory->devices) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, name, "no memory for %zu devices", n);
        goto out;
    }
    inventory->n = n;
    for (size_t i = 0; i < n && !status; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        status = read_device(&at, &inventory->devices[i], err);
    }
    if (!status)
        status = check_names(inventory, &array, err);
    if (!status)
        status = add_local(inventory, err);
out:
    ed_json_document_release(&document);
    if (status)
        ed_inventory_release(inventory);
    return status;
}

static enum ed_status read_inventory(struct ed_inventory *inventory, const char *path, struct ed_error *err) {
    char real[ED_PATH_BYTES];
    struct ed_buffer text;
    enum ed_status status;
    ed_buffer_init(&text, FILE_MAX_BYTES);
    status = ed_path_read(path, FILE_MAX_BYTES, &text, err);
    if (!status)
        status = ed_inventory_parse(inventory, path, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    if (status)
        return status;
    // The name alone would mean another file after a change of directory.
    if (ed_path_real(real, path, NULL))
        snprintf(real, sizeof real, "%s", path);
    memcpy(inventory->path, real, sizeof inventory->path);
    return ED_OK;
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
    for (size_t i = 0; i < inventory->n; i++)
        ed_text_list_free(inventory->devices[i].tags);
    free(inventory->devices);
    memset(inventory, 0, sizeof *inventory);
}
