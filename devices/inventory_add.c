// SPDX-License-Identifier: Apache-2.0
// Adding devices to the fleet's file, with everything else in it kept.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/path.h"
#include "devices/inventory_keys.h"

static void write_value(struct ed_json_writer *writer, const char *key, const cJSON *value) {
    if (cJSON_IsObject(value)) {
        ed_json_object_begin(writer, key);
        for (const cJSON *child = value->child; child; child = child->next)
            write_value(writer, child->string, child);
        ed_json_object_end(writer);
    } else if (cJSON_IsArray(value)) {
        ed_json_array_begin(writer, key);
        for (const cJSON *child = value->child; child; child = child->next)
            write_value(writer, NULL, child);
        ed_json_array_end(writer);
    } else if (cJSON_IsString(value))
        ed_json_text(writer, key, value->valuestring);
    else if (cJSON_IsNumber(value))
        ed_json_real(writer, key, value->valuedouble);
    else if (cJSON_IsBool(value))
        ed_json_bool(writer, key, cJSON_IsTrue(value));
    else
        ed_json_null(writer, key);
}

static void write_size(struct ed_json_writer *writer, const char *key, int64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    char text[48];
    while (unit < 4 && bytes % 1024 == 0)
        bytes /= 1024, unit++;
    snprintf(text, sizeof text, "%lld %s", (long long)bytes, units[unit]);
    ed_json_text(writer, key, text);
}

static void write_duration(struct ed_json_writer *writer, const char *key, int64_t ns) {
    static const struct {
        const char *unit;
        int64_t ns;
    } units[] = {{"h", INT64_C(3600000000000)},
                 {"min", INT64_C(60000000000)},
                 {"s", 1000000000},
                 {"ms", 1000000},
                 {"us", 1000},
                 {"ns", 1}};
    size_t unit = 0;
    char text[48];
    while (ns % units[unit].ns)
        unit++;
    snprintf(text, sizeof text, "%lld %s", (long long)(ns / units[unit].ns), units[unit].unit);
    ed_json_text(writer, key, text);
}

// false: the key has no value of its own in this entry. With `writer` NULL nothing is written.
static bool write_key(struct ed_json_writer *writer, const struct ed_inventory_key *key,
                      const struct ed_device_entry *entry) {
    const void *field = (const char *)entry + key->offset;
    char *const *texts;
    int64_t number = 0;
    bool any = false;
    switch (key->kind) {
    case ED_INVENTORY_TEXT:
        if ((any = ((const char *)field)[0] != '\0') && writer)
            ed_json_text(writer, key->name, field);
        break;
    case ED_INVENTORY_INT:
    case ED_INVENTORY_SIZE:
    case ED_INVENTORY_DURATION:
        number = key->bytes == sizeof(int) ? *(const int *)field : *(const int64_t *)field;
        any = number != 0;
        if (any && writer && key->kind == ED_INVENTORY_INT)
            ed_json_int(writer, key->name, number);
        else if (any && writer && key->kind == ED_INVENTORY_SIZE)
            write_size(writer, key->name, number);
        else if (any && writer)
            write_duration(writer, key->name, number);
        break;
    case ED_INVENTORY_BOOL:
        if ((any = *(const bool *)field) && writer)
            ed_json_bool(writer, key->name, true);
        break;
    case ED_INVENTORY_TEXTS:
    case ED_INVENTORY_WORDS:
        texts = *(char *const *const *)field;
        any = texts && texts[0];
        if (any && writer) {
            ed_json_array_begin(writer, key->name);
            for (; *texts; texts++)
                ed_json_text(writer, NULL, *texts);
            ed_json_array_end(writer);
        }
        break;
    case ED_INVENTORY_OBJECT:
        for (size_t i = 0; i < key->n_members; i++)
            any = write_key(NULL, &key->members[i], entry) || any;
        if (any && writer) {
            ed_json_object_begin(writer, key->name);
            for (size_t i = 0; i < key->n_members; i++)
                write_key(writer, &key->members[i], entry);
            ed_json_object_end(writer);
        }
        break;
    }
    return any;
}

static void write_devices(struct ed_json_writer *writer, const cJSON *there,
                          const struct ed_device_entry *entries, size_t n) {
    ed_json_array_begin(writer, "devices");
    for (const cJSON *device = there ? there->child : NULL; device; device = device->next)
        write_value(writer, NULL, device);
    for (size_t i = 0; i < n; i++) {
        ed_json_object_begin(writer, NULL);
        for (size_t k = 0; k < ed_inventory_n_keys; k++)
            write_key(writer, &ed_inventory_keys[k], &entries[i]);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
}

// The writer indents by two, devices.json by four. No text holds a line feed of its own.
static void indent_by_four(struct ed_buffer *out, const char *text) {
    while (*text) {
        size_t spaces = strspn(text, " "), line = strcspn(text, "\n");
        ed_buffer_append(out, text, spaces);
        ed_buffer_append(out, text, line + (text[line] == '\n'));
        text += line + (text[line] == '\n');
    }
}

// The file's text with the devices behind its own; `root` NULL: a new file.
static enum ed_status compose(struct ed_buffer *out, const cJSON *root, const struct ed_device_entry *entries,
                              size_t n, const char *path, struct ed_error *err) {
    struct ed_json_writer writer;
    struct ed_buffer text;
    bool written = false;
    ed_buffer_init(&text, ED_INVENTORY_FILE_MAX_BYTES);
    ed_json_writer_init(&writer, &text, true);
    ed_json_object_begin(&writer, NULL);
    for (const cJSON *member = root ? root->child : NULL; member; member = member->next) {
        if (member->string && strcmp(member->string, "devices") == 0) {
            write_devices(&writer, member, entries, n);
            written = true;
        } else
            write_value(&writer, member->string, member);
    }
    if (!written)
        write_devices(&writer, NULL, entries, n);
    ed_json_object_end(&writer);
    ed_buffer_append(&text, "\n", 1);
    enum ed_status status = ed_buffer_status(&text, path, err);
    if (!status && writer.misuse)
        status = ed_fail(err, ED_ERR_LIMIT, path,
                         "is nested too deeply to be written again; add the device by hand");
    if (!status)
        indent_by_four(out, ed_buffer_text(&text));
    ed_buffer_release(&text);
    return status ? status : ed_buffer_status(out, path, err);
}

static enum ed_status check_ids(const struct ed_inventory *inventory, const struct ed_device_entry *entries,
                                size_t n, struct ed_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (!ed_path_name_ok(entries[i].id) || strlen(entries[i].id) >= sizeof entries[i].id)
            return ed_fail(
                err, ED_ERR_USAGE, entries[i].id,
                "is no id: a name of at most 63 letters, digits and ._@+- that begins with neither '.' nor "
                "'-'");
        if (strcmp(entries[i].id, "local") == 0)
            return ed_fail(err, ED_ERR_USAGE, "local",
                           "is the id of this machine; choose another one with --id");
        for (size_t k = 0; k < inventory->n; k++)
            if (inventory->devices[k].file[0] && strcmp(inventory->devices[k].id, entries[i].id) == 0)
                return ed_fail(err, ED_ERR_USAGE, entries[i].id,
                               "is already the id of a device in %.600s; choose another one with --id",
                               inventory->devices[k].file);
    }
    return ED_OK;
}

static enum ed_status replace(const char *path, const struct ed_device_entry *entries, size_t n,
                              struct ed_error *err) {
    struct ed_inventory inventory = {0}, changed = {0};
    struct ed_json_document document = {0};
    struct ed_buffer text;
    struct stat info = {.st_mode = 0600};
    const bool there = stat(path, &info) == 0;
    enum ed_status status = ED_OK;
    ed_buffer_init(&text, 2 * ED_INVENTORY_FILE_MAX_BYTES);
    // Read whole first, so that a damaged file is named as such and never replaced.
    if (there)
        status = ed_inventory_load(&inventory, path, err);
    if (!status)
        status = check_ids(&inventory, entries, n, err);
    if (!status && there)
        status = ed_json_parse_file(&document, path, ED_INVENTORY_FILE_MAX_BYTES, err);
    if (!status)
        status = compose(&text, document.root, entries, n, path, err);
    if (!status)
        status = ed_inventory_parse_as(&changed, path, ed_buffer_text(&text), text.size, err);
    if (!status)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, info.st_mode & 07777, err);
    // The user's mask took part in making the new file.
    if (!status && there && chmod(path, info.st_mode & 07777) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "its mode cannot be set back: %m");
    ed_buffer_release(&text);
    ed_json_document_release(&document);
    ed_inventory_release(&changed);
    ed_inventory_release(&inventory);
    return status;
}

enum ed_status ed_inventory_add(const char *path, const struct ed_device_entry *entries, size_t n,
                                struct ed_error *err) {
    char directory[ED_PATH_BYTES], base[ED_PATH_BYTES], whole[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    int lock = -1;
    if (path[0] && ed_path_exists(path))
        status = ed_path_real(whole, path, err);
    else {
        if (path[0])
            ed_path_directory(base, path);
        else
            status = ed_path_xdg(base, ED_XDG_CONFIG, err);
        if (!status && !path[0])
            status = ed_path_make(base, 0700, err);
        if (!status)
            status = ed_path_real(directory, base, err);
        if (!status)
            status = ed_path_join(whole, directory, path[0] ? ed_path_base(path) : "devices.json", err);
    }
    if (status)
        return status;
    // Two that add at the same time must not lose each other's device. The directory is locked, since the
    // file is another one afterwards.
    ed_path_directory(directory, whole);
    lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0)
        return ed_fail_errno(err, ED_ERR_IO, directory, "cannot be opened: %m");
    if (flock(lock, LOCK_EX) != 0 && errno != ENOTSUP && errno != ENOLCK && errno != EINVAL)
        status = ed_fail_errno(err, ED_ERR_IO, directory, "cannot be locked: %m");
    if (!status)
        status = replace(whole, entries, n, err);
    close(lock);
    return status;
}
