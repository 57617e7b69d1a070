// SPDX-License-Identifier: Apache-2.0
// Giving, renewing and taking back the lease of a device.
#include "runners/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/lease_job.h"
#include "runners/lease_record.h"

#define LOCK_WAIT_NS INT64_C(20000000000) // it is held for a sync of a small file
#define LOCK_STEP_NS INT64_C(2000000)

enum ed_status ed_lease_lock(const char *work, int *fd, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    *fd = -1;
    if (work[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, work, "the work directory must be an absolute path");
    enum ed_status status = ed_path_make(work, 0700, err);
    if (status == ED_OK)
        status = ed_path_join(path, work, ED_WORK_LEASE_LOCK, err);
    if (status != ED_OK)
        return status;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    const int64_t deadline_ns = ed_clock_monotonic_ns() + LOCK_WAIT_NS;
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be locked: %m");
        else if (ed_clock_monotonic_ns() > deadline_ns)
            status = ed_fail(
                err, ED_ERR_TIMEOUT, path,
                "another runner has held this lock for %d s, which takes milliseconds: end it where it "
                "hangs or is stopped ('fuser' on this file names it)",
                (int)(LOCK_WAIT_NS / 1000000000));
        if (status != ED_OK) {
            close(*fd);
            *fd = -1;
            return status;
        }
        ed_clock_sleep_until(ed_clock_monotonic_ns() + LOCK_STEP_NS, NULL);
    }
    return ED_OK;
}

// Under the lock: the record as it counts now.
struct desk {
    int lock_fd;
    struct ed_lease_now now;
    struct ed_lease_record record;
};

static enum ed_status desk_open(struct desk *desk, const char *work, struct ed_error *err) {
    enum ed_status status = ed_lease_lock(work, &desk->lock_fd, err);
    if (status != ED_OK)
        return status;
    ed_lease_now(&desk->now);
    status = ed_lease_record_load(work, &desk->record, err);
    if (status != ED_OK) {
        close(desk->lock_fd);
        desk->lock_fd = -1;
    }
    return status;
}

static void desk_close(struct desk *desk) {
    close(desk->lock_fd);
}

static void describe(const struct ed_lease_record *record, const struct ed_lease_now *now,
                     struct ed_lease_view *view) {
    memset(view, 0, sizeof *view);
    view->left_ns = ed_lease_left_ns(record, now);
    view->reserved_left_ns = ed_lease_reserved_left_ns(record, now);
    if (view->left_ns > 0) {
        snprintf(view->holder, sizeof view->holder, "%s", record->holder);
        snprintf(view->owner, sizeof view->owner, "%s", record->owner);
        snprintf(view->purpose, sizeof view->purpose, "%s", record->purpose);
    }
    if (view->reserved_left_ns > 0)
        snprintf(view->reserved_by, sizeof view->reserved_by, "%s", record->reserved_by);
}

static enum ed_status check_for(int64_t for_ns, int64_t least, struct ed_error *err) {
    if (for_ns < least || for_ns > ED_LEASE_MAX_NS)
        return ed_fail(err, ED_ERR_USAGE, NULL, "a lease of %lld ns; expected %lld ns to 30 days",
                       (long long)for_ns, (long long)least);
    return ED_OK;
}

static enum ed_status check_owner(const char *owner, struct ed_error *err) {
    if (!ed_lease_text_ok(owner, ED_WIRE_OWNER_MAX_BYTES, false))
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "the owner of a lease must be printable text of 1 to %d bytes",
                       ED_WIRE_OWNER_MAX_BYTES);
    return ED_OK;
}

static enum ed_status check_ask(const struct ed_lease_ask *ask, struct ed_error *err) {
    if (!ed_path_name_ok(ask->holder))
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "'%.80s' is no name of a campaign: letters, digits and . _ @ + - of at most 64 bytes",
                       ask->holder);
    if (!ed_lease_text_ok(ask->purpose, ED_LEASE_PURPOSE_MAX_BYTES, true))
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "the purpose of a lease must be printable text of at most %d bytes",
                       ED_LEASE_PURPOSE_MAX_BYTES);
    enum ed_status status = check_owner(ask->owner, err);
    return status == ED_OK ? check_for(ask->for_ns, 1, err) : status;
}

// How many live tickets come before this holder's. While the device is reserved, those of other owners cannot
// be served and stand in nobody's way.
static int count_ahead(const struct ed_lease_tickets *tickets, const struct ed_lease_view *view,
                       const char *holder, const char *owner) {
    const bool reserved_for_it = view->reserved_by[0] && !strcmp(view->reserved_by, owner);
    int ahead = 0;
    for (size_t i = 0; i < tickets->n && strcmp(tickets->items[i].holder, holder); i++)
        ahead += !reserved_for_it || !strcmp(tickets->items[i].owner, owner);
    return ahead;
}

// The supervisor of an older lease's job may still be in its last block: only its own campaign may come back
// to it.
static enum ed_status check_job(const char *work, const char *holder, struct ed_lease_view *view,
                                bool *free_for_it, struct ed_error *err) {
    char job[ED_WIRE_ID_MAX_BYTES + 1];
    struct ed_lease_job whose;
    *free_for_it = true;
    enum ed_status status = ed_jobdir_running(work, job, err);
    if (status != ED_OK || !job[0])
        return status;
    const bool known = ed_lease_job_load(work, job, &whose);
    if (known && !strcmp(whose.holder, holder))
        return ED_OK;
    *free_for_it = false;
    snprintf(view->holder, sizeof view->holder, "%s", known ? whose.holder : "");
    snprintf(view->owner, sizeof view->owner, "%s", known && whose.owner[0] ? whose.owner : "unknown");
    snprintf(view->purpose, sizeof view->purpose, "job %s, which still runs", job);
    return ED_OK;
}

static void make_token(struct ed_lease_record *record, const struct ed_lease_now *now) {
    uint32_t random = 0;
    // Where the kernel has no random numbers yet, the clock does: the counter alone makes tokens differ.
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)now->boot_ns ^ (uint32_t)(now->real_us << 7) ^ (uint32_t)getpid();
    record->counter++;
    snprintf(record->token, sizeof record->token, "%lld-%08x", (long long)record->counter, random);
}

static enum ed_status grant(struct desk *desk, const char *work, const struct ed_lease_ask *ask,
                            struct ed_lease_view *view, struct ed_error *err) {
    struct ed_lease_record *record = &desk->record;
    if (record->counter >= INT64_C(1) << 53)
        return ed_fail(err, ED_ERR_LIMIT, ED_WORK_LEASE, "its counter is at its end; remove the file");
    ed_lease_record_settle(record, &desk->now);
    make_token(record, &desk->now);
    snprintf(record->holder, sizeof record->holder, "%s", ask->holder);
    snprintf(record->owner, sizeof record->owner, "%s", ask->owner);
    snprintf(record->purpose, sizeof record->purpose, "%s", ask->purpose);
    record->expires_boot_ns = desk->now.boot_ns + ask->for_ns;
    enum ed_status status = ed_lease_record_store(work, record, err);
    if (status != ED_OK)
        return status;
    ed_lease_ticket_remove(work, ask->holder, NULL); // one that stays dies by itself
    describe(record, &desk->now, view);
    view->granted = true;
    snprintf(view->token, sizeof view->token, "%s", record->token);
    return ED_OK;
}

static enum ed_status queue_up(const struct desk *desk, const char *work, const struct ed_lease_ask *ask,
                               const struct ed_lease_tickets *tickets, struct ed_error *err) {
    struct ed_lease_ticket ticket = {.created_boot_ns = desk->now.boot_ns};
    size_t i = 0;
    while (i < tickets->n && strcmp(tickets->items[i].holder, ask->holder))
        i++;
    if (i < tickets->n)
        ticket.created_boot_ns = tickets->items[i].created_boot_ns;
    else if (tickets->n == ED_LEASE_TICKETS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, ED_WORK_TICKETS, "%d campaigns wait for this device already",
                       ED_LEASE_TICKETS_MAX);
    ticket.seen_boot_ns = desk->now.boot_ns;
    snprintf(ticket.holder, sizeof ticket.holder, "%s", ask->holder);
    snprintf(ticket.owner, sizeof ticket.owner, "%s", ask->owner);
    return ed_lease_ticket_store(work, &ticket, &desk->now, err);
}

enum ed_status ed_lease_take(const char *work, const struct ed_lease_ask *ask, struct ed_lease_view *view,
                             struct ed_error *err) {
    struct ed_lease_tickets tickets;
    struct desk desk;
    memset(view, 0, sizeof *view);
    enum ed_status status = check_ask(ask, err);
    if (status == ED_OK)
        status = desk_open(&desk, work, err);
    if (status != ED_OK)
        return status;
    status = ed_lease_tickets_load(work, &desk.now, true, &tickets, err);
    if (status != ED_OK)
        goto out;
    describe(&desk.record, &desk.now, view);
    view->ahead = count_ahead(&tickets, view, ask->holder, ask->owner);
    // While a lease lives its campaign alone may take it, whatever is reserved and whoever waits.
    bool may = view->left_ns > 0
                   ? !strcmp(view->holder, ask->holder)
                   : view->ahead == 0 && (!view->reserved_by[0] || !strcmp(view->reserved_by, ask->owner));
    if (may)
        status = check_job(work, ask->holder, view, &may, err);
    if (status == ED_OK && may)
        status = grant(&desk, work, ask, view, err);
    else if (status == ED_OK && ask->wait)
        status = queue_up(&desk, work, ask, &tickets, err);
out:
    desk_close(&desk);
    return status;
}

enum ed_status ed_lease_renew_locked(const char *work, const char *token, int64_t for_ns,
                                     struct ed_lease_record *record, struct ed_error *err) {
    struct ed_lease_now now;
    ed_lease_now(&now);
    enum ed_status status = check_for(for_ns, 1, err);
    if (status == ED_OK)
        status = ed_lease_record_load(work, record, err);
    if (status == ED_OK)
        status = ed_lease_record_check(record, &now, token, err);
    if (status != ED_OK || record->expires_boot_ns >= now.boot_ns + for_ns)
        return status;
    record->expires_boot_ns = now.boot_ns + for_ns;
    return ed_lease_record_store(work, record, err);
}

enum ed_status ed_lease_renew(const char *work, const char *token, int64_t for_ns, struct ed_error *err) {
    struct ed_lease_record record;
    int fd = -1;
    enum ed_status status = ed_lease_lock(work, &fd, err);
    if (status != ED_OK)
        return status;
    status = ed_lease_renew_locked(work, token, for_ns, &record, err);
    close(fd);
    return status;
}

enum ed_status ed_lease_release(const char *work, const char *token, struct ed_error *err) {
    struct desk desk;
    char holder[ED_WIRE_ID_MAX_BYTES + 1];
    if (!ed_lease_token_ok(token, NULL))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.60s' is no token of a lease", token);
    enum ed_status status = desk_open(&desk, work, err);
    if (status != ED_OK)
        return status;
    if (!strcmp(desk.record.token, token)) {
        snprintf(holder, sizeof holder, "%s", desk.record.holder);
        desk.record.expires_boot_ns = 0;
        ed_lease_record_settle(&desk.record, &desk.now);
        status = ed_lease_record_store(work, &desk.record, err);
        if (status == ED_OK)
            status = ed_lease_ticket_remove(work, holder, err);
    }
    desk_close(&desk);
    return status;
}

enum ed_status ed_lease_leave(const char *work, const char *holder, struct ed_error *err) {
    int fd = -1;
    enum ed_status status = ed_lease_lock(work, &fd, err);
    if (status != ED_OK)
        return status;
    status = ed_lease_ticket_remove(work, holder, err);
    close(fd);
    return status;
}

enum ed_status ed_lease_reserve(const char *work, const char *owner, int64_t for_ns,
                                struct ed_lease_view *view, struct ed_error *err) {
    struct desk desk;
    memset(view, 0, sizeof *view);
    enum ed_status status = check_owner(owner, err);
    if (status == ED_OK)
        status = check_for(for_ns, 0, err);
    if (status == ED_OK)
        status = desk_open(&desk, work, err);
    if (status != ED_OK)
        return status;
    ed_lease_record_settle(&desk.record, &desk.now);
    if (desk.record.reserved_by[0] && strcmp(desk.record.reserved_by, owner)) {
        status = ed_fail(err, ED_ERR_BUSY, NULL,
                         "reserved by %s for another %lld s: wait, or ask %s to give it up",
                         desk.record.reserved_by,
                         (long long)(ed_lease_reserved_left_ns(&desk.record, &desk.now) / 1000000000),
                         desk.record.reserved_by);
    } else if (for_ns > 0 || desk.record.reserved_by[0]) {
        snprintf(desk.record.reserved_by, sizeof desk.record.reserved_by, "%s", for_ns ? owner : "");
        desk.record.reserved_boot_ns = for_ns ? desk.now.boot_ns + for_ns : 0;
        desk.record.reserved_until_us = for_ns ? desk.now.real_us + for_ns / 1000 : 0;
        status = ed_lease_record_store(work, &desk.record, err);
    }
    describe(&desk.record, &desk.now, view);
    desk_close(&desk);
    return status;
}

// The record is replaced by renaming, so that whoever only looks needs no lock, and leaves no trace.
enum ed_status ed_lease_show(const char *work, struct ed_lease_view *view, struct ed_error *err) {
    struct ed_lease_tickets tickets;
    struct ed_lease_record record;
    struct ed_lease_now now;
    memset(view, 0, sizeof *view);
    enum ed_status status = ed_lease_record_load(work, &record, err);
    ed_lease_now(&now);
    if (status == ED_OK)
        status = ed_lease_tickets_load(work, &now, false, &tickets, err);
    if (status != ED_OK)
        return status;
    describe(&record, &now, view);
    view->ahead = (int)tickets.n;
    return ED_OK;
}

enum ed_status ed_lease_check_locked(const char *work, const char *token, struct ed_error *err) {
    struct ed_lease_record record;
    struct ed_lease_now now;
    enum ed_status status = ed_lease_record_load(work, &record, err);
    ed_lease_now(&now);
    return status == ED_OK ? ed_lease_record_check(&record, &now, token, err) : status;
}

enum ed_status ed_lease_check(const char *work, const char *token, struct ed_error *err) {
    return ed_lease_check_locked(work, token, err);
}
