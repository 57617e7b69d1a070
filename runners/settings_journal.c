// SPDX-License-Identifier: Apache-2.0
// The device's journal of changes: WORK/changed.jsonl, written ahead of every one.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "runners/settings_change.h"

#define LINE_MAX_BYTES 1024

void ed_changes_init(struct ed_changes *changes) {
    changes->n = changes->n_damaged = 0;
    ed_buffer_init(&changes->damaged, ED_CHANGES_FILE_MAX_BYTES);
}

void ed_changes_release(struct ed_changes *changes) {
    ed_buffer_release(&changes->damaged);
    changes->n = changes->n_damaged = 0;
}

static void write_line(const struct ed_change *change, struct ed_buffer *out) {
    struct ed_json_writer w;
    char path[128];
    ed_change_path(change, path);
    ed_json_writer_init(&w, out, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "kind", ed_setting_word(change->kind));
    ed_json_text(&w, "path", path);
    ed_json_text(&w, "old", change->old_value);
    ed_json_text(&w, "new", change->new_value);
    ed_json_text(&w, "boot_id", change->boot_id);
    ed_json_bool(&w, "lasting", change->lasting);
    ed_json_object_end(&w);
    ed_buffer_text_append(out, "\n");
}

enum ed_status ed_changes_append(const char *work, const struct ed_change *change, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer line;
    enum ed_status status = ed_path_join(path, work, ED_WORK_STATE, err);
    if (status != ED_OK)
        return status;
    const bool is_new = !ed_path_exists(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    ed_buffer_init(&line, LINE_MAX_BYTES);
    write_line(change, &line);
    const off_t before = lseek(fd, 0, SEEK_END);
    status = ed_buffer_status(&line, "a change's line", err);
    if (status == ED_OK)
        status = ed_path_write_all(fd, ed_buffer_text(&line), line.size, path, err);
    if (status == ED_OK && fsync(fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be synced: %m");
    // A line that did not reach the disk must not be there for the next one to follow.
    if (status != ED_OK && before >= 0 && ftruncate(fd, before) != 0)
        errno = 0;
    close(fd);
    ed_buffer_release(&line);
    return status == ED_OK && is_new ? ed_path_sync_directory(work, err) : status;
}

static bool get_text(const struct ed_json_at *root, const char *key, char *out, size_t bytes) {
    const struct ed_json_at at = ed_json_member(root, key);
    if (!at.value || !cJSON_IsString(at.value) || strlen(at.value->valuestring) >= bytes)
        return false;
    snprintf(out, bytes, "%s", at.value->valuestring);
    return true;
}

// The path must be exactly that of the kind: nothing else is ever written to.
static bool policy_of(struct ed_change *change, const char *path) {
    char expected[128];
    change->policy = -1;
    if (change->kind != ED_SETTING_FIXED_PERFORMANCE && change->kind != ED_SETTING_STAY_AWAKE) {
        const char *digits = strstr(path, "/policy");
        const size_t n = digits ? strspn(digits + 7, "0123456789") : 0;
        if (n < 1 || n > 5)
            return false;
        change->policy = (int)strtol(digits + 7, NULL, 10);
    }
    ed_change_path(change, expected);
    return !strcmp(expected, path);
}

static bool read_line(const char *text, size_t bytes, struct ed_change *change) {
    struct ed_json_document document = {0};
    char kind[64], path[128];
    if (bytes > LINE_MAX_BYTES || ed_json_parse(&document, ED_WORK_STATE, text, bytes, NULL) != ED_OK)
        return false;
    const struct ed_json_at root = ed_json_root(&document);
    bool whole = get_text(&root, "kind", kind, sizeof kind) && get_text(&root, "path", path, sizeof path) &&
                 get_text(&root, "old", change->old_value, sizeof change->old_value) &&
                 get_text(&root, "new", change->new_value, sizeof change->new_value) &&
                 get_text(&root, "boot_id", change->boot_id, sizeof change->boot_id) &&
                 ed_json_get_bool(&root, "lasting", &change->lasting, NULL) == ED_OK;
    ed_json_document_release(&document);
    if (!whole)
        return false;
    change->kind = ed_setting_kind_of(kind);
    return change->kind != ED_SETTING_KIND_COUNT && policy_of(change, path) &&
           ed_setting_value_ok(change->kind, change->old_value) &&
           ed_setting_value_ok(change->kind, change->new_value);
}

enum ed_status ed_changes_load(const char *work, struct ed_changes *changes, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    changes->n = changes->n_damaged = 0;
    ed_buffer_clear(&changes->damaged);
    enum ed_status status = ed_path_join(path, work, ED_WORK_STATE, err);
    if (status != ED_OK)
        return status;
    ed_buffer_init(&text, ED_CHANGES_FILE_MAX_BYTES);
    struct ed_error why = {0};
    status = ed_path_read(path, ED_CHANGES_FILE_MAX_BYTES, &text, &why);
    if (status != ED_OK) {
        ed_buffer_release(&text);
        if (status != ED_ERR_NOT_FOUND && err)
            *err = why;
        return status == ED_ERR_NOT_FOUND ? ED_OK : status;
    }
    const char *line = ed_buffer_text(&text), *const end = line + text.size;
    while (line < end) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        const size_t n = feed ? (size_t)(feed - line) : 0;
        // Without its end, or damaged and the last: it never was wholly on the disk, so the change was not
        // made.
        if (!feed)
            break;
        if (changes->n < ED_CHANGES_MAX && read_line(line, n, &changes->items[changes->n])) {
            changes->n++;
        } else if (n > 0 && feed + 1 < end) {
            changes->n_damaged++;
            ed_buffer_append(&changes->damaged, line, n + 1);
        }
        line = feed + 1;
    }
    ed_buffer_release(&text);
    return ed_buffer_status(&changes->damaged, ED_WORK_STATE, err);
}

enum ed_status ed_changes_store(const char *work, const struct ed_changes *changes, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    enum ed_status status = ed_path_join(path, work, ED_WORK_STATE, err);
    if (status != ED_OK)
        return status;
    if (changes->n == 0 && changes->n_damaged == 0) {
        if (unlink(path) != 0 && errno != ENOENT)
            return ed_fail_errno(err, ED_ERR_IO, path, "cannot be removed: %m");
        return ed_path_sync_directory(work, err);
    }
    ed_buffer_init(&text, ED_CHANGES_FILE_MAX_BYTES);
    ed_buffer_append(&text, ed_buffer_text(&changes->damaged), changes->damaged.size);
    for (size_t i = 0; i < changes->n; i++)
        write_line(&changes->items[i], &text);
    status = ed_buffer_status(&text, ED_WORK_STATE, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0600, err);
    ed_buffer_release(&text);
    return status;
}
