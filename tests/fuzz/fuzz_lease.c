// SPDX-License-Identifier: Apache-2.0
// Fuzz target: what lies in a device's work directory and is believed. The first byte chooses who reads the
// rest:
//   r  the lease's record
//   t  a token
//   c  the journal of what was changed on the device
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "runners/lease_record.h"
#include "runners/settings_change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char home[64], file[128];

static void check(bool holds) {
    if (!holds)
        abort();
}

static void go_home(void) {
    unlink(file);
    rmdir(home);
}

static void read_record(const char *text, size_t size) {
    struct ed_lease_record record, again;
    struct ed_lease_now now = {.boot_ns = INT64_C(1) << 40, .real_us = INT64_C(1) << 50, .boot_id = "b"};
    struct ed_error err = {0};
    struct ed_buffer out;
    if (ed_lease_record_parse(&record, "input", text, size, &err) != ED_OK) {
        check(err.code == ED_ERR_PARSE && err.message[0] && !record.holder[0] && record.counter == 0);
        return;
    }
    check(record.counter >= 0 && record.counter <= INT64_C(1) << 53);
    check(!record.holder[0] == !record.token[0] && (!record.holder[0] || ed_path_name_ok(record.holder)));
    check(!record.token[0] || ed_lease_token_ok(record.token, NULL));
    check(ed_lease_text_ok(record.owner, ED_WIRE_OWNER_MAX_BYTES, !record.holder[0]) &&
          ed_lease_text_ok(record.purpose, ED_LEASE_PURPOSE_MAX_BYTES, true));
    // What is written is read again as the same.
    ed_buffer_init(&out, ED_LEASE_RECORD_MAX_BYTES);
    ed_lease_record_write(&record, &out);
    check(ed_buffer_status(&out, "record", &err) == ED_OK);
    check(ed_lease_record_parse(&again, "again", ed_buffer_text(&out), out.size, &err) == ED_OK);
    check(!strcmp(again.token, record.token) && !strcmp(again.owner, record.owner) &&
          again.counter == record.counter && again.expires_boot_ns == record.expires_boot_ns);
    ed_buffer_release(&out);
    const int64_t left = ed_lease_left_ns(&record, &now), reserved = ed_lease_reserved_left_ns(&record, &now);
    check(left >= 0 && reserved >= 0);
    ed_lease_record_settle(&record, &now);
    check(ed_lease_left_ns(&record, &now) == left && !record.holder[0] == (left == 0));
    check(!record.reserved_by[0] == (reserved == 0));
    check(!strcmp(record.boot_id, "b"));
}

static void read_token(const char *text, size_t size) {
    char token[128];
    int64_t counter = 0;
    if (size >= sizeof token)
        return;
    memcpy(token, text, size);
    token[size] = 0;
    if (ed_lease_token_ok(token, &counter))
        check(counter > 0 && counter <= INT64_C(1) << 53 && strlen(token) <= ED_WIRE_TOKEN_MAX_BYTES);
}

static void read_changes(const char *text, size_t size) {
    struct ed_error err = {0};
    struct ed_changes *changes = calloc(1, sizeof *changes);
    check(changes != NULL);
    if (!home[0]) {
        const char *folder = getenv("TMPDIR");
        snprintf(home, sizeof home, "%.40s/edgedyno-fuzz-XXXXXX", folder && folder[0] ? folder : "/tmp");
        check(mkdtemp(home) != NULL);
        snprintf(file, sizeof file, "%s/" ED_WORK_STATE, home);
        atexit(go_home);
    }
    // A new file: cutting the old one to nothing waits for the disk.
    unlink(file);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    check(fd >= 0 && ed_path_write_all(fd, text, size, file, NULL) == ED_OK && close(fd) == 0);
    ed_changes_init(changes);
    if (ed_changes_load(home, changes, &err) == ED_OK) {
        for (size_t i = 0; i < changes->n; i++) {
            const struct ed_change *change = &changes->items[i];
            char path[128];
            ed_change_path(change, path);
            check(!strncmp(path, "/sys/devices/system/cpu/cpufreq/policy", 38) ||
                  !strncmp(path, "/system/bin/", 12));
            check(!strstr(path, "..") && ed_setting_value_ok(change->kind, change->old_value) &&
                  ed_setting_value_ok(change->kind, change->new_value));
        }
        // Kept as it is, and read the same again.
        const size_t n = changes->n, n_damaged = changes->n_damaged;
        if (n && text[size - 1] == '\n' && ed_changes_store(home, changes, &err) == ED_OK) {
            check(ed_changes_load(home, changes, &err) == ED_OK);
            check(changes->n == n && changes->n_damaged == n_damaged);
        }
    }
    ed_changes_release(changes);
    free(changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data + 1;
    if (size == 0 || size > 1u << 20)
        return 0;
    if (data[0] == 'r')
        read_record(text, size - 1);
    else if (data[0] == 't')
        read_token(text, size - 1);
    else if (data[0] == 'c')
        read_changes(text, size - 1);
    return 0;
}
