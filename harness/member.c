// SPDX-License-Identifier: Apache-2.0
// Opening, leasing and filling a device.
#include "harness/member.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "devices/quarantine.h"
#include "devices/transport.h"

#define SECOND_NS INT64_C(1000000000)
#define OPEN_TRIES 3
#define LEASE_NS (60 * SECOND_NS) // between steps; a job asks for its own time
#define ASK_AGAIN_NS (2 * SECOND_NS)

void ed_member_init(struct ed_member *member, const struct ed_member_context *context,
                    const struct ed_device_entry *entry, size_t line) {
    memset(member, 0, sizeof *member);
    member->context = context;
    member->entry = entry;
    member->line = line;
}

static bool is_interrupted(const struct ed_member *member) {
    return member->context->interrupted && *member->context->interrupted;
}

// A device in place has no way to it worth showing.
static void show(struct ed_member *member, const char *now) {
    const struct ed_transport *transport = ed_transport_find(member->entry->transport);
    if (member->context->progress && transport && !transport->in_place)
        ed_progress_update(member->context->progress, member->line, now, 0, 0, -1);
}

// Sleeps, but not longer than until Ctrl-C.
static void pause_for(const struct ed_member *member, int64_t ns) {
    const int64_t end = ed_clock_monotonic_ns() + ns;
    while (!is_interrupted(member) && ed_clock_monotonic_ns() < end) {
        const int64_t slice = ed_clock_monotonic_ns() + SECOND_NS / 10;
        ed_clock_sleep_until(slice < end ? slice : end, NULL);
    }
}

void ed_member_release(struct ed_member *member) {
    if (member->open && member->token[0]) {
        struct ed_remote_lease lease;
        const struct ed_remote_lease_ask ask = {.action = "release", .token = member->token};
        ed_remote_lease(&member->session.remote, &ask, &lease, NULL);
    }
    if (member->has_files)
        ed_files_release(&member->files);
    ed_session_close(&member->session);
    ed_json_document_release(&member->hardware);
    cJSON_free(member->hardware_json);
    memset(member, 0, sizeof *member);
}

static enum ed_status describe_device(struct ed_member *member, struct ed_error *err) {
    enum ed_status status = ed_remote_hardware(&member->session.remote, &member->hardware, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&member->hardware);
    ed_json_opt_string(&root, "summary", member->summary, sizeof member->summary, NULL);
    member->hardware_json = cJSON_PrintUnformatted(member->hardware.root);
    return member->hardware_json
               ? ED_OK
               : ed_fail(err, ED_ERR_NO_MEMORY, member->entry->id, "no memory for its description");
}

static enum ed_status open_once(struct ed_member *member, bool describe, struct ed_error *err) {
    const struct ed_session_args args = {.library_dir = member->context->library_dir,
                                         .context = member->context->transport,
                                         .depth = ED_SESSION_READY,
                                         .verify = member->context->verify};
    enum ed_status status = ed_session_open(&member->session, member->entry, &args, NULL, err);
    member->open = status == ED_OK;
    member->pushed = false;
    if (status == ED_OK && describe && !member->hardware_json) {
        status = describe_device(member, err);
        if (status != ED_OK) {
            ed_session_close(&member->session);
            member->open = false;
        }
    }
    return status;
}

enum ed_status ed_member_open(struct ed_member *member, bool describe, struct ed_error *err) {
    char why[ED_ERROR_MESSAGE_BYTES];
    if (ed_quarantine_find(member->entry, why, sizeof why))
        return ed_fail(
            err, ED_ERR_UNREACHABLE, member->entry->id,
            "is in quarantine (%.700s); `edgedyno devices check %s` lets it back in when all is well", why,
            member->entry->id);
    enum ed_status status = ED_OK;
    for (int tries = 1; tries <= OPEN_TRIES; tries++) {
        show(member, tries == 1 ? "connecting" : "connecting again");
        status = open_once(member, describe, err);
        if (status == ED_OK || !ed_status_is_transient(status) || is_interrupted(member) ||
            tries == OPEN_TRIES || (member->session.transport && member->session.transport->in_place))
            break;
        pause_for(member, tries * SECOND_NS);
    }
    return status;
}

// "anna@ci-7 holds it for another 3 min (campaign ...)".
static void busy_words(char *out, size_t bytes, const struct ed_remote_lease *lease) {
    char left[32];
    if (lease->job[0] && lease->left_ns == 0) {
        snprintf(out, bytes, "job %s%s%s still runs there", lease->job, lease->owner[0] ? " of " : "",
                 lease->owner);
    } else if (lease->owner[0]) {
        ed_units_print_duration(left, sizeof left, lease->left_ns);
        snprintf(out, bytes, "%s holds the device for at most another %s%s%s", lease->owner, left,
                 lease->purpose[0] ? ": " : "", lease->purpose);
    } else if (lease->reserved_by[0]) {
        ed_units_print_duration(left, sizeof left, lease->reserved_left_ns);
        snprintf(out, bytes, "%s has reserved the device for another %s", lease->reserved_by, left);
    } else {
        snprintf(out, bytes, "%d other%s wait%s for the device", lease->ahead, lease->ahead == 1 ? "" : "s",
                 lease->ahead == 1 ? "s" : "");
    }
}

static void leave_queue(struct ed_member *member) {
    struct ed_remote_lease lease;
    const struct ed_remote_lease_ask ask = {.action = "release", .holder = member->context->holder};
    ed_remote_lease(&member->session.remote, &ask, &lease, NULL);
}

enum ed_status ed_member_lease(struct ed_member *member, struct ed_error *err) {
    char owner[ED_WIRE_OWNER_MAX_BYTES + 1], words[512], now[160];
    const int64_t give_up_ns = ed_clock_monotonic_ns() + member->context->wait_ns;
    const bool wait = member->context->wait_ns > 0;
    struct ed_remote_lease lease;
    ed_remote_owner(owner);
    for (;;) {
        const struct ed_remote_lease_ask ask = {.action = "take",
                                                .holder = member->context->holder,
                                                .owner = owner,
                                                .purpose = member->context->purpose,
                                                .for_ns = LEASE_NS,
                                                .wait = wait};
        enum ed_status status = ed_remote_lease(&member->session.remote, &ask, &lease, err);
        if (status != ED_OK)
            return status;
        member->heard_ns = ed_clock_monotonic_ns();
        if (lease.granted) {
            memcpy(member->token, lease.token, sizeof member->token);
            return ED_OK;
        }
        member->token[0] = 0;
        busy_words(words, sizeof words, &lease);
        if (is_interrupted(member) || ed_clock_monotonic_ns() >= give_up_ns) {
            if (wait)
                leave_queue(member);
            return is_interrupted(member)
                       ? ed_fail(err, ED_ERR_CANCELLED, member->entry->id,
                                 "stopped by the user while waiting: %s", words)
                       : ed_fail(err, ED_ERR_BUSY, member->entry->id, "%s%s", words,
                                 wait ? "; --wait is over"
                                      : "; --wait TIME waits for it, first come first served");
        }
        snprintf(now, sizeof now, "waiting: %.140s", words);
        show(member, now);
        const int64_t left = give_up_ns - ed_clock_monotonic_ns();
        pause_for(member, left < ASK_AGAIN_NS ? left : ASK_AGAIN_NS);
    }
}

static void on_push(void *context, int64_t sent_bytes, int64_t total_bytes) {
    struct ed_member *member = context;
    char now[160], sent[32], total[32];
    member->heard_ns = ed_clock_monotonic_ns();
    ed_units_print_size(sent, sizeof sent, sent_bytes);
    ed_units_print_size(total, sizeof total, total_bytes);
    snprintf(now, sizeof now, "pushing %s of %s", sent, total);
    show(member, now);
}

enum ed_status ed_member_push(struct ed_member *member, struct ed_error *err) {
    const struct ed_session_push_args args = {.token = member->token,
                                              .verify = member->context->verify,
                                              .progress = on_push,
                                              .progress_context = member,
                                              .cancelled = member->context->interrupted};
    if (member->pushed || !member->has_files)
        return ED_OK;
    enum ed_status status = ed_session_push(&member->session, &member->files.sets, &args, err);
    member->pushed = status == ED_OK;
    return status;
}
