// SPDX-License-Identifier: Apache-2.0
// Whether a job may start, and go on, by the device's lease.
#include "runners/lease_job.h"

#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "runners/lease_record.h"

#define JOB_LEASE "lease.json"
#define JOB_LEASE_MAX_BYTES 2048

static enum ed_status admit_without(const char *work, struct ed_error *err) {
    struct ed_lease_record record;
    struct ed_lease_now now;
    enum ed_status status = ed_lease_record_load(work, &record, err);
    ed_lease_now(&now);
    if (status != ED_OK)
        return status;
    const int64_t left_ns = ed_lease_left_ns(&record, &now),
                  reserved_ns = ed_lease_reserved_left_ns(&record, &now);
    if (left_ns > 0)
        return ed_fail(err, ED_ERR_BUSY, work,
                       "%s holds this device (%s) for another %lld s: a job needs its lease", record.owner,
                       record.purpose[0] ? record.purpose : record.holder, (long long)(left_ns / 1000000000));
    if (reserved_ns > 0)
        return ed_fail(err, ED_ERR_BUSY, work,
                       "%s has reserved this device for another %lld s: a job needs a lease",
                       record.reserved_by, (long long)(reserved_ns / 1000000000));
    return ED_OK;
}

enum ed_status ed_lease_job_admit(const char *work, const struct ed_job *job, struct ed_lease_job *whose,
                                  struct ed_error *err) {
    struct ed_lease_record record = {0};
    int fd = -1;
    memset(whose, 0, sizeof *whose);
    enum ed_status status = ed_lease_lock(work, &fd, err);
    if (status != ED_OK)
        return status;
    if (job->lease_token[0]) {
        status = ed_lease_renew_locked(work, job->lease_token, job->lease_for_ns, &record, err);
        snprintf(whose->holder, sizeof whose->holder, "%s", record.holder);
        snprintf(whose->owner, sizeof whose->owner, "%s", record.owner);
    } else {
        status = admit_without(work, err);
        snprintf(whose->holder, sizeof whose->holder, "%s", job->campaign);
    }
    close(fd);
    return status;
}

bool ed_lease_job_goes_on(const char *work, const struct ed_lease_job *whose, char *why, size_t bytes) {
    struct ed_lease_record record;
    struct ed_lease_now now;
    struct ed_error failure = {0};
    if (ed_lease_record_load(work, &record, &failure) != ED_OK) {
        snprintf(why, bytes, "%s", failure.message);
        return false;
    }
    ed_lease_now(&now);
    const int64_t left_ns = ed_lease_left_ns(&record, &now);
    if (left_ns > 0 && !strcmp(record.holder, whose->holder))
        return true;
    if (left_ns > 0)
        snprintf(why, bytes, "%s lost the lease: %s holds the device now (%s)", whose->owner, record.owner,
                 record.purpose[0] ? record.purpose : record.holder);
    else
        snprintf(why, bytes, "the lease of %s %s; nobody holds the device now", whose->owner,
                 strcmp(record.holder, whose->holder) ? "was given up" : "expired");
    return false;
}

bool ed_lease_job_cooled(const char *work, const struct ed_lease_job *whose, int64_t waited_ns,
                         int64_t *used_ns) {
    const int64_t rest_ns = ED_LEASE_JOB_COOLING_MOST_NS - *used_ns,
                  by_ns = waited_ns < rest_ns ? waited_ns : rest_ns;
    struct ed_lease_record record;
    struct ed_lease_now now;
    int fd = -1;
    bool extended = false;
    if (by_ns <= 0 || ed_lease_lock(work, &fd, NULL) != ED_OK)
        return false;
    if (ed_lease_record_load(work, &record, NULL) == ED_OK) {
        ed_lease_now(&now);
        const int64_t left_ns = ed_lease_left_ns(&record, &now);
        if (left_ns > 0 && left_ns <= ED_LEASE_MAX_NS - by_ns && !strcmp(record.holder, whose->holder)) {
            record.expires_boot_ns += by_ns;
            extended = ed_lease_record_store(work, &record, NULL) == ED_OK;
        }
    }
    close(fd);
    *used_ns += extended ? by_ns : 0;
    return extended;
}

enum ed_status ed_lease_job_store(const struct ed_jobdir *dir, const struct ed_lease_job *whose,
                                  struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    struct ed_json_writer w;
    enum ed_status status = ed_jobdir_file(path, dir, JOB_LEASE, err);
    if (status != ED_OK)
        return status;
    ed_buffer_init(&text, JOB_LEASE_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "holder", whose->holder);
    ed_json_text(&w, "owner", whose->owner);
    ed_json_object_end(&w);
    status = ed_buffer_status(&text, "a job's lease", err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0600, err);
    ed_buffer_release(&text);
    return status;
}

static bool get_text(const struct ed_json_at *root, const char *key, size_t max, char *out) {
    const struct ed_json_at at = ed_json_member(root, key);
    if (!at.value || !cJSON_IsString(at.value) || !ed_lease_text_ok(at.value->valuestring, max, true))
        return false;
    snprintf(out, max + 1, "%s", at.value->valuestring);
    return true;
}

bool ed_lease_job_load(const char *work, const char *job_id, struct ed_lease_job *whose) {
    struct ed_json_document document = {0};
    struct ed_jobdir dir;
    char path[ED_PATH_BYTES];
    memset(whose, 0, sizeof *whose);
    if (ed_jobdir_at(&dir, work, job_id, NULL) != ED_OK ||
        ed_jobdir_file(path, &dir, JOB_LEASE, NULL) != ED_OK ||
        ed_json_parse_file(&document, path, JOB_LEASE_MAX_BYTES, NULL) != ED_OK)
        return false;
    const struct ed_json_at root = ed_json_root(&document);
    const bool whole = get_text(&root, "holder", ED_WIRE_ID_MAX_BYTES, whose->holder) &&
                       get_text(&root, "owner", ED_WIRE_OWNER_MAX_BYTES, whose->owner);
    ed_json_document_release(&document);
    return whole && ed_path_name_ok(whose->holder);
}
