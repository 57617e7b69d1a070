// SPDX-License-Identifier: Apache-2.0
// `lease`: one message on standard input asks for, renews, gives up or shows the lease or the reservation of
// a device.
#include <string.h>
#include <unistd.h>

#include "runners/commands.h"
#include "runners/contact.h"
#include "runners/jobdir.h"
#include "runners/lease.h"
#include "runners/message.h"
#include "runners/reply.h"

struct message {
    char action[16];
    const char *holder, *owner, *purpose, *token;
    int64_t for_ns;
    bool wait;
};

// Absent and empty are the same here.
static enum ed_status get_text(const struct ed_json_at *root, const char *key, const char **out,
                               struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(root, key);
    *out = "";
    if (!at.value || (cJSON_IsString(at.value) && !at.value->valuestring[0]))
        return ED_OK;
    return ed_json_get_text(root, key, out, err);
}

static enum ed_status read_message(const struct ed_json_at *root, struct message *message,
                                   struct ed_error *err) {
    enum ed_status status = ed_json_get_string(root, "action", message->action, sizeof message->action, err);
    if (status == ED_OK)
        status = get_text(root, "holder", &message->holder, err);
    if (status == ED_OK)
        status = get_text(root, "owner", &message->owner, err);
    if (status == ED_OK)
        status = get_text(root, "purpose", &message->purpose, err);
    if (status == ED_OK)
        status = get_text(root, "token", &message->token, err);
    if (status == ED_OK)
        status = ed_json_opt_int(root, "for_ns", 0, ED_LEASE_MAX_NS, &message->for_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(root, "wait", &message->wait, err);
    return status;
}

// Without a token it is a place in the queue that is given up.
static enum ed_status release(const char *work, const struct message *message, struct ed_error *err) {
    if (!message->token[0] && !message->holder[0])
        return ed_fail(err, ED_ERR_USAGE, NULL, "release needs a token, or the holder that leaves the queue");
    enum ed_status status = message->token[0] ? ed_lease_release(work, message->token, err) : ED_OK;
    if (status == ED_OK && message->holder[0])
        status = ed_lease_leave(work, message->holder, err);
    return status;
}

static enum ed_status act(const char *work, const struct message *message, struct ed_lease_view *view,
                          struct ed_error *err) {
    const struct ed_lease_ask ask = {message->holder, message->owner, message->purpose, message->for_ns,
                                     message->wait};
    const char *action = message->action;
    enum ed_status status;
    if (!strcmp(action, "take"))
        return ed_lease_take(work, &ask, view, err);
    if (!strcmp(action, "reserve") || !strcmp(action, "unreserve")) {
        const bool begin = action[0] == 'r';
        if (begin && message->for_ns == 0)
            return ed_fail(err, ED_ERR_USAGE, NULL, "reserve needs for_ns above 0");
        return ed_lease_reserve(work, message->owner, begin ? message->for_ns : 0, view, err);
    }
    if (!strcmp(action, "renew"))
        status = ed_lease_renew(work, message->token, message->for_ns, err);
    else if (!strcmp(action, "release"))
        status = release(work, message, err);
    else if (!strcmp(action, "show"))
        status = ED_OK;
    else
        return ed_fail(
            err, ED_ERR_USAGE, NULL,
            "'%s' is no action of lease; they are take, renew, release, reserve, unreserve and show", action);
    if (status == ED_OK)
        status = ed_lease_show(work, view, err);
    if (status == ED_OK && !strcmp(action, "renew")) {
        view->granted = true;
        snprintf(view->token, sizeof view->token, "%s", message->token);
    }
    return status;
}

static enum ed_status send_view(const struct ed_lease_view *view, const char *job, struct ed_error *err) {
    struct ed_reply reply;
    ed_reply_begin(&reply, "lease");
    ed_json_bool(&reply.json, "granted", view->granted);
    ed_json_text(&reply.json, "token", view->token);
    ed_json_int(&reply.json, "left_ns", view->left_ns);
    ed_json_text(&reply.json, "owner", view->owner);
    ed_json_text(&reply.json, "holder", view->holder);
    ed_json_text(&reply.json, "purpose", view->purpose);
    ed_json_text(&reply.json, "reserved_by", view->reserved_by);
    ed_json_int(&reply.json, "reserved_left_ns", view->reserved_left_ns);
    ed_json_int(&reply.json, "ahead", view->ahead);
    ed_json_text(&reply.json, "job", job);
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}

enum ed_status ed_command_lease(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err) {
    const char *work = ed_arguments_get(arguments, "work");
    struct ed_json_document document = {0};
    struct message message = {.holder = "", .owner = "", .purpose = "", .token = ""};
    struct ed_lease_view view = {0};
    char job[ED_WIRE_ID_MAX_BYTES + 1] = "";
    (void)program;
    if (work[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, work, "the work directory must be an absolute path");
    enum ed_status status = ed_message_read(&document, "lease", ED_WIRE_LINE_MAX_BYTES, err);
    if (status == ED_OK) {
        const struct ed_json_at root = ed_json_root(&document);
        status = read_message(&root, &message, err);
    }
    if (status == ED_OK) {
        ed_contact_restore(work);
        status = act(work, &message, &view, err);
    }
    if (status == ED_OK)
        status = ed_jobdir_running(work, job, err);
    if (status == ED_OK)
        status = send_view(&view, job, err);
    ed_json_document_release(&document);
    return status;
}
