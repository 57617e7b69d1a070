// SPDX-License-Identifier: Apache-2.0
// Replies of short commands.
#include "runners/reply.h"

#include "base/path.h"
#include "edgedyno/wire.h"

void ed_reply_begin(struct ed_reply *reply, const char *type) {
    ed_buffer_init(&reply->text, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&reply->json, &reply->text, false);
    ed_json_object_begin(&reply->json, NULL);
    ed_json_text(&reply->json, "type", type);
    ed_json_text(&reply->json, "wire", ED_WIRE_VERSION);
}

enum ed_status ed_reply_send(struct ed_reply *reply, int fd, struct ed_error *err) {
    ed_json_object_end(&reply->json);
    ed_buffer_text_append(&reply->text, "\n");
    enum ed_status status = ed_buffer_status(&reply->text, "a reply", err);
    if (status == ED_OK)
        status =
            ed_path_write_all(fd, ed_buffer_text(&reply->text), reply->text.size, "standard output", err);
    ed_buffer_release(&reply->text);
    return status;
}

void ed_reply_error(int fd, const struct ed_error *failure) {
    struct ed_reply reply;
    ed_reply_begin(&reply, "error");
    ed_json_text(&reply.json, "status", ed_status_word(failure->code));
    ed_json_text(&reply.json, "where", failure->where);
    ed_json_text(&reply.json, "message", failure->message);
    ed_reply_send(&reply, fd, NULL);
}
