// SPDX-License-Identifier: Apache-2.0
// Made-up devices, and calls that fail or kill.
#include "tests/runner/settings_rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree_calls tree_calls;

char tree_root[512], tree_work[512];
int tree_fd = -1;

static void path_of(int fd, char path[ED_PATH_BYTES]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, ED_PATH_BYTES - 1);
    path[n > 0 ? n : 0] = 0;
}

static bool is_last_call(void) {
    return ++tree_calls.calls == tree_calls.kill_at;
}

static void tick(void) {
    if (is_last_call())
        raise(SIGKILL);
}

void tree_read(const char *name, char *value, size_t bytes) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", tree_root, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, value, bytes - 1) : 0;
    if (fd >= 0)
        close(fd);
    value[n > 0 ? n : 0] = 0;
    value[strcspn(value, "\n")] = 0;
}

static void check_order(void) {
    for (int policy = 0; policy <= 4; policy += 4) {
        char name[128], low[64], high[64];
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpufreq/policy%d/scaling_min_freq", policy);
        tree_read(name, low, sizeof low);
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpufreq/policy%d/scaling_max_freq", policy);
        tree_read(name, high, sizeof high);
        if (strtol(low, NULL, 10) > strtol(high, NULL, 10))
            rig_fail("policy%d had a lower limit of %s above its upper one of %s", policy, low, high);
    }
    tree_calls.watched++;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n) {
    char path[ED_PATH_BYTES];
    path_of(fd, path);
    if (is_last_call()) {
        if (tree_calls.half && strstr(path, ED_WORK_STATE))
            (void)!__real_write(fd, bytes, n / 2);
        raise(SIGKILL);
    }
    if (tree_calls.fail_on && strstr(path, tree_calls.fail_on)) {
        if (tree_calls.instead)
            return __real_write(fd, tree_calls.instead, strlen(tree_calls.instead)) > 0 ? (ssize_t)n : -1;
        errno = tree_calls.fail_errno;
        return -1;
    }
    const ssize_t written = __real_write(fd, bytes, n);
    if (tree_calls.watch_order && strstr(path, "/cpufreq/"))
        check_order();
    return written;
}

int __wrap_fsync(int fd) {
    tick();
    return __real_fsync(fd);
}

int __wrap_ftruncate(int fd, off_t n) {
    char path[ED_PATH_BYTES];
    tick();
    path_of(fd, path);
    // sysfs has nothing to cut, and what a "kernel" wrote instead has its own length.
    if (tree_calls.instead && strstr(path, tree_calls.fail_on))
        return 0;
    return __real_ftruncate(fd, n);
}

int __wrap_ftruncate64(int fd, off_t n) {
    return __wrap_ftruncate(fd, n);
}

int __wrap_rename(const char *from, const char *to) {
    tick();
    return __real_rename(from, to);
}

int __wrap_unlink(const char *path) {
    tick();
    return __real_unlink(path);
}

void tree_write(const char *directory, const char *name, const char *text, mode_t mode) {
    char path[ED_PATH_BYTES], folder[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    ed_path_directory(folder, path);
    assert_int_equal(ed_path_make(folder, 0755, NULL), ED_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(__real_write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

const struct tree_file tree_files[] = {
    {"proc/sys/kernel/random/boot_id", "00000000-0000-4000-8000-000000000001\n"},
    {"sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "schedutil\n"},
    {"sys/devices/system/cpu/cpufreq/policy0/scaling_available_governors",
     "ondemand schedutil performance \n"},
    {"sys/devices/system/cpu/cpufreq/policy0/scaling_min_freq", "400000\n"},
    {"sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq", "1800000\n"},
    {"sys/devices/system/cpu/cpufreq/policy0/cpuinfo_min_freq", "400000\n"},
    {"sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "2400000\n"},
    {"sys/devices/system/cpu/cpufreq/policy4/scaling_governor", "ondemand\n"},
    {"sys/devices/system/cpu/cpufreq/policy4/scaling_min_freq", "600000\n"},
    {"sys/devices/system/cpu/cpufreq/policy4/scaling_max_freq", "2400000\n"},
    {"system/stay", "3\n"},
    {"system/fixed", "false\n"},
};
const size_t tree_n_files = COUNT(tree_files);

static const char settings_script[] =
    "#!/bin/sh\n"
    "store=\"${0%/bin/settings}/stay\"\n"
    "case \"$1 $2 $3\" in\n"
    "'get global stay_on_while_plugged_in') [ -s \"$store\" ] && cat \"$store\" || echo null;;\n"
    "'put global stay_on_while_plugged_in') printf '%s\\n' \"$4\" >\"$store\";;\n"
    "'delete global stay_on_while_plugged_in') : >\"$store\"; echo 'Deleted 1 rows';;\n"
    "*) echo 'Unknown command'; exit 1;;\n"
    "esac\n";
static const char cmd_script[] = "#!/bin/sh\n"
                                 "home=\"${0%/bin/cmd}\"\n"
                                 "[ \"$1 $2\" = 'power set-fixed-performance-mode-enabled' ] || exit 20\n"
                                 "[ -e \"$home/hang\" ] && [ \"$3\" = true ] && exec sleep 1000\n"
                                 "[ -e \"$home/refuse\" ] && { echo 'Failed to set the mode'; exit 255; }\n"
                                 "printf '%s\\n' \"$3\" >\"$home/fixed\"\n";

const struct ed_setting tree_everything[TREE_EVERYTHING] = {{"governor", "performance"},
                                                            {"frequency_min_khz", "1000000"},
                                                            {"frequency_max_khz", "2000000"},
                                                            {"fixed_performance", "true"},
                                                            {"stay_awake", "true"}};

// A new tree and a new work directory for each test.
int tree_make(void **state) {
    static int turn;
    (void)state;
    memset(&tree_calls, 0, sizeof tree_calls);
    snprintf(tree_root, sizeof tree_root, "%s/root-%d", rig_home, ++turn);
    snprintf(tree_work, sizeof tree_work, "%s/work-%d", rig_home, turn);
    assert_int_equal(ed_path_make(tree_work, 0700, NULL), ED_OK);
    for (size_t i = 0; i < COUNT(tree_files); i++)
        tree_write(tree_root, tree_files[i].name, tree_files[i].text, 0644);
    tree_write(tree_root, "system/bin/settings", settings_script, 0755);
    tree_write(tree_root, "system/bin/cmd", cmd_script, 0755);
    tree_fd = open(tree_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return tree_fd >= 0 ? 0 : -1;
}

int tree_drop(void **state) {
    (void)state;
    memset(&tree_calls, 0, sizeof tree_calls);
    return close(tree_fd);
}

void tree_expect(const char *name, const char *value) {
    char now[256];
    tree_read(name, now, sizeof now);
    if (strcmp(now, value))
        rig_fail("%s is '%s', expected '%s'", name, now, value);
}

void tree_expect_original(const char *when) {
    for (size_t i = 0; i < COUNT(tree_files); i++) {
        char now[256], then[256];
        tree_read(tree_files[i].name, now, sizeof now);
        snprintf(then, sizeof then, "%.*s", (int)strcspn(tree_files[i].text, "\n"), tree_files[i].text);
        if (strcmp(now, then))
            rig_fail("%s: %s is '%s', was '%s'", when, tree_files[i].name, now, then);
    }
    if (ed_settings_pending(tree_work))
        rig_fail("%s: the journal is still there", when);
}

void tree_apply_all(void) {
    struct ed_error err = {0};
    if (ed_settings_apply(tree_work, tree_fd, tree_everything, TREE_EVERYTHING, &err) != ED_OK)
        rig_fail("%s: %s", err.where, err.message);
}

void tree_expect_refused(const struct ed_setting *settings, size_t n, enum ed_status code,
                         const char *words) {
    struct ed_error err = {0};
    const enum ed_status status = ed_settings_apply(tree_work, tree_fd, settings, n, &err);
    if (status != code || err.code != code || (!strstr(err.message, words) && !strstr(err.where, words)))
        rig_fail("expected %s and '%s', got %s, %s: %s", ed_status_word(code), words, ed_status_word(status),
                 err.where, err.message);
}

// Both texts are the caller's to release.
void tree_restore(struct ed_buffer *restored, struct ed_buffer *failed) {
    struct ed_error err = {0};
    ed_buffer_init(restored, 1u << 16);
    ed_buffer_init(failed, 1u << 16);
    if (ed_settings_restore(tree_work, tree_fd, restored, failed, &err) != ED_OK)
        rig_fail("%s: %s", err.where, err.message);
}

void tree_expect_restored(const char *restored_words, const char *failed_words) {
    struct ed_buffer restored, failed;
    tree_restore(&restored, &failed);
    if (!strstr(ed_buffer_text(&restored), restored_words) ||
        !strstr(ed_buffer_text(&failed), failed_words) || (!failed_words[0] && failed.size))
        rig_fail("put back: %s\nnot put back: %s", ed_buffer_text(&restored), ed_buffer_text(&failed));
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
}

void tree_journal(struct ed_buffer *text) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/" ED_WORK_STATE, tree_work);
    ed_buffer_init(text, 1u << 16);
    assert_int_equal(ed_path_read(path, 1u << 16, text, NULL), ED_OK);
}
