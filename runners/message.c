// SPDX-License-Identifier: Apache-2.0
// Reading a message.
#include "runners/message.h"

#include <stdlib.h>
#include <string.h>

#include "edgedyno/wire.h"
#include "runners/commands.h"

static enum ed_status check(const struct ed_json_at *root, const char *type, struct ed_error *err) {
    const char *is = "", *wire = ED_WIRE_VERSION;
    char *rest = NULL;
    enum ed_status status = ed_json_expect_object(root, err);
    if (status == ED_OK)
        status = ed_json_get_text(root, "type", &is, err);
    if (status == ED_OK && strcmp(is, type))
        return ed_json_fail(root, err, "expected a message of type %s, found '%.32s'", type, is);
    if (status == ED_OK)
        status = ed_json_opt_text(root, "wire", &wire, err);
    if (status == ED_OK && (strtol(wire, &rest, 10) != ED_WIRE_MAJOR || *rest != '.'))
        return ed_fail(
            err, ED_ERR_VERSION, NULL,
            "the controller speaks wire version %.16s, this runner %s: use a runner and a controller of the "
            "same build",
            wire, ED_WIRE_VERSION);
    return status;
}

enum ed_status ed_message_read(struct ed_json_document *message, const char *type, size_t max_bytes,
                               struct ed_error *err) {
    struct ed_buffer text;
    memset(message, 0, sizeof *message);
    ed_buffer_init(&text, max_bytes);
    enum ed_status status = ed_command_input(&text, "the message on standard input", err);
    if (status == ED_OK)
        status = ed_json_parse(message, "standard input", ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(message);
    status = check(&root, type, err);
    if (status != ED_OK)
        ed_json_document_release(message);
    return status;
}
