// SPDX-License-Identifier: Apache-2.0
// The lease's record: reading it with suspicion, writing it, and what is left of it at a moment.
#include "runners/lease_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/utf8.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

void ed_lease_now(struct ed_lease_now *now) {
    ssize_t n = -1;
    now->boot_ns = ed_clock_read_ns(ED_CLOCK_BOOT);
    now->real_us = ed_clock_read_ns(CLOCK_REALTIME) / 1000;
    int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, now->boot_id, sizeof now->boot_id - 1);
        close(fd);
    }
    now->boot_id[n > 0 ? n : 0] = 0;
    now->boot_id[strcspn(now->boot_id, " \t\r\n")] = 0;
    if (!now->boot_id[0])
        snprintf(now->boot_id, sizeof now->boot_id, "unknown");
}

bool ed_lease_text_ok(const char *text, size_t max, bool may_be_empty) {
    const size_t n = strnlen(text, max + 1);
    if (n > max || (n == 0 && !may_be_empty))
        return false;
    for (size_t i = 0, length; i < n; i += length) {
        length = ed_utf8_length(text + i, n - i);
        if (length == 0 || ed_utf8_is_control(text + i, length))
            return false;
    }
    return true;
}

bool ed_lease_token_ok(const char *token, int64_t *counter) {
    char *rest = NULL;
    if (strnlen(token, ED_WIRE_TOKEN_MAX_BYTES + 1) > ED_WIRE_TOKEN_MAX_BYTES || token[0] < '1' ||
        token[0] > '9')
        return false;
    errno = 0;
    const long long n = strtoll(token, &rest, 10);
    if (errno != 0 || n > INT64_C(1) << 53 || *rest != '-' || strlen(rest + 1) != 8 ||
        strspn(rest + 1, "0123456789abcdef") != 8)
        return false;
    if (counter)
        *counter = n;
    return true;
}

// Texts of the record may be empty, which the reader of JSON refuses elsewhere.
static enum ed_status get_text(const struct ed_json_at *root, const char *key, char *out, size_t bytes,
                               struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(root, key);
    if (!at.value || !cJSON_IsString(at.value))
        return ed_json_fail(&at, err, "expected a text");
    if (!ed_lease_text_ok(at.value->valuestring, bytes - 1, true))
        return ed_json_fail(&at, err, "expected printable text of at most %zu bytes", bytes - 1);
    snprintf(out, bytes, "%s", at.value->valuestring);
    return ED_OK;
}

// A boot clock passes 2^53 ns after 104 days, where a double no longer holds every nanosecond: near enough.
static enum ed_status get_moment(const struct ed_json_at *root, const char *key, int64_t *out,
                                 struct ed_error *err) {
    double value = 0;
    enum ed_status status = ed_json_get_real(root, key, 0, 9.2e18, &value, err);
    *out = (int64_t)value;
    return status;
}

static enum ed_status read_members(const struct ed_json_at *root, struct ed_lease_record *record,
                                   struct ed_error *err) {
    static const char *const known[] = {"counter",
                                        "holder",
                                        "token",
                                        "owner",
                                        "purpose",
                                        "boot_id",
                                        "expires_boot_ns",
                                        "reserved_by",
                                        "reserved_boot_ns",
                                        "reserved_until_us",
                                        NULL};
    enum ed_status status = ed_json_expect_object(root, err);
    if (status == ED_OK)
        status = ed_json_known_keys(root, known, err);
    if (status == ED_OK)
        status = ed_json_get_int(root, "counter", 0, INT64_C(1) << 53, &record->counter, err);
    if (status == ED_OK)
        status = get_text(root, "holder", record->holder, sizeof record->holder, err);
    if (status == ED_OK)
        status = get_text(root, "token", record->token, sizeof record->token, err);
    if (status == ED_OK)
        status = get_text(root, "owner", record->owner, sizeof record->owner, err);
    if (status == ED_OK)
        status = get_text(root, "purpose", record->purpose, sizeof record->purpose, err);
    if (status == ED_OK)
        status = get_text(root, "boot_id", record->boot_id, sizeof record->boot_id, err);
    if (status == ED_OK)
        status = get_moment(root, "expires_boot_ns", &record->expires_boot_ns, err);
    if (status == ED_OK)
        status = get_text(root, "reserved_by", record->reserved_by, sizeof record->reserved_by, err);
    if (status == ED_OK)
        status = get_moment(root, "reserved_boot_ns", &record->reserved_boot_ns, err);
    if (status == ED_OK)
        status =
            ed_json_get_int(root, "reserved_until_us", 0, INT64_C(1) << 53, &record->reserved_until_us, err);
    return status;
}

static enum ed_status check_sense(const struct ed_json_at *root, const struct ed_lease_record *record,
                                  struct ed_error *err) {
    int64_t counter = 0;
    if (!record->holder[0] != !record->token[0])
        return ed_json_fail(root, err, "a holder without a token, or a token without a holder");
    if (record->holder[0] && !ed_path_name_ok(record->holder))
        return ed_json_fail(root, err, "the holder is no name");
    if (record->token[0] && (!ed_lease_token_ok(record->token, &counter) || counter != record->counter))
        return ed_json_fail(root, err, "the token is not that of the counter");
    if (record->holder[0] && !record->owner[0])
        return ed_json_fail(root, err, "a holder without an owner");
    return ED_OK;
}

enum ed_status ed_lease_record_parse(struct ed_lease_record *record, const char *name, const char *text,
                                     size_t bytes, struct ed_error *err) {
    struct ed_json_document document = {0};
    memset(record, 0, sizeof *record);
    if (bytes == 0)
        return ED_OK;
    enum ed_status status = ed_json_parse(&document, name, text, bytes, err);
    if (status == ED_OK) {
        const struct ed_json_at root = ed_json_root(&document);
        status = read_members(&root, record, err);
        if (status == ED_OK)
            status = check_sense(&root, record, err);
    }
    ed_json_document_release(&document);
    if (status == ED_OK)
        return ED_OK;
    memset(record, 0, sizeof *record);
    if (err)
        err->code = ED_ERR_PARSE;
    return ED_ERR_PARSE;
}

void ed_lease_record_write(const struct ed_lease_record *record, struct ed_buffer *out) {
    struct ed_json_writer w;
    ed_json_writer_init(&w, out, false);
    ed_json_object_begin(&w, NULL);
    ed_json_int(&w, "counter", record->counter);
    ed_json_text(&w, "holder", record->holder);
    ed_json_text(&w, "token", record->token);
    ed_json_text(&w, "owner", record->owner);
    ed_json_text(&w, "purpose", record->purpose);
    ed_json_text(&w, "boot_id", record->boot_id);
    ed_json_int(&w, "expires_boot_ns", record->expires_boot_ns);
    ed_json_text(&w, "reserved_by", record->reserved_by);
    ed_json_int(&w, "reserved_boot_ns", record->reserved_boot_ns);
    ed_json_int(&w, "reserved_until_us", record->reserved_until_us);
    ed_json_object_end(&w);
    ed_buffer_text_append(out, "\n");
}

enum ed_status ed_lease_record_load(const char *work, struct ed_lease_record *record, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    struct ed_error why = {0};
    memset(record, 0, sizeof *record);
    enum ed_status status = ed_path_join(path, work, ED_WORK_LEASE, err);
    if (status != ED_OK)
        return status;
    ed_buffer_init(&text, ED_LEASE_RECORD_MAX_BYTES);
    status = ed_path_read(path, ED_LEASE_RECORD_MAX_BYTES, &text, &why);
    if (status == ED_ERR_NOT_FOUND) {
        status = ED_OK;
    } else if (status == ED_OK) {
        status = ed_lease_record_parse(record, ED_WORK_LEASE, ed_buffer_text(&text), text.size, &why);
    }
    ed_buffer_release(&text);
    if (status == ED_ERR_PARSE || status == ED_ERR_LIMIT)
        return ed_fail(
            err, ED_ERR_PARSE, path,
            "the record of who holds this device is damaged (%.200s: %.300s); nobody is let in: make "
            "sure that no campaign uses the device, then remove the file",
            why.where, why.message);
    if (status != ED_OK && err)
        *err = why;
    return status;
}

enum ed_status ed_lease_record_store(const char *work, const struct ed_lease_record *record,
                                     struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    ed_buffer_init(&text, ED_LEASE_RECORD_MAX_BYTES);
    ed_lease_record_write(record, &text);
    enum ed_status status = ed_buffer_status(&text, "the lease's record", err);
    if (status == ED_OK)
        status = ed_path_join(path, work, ED_WORK_LEASE, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0600, err);
    ed_buffer_release(&text);
    return status;
}

int64_t ed_lease_left_ns(const struct ed_lease_record *record, const struct ed_lease_now *now) {
    if (!record->holder[0] || strcmp(record->boot_id, now->boot_id) ||
        record->expires_boot_ns <= now->boot_ns)
        return 0;
    return record->expires_boot_ns - now->boot_ns;
}

int64_t ed_lease_reserved_left_ns(const struct ed_lease_record *record, const struct ed_lease_now *now) {
    if (!record->reserved_by[0])
        return 0;
    if (!strcmp(record->boot_id, now->boot_id))
        return record->reserved_boot_ns > now->boot_ns ? record->reserved_boot_ns - now->boot_ns : 0;
    if (record->reserved_until_us <= now->real_us)
        return 0;
    // A device without a clock of its own may think that it is 1970.
    const int64_t left_us = record->reserved_until_us - now->real_us;
    return left_us > ED_LEASE_MAX_NS / 1000 ? ED_LEASE_MAX_NS : left_us * 1000;
}

void ed_lease_record_settle(struct ed_lease_record *record, const struct ed_lease_now *now) {
    const int64_t reserved_ns = ed_lease_reserved_left_ns(record, now);
    if (ed_lease_left_ns(record, now) == 0) {
        record->holder[0] = record->token[0] = record->owner[0] = record->purpose[0] = 0;
        record->expires_boot_ns = 0;
    }
    if (reserved_ns == 0) {
        record->reserved_by[0] = 0;
        record->reserved_until_us = 0;
    }
    record->reserved_boot_ns = reserved_ns ? now->boot_ns + reserved_ns : 0;
    snprintf(record->boot_id, sizeof record->boot_id, "%s", now->boot_id);
}

enum ed_status ed_lease_record_check(const struct ed_lease_record *record, const struct ed_lease_now *now,
                                     const char *token, struct ed_error *err) {
    const int64_t left_ns = ed_lease_left_ns(record, now);
    if (!ed_lease_token_ok(token, NULL))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.60s' is no token of a lease", token);
    if (left_ns > 0 && !strcmp(token, record->token))
        return ED_OK;
    if (left_ns > 0)
        return ed_fail(err, ED_ERR_BUSY, NULL,
                       "the lease %s is not valid any more: %s holds the device now (%s), for another %lld s",
                       token, record->owner, record->purpose[0] ? record->purpose : record->holder,
                       (long long)(left_ns / 1000000000));
    return ed_fail(err, ED_ERR_BUSY, NULL,
                   "the lease %s has %s; nobody holds the device now: ask for it again", token,
                   strcmp(token, record->token) ? "ended" : "expired");
}
