// SPDX-License-Identifier: Apache-2.0
// The state machine of one device.
#include "harness/drive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "base/units.h"
#include "devices/quarantine.h"
#include "harness/blocks.h"
#include "harness/job_write.h"
#include "harness/keep.h"

#define MS INT64_C(1000000)
#define POLL_MIN_NS (20 * MS)
#define POLL_MAX_NS (2000 * MS)
#define COOLING_LOOK_NS \
    (2000 * MS) // the runner holds a block back for longer than that (runners/cool_down.h)
#define LOOK_AT_LEAST_NS (600000 * MS)
#define LEASE_MARGIN_NS (120000 * MS)
#define DEATHS_MAX 2 // in a row without a finished block; one more is a failure
#define FIRST_LOOK_NS (100 * MS)
#define STOP_PATIENCE_NS (30000 * MS)

enum step { STEP_ATTACH, STEP_START, STEP_FOLLOW, STEP_FINISHED, STEP_FAILED };

struct ed_drive {
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    const struct ed_remote *remote;
    const char *token;
    const struct ed_drive_stages *stages; // NULL: the whole plan
    const struct ed_log *log;
    struct ed_keep keep; // the device's files in the campaign
    enum step step;
    int64_t overdue_ns;    // next wait for news that is late
    int64_t stop_since_ns; // when the job was told to stop; 0: not
    int64_t done_at_start; // blocks that were known when the current job started
    int64_t started_ns;    // when the current job was started by this drive; 0: found running
    int64_t extend_ns;     // for how long the lease is to last, asked with the next question
    int deaths;            // of runners, in a row, without a finished block
};

enum ed_status ed_drive_new(struct ed_drive **out, const struct ed_campaign *campaign, size_t device,
                            const struct ed_remote *remote, const char *token,
                            const struct ed_drive_stages *stages, const struct ed_log *log,
                            struct ed_error *err) {
    struct ed_drive *drive = calloc(1, sizeof *drive);
    *out = NULL;
    if (!drive)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to drive a device");
    drive->campaign = campaign;
    drive->device = &campaign->devices[device];
    drive->remote = remote;
    drive->token = token;
    drive->stages = stages;
    drive->log = log;
    drive->extend_ns = LEASE_MARGIN_NS;
    enum ed_status status = ed_keep_open(&drive->keep, drive->device, err);
    bool more = true;
    if (status == ED_OK && stages)
        status = stages->next(stages->context, &more, err);
    if (status != ED_OK) {
        ed_keep_close(&drive->keep);
        free(drive);
        return status;
    }
    drive->step = drive->keep.job[0] ? STEP_ATTACH : STEP_START;
    *out = drive;
    return ED_OK;
}

void ed_drive_free(struct ed_drive *drive) {
    if (!drive)
        return;
    ed_keep_close(&drive->keep);
    free(drive);
}

static bool is_missing(void *context, const char *block) {
    const struct ed_drive *drive = context;
    return !ed_keep_has(&drive->keep, block) &&
           (!drive->stages || drive->stages->wanted(drive->stages->context, block));
}

static int64_t inferences_of(void *context, const char *block) {
    const struct ed_drive *drive = context;
    return drive->stages->inferences(drive->stages->context, block);
}

// What the campaign's first block that knew it told of the device's temperature: later jobs cool to the same.
static enum ed_status find_start(const struct ed_drive *drive, struct ed_job_subset_start *begun,
                                 struct ed_error *err) {
    struct ed_blocks blocks;
    enum ed_status status = ed_blocks_load(&blocks, drive->device, NULL, err);
    for (size_t b = 0; status == ED_OK && !begun->channel[0] && b < blocks.n; b++) {
        const struct ed_json_at root = ed_json_root(&blocks.documents[b]),
                                at = ed_json_member(&root, "cool_down");
        int64_t start_mc = INT64_MIN;
        if (!at.value || ed_json_opt_int(&at, "start_mc", -1000000, 1000000, &start_mc, NULL) != ED_OK ||
            start_mc == INT64_MIN ||
            ed_json_opt_string(&at, "channel", begun->channel, sizeof begun->channel, NULL) != ED_OK)
            continue;
        begun->start_mc = start_mc;
    }
    if (status == ED_OK)
        ed_blocks_release(&blocks);
    return status;
}

// The planned blocks that are not here, as a job named `id`. What is counted is the plan's: a device may send
// blocks that nobody asked for.
static enum ed_status missing_job(struct ed_drive *drive, const char *id, struct ed_buffer *job, size_t *n,
                                  struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer frozen;
    ed_buffer_init(&frozen, ED_WIRE_JOB_MAX_BYTES);
    enum ed_status status = ed_path_join(path, drive->device->directory, ED_CAMPAIGN_JOB, err);
    if (status == ED_OK)
        status = ed_path_read(path, ED_WIRE_JOB_MAX_BYTES, &frozen, err);
    struct ed_job_subset_start begun = {0};
    if (status == ED_OK && drive->keep.n_jobs)
        status = find_start(drive, &begun, err);
    const struct ed_job_subset_args args = {
        .id = id,
        .start = begun.channel[0] ? &begun : NULL,
        .token = drive->token,
        .wanted = is_missing,
        .inferences = drive->stages ? inferences_of : NULL,
        .context = drive,
        .max_ns = drive->stages ? drive->stages->max_ns(drive->stages->context) : 0};
    if (status == ED_OK)
        status = ed_job_subset(job, path, ed_buffer_text(&frozen), frozen.size, &args, n, err);
    ed_buffer_release(&frozen);
    return status;
}

// A job under a new name with what is missing. The attach line is on disk before the device hears of it:
// whatever happens in between is found out by asking for that job.
static enum ed_status start(struct ed_drive *drive, struct ed_error *err) {
    char id[ED_WIRE_ID_MAX_BYTES + 1];
    struct ed_buffer job;
    size_t n = 0;
    ed_buffer_init(&job, ED_WIRE_JOB_MAX_BYTES);
    snprintf(id, sizeof id, "%.40s.%.12s.%zu", drive->campaign->id, drive->device->id,
             drive->keep.n_jobs + 1);
    enum ed_status status = missing_job(drive, id, &job, &n, err);
    if (status == ED_OK && n == 0 && drive->stages) {
        bool more = false;
        status = drive->stages->next(drive->stages->context, &more, err);
        ed_buffer_clear(&job);
        if (status == ED_OK && more)
            status = missing_job(drive, id, &job, &n, err);
    }
    if (status == ED_OK && n == 0) {
        drive->step = STEP_FINISHED;
    } else if (status == ED_OK) {
        status = ed_keep_attach(&drive->keep, id, err);
        if (status == ED_OK)
            status = ed_remote_start(drive->remote, ed_buffer_text(&job), job.size, err);
        if (status == ED_OK) {
            drive->done_at_start = (int64_t)drive->keep.n_done;
            drive->started_ns = ed_clock_monotonic_ns();
            drive->step = STEP_FOLLOW;
        }
    }
    ed_buffer_release(&job);
    return status;
}

// After a restart of this program: is the job that it started last still known to the device?
static enum ed_status attach(struct ed_drive *drive, struct ed_error *err) {
    struct ed_remote_status there;
    struct ed_error unknown = {0};
    enum ed_status status = ed_remote_status(drive->remote, drive->keep.job, &there, &unknown);
    if (status == ED_ERR_NOT_FOUND) {
        drive->step = STEP_START;
        return ED_OK;
    }
    if (status != ED_OK) {
        if (err)
            *err = unknown;
        return status;
    }
    drive->done_at_start = (int64_t)drive->keep.n_done;
    drive->step = STEP_FOLLOW;
    return ED_OK;
}

// The last line that a dead runner wrote to its log; "" where there is none.
static void last_words(struct ed_drive *drive, char *words, size_t bytes) {
    struct ed_buffer log;
    ed_buffer_init(&log, 65536);
    if (ed_remote_read(drive->remote, drive->keep.job, ED_JOB_LOG, 0, 65536, &log, NULL) == ED_OK &&
        log.size) {
        if (log.data[log.size - 1] == '\n')
            log.data[log.size - 1] = 0;
        const char *line = strrchr(log.data, '\n');
        snprintf(words, bytes, "%s", line ? line + 1 : log.data);
    }
    ed_buffer_release(&log);
}

// Everything that the job has is here: is there more to do?
static enum ed_status conclude(struct ed_drive *drive, const struct ed_remote_status *there, bool stop,
                               struct ed_error *err) {
    const bool progress = (int64_t)drive->keep.n_done > drive->done_at_start;
    char words[400] = "";
    struct ed_buffer rest;
    size_t left = 0;
    ed_buffer_init(&rest, ED_WIRE_JOB_MAX_BYTES);
    enum ed_status status = missing_job(drive, drive->keep.job, &rest, &left, err);
    ed_buffer_release(&rest);
    if (status != ED_OK)
        return status;
    if (there->state == ED_REMOTE_DIED)
        last_words(drive, words, sizeof words);
    ed_remote_forget(drive->remote, drive->keep.job, NULL);
    drive->step = !left && !stop && drive->stages ? STEP_START : STEP_FINISHED;
    if (!left || stop)
        return ED_OK;
    if (there->state == ED_REMOTE_DIED) {
        drive->deaths = progress ? 0 : drive->deaths + 1;
        if (drive->deaths > DEATHS_MAX)
            return ed_fail(err, ED_ERR_REFUSED, drive->device->id,
                           "the runner died before it finished a block%s%s; what was measured is kept",
                           words[0] ? ": " : "", words);
        ed_log_line(drive->log, ED_LOG_WARNING,
                    "%s: the runner was killed after %zu of %zu blocks; starting it again for the rest",
                    drive->device->id, drive->keep.n_done, drive->device->n_blocks);
        drive->step = STEP_START;
        return ED_OK;
    }
    if (!strcmp(there->reason, "error"))
        return ed_fail(err, strstr(there->message, "No space left") ? ED_ERR_NO_SPACE : ED_ERR_REFUSED,
                       drive->device->id, "the runner gave up: %s", there->message);
    if (!strcmp(there->reason, "stopped")) {
        // By somebody else, or in an earlier life of this program: a resume goes on, a run that was just
        // started does not.
        if (drive->started_ns)
            return ed_fail(err, ED_ERR_REFUSED, drive->device->id,
                           "its job was stopped on the device (%s); what was measured is kept",
                           there->message[0] ? there->message : "by an unknown");
        drive->step = STEP_START;
        return ED_OK;
    }
    if (!strcmp(there->reason, "lease")) {
        drive->step = STEP_START;
        return ed_fail(err, ED_ERR_BUSY, drive->device->id, "the lease was lost: %s", there->message);
    }
    if (!strcmp(there->reason, "deadline")) {
        if (drive->started_ns) {
            ed_log_line(drive->log, ED_LOG_WARNING, "%s: the time limit ended it after %zu of %zu blocks",
                        drive->device->id, drive->keep.n_done, drive->device->n_blocks);
            return ED_OK;
        }
        drive->step = STEP_START;
        return ED_OK;
    }
    // A job of an earlier life may have been of an earlier stage. One that this drive started was asked for
    // every block that is missing.
    if (drive->stages && !drive->started_ns) {
        drive->step = STEP_START;
        return ED_OK;
    }
    return ed_fail(err, ED_ERR_INTERNAL, drive->device->id,
                   "the runner says that it is done, but %zu of %zu blocks are missing", left,
                   drive->device->n_blocks);
}

// "c3.timing.7" as people call it.
static void name_block(const struct ed_drive *drive, const char *block, char *out, size_t bytes) {
    char id[ED_WIRE_ID_MAX_BYTES + 1];
    snprintf(id, sizeof id, "%s", block);
    char *pass = strchr(id, '.');
    out[0] = 0;
    if (!pass)
        return;
    *pass++ = 0;
    char *repetition = strchr(pass, '.');
    if (repetition)
        *repetition++ = 0;
    for (size_t i = 0; i < drive->device->n_cases; i++) {
        const struct ed_campaign_case *c = &drive->device->cases[i];
        if (!strcmp(c->id, id))
            snprintf(out, bytes, "%s%s%s%s%s/%s t%lld %s %s", c->model, c->variant[0] ? "/" : "", c->variant,
                     c->model[0] ? " " : "", c->engine, c->backend, (long long)c->threads, pass,
                     repetition ? repetition : "");
    }
}

// The number of bytes written.
static size_t name_cooling(const struct ed_remote_status *there, char *out, size_t bytes) {
    char most[32];
    ed_units_print_duration(most, sizeof most,
                            (there->cooling_ns + 1000 * MS - 1) / (1000 * MS) * (1000 * MS));
    const int n = snprintf(
        out, bytes, "cooling down, %.1f C to %.1f C, at most %s: ", (double)there->cooling_now_mc / 1000,
        (double)there->cooling_limit_mc / 1000, most);
    return n < 0 ? 0 : (size_t)n < bytes ? (size_t)n : bytes - 1;
}

static enum ed_status follow(struct ed_drive *drive, bool stop, struct ed_drive_news *news,
                             struct ed_error *err) {
    struct ed_remote_status there;
    const int64_t now = ed_clock_monotonic_ns();
    if (stop && !drive->stop_since_ns) {
        char owner[ED_WIRE_OWNER_MAX_BYTES + 1];
        ed_remote_owner(owner);
        enum ed_status told = ed_remote_stop(drive->remote, drive->keep.job, owner, err);
        if (told != ED_OK && told != ED_ERR_NOT_FOUND)
            return told;
        drive->stop_since_ns = now;
    }
    enum ed_status status = ed_remote_status_renew(
        drive->remote, drive->keep.job, drive->token[0] ? drive->token : NULL, drive->extend_ns, &there, err);
    news->device_monotonic_ns = there.device_monotonic_ns;
    news->asked_real_ns = there.asked_real_ns;
    news->answered_real_ns = there.answered_real_ns;
    if (status == ED_ERR_NOT_FOUND) {
        if (++drive->deaths > DEATHS_MAX)
            return ed_fail(err, ED_ERR_REFUSED, drive->device->id,
                           "the device does not know the job any more; what was measured is kept");
        ed_log_line(
            drive->log, ED_LOG_WARNING,
            "%s: the device does not know the job any more (was it reset?); starting what is missing again",
            drive->device->id);
        drive->step = STEP_START;
        return ED_OK;
    }
    if (status != ED_OK)
        return status;
    const size_t before = drive->keep.n_done;
    if (there.journal_bytes > drive->keep.job_journal_bytes)
        status = ed_keep_fetch(&drive->keep, drive->remote, there.journal_bytes, err);
    if (status != ED_OK)
        return status;
    if (there.state != ED_REMOTE_RUNNING)
        return conclude(drive, &there, stop, err);
    if (drive->stop_since_ns && now - drive->stop_since_ns > STOP_PATIENCE_NS)
        return ed_fail(err, ED_ERR_TIMEOUT, drive->device->id,
                       "the runner does not end; it was told to %d s ago",
                       (int)(STOP_PATIENCE_NS / (1000 * MS)));
    news->left_ns = there.left_ns;
    size_t used = 0;
    if (drive->stages)
        used = (size_t)snprintf(news->now, sizeof news->now, "%.60s",
                                drive->stages->words(drive->stages->context));
    if (there.cooling_ns >= 0)
        used += name_cooling(&there, news->now + used, sizeof news->now - used);
    name_block(drive, there.block, news->now + used, sizeof news->now - used);
    // News that is late is asked for less and less often: the questions cost the device something.
    drive->overdue_ns =
        drive->keep.n_done > before || there.next_news_ns > 0
            ? POLL_MIN_NS
            : (drive->overdue_ns * 3 / 2 < POLL_MAX_NS ? drive->overdue_ns * 3 / 2 : POLL_MAX_NS);
    int64_t wait = there.next_news_ns > POLL_MIN_NS ? there.next_news_ns + 5 * MS : drive->overdue_ns;
    if (there.cooling_ns >= 0)
        wait = COOLING_LOOK_NS;
    // Not earlier than the block's predicted end, however long it is: a question in the middle would disturb
    // it.
    if (wait > LOOK_AT_LEAST_NS)
        wait = LOOK_AT_LEAST_NS;
    drive->extend_ns = 2 * there.left_ns + wait + LEASE_MARGIN_NS;
    if (stop)
        wait = 50 * MS;
    news->wake_ns = ed_clock_monotonic_ns() + wait;
    return ED_OK;
}

enum ed_status ed_drive_step(struct ed_drive *drive, bool stop, struct ed_drive_news *news,
                             struct ed_error *err) {
    enum ed_status status = ED_OK;
    memset(news, 0, sizeof *news);
    news->left_ns = -1;
    news->wake_ns = ed_clock_monotonic_ns();
    switch (drive->step) {
    case STEP_ATTACH:
        status = attach(drive, err);
        break;
    case STEP_START:
        if (stop)
            drive->step = STEP_FINISHED;
        else
            status = start(drive, err);
        // Nothing can have happened yet, and a question would meet the first worker as it starts.
        news->wake_ns += FIRST_LOOK_NS;
        break;
    case STEP_FOLLOW:
        status = follow(drive, stop, news, err);
        break;
    case STEP_FINISHED:
    case STEP_FAILED:
        break;
    }
    // Whether a start came through that was not answered is found out by asking for the job.
    if (status != ED_OK && (ed_status_is_transient(status) || status == ED_ERR_BUSY)) {
        if (drive->step == STEP_START && status != ED_ERR_BUSY)
            drive->step = STEP_ATTACH;
    } else if (status != ED_OK) {
        drive->step = STEP_FAILED;
    }
    news->done = (int64_t)drive->keep.n_done;
    news->total =
        drive->stages ? drive->stages->total(drive->stages->context) : (int64_t)drive->device->n_blocks;
    news->home_bytes = drive->keep.journal_bytes + drive->keep.samples.bytes + drive->keep.timeline.bytes;
    news->state = drive->step == STEP_FINISHED ? ED_DRIVE_FINISHED
                  : drive->step == STEP_FAILED ? ED_DRIVE_FAILED
                                               : ED_DRIVE_GOING;
    return status;
}
