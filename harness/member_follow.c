// SPDX-License-Identifier: Apache-2.0
// A member's way through a campaign, over a link that may fail.
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "devices/quarantine.h"
#include "harness/drive.h"
#include "harness/gate_stages.h"
#include "harness/member.h"
#include "harness/meter.h"
#include "harness/repeat.h"

#define SECOND_NS INT64_C(1000000000)
#define PAUSE_MAX_NS (30 * SECOND_NS)
#define PATIENCE_NS (120 * SECOND_NS)     // without a link, beyond the time that the job was going to take
#define BUSY_PATIENCE_NS (30 * SECOND_NS) // a job of an earlier lease may still finish its block

struct following {
    struct ed_member *member;
    const struct ed_campaign_device *device;
    struct ed_drive *drive;
    struct ed_meter *meter; // NULL: none
    struct ed_drive_news news;
    int64_t left_ns;       // that the job was going to take, said then
    int64_t pause_ns;      // before the next try
    int64_t busy_since_ns; // 0: not
    int failures;          // in a row
    bool granted;          // the device was this campaign's once
    bool lost;             // the loss of the link was said
    bool refuses, refused; // to end at the first block that is not valid; there was one
};

static bool is_stopping(const struct following *f) {
    return f->refused || (f->member->context->interrupted && *f->member->context->interrupted);
}

static void show(struct following *f, const char *now) {
    if (f->member->context->progress)
        ed_progress_update(f->member->context->progress, f->member->line, now, f->news.done,
                           f->news.total ? f->news.total : (int64_t)f->device->n_blocks, f->news.left_ns);
}

// Until `wake_ns`, or Ctrl-C unless that has been acted on.
static void sleep_until(const struct following *f, int64_t wake_ns) {
    const bool stopping = is_stopping(f);
    while (ed_clock_monotonic_ns() < wake_ns && is_stopping(f) == stopping) {
        const int64_t slice = ed_clock_monotonic_ns() + SECOND_NS / 20;
        ed_clock_sleep_until(slice < wake_ns ? slice : wake_ns, NULL);
    }
}

static enum ed_status connect_again(struct following *f, struct ed_error *err) {
    struct ed_member *member = f->member;
    const struct ed_session_args args = {.library_dir = member->context->library_dir,
                                         .context = member->context->transport,
                                         .depth = ED_SESSION_READY};
    enum ed_status status = ed_session_open(&member->session, member->entry, &args, NULL, err);
    member->open = status == ED_OK;
    // After a restart of the device its files may be gone.
    member->pushed = false;
    return status;
}

// One step on the way: what is missing for the next one is seen to first.
static enum ed_status step(struct following *f, struct ed_error *err) {
    struct ed_member *member = f->member;
    enum ed_status status = ED_OK;
    if (!member->open)
        status = connect_again(f, err);
    if (status == ED_OK && !member->token[0] && !is_stopping(f))
        status = ed_member_lease(member, err);
    f->granted = f->granted || member->token[0];
    if (status == ED_OK && !is_stopping(f))
        status = ed_member_push(member, err);
    if (status != ED_OK)
        return status;
    const int64_t home_bytes = f->news.home_bytes;
    status = ed_drive_step(f->drive, is_stopping(f), &f->news, err);
    if (f->news.home_bytes != home_bytes) {
        char words[200];
        member->heard_ns = ed_clock_monotonic_ns();
        if (f->refuses && !f->refused && ed_repeat_refuses(f->device, words, sizeof words)) {
            f->refused = true;
            ed_log_line(member->context->log, ED_LOG_WARNING, "%s: %s; stopped, since --on-invalid is refuse",
                        member->entry->id, words);
        }
    }
    if (status == ED_OK) {
        ed_meter_clock(f->meter, f->news.asked_real_ns, f->news.answered_real_ns,
                       f->news.device_monotonic_ns);
        show(f, f->news.now);
        f->left_ns = f->news.left_ns > 0 ? f->news.left_ns : 0;
    }
    return status;
}

static void say_lost(struct following *f, const struct ed_error *failure) {
    if (f->lost)
        return;
    f->lost = true;
    ed_log_line(f->member->context->log, ED_LOG_WARNING,
                "%s: %.300s; trying to reach it again, while a job there goes on by itself",
                f->member->entry->id, failure->message);
}

// Whether to go on after a failure, after a pause where one is due.
static bool go_on(struct following *f, enum ed_status status, struct ed_error *failure) {
    struct ed_member *member = f->member;
    const int64_t now = ed_clock_monotonic_ns();
    char words[ED_ERROR_MESSAGE_BYTES];
    if (status == ED_ERR_BUSY) {
        // Either the lease went to somebody else, or a job of its last holder finishes its block.
        member->token[0] = 0;
        if (!f->busy_since_ns)
            f->busy_since_ns = now;
        if (is_stopping(f) || now - f->busy_since_ns > BUSY_PATIENCE_NS + member->context->wait_ns ||
            (!f->granted && !member->context->wait_ns))
            return false;
        sleep_until(f, now + SECOND_NS);
        return true;
    }
    if (!ed_status_is_transient(status) || member->session.transport->in_place)
        return false;
    ed_session_close(&member->session);
    member->open = false;
    const int64_t patience_ns = member->context->patience_ns ? member->context->patience_ns : PATIENCE_NS;
    // A loss may be noticed late, so the first one always gets another try.
    if (is_stopping(f) || (f->failures++ > 0 && now - member->heard_ns > patience_ns + f->left_ns)) {
        snprintf(words, sizeof words, "%s; a job may go on there, and --resume fetches what it measures",
                 failure->message);
        memcpy(failure->message, words, sizeof failure->message);
        return false;
    }
    say_lost(f, failure);
    show(f, "link lost; trying again");
    sleep_until(f, now + f->pause_ns);
    f->pause_ns = f->pause_ns * 2 < PAUSE_MAX_NS ? f->pause_ns * 2 : PAUSE_MAX_NS;
    return true;
}

static void on_contact(struct following *f) {
    f->member->heard_ns = ed_clock_monotonic_ns();
    f->pause_ns = SECOND_NS / 2;
    f->busy_since_ns = 0;
    f->failures = 0;
    if (f->lost)
        ed_log_line(f->member->context->log, ED_LOG_INFO, "%s: reached again", f->member->entry->id);
    f->lost = false;
}

// Models may be secret: they and the data go, engines stay.
static void remove_secrets(struct ed_member *member) {
    const char *ids[ED_WIRE_SETS_MAX];
    size_t n = 0, removed = 0;
    int64_t freed = 0;
    struct ed_error failure = {0};
    for (size_t i = 0; i < member->files.sets.n && n < ED_WIRE_SETS_MAX; i++)
        if (!strcmp(member->files.sets.items[i].kind, "model") ||
            !strcmp(member->files.sets.items[i].kind, "data"))
            ids[n++] = member->files.sets.items[i].id;
    if (!n)
        return;
    enum ed_status status = member->open && member->token[0]
                                ? ed_remote_clean(&member->session.remote, member->token, ids, n, -1, false,
                                                  &removed, &freed, &failure)
                                : ed_fail(&failure, ED_ERR_LINK_LOST, member->entry->id, "the link is lost");
    if (status != ED_OK)
        ed_log_line(member->context->log, ED_LOG_WARNING,
                    "%s: the models could not be removed (%.300s); `edgedyno devices clean %s` removes them",
                    member->entry->id, failure.message, member->entry->id);
}

static void give_back(struct ed_member *member) {
    struct ed_remote_lease lease;
    const struct ed_remote_lease_ask ask = {.action = "release", .token = member->token};
    if (member->open && member->token[0] &&
        ed_remote_lease(&member->session.remote, &ask, &lease, NULL) == ED_OK)
        member->token[0] = 0;
}

// A meter that does not start, or ends, costs the figures of energy and nothing else; that is said.
static void start_meter(struct following *f) {
    char *const *command = f->member->entry->meter_command;
    struct ed_error failure = {0};
    if (command && command[0] &&
        ed_meter_start(&f->meter, command, f->member->entry->meter_gain_permille, f->device->directory,
                       &failure) != ED_OK)
        ed_log_line(f->member->context->log, ED_LOG_WARNING, "%s: no power meter: %s: %.300s",
                    f->member->entry->id, failure.where, failure.message);
}

static void stop_meter(struct following *f) {
    char why[256];
    ed_meter_stop(f->meter, why);
    if (why[0])
        ed_log_line(f->member->context->log, ED_LOG_WARNING, "%s: the power meter failed: %s",
                    f->member->entry->id, why);
}

void ed_member_follow(struct ed_member *member, const struct ed_campaign *campaign, size_t device,
                      bool leave_nothing, struct ed_member_result *result) {
    struct following f = {.member = member,
                          .device = &campaign->devices[device],
                          .pause_ns = SECOND_NS / 2,
                          .news = {.left_ns = -1}};
    struct ed_gate_stages *gate = NULL;
    struct ed_repeat *repeat = NULL;
    struct ed_drive_stages stages;
    memset(result, 0, sizeof *result);
    member->heard_ns = ed_clock_monotonic_ns();
    if (campaign->gate.active)
        result->status = ed_gate_stages_new(&gate, campaign, device, &stages, &result->failure);
    else if (!strcmp(campaign->on_invalid, "repeat"))
        result->status = ed_repeat_new(&repeat, campaign, device, &stages, &result->failure);
    f.refuses = !strcmp(campaign->on_invalid, "refuse");
    if (result->status == ED_OK)
        result->status =
            ed_drive_new(&f.drive, campaign, device, &member->session.remote, member->token,
                         gate || repeat ? &stages : NULL, member->context->log, &result->failure);
    if (result->status == ED_OK)
        start_meter(&f);
    while (result->status == ED_OK && f.news.state == ED_DRIVE_GOING) {
        struct ed_error failure = {0};
        const enum ed_status status = step(&f, &failure);
        if (status == ED_OK) {
            on_contact(&f);
            if (f.news.state == ED_DRIVE_GOING)
                sleep_until(&f, f.news.wake_ns);
        } else if (!go_on(&f, status, &failure)) {
            result->status = status;
            result->failure = failure;
        }
    }
    stop_meter(&f);
    result->done = f.news.done;
    if (leave_nothing)
        remove_secrets(member);
    give_back(member);
    ed_drive_free(f.drive);
    ed_gate_stages_free(gate);
    ed_repeat_free(repeat);
    if (result->status != ED_OK && !ed_status_is_transient(result->status) &&
        !member->session.transport->in_place && ed_status_is_of_device(result->status))
        ed_quarantine_add(member->entry, &result->failure);
    if (member->context->progress)
        ed_progress_finish(member->context->progress, member->line);
}
