// SPDX-License-Identifier: Apache-2.0
// What lies on a device between campaigns, and its state, asked for over the wire.
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "devices/remote_ask.h"

enum ed_status ed_remote_sets(const struct ed_remote *remote, struct ed_json_document *reply,
                              struct ed_error *err) {
    const char *const words[] = {"sets", "--work", remote->work_dir, NULL};
    return ed_remote_ask(remote, words, NULL, 0, 120, "sets", reply, err);
}

enum ed_status ed_remote_doctor(const struct ed_remote *remote, struct ed_json_document *reply,
                                struct ed_error *err) {
    const char *const words[] = {"doctor", "--work", remote->work_dir, NULL};
    return ed_remote_ask(remote, words, NULL, 0, 60, "doctor", reply, err);
}

enum ed_status ed_remote_clean(const struct ed_remote *remote, const char *token, const char *const *ids,
                               size_t n_ids, int keep, bool all, size_t *removed, int64_t *freed_bytes,
                               struct ed_error *err) {
    const char *const words[] = {"clean", "--work", remote->work_dir, "--token", token, NULL};
    struct ed_json_document reply;
    struct ed_json_writer w;
    struct ed_buffer text;
    *removed = 0;
    *freed_bytes = 0;
    ed_buffer_init(&text, ED_WIRE_JOB_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", "clean");
    ed_json_text(&w, "wire", ED_WIRE_VERSION);
    ed_json_array_begin(&w, "ids");
    for (size_t i = 0; i < n_ids; i++)
        ed_json_text(&w, NULL, ids[i]);
    ed_json_array_end(&w);
    ed_json_int(&w, "keep", keep);
    ed_json_bool(&w, "all", all);
    ed_json_object_end(&w);
    enum ed_status status = ed_buffer_status(&text, "the list to remove", err);
    if (status == ED_OK)
        status = ed_remote_ask(remote, words, ed_buffer_text(&text), text.size, 300, "cleaned", &reply, err);
    ed_buffer_release(&text);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&reply);
    int64_t n = 0;
    status = ed_json_opt_int(&root, "n_removed", 0, INT64_C(1) << 53, &n, err);
    *removed = (size_t)n;
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "freed_bytes", 0, INT64_C(1) << 53, freed_bytes, err);
    ed_json_document_release(&reply);
    // A wrong value in a reply is nobody's wrong usage.
    return status == ED_ERR_USAGE
               ? ed_fail(err, ED_ERR_PARSE, remote->device, "the runner's reply to `clean` has a wrong value")
               : status;
}

static void append_lines(const struct ed_json_at *root, const char *key, const char *prefix,
                         struct ed_buffer *lines) {
    const struct ed_json_at list = ed_json_member(root, key);
    for (struct ed_json_at at = ed_json_element(&list, 0); at.value; at = ed_json_next(&at))
        if (cJSON_IsString(at.value))
            ed_buffer_printf(lines, "%s%.500s\n", prefix, at.value->valuestring);
}

enum ed_status ed_remote_restore(const struct ed_remote *remote, struct ed_buffer *lines,
                                 struct ed_error *err) {
    const char *const words[] = {"restore", "--work", remote->work_dir, NULL};
    struct ed_json_document reply;
    enum ed_status status = ed_remote_ask(remote, words, NULL, 0, 60, "restored", &reply, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&reply);
    append_lines(&root, "restored", "put back: ", lines);
    append_lines(&root, "failed", "not put back: ", lines);
    ed_json_document_release(&reply);
    return ed_buffer_status(lines, remote->device, err);
}
