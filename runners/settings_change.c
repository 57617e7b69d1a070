// SPDX-License-Identifier: Apache-2.0
// Kinds of changes: their values, places, reading and writing.
#include "runners/settings_change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/proc_file.h"

#define FREQUENCY_MAX_KHZ 100000000
#define STAY_AWAKE_MAX 15 // a bit each for mains, USB, wireless and dock

static const struct kind {
    const char *word, *file; // file: of a policy; NULL for Android's
    const char *expects;
    bool lasting;
} kinds[ED_SETTING_KIND_COUNT] = {
    [ED_SETTING_GOVERNOR] = {"governor", "scaling_governor", "a governor's name such as performance", false},
    [ED_SETTING_FREQUENCY_MIN] = {"frequency_min_khz", "scaling_min_freq", "a whole number of kHz", false},
    [ED_SETTING_FREQUENCY_MAX] = {"frequency_max_khz", "scaling_max_freq", "a whole number of kHz", false},
    [ED_SETTING_FIXED_PERFORMANCE] = {"fixed_performance", NULL, "true", false},
    [ED_SETTING_STAY_AWAKE] = {"stay_awake", NULL, "true, or Android's number 0 to 15", true},
};

const char *ed_setting_word(enum ed_setting_kind kind) {
    return (unsigned)kind < ED_SETTING_KIND_COUNT ? kinds[kind].word : "unknown";
}

enum ed_setting_kind ed_setting_kind_of(const char *word) {
    for (unsigned i = 0; i < ED_SETTING_KIND_COUNT; i++)
        if (!strcmp(word, kinds[i].word))
            return (enum ed_setting_kind)i;
    return ED_SETTING_KIND_COUNT;
}

bool ed_setting_lasts(enum ed_setting_kind kind) {
    return (unsigned)kind < ED_SETTING_KIND_COUNT && kinds[kind].lasting;
}

static bool is_number(const char *text, long most) {
    const size_t n = strspn(text, "0123456789");
    return n > 0 && n <= 9 && !text[n] && !(n > 1 && text[0] == '0') && strtol(text, NULL, 10) <= most;
}

// What may stand in the kind's file, from a job or from the journal.
bool ed_setting_value_ok(enum ed_setting_kind kind, const char *value) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const size_t n = strlen(value);
    switch (kind) {
    case ED_SETTING_GOVERNOR:
        return n > 0 && n < 32 && strspn(value, letters) == n;
    case ED_SETTING_FREQUENCY_MIN:
    case ED_SETTING_FREQUENCY_MAX:
        return is_number(value, FREQUENCY_MAX_KHZ);
    case ED_SETTING_FIXED_PERFORMANCE:
        return !strcmp(value, "true") || !strcmp(value, "false");
    case ED_SETTING_STAY_AWAKE:
        return !strcmp(value, "null") || is_number(value, STAY_AWAKE_MAX);
    default:
        return false;
    }
}

enum ed_status ed_setting_check(const char *word, const char *value, char out[ED_SETTING_VALUE_BYTES],
                                struct ed_error *err) {
    const enum ed_setting_kind kind = ed_setting_kind_of(word);
    if (kind == ED_SETTING_KIND_COUNT)
        return ed_fail(
            err, ED_ERR_USAGE, NULL,
            "'%.40s' is no setting of a device; they are governor, frequency_min_khz, frequency_max_khz, "
            "fixed_performance and stay_awake",
            word);
    if (kind == ED_SETTING_STAY_AWAKE && !strcmp(value, "true"))
        value = "7";
    const bool wanted =
        !strcmp(value, "null") || !strcmp(value, "false") ? false : ed_setting_value_ok(kind, value);
    if (!wanted ||
        ((kind == ED_SETTING_FREQUENCY_MIN || kind == ED_SETTING_FREQUENCY_MAX) && value[0] == '0'))
        return ed_fail(err, ED_ERR_USAGE, word, "'%.60s' is no value of it; expected %s", value,
                       kinds[kind].expects);
    snprintf(out, ED_SETTING_VALUE_BYTES, "%s", value);
    return ED_OK;
}

enum ed_status ed_settings_check(const struct ed_setting *settings, size_t n, struct ed_error *err) {
    char values[ED_SETTING_KIND_COUNT][ED_SETTING_VALUE_BYTES] = {""};
    enum ed_status status = ED_OK;
    if (n > ED_SETTINGS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%zu settings; at most %d are allowed", n, ED_SETTINGS_MAX);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        char value[ED_SETTING_VALUE_BYTES];
        status = ed_setting_check(settings[i].kind, settings[i].value, value, err);
        if (status != ED_OK)
            break;
        char *kept = values[ed_setting_kind_of(settings[i].kind)];
        if (kept[0])
            return ed_fail(err, ED_ERR_USAGE, settings[i].kind, "is set twice");
        snprintf(kept, ED_SETTING_VALUE_BYTES, "%s", value);
    }
    const char *low = values[ED_SETTING_FREQUENCY_MIN], *high = values[ED_SETTING_FREQUENCY_MAX];
    if (status == ED_OK && low[0] && high[0] && strtol(low, NULL, 10) > strtol(high, NULL, 10))
        return ed_fail(err, ED_ERR_USAGE, "frequency_min_khz", "%s is above frequency_max_khz, %s", low,
                       high);
    return status;
}

void ed_change_name(const struct ed_change *change, char name[64]) {
    if (change->policy >= 0)
        snprintf(name, 64, "%s of policy%d", ed_setting_word(change->kind), change->policy);
    else
        snprintf(name, 64, "%s", ed_setting_word(change->kind));
}

void ed_change_path(const struct ed_change *change, char path[128]) {
    switch (change->kind) {
    case ED_SETTING_FIXED_PERFORMANCE:
        snprintf(path, 128, "/system/bin/cmd power set-fixed-performance-mode-enabled");
        break;
    case ED_SETTING_STAY_AWAKE:
        snprintf(path, 128, "/system/bin/settings global stay_on_while_plugged_in");
        break;
    default:
        snprintf(path, 128, "/sys/devices/system/cpu/cpufreq/policy%d/%s", change->policy,
                 (unsigned)change->kind < ED_SETTING_KIND_COUNT ? kinds[change->kind].file : "");
        break;
    }
}

static enum ed_status check_read(const struct ed_change *change, const char *path, const char *value,
                                 struct ed_error *err) {
    if (!ed_setting_value_ok(change->kind, value))
        return ed_fail(err, ED_ERR_PARSE, path, "'%.40s' stands there, which is no value of %s", value,
                       ed_setting_word(change->kind));
    return ED_OK;
}

enum ed_status ed_change_read(int root_fd, const struct ed_change *change, char value[ED_SETTING_VALUE_BYTES],
                              struct ed_error *err) {
    static const char *const get[] = {"get", "global", "stay_on_while_plugged_in", NULL};
    char path[128];
    value[0] = 0;
    ed_change_path(change, path);
    if (change->kind == ED_SETTING_FIXED_PERFORMANCE)
        return ed_android_check(root_fd, "cmd", err);
    if (change->kind == ED_SETTING_STAY_AWAKE) {
        enum ed_status status = ed_android_run(root_fd, "settings", get, value, ED_SETTING_VALUE_BYTES, err);
        return status == ED_OK ? check_read(change, path, value, err) : status;
    }
    int fd = ed_proc_open(root_fd, path);
    if (fd < 0) {
        errno = -fd;
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m");
    }
    // A file of a made-up tree is empty for a moment while somebody writes it.
    ssize_t n = 0;
    for (int tries = 0; tries < 50 && n == 0; tries++) {
        n = ed_proc_pread(fd, value, ED_SETTING_VALUE_BYTES);
        if (n == 0)
            usleep(1000);
    }
    close(fd);
    if (n < 0) {
        errno = (int)-n;
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m");
    }
    value[strcspn(value, " \t\r\n")] = 0;
    return check_read(change, path, value, err);
}

static enum ed_status write_file(int root_fd, const char *path, const char *value, struct ed_error *err) {
    char line[ED_SETTING_VALUE_BYTES + 1];
    const int n = snprintf(line, sizeof line, "%s\n", value);
    int fd = openat(root_fd, path + 1, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
    // Where this is a file of sysfs the write is one call or none, and there is nothing to cut.
    ssize_t written = fd >= 0 ? write(fd, line, (size_t)n) : -1;
    const int number = errno;
    if (written == n && ftruncate(fd, n) != 0)
        errno = 0;
    if (fd >= 0)
        close(fd);
    if (written == n)
        return ED_OK;
    errno = written < 0 ? number : EIO;
    if (errno == EACCES || errno == EPERM || errno == EROFS)
        return ed_fail_errno(
            err, ED_ERR_IO, path,
            "cannot be written: %m; the runner needs root on this device for it: connect as root, or "
            "set it there by hand and leave the setting out");
    if (errno == EINVAL)
        return ed_fail_errno(err, ED_ERR_IO, path, "the kernel does not take '%s': %m", value);
    return ed_fail_errno(err, ED_ERR_IO, path, "cannot be written: %m");
}

static enum ed_status write_android(int root_fd, const struct ed_change *change, const char *value,
                                    struct ed_error *err) {
    char out[128];
    const char *const power[] = {"power", "set-fixed-performance-mode-enabled", value, NULL};
    const char *const put[] = {"put", "global", "stay_on_while_plugged_in", value, NULL};
    const char *const clear[] = {"delete", "global", "stay_on_while_plugged_in", NULL};
    if (change->kind == ED_SETTING_FIXED_PERFORMANCE)
        return ed_android_run(root_fd, "cmd", power, out, sizeof out, err);
    return ed_android_run(root_fd, "settings", strcmp(value, "null") ? put : clear, out, sizeof out, err);
}

enum ed_status ed_change_write(int root_fd, const struct ed_change *change, const char *value,
                               struct ed_error *err) {
    char path[128], now[ED_SETTING_VALUE_BYTES];
    ed_change_path(change, path);
    enum ed_status status = change->policy >= 0 ? write_file(root_fd, path, value, err)
                                                : write_android(root_fd, change, value, err);
    if (status == ED_OK)
        status = ed_change_read(root_fd, change, now, err);
    if (status == ED_OK && now[0] && strcmp(now, value))
        return ed_fail(err, ED_ERR_REFUSED, path,
                       "%s was written and %s stands there now: the system does not allow it", value, now);
    return status;
}
