// SPDX-License-Identifier: Apache-2.0
// A thread per device.
#include "harness/fleet.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/quarantine.h"
#include "devices/transport.h"

#define SECOND_NS INT64_C(1000000000)
#define SLICE_NS (SECOND_NS / 20) // between two looks at the progress
#define STACK_BYTES (1u << 20)    // sums of path and error buffers; only what is touched is resident

struct task {
    struct ed_member *member;
    ed_fleet_work work; // NULL: opening or following
    void *work_context;
    bool describe;                      // opening
    const struct ed_campaign *campaign; // following; NULL: opening
    size_t device;
    bool leave_nothing;
    bool say_failure; // at once, since others go on
    struct ed_member_result result;
    pthread_t thread;
    bool started;
    atomic_bool done;
};

static void open_task(struct task *task) {
    struct ed_member *member = task->member;
    member->status = ed_member_open(member, task->describe, &member->failure);
    if (member->status != ED_OK && ed_status_is_of_device(member->status) && member->session.transport &&
        !member->session.transport->in_place)
        ed_quarantine_add(member->entry, &member->failure);
}

static void *run_task(void *context) {
    struct task *task = context;
    if (task->work) {
        task->result.status = task->work(task->member, task->work_context, &task->result.failure);
    } else if (!task->campaign) {
        open_task(task);
    } else {
        ed_member_follow(task->member, task->campaign, task->device, task->leave_nothing, &task->result);
        if (task->say_failure && task->result.status != ED_OK)
            ed_log_line(task->member->context->log, ED_LOG_WARNING, "%s: stopped: %s",
                        task->member->entry->id, task->result.failure.message);
    }
    atomic_store(&task->done, true);
    return NULL;
}

// Threads leave signals to the one that waits for them.
static void start_threads(struct task *tasks, size_t n) {
    pthread_attr_t attributes;
    sigset_t all, kept;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &kept);
    for (size_t i = 0; i < n; i++)
        tasks[i].started = pthread_create(&tasks[i].thread, &attributes, run_task, &tasks[i]) == 0;
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    pthread_attr_destroy(&attributes);
}

static bool all_done(struct task *tasks, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (tasks[i].started && !atomic_load(&tasks[i].done))
            return false;
    return true;
}

// Runs every task; one for which there is no thread is run here, after the others have begun.
static void run_tasks(struct task *tasks, size_t n, struct ed_progress *progress) {
    start_threads(tasks, n);
    for (size_t i = 0; i < n; i++)
        if (!tasks[i].started)
            run_task(&tasks[i]);
    // Short looks at first: a local device is opened in milliseconds.
    for (int64_t wait_ns = SECOND_NS / 1000; !all_done(tasks, n);) {
        if (progress)
            ed_progress_draw(progress);
        ed_clock_sleep_until(ed_clock_monotonic_ns() + wait_ns, NULL);
        wait_ns = wait_ns * 3 / 2 < SLICE_NS ? wait_ns * 3 / 2 : SLICE_NS;
    }
    for (size_t i = 0; i < n; i++)
        if (tasks[i].started)
            pthread_join(tasks[i].thread, NULL);
}

static enum ed_status gather(struct ed_fleet *fleet, struct ed_error *err) {
    enum ed_status first = ED_OK;
    for (size_t i = 0; i < fleet->n; i++) {
        struct ed_member *member = &fleet->members[i];
        if (member->status == ED_OK) {
            fleet->present[fleet->n_present++] = i;
            continue;
        }
        if (fleet->context.progress)
            ed_progress_finish(fleet->context.progress, i);
        if (first == ED_OK) {
            first = member->status;
            if (err)
                *err = member->failure;
        }
    }
    if (first != ED_OK && !fleet->n_present)
        return first;
    for (size_t i = 0; i < fleet->n; i++)
        if (fleet->members[i].status != ED_OK)
            ed_log_line(fleet->context.log, ED_LOG_WARNING, "%s is left out: %s", fleet->members[i].entry->id,
                        fleet->members[i].failure.message);
    return ED_OK;
}

enum ed_status ed_fleet_open(struct ed_fleet *fleet, const struct ed_member_context *context,
                             const struct ed_inventory *inventory, const size_t *indices, size_t n,
                             bool describe, struct ed_error *err) {
    const char *ids[ED_FLEET_MAX];
    memset(fleet, 0, sizeof *fleet);
    fleet->context = *context;
    if (n > ED_FLEET_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%zu devices were asked for; a campaign takes %d", n,
                       ED_FLEET_MAX);
    enum ed_status status = ed_transports_start(err);
    if (status != ED_OK)
        return status;
    struct task *tasks = calloc(n + 1, sizeof *tasks);
    fleet->members = calloc(n + 1, sizeof *fleet->members);
    fleet->present = calloc(n + 1, sizeof *fleet->present);
    if (!tasks || !fleet->members || !fleet->present)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu devices", n);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        const struct ed_device_entry *entry = &inventory->devices[indices[i]];
        ed_member_init(&fleet->members[i], &fleet->context, entry, i);
        tasks[i].member = &fleet->members[i];
        tasks[i].describe = describe;
        ids[i] = entry->id;
        fleet->n = i + 1;
    }
    if (status == ED_OK && context->progress)
        ed_progress_devices(context->progress, ids, n);
    if (status == ED_OK) {
        run_tasks(tasks, n, context->progress);
        status = gather(fleet, err);
    }
    free(tasks);
    if (status != ED_OK)
        ed_fleet_close(fleet);
    return status;
}

enum ed_status ed_fleet_each(struct ed_fleet *fleet, ed_fleet_work work, void *const *contexts,
                             struct ed_error *err) {
    struct task *tasks = calloc(fleet->n_present + 1, sizeof *tasks);
    enum ed_status first = ED_OK;
    size_t left = 0;
    if (!tasks)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu devices", fleet->n_present);
    for (size_t i = 0; i < fleet->n_present; i++)
        tasks[i] = (struct task){
            .member = &fleet->members[fleet->present[i]], .work = work, .work_context = contexts[i]};
    run_tasks(tasks, fleet->n_present, fleet->context.progress);
    for (size_t i = 0; i < fleet->n_present; i++) {
        struct ed_member *member = tasks[i].member;
        if (tasks[i].result.status == ED_OK) {
            fleet->present[left++] = fleet->present[i];
            continue;
        }
        member->status = tasks[i].result.status;
        member->failure = tasks[i].result.failure;
        if (fleet->context.progress)
            ed_progress_finish(fleet->context.progress, fleet->present[i]);
        if (fleet->n > 1)
            ed_log_line(fleet->context.log, ED_LOG_WARNING, "%s is left out: %s", member->entry->id,
                        member->failure.message);
        if (first == ED_OK) {
            first = member->status;
            if (err)
                *err = member->failure;
        }
    }
    free(tasks);
    fleet->n_present = left;
    return left ? ED_OK : first;
}

void ed_fleet_close(struct ed_fleet *fleet) {
    for (size_t i = 0; i < fleet->n; i++)
        ed_member_release(&fleet->members[i]);
    free(fleet->members);
    free(fleet->present);
    memset(fleet, 0, sizeof *fleet);
}

size_t ed_fleet_device(const struct ed_campaign *campaign, const struct ed_member *member) {
    for (size_t i = 0; i < campaign->n_devices; i++)
        if (!strcmp(campaign->devices[i].id, member->entry->id))
            return i;
    return SIZE_MAX;
}

enum ed_status ed_fleet_follow(struct ed_fleet *fleet, const struct ed_campaign *campaign, bool leave_nothing,
                               int64_t *blocks_done, struct ed_error *err) {
    struct task *tasks = calloc(fleet->n_present + 1, sizeof *tasks);
    enum ed_status first = ED_OK;
    int64_t done = 0;
    size_t n = 0;
    if (!tasks)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to drive the devices");
    for (size_t i = 0; i < fleet->n_present; i++) {
        struct ed_member *member = &fleet->members[fleet->present[i]];
        const size_t device = ed_fleet_device(campaign, member);
        if (device != SIZE_MAX)
            tasks[n++] = (struct task){.member = member,
                                       .campaign = campaign,
                                       .device = device,
                                       .leave_nothing = leave_nothing,
                                       .say_failure = fleet->n_present > 1};
    }
    run_tasks(tasks, n, fleet->context.progress);
    for (size_t i = 0; i < n; i++) {
        done += tasks[i].result.done;
        if (tasks[i].result.status != ED_OK && first == ED_OK) {
            first = tasks[i].result.status;
            if (err)
                *err = tasks[i].result.failure;
        }
    }
    free(tasks);
    if (blocks_done)
        *blocks_done = done;
    if (first == ED_OK && fleet->context.interrupted && *fleet->context.interrupted)
        return ed_fail(err, ED_ERR_CANCELLED, NULL, "stopped by the user; every finished block is kept");
    return first;
}
