// SPDX-License-Identifier: Apache-2.0
// What the probes of a device read, and what they would read.
#include <string.h>

#include "devices/process.h"
#include "devices/remote_ask.h"

#define PROBE_SECONDS 60
#define SNAPSHOT_SECONDS 120
#define ENTRIES_MAX 20000
#define PATH_MAX_BYTES 512

enum ed_status ed_remote_probe(const struct ed_remote *remote, const char *papi,
                               struct ed_json_document *reply, struct ed_error *err) {
    const char *const words[] = {"probe", "--work", remote->work_dir, papi[0] ? "--papi" : NULL, papi, NULL};
    return ed_remote_ask(remote, words, NULL, 0, PROBE_SECONDS, "probe", reply, err);
}

// What a device may name is a file below proc/ or sys/, by components that are no way out.
static bool path_ok(const char *path) {
    if (strlen(path) >= PATH_MAX_BYTES || (strncmp(path, "proc/", 5) != 0 && strncmp(path, "sys/", 4) != 0))
        return false;
    for (const char *p = path; *p;) {
        const size_t n = strcspn(p, "/");
        if (n == 0 || n > 255 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.') ||
            p[0] == '!')
            return false;
        for (size_t i = 0; i < n; i++)
            if (p[i] <= ' ' || p[i] > '~' || p[i] == '\\')
                return false;
        p += n;
        if (*p == '/' && !*++p)
            return false;
    }
    return true;
}

static bool word_ok(const char *word) {
    return word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] == 0 &&
           strlen(word) < 32;
}

static enum ed_status read_entry(const struct ed_remote *remote, const struct ed_json_at *root,
                                 struct ed_remote_entry *entry, struct ed_error *err) {
    const char *type = "";
    *entry = (struct ed_remote_entry){.name = "", .status = ""};
    ed_json_opt_text(root, "type", &type, NULL);
    entry->command = strcmp(type, "command") == 0;
    if (!entry->command && strcmp(type, "file") != 0)
        return ed_fail(err, ED_ERR_PARSE, remote->device, "a snapshot's line has the type '%.32s'", type);
    ed_json_opt_text(root, entry->command ? "name" : "path", &entry->name, NULL);
    ed_json_opt_text(root, "status", &entry->status, NULL);
    const struct ed_json_at text = ed_json_member(root, "text");
    entry->text = cJSON_IsString(text.value) ? text.value->valuestring : NULL;
    const bool fine = entry->command
                          ? strlen(entry->name) < 128 && entry->name[0] != '.' && ed_path_name_ok(entry->name)
                          : path_ok(entry->name);
    if (!fine || !word_ok(entry->status) || (!entry->text && !entry->status[0]))
        return ed_fail(err, ED_ERR_PARSE, remote->device, "a snapshot's line is not of its form: '%.120s'",
                       entry->name);
    return ED_OK;
}

enum ed_status ed_remote_snapshot(const struct ed_remote *remote,
                                  enum ed_status (*take)(void *context, const struct ed_remote_entry *entry,
                                                         struct ed_error *err),
                                  void *context, int64_t *left_out, struct ed_error *err) {
    const char *const words[] = {"snapshot", "--work", remote->work_dir, NULL};
    struct ed_spawn_result result;
    bool ended = false;
    enum ed_status status =
        ed_remote_command(remote, words, NULL, 0, ED_WIRE_SNAPSHOT_MAX_BYTES, SNAPSHOT_SECONDS, &result, err);
    *left_out = 0;
    size_t at = 0, n = 0;
    for (; status == ED_OK && !ended && at < result.out_bytes; n++) {
        const char *line = result.out + at, *end = memchr(line, '\n', result.out_bytes - at);
        struct ed_json_document document = {0};
        struct ed_remote_entry entry;
        const char *type = "";
        if (!end || n > ENTRIES_MAX) {
            status = ed_fail(err, ED_ERR_PARSE, remote->device, "the snapshot is cut");
            break;
        }
        status = ed_json_parse(&document, "snapshot", line, (size_t)(end - line), err);
        const struct ed_json_at root = ed_json_root(&document);
        if (status == ED_OK)
            ed_json_opt_text(&root, "type", &type, NULL);
        if (status == ED_OK && (strcmp(type, "snapshot") == 0 || strcmp(type, "error") == 0)) {
            ended = true;
            status = ed_remote_check_reply(remote, &document, "snapshot", err);
            ed_json_opt_int(&root, "left_out", 0, INT64_C(1) << 53, left_out, NULL);
        } else if (status == ED_OK) {
            status = read_entry(remote, &root, &entry, err);
            if (status == ED_OK)
                status = take(context, &entry, err);
        }
        ed_json_document_release(&document);
        at = (size_t)(end - result.out) + 1;
    }
    if (status == ED_OK && !ended)
        status = ed_fail(err, ED_ERR_PARSE, remote->device, "the snapshot has no end: %.*s",
                         (int)(result.err_bytes < 200 ? result.err_bytes : 200),
                         result.err_out ? result.err_out : "");
    ed_spawn_result_release(&result);
    return status;
}
