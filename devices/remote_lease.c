// SPDX-License-Identifier: Apache-2.0
// The lease of a device, asked for over the wire.
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "devices/remote_ask.h"

void ed_remote_owner(char owner[ED_WIRE_OWNER_MAX_BYTES + 1]) {
    char host[HOST_NAME_MAX + 1] = "", text[1024];
    struct passwd entry, *found = NULL;
    if (gethostname(host, sizeof host - 1) != 0 || !host[0])
        snprintf(host, sizeof host, "unknown");
    if (getpwuid_r(geteuid(), &entry, text, sizeof text, &found) == 0 && found && found->pw_name[0])
        snprintf(owner, ED_WIRE_OWNER_MAX_BYTES + 1, "%.60s@%.60s", found->pw_name, host);
    else
        snprintf(owner, ED_WIRE_OWNER_MAX_BYTES + 1, "%u@%.60s", (unsigned)geteuid(), host);
    for (char *c = owner; *c; c++)
        if (*c < 0x21 || *c > 0x7e)
            *c = '_';
}

static enum ed_status read_lease(const struct ed_json_at *root, struct ed_remote_lease *out,
                                 struct ed_error *err) {
    const int64_t most = INT64_C(1) << 53;
    int64_t ahead = 0;
    enum ed_status status = ed_json_get_bool(root, "granted", &out->granted, err);
    ed_remote_copy_text(root, "token", out->token, sizeof out->token);
    ed_remote_copy_text(root, "holder", out->holder, sizeof out->holder);
    ed_remote_copy_text(root, "owner", out->owner, sizeof out->owner);
    ed_remote_copy_text(root, "purpose", out->purpose, sizeof out->purpose);
    ed_remote_copy_text(root, "reserved_by", out->reserved_by, sizeof out->reserved_by);
    ed_remote_copy_text(root, "job", out->job, sizeof out->job);
    if (status == ED_OK)
        status = ed_json_opt_int(root, "left_ns", 0, most, &out->left_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_int(root, "reserved_left_ns", 0, most, &out->reserved_left_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_int(root, "ahead", 0, 1000000, &ahead, err);
    out->ahead = (int)ahead;
    if (status == ED_OK && out->granted && !out->token[0])
        status = ed_fail(err, ED_ERR_PARSE, "reply", "a lease without a token");
    return status;
}

enum ed_status ed_remote_lease(const struct ed_remote *remote, const struct ed_remote_lease_ask *ask,
                               struct ed_remote_lease *out, struct ed_error *err) {
    const char *const words[] = {"lease", "--work", remote->work_dir, NULL};
    struct ed_json_document reply;
    struct ed_json_writer w;
    struct ed_buffer text;
    memset(out, 0, sizeof *out);
    ed_buffer_init(&text, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", "lease");
    ed_json_text(&w, "wire", ED_WIRE_VERSION);
    ed_json_text(&w, "action", ask->action);
    if (ask->holder)
        ed_json_text(&w, "holder", ask->holder);
    if (ask->owner)
        ed_json_text(&w, "owner", ask->owner);
    if (ask->purpose && ask->purpose[0])
        ed_json_text(&w, "purpose", ask->purpose);
    if (ask->token && ask->token[0])
        ed_json_text(&w, "token", ask->token);
    ed_json_int(&w, "for_ns", ask->for_ns);
    ed_json_bool(&w, "wait", ask->wait);
    ed_json_object_end(&w);
    enum ed_status status = ed_buffer_status(&text, "the question for a lease", err);
    if (status == ED_OK)
        status = ed_remote_ask(remote, words, ed_buffer_text(&text), text.size, 60, "lease", &reply, err);
    ed_buffer_release(&text);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&reply);
    status = read_lease(&root, out, err);
    ed_json_document_release(&reply);
    if (status == ED_ERR_USAGE)
        status = ed_fail(err, ED_ERR_PARSE, remote->device,
                         "the runner's reply about the lease has a wrong value");
    return status;
}
