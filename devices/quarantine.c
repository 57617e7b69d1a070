// SPDX-License-Identifier: Apache-2.0
// The list of devices that are left out until they were checked.
#include "devices/quarantine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/path.h"

#define FILE_MAX_BYTES (4u << 20)
#define ENTRIES_MAX 2000
#define ADDRESS_BYTES 1024

bool ed_status_is_transient(enum ed_status status) {
    switch (status) {
    case ED_ERR_TIMEOUT:
    case ED_ERR_BUSY:
    case ED_ERR_LINK_LOST:
    case ED_ERR_UNREACHABLE:
    case ED_ERR_OFFLINE:
        return true;
    default:
        return false;
    }
}

bool ed_status_is_of_device(enum ed_status status) {
    switch (status) {
    case ED_ERR_KEY_REFUSED:
    case ED_ERR_UNSUPPORTED:
    case ED_ERR_NO_SPACE:
    case ED_ERR_NO_PROGRAM:
    case ED_ERR_VERSION:
    case ED_ERR_PARSE:
    case ED_ERR_LIMIT:
    case ED_ERR_IO:
        return true;
    default:
        return false;
    }
}

// What tells this device from another fleet's of the same name.
static void address_of(const struct ed_device_entry *entry, char address[ADDRESS_BYTES]) {
    snprintf(address, ADDRESS_BYTES, "%s:%s%s%s:%d%s%s%s%s", entry->transport, entry->user,
             entry->user[0] ? "@" : "", entry->host, entry->port, entry->serial[0] ? " serial " : "",
             entry->serial, entry->via[0] ? " via " : "", entry->via);
}

static bool is_about(const struct ed_json_at *at, const char *id, const char *address) {
    const char *own_id = "", *own_address = "";
    ed_json_opt_text(at, "id", &own_id, NULL);
    ed_json_opt_text(at, "address", &own_address, NULL);
    return strcmp(own_id, id) == 0 && strcmp(own_address, address) == 0;
}

static void copy_entry(struct ed_json_writer *json, const struct ed_json_at *at) {
    static const char *const texts[] = {"id", "address", "status", "reason"};
    int64_t since_us = 0;
    ed_json_object_begin(json, NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = "";
        ed_json_opt_text(at, texts[i], &text, NULL);
        ed_json_text(json, texts[i], text);
    }
    ed_json_opt_int(at, "since_us", 0, INT64_C(1) << 53, &since_us, NULL);
    ed_json_int(json, "since_us", since_us);
    ed_json_object_end(json);
}

static enum ed_status find_file(char path[ED_PATH_BYTES], char directory[ED_PATH_BYTES]) {
    enum ed_status status = ed_path_xdg(directory, ED_XDG_STATE, NULL);
    return status ? status : ed_path_join(path, directory, "quarantine.json", NULL);
}

// A damaged file is as if there were none: it keeps nobody from measuring.
static bool read_file(const char *path, struct ed_json_document *document, struct ed_json_at *root,
                      struct ed_json_at *list) {
    if (ed_json_parse_file(document, path, FILE_MAX_BYTES, NULL) != ED_OK)
        return false;
    *root = ed_json_root(document);
    *list = ed_json_member(root, "devices");
    return ed_json_expect_array(list, NULL) == ED_OK;
}

// All entries but this device's; then this device's, where `why` is given.
static void compose(struct ed_buffer *out, const struct ed_json_at *list, const char *id, const char *address,
                    const struct ed_error *why) {
    struct ed_json_writer json;
    size_t n = 0;
    ed_json_writer_init(&json, out, true);
    ed_json_object_begin(&json, NULL);
    ed_json_array_begin(&json, "devices");
    for (struct ed_json_at at = list ? ed_json_element(list, 0) : (struct ed_json_at){0};
         at.value && n < ENTRIES_MAX; at = ed_json_next(&at))
        if (!is_about(&at, id, address)) {
            copy_entry(&json, &at);
            n++;
        }
    if (why) {
        ed_json_object_begin(&json, NULL);
        ed_json_text(&json, "id", id);
        ed_json_text(&json, "address", address);
        ed_json_text(&json, "status", ed_status_word(why->code));
        ed_json_text(&json, "reason", why->message);
        ed_json_int(&json, "since_us", ed_clock_read_ns(CLOCK_REALTIME) / 1000);
        ed_json_object_end(&json);
    }
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    ed_buffer_append(out, "\n", 1);
}

static void change(const struct ed_device_entry *entry, const struct ed_error *why) {
    char path[ED_PATH_BYTES], directory[ED_PATH_BYTES], address[ADDRESS_BYTES];
    struct ed_json_document document = {0};
    struct ed_json_at root, list;
    struct ed_buffer out;
    if (find_file(path, directory) || (why && ed_path_make(directory, 0700, NULL)))
        return;
    // The directory stands for the file, which is another one after each change.
    int lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0)
        return;
    if (flock(lock, LOCK_EX) != 0) {
        close(lock);
        return;
    }
    ed_buffer_init(&out, FILE_MAX_BYTES);
    address_of(entry, address);
    const bool there = read_file(path, &document, &root, &list);
    bool listed = why != NULL;
    for (struct ed_json_at at = there ? ed_json_element(&list, 0) : (struct ed_json_at){0};
         at.value && !listed; at = ed_json_next(&at))
        listed = is_about(&at, entry->id, address);
    if (listed) {
        compose(&out, there ? &list : NULL, entry->id, address, why);
        if (ed_buffer_status(&out, path, NULL) == ED_OK)
            ed_path_write_atomic(path, ed_buffer_text(&out), out.size, 0600, NULL);
    }
    ed_buffer_release(&out);
    ed_json_document_release(&document);
    close(lock);
}

void ed_quarantine_add(const struct ed_device_entry *entry, const struct ed_error *why) {
    change(entry, why);
}

void ed_quarantine_remove(const struct ed_device_entry *entry) {
    change(entry, NULL);
}

bool ed_quarantine_find(const struct ed_device_entry *entry, char *why, size_t why_bytes) {
    char path[ED_PATH_BYTES], directory[ED_PATH_BYTES], address[ADDRESS_BYTES], since[32];
    struct ed_json_document document = {0};
    struct ed_json_at root, list;
    bool found = false;
    if (why_bytes)
        why[0] = '\0';
    if (find_file(path, directory))
        return false;
    address_of(entry, address);
    if (read_file(path, &document, &root, &list))
        for (struct ed_json_at at = ed_json_element(&list, 0); at.value && !found; at = ed_json_next(&at)) {
            const char *reason = "no reason is known";
            int64_t since_us = 0;
            if (!is_about(&at, entry->id, address))
                continue;
            found = true;
            ed_json_opt_text(&at, "reason", &reason, NULL);
            ed_json_opt_int(&at, "since_us", 0, INT64_C(1) << 52, &since_us, NULL);
            ed_clock_format_utc(since, since_us * 1000);
            snprintf(why, why_bytes, "since %s: %s", since, reason);
        }
    ed_json_document_release(&document);
    return found;
}
