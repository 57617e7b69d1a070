// SPDX-License-Identifier: Apache-2.0
// What a job changes on its device, on made-up trees: applied, put back, and put back after the process was
// killed before every single call that writes. The linker sends write, fsync, ftruncate, rename and unlink
// through here.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "edgedyno/wire.h"
#include "runners/settings.h"
#include "tests/runner/rig.h"

#define NOBODY 65534
#define CALLS_MAX 400
#define COUNT(array) (sizeof(array) / sizeof *(array))

ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_ftruncate(int fd, off_t n);
int __wrap_ftruncate(int fd, off_t n);
int __wrap_ftruncate64(int fd, off_t n); // its name where offsets of 64 bits are asked for
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

// What is done to the calls of this process.
static struct {
    int kill_at, calls;            // SIGKILL before this call, counted from 1; 0: never
    bool half;                     // of a write to the journal half is there
    const char *fail_on, *instead; // a write to a path with this in it: EINVAL, or this is written
    int fail_errno;
    bool watch_order; // no lower limit may ever be above its upper one
    int watched;
} wrap;

static char tree[512], work[512];
static int root_fd = -1;

static void path_of(int fd, char path[ED_PATH_BYTES]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, ED_PATH_BYTES - 1);
    path[n > 0 ? n : 0] = 0;
}

static bool is_last_call(void) {
    return ++wrap.calls == wrap.kill_at;
}

static void tick(void) {
    if (is_last_call())
        raise(SIGKILL);
}

static void read_value(const char *name, char *value, size_t bytes) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", tree, name);
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
        read_value(name, low, sizeof low);
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpufreq/policy%d/scaling_max_freq", policy);
        read_value(name, high, sizeof high);
        if (strtol(low, NULL, 10) > strtol(high, NULL, 10))
            rig_fail("policy%d had a lower limit of %s above its upper one of %s", policy, low, high);
    }
    wrap.watched++;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n) {
    char path[ED_PATH_BYTES];
    path_of(fd, path);
    if (is_last_call()) {
        if (wrap.half && strstr(path, ED_WORK_STATE))
            (void)!__real_write(fd, bytes, n / 2);
        raise(SIGKILL);
    }
    if (wrap.fail_on && strstr(path, wrap.fail_on)) {
        if (wrap.instead)
            return __real_write(fd, wrap.instead, strlen(wrap.instead)) > 0 ? (ssize_t)n : -1;
        errno = wrap.fail_errno;
        return -1;
    }
    const ssize_t written = __real_write(fd, bytes, n);
    if (wrap.watch_order && strstr(path, "/cpufreq/"))
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
    if (wrap.instead && strstr(path, wrap.fail_on))
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

static void write_at(const char *directory, const char *name, const char *text, mode_t mode) {
    char path[ED_PATH_BYTES], folder[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    ed_path_directory(folder, path);
    assert_int_equal(ed_path_make(folder, 0755, NULL), ED_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(__real_write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static const struct {
    const char *name, *text;
} files[] = {
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

#define GOVERNOR_0 "sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
#define GOVERNOR_4 "sys/devices/system/cpu/cpufreq/policy4/scaling_governor"
#define BOOT_ID "proc/sys/kernel/random/boot_id"

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

static const struct ed_setting everything[] = {{"governor", "performance"},
                                               {"frequency_min_khz", "1000000"},
                                               {"frequency_max_khz", "2000000"},
                                               {"fixed_performance", "true"},
                                               {"stay_awake", "true"}};

// A new tree and a new work directory for each test.
static int make_tree(void **state) {
    static int turn;
    (void)state;
    memset(&wrap, 0, sizeof wrap);
    snprintf(tree, sizeof tree, "%s/root-%d", rig_home, ++turn);
    snprintf(work, sizeof work, "%s/work-%d", rig_home, turn);
    assert_int_equal(ed_path_make(work, 0700, NULL), ED_OK);
    for (size_t i = 0; i < COUNT(files); i++)
        write_at(tree, files[i].name, files[i].text, 0644);
    write_at(tree, "system/bin/settings", settings_script, 0755);
    write_at(tree, "system/bin/cmd", cmd_script, 0755);
    root_fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root_fd >= 0 ? 0 : -1;
}

static int drop_tree(void **state) {
    (void)state;
    memset(&wrap, 0, sizeof wrap);
    return close(root_fd);
}

static void expect(const char *name, const char *value) {
    char now[256];
    read_value(name, now, sizeof now);
    if (strcmp(now, value))
        rig_fail("%s is '%s', expected '%s'", name, now, value);
}

static void expect_original(const char *when) {
    for (size_t i = 0; i < COUNT(files); i++) {
        char now[256], then[256];
        read_value(files[i].name, now, sizeof now);
        snprintf(then, sizeof then, "%.*s", (int)strcspn(files[i].text, "\n"), files[i].text);
        if (strcmp(now, then))
            rig_fail("%s: %s is '%s', was '%s'", when, files[i].name, now, then);
    }
    if (ed_settings_pending(work))
        rig_fail("%s: the journal is still there", when);
}

static void apply_all(void) {
    struct ed_error err = {0};
    if (ed_settings_apply(work, root_fd, everything, COUNT(everything), &err) != ED_OK)
        rig_fail("%s: %s", err.where, err.message);
}

static void expect_refused(const struct ed_setting *settings, size_t n, enum ed_status code,
                           const char *words) {
    struct ed_error err = {0};
    const enum ed_status status = ed_settings_apply(work, root_fd, settings, n, &err);
    if (status != code || err.code != code || (!strstr(err.message, words) && !strstr(err.where, words)))
        rig_fail("expected %s and '%s', got %s, %s: %s", ed_status_word(code), words, ed_status_word(status),
                 err.where, err.message);
}

// Both texts are the caller's to release.
static void restore(struct ed_buffer *restored, struct ed_buffer *failed) {
    struct ed_error err = {0};
    ed_buffer_init(restored, 1u << 16);
    ed_buffer_init(failed, 1u << 16);
    if (ed_settings_restore(work, root_fd, restored, failed, &err) != ED_OK)
        rig_fail("%s: %s", err.where, err.message);
}

static void expect_restored(const char *restored_words, const char *failed_words) {
    struct ed_buffer restored, failed;
    restore(&restored, &failed);
    if (!strstr(ed_buffer_text(&restored), restored_words) ||
        !strstr(ed_buffer_text(&failed), failed_words) || (!failed_words[0] && failed.size))
        rig_fail("put back: %s\nnot put back: %s", ed_buffer_text(&restored), ed_buffer_text(&failed));
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
}

static void read_journal(struct ed_buffer *text) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/" ED_WORK_STATE, work);
    ed_buffer_init(text, 1u << 16);
    assert_int_equal(ed_path_read(path, 1u << 16, text, NULL), ED_OK);
}

static void test_there_and_back(void **state) {
    struct ed_buffer journal, restored, failed;
    (void)state;
    wrap.watch_order = true;
    apply_all();
    expect(GOVERNOR_0, "performance");
    expect(GOVERNOR_4, "performance");
    for (int policy = 0; policy <= 4; policy += 4) {
        char name[128];
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpufreq/policy%d/scaling_min_freq", policy);
        expect(name, "1000000");
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpufreq/policy%d/scaling_max_freq", policy);
        expect(name, "2000000");
    }
    expect("system/fixed", "true");
    expect("system/stay", "7");
    read_journal(&journal);
    assert_non_null(
        strstr(ed_buffer_text(&journal),
               "{\"kind\":\"governor\",\"path\":\"/sys/devices/system/cpu/cpufreq/policy0/scaling_governor\","
               "\"old\":\"schedutil\",\"new\":\"performance\","
               "\"boot_id\":\"00000000-0000-4000-8000-000000000001\",\"lasting\":false}\n"));
    assert_non_null(
        strstr(ed_buffer_text(&journal),
               "{\"kind\":\"stay_awake\",\"path\":\"/system/bin/settings global stay_on_while_plugged_in\","
               "\"old\":\"3\",\"new\":\"7\",\"boot_id\":\"00000000-0000-4000-8000-000000000001\","
               "\"lasting\":true}\n"));
    ed_buffer_release(&journal);
    restore(&restored, &failed);
    static const char *const lines[] = {"governor of policy0: performance -> schedutil\n",
                                        "governor of policy4: performance -> ondemand\n",
                                        "frequency_min_khz of policy0: 1000000 -> 400000\n",
                                        "frequency_max_khz of policy4: 2000000 -> 2400000\n",
                                        "fixed_performance: true -> false\n",
                                        "stay_awake: 7 -> 3\n"};
    for (size_t i = 0; i < COUNT(lines); i++)
        if (!strstr(ed_buffer_text(&restored), lines[i]))
            rig_fail("no '%s' in: %s", lines[i], ed_buffer_text(&restored));
    assert_int_equal(failed.size, 0);
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
    expect_original("put back");
    assert_true(wrap.watched >= 8);
    // With nothing to put back nothing is said.
    restore(&restored, &failed);
    assert_int_equal(restored.size + failed.size, 0);
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
}

// What is as wished already is neither written nor put back.
static void test_already_so(void **state) {
    const struct ed_setting same[] = {{"frequency_min_khz", "600000"}, {"stay_awake", "3"}};
    struct ed_buffer journal;
    (void)state;
    assert_int_equal(ed_settings_apply(work, root_fd, same, 2, NULL), ED_OK);
    read_journal(&journal);
    assert_null(strstr(ed_buffer_text(&journal), "policy4"));
    assert_null(strstr(ed_buffer_text(&journal), "stay_awake"));
    ed_buffer_release(&journal);
    expect_restored("frequency_min_khz of policy0", "");
    expect_original("already so");
    // A setting that Android had not is deleted, not set to "null".
    write_at(tree, "system/stay", "", 0644);
    assert_int_equal(
        ed_settings_apply(work, root_fd, (const struct ed_setting[]){{"stay_awake", "15"}}, 1, NULL), ED_OK);
    expect("system/stay", "15");
    expect_restored("stay_awake: 15 -> null", "");
    expect("system/stay", "");
}

// The order of the two limits, up, down and inside.
static void test_order(void **state) {
    static const char *const limits[][2] = {{"1900000", "2300000"},
                                            {"400000", "500000"},
                                            {"700000", "900000"},
                                            {"400000", "2400000"},
                                            {"2400000", "2400000"}};
    (void)state;
    wrap.watch_order = true;
    for (size_t i = 0; i < COUNT(limits); i++) {
        const struct ed_setting both[] = {{"frequency_max_khz", limits[i][1]},
                                          {"frequency_min_khz", limits[i][0]}};
        struct ed_error err = {0};
        if (ed_settings_apply(work, root_fd, both, 2, &err) != ED_OK)
            rig_fail("%s to %s: %s: %s", limits[i][0], limits[i][1], err.where, err.message);
        expect("sys/devices/system/cpu/cpufreq/policy0/scaling_min_freq", limits[i][0]);
        expect("sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq", limits[i][1]);
        expect_restored("", "");
        expect_original(limits[i][0]);
    }
    assert_true(wrap.watched > 20);
}

// True when the child came to its end.
static bool run_and_kill(int at, bool half, bool is_restore) {
    int wait_status = 0;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct ed_error err = {0};
        wrap.calls = 0;
        wrap.kill_at = at;
        wrap.half = half;
        enum ed_status status = is_restore
                                    ? ed_settings_restore(work, root_fd, NULL, NULL, &err)
                                    : ed_settings_apply(work, root_fd, everything, COUNT(everything), &err);
        _exit(status == ED_OK ? 0 : 1);
    }
    while (waitpid(pid, &wait_status, 0) != pid)
        assert_int_equal(errno, EINTR);
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
        return true;
    if (!WIFSIGNALED(wait_status) || WTERMSIG(wait_status) != SIGKILL)
        rig_fail("call %d: ended with %#x", at, (unsigned)wait_status);
    return false;
}

// Killed before its n-th call, for every n, in applying and in putting back: the next contact puts all back.
static void test_killed_anywhere(void **state) {
    char when[64];
    int points = 0;
    (void)state;
    for (int half = 0; half < 2; half++) {
        int n = 1;
        for (; !run_and_kill(n, half, false); n++) {
            assert_true(n < CALLS_MAX);
            snprintf(when, sizeof when, "killed at call %d of applying%s", n, half ? ", half a line" : "");
            expect_restored("", "");
            expect_original(when);
        }
        // Six of the policies and two of Android: a line and a sync, and for the files a write and a cut,
        // each.
        if (n - 1 < 6 * 4 + 2 * 2)
            rig_fail("only %d points to be killed at", n);
        points += n;
        expect_restored("", "");
        expect_original("applied");
    }
    int n = 1;
    for (bool done = false; !done; n++) {
        assert_true(n < CALLS_MAX);
        apply_all();
        done = run_and_kill(n, true, true);
        snprintf(when, sizeof when, "killed at call %d of putting back", n);
        expect_restored("", "");
        expect_original(when);
    }
    // A write and a cut for each file, the journal's end and its sync.
    if (n - 2 < 6 * 2 + 2)
        rig_fail("only %d points of putting back to be killed at", n - 2);
    printf("killed at %d points\n", points + n);
}

static void test_restarted(void **state) {
    struct ed_buffer restored, failed;
    (void)state;
    apply_all();
    // The kernel begins anew with other values, Android's database stays.
    write_at(tree, BOOT_ID, "00000000-0000-4000-8000-000000000002\n", 0644);
    for (size_t i = 0; i < COUNT(files); i++)
        if (!strncmp(files[i].name, "sys/", 4))
            write_at(tree, files[i].name, files[i].text, 0644);
    write_at(tree, GOVERNOR_0, "performance\n", 0644); // which is its own choice now
    write_at(tree, "system/fixed", "false\n", 0644);
    restore(&restored, &failed);
    assert_non_null(strstr(ed_buffer_text(&restored), "governor of policy0: the device was restarted since"));
    assert_non_null(strstr(ed_buffer_text(&restored), "fixed_performance: the device was restarted since"));
    assert_non_null(strstr(ed_buffer_text(&restored), "stay_awake: 7 -> 3"));
    assert_int_equal(failed.size, 0);
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
    expect(GOVERNOR_0, "performance");
    expect("system/stay", "3");
    assert_false(ed_settings_pending(work));
}

static void test_changed_meanwhile(void **state) {
    (void)state;
    apply_all();
    write_at(tree, GOVERNOR_0, "ondemand\n", 0644);
    write_at(tree, "system/stay", "1\n", 0644);
    expect_restored(
        "governor of policy0: left at ondemand, since somebody changed it from performance meanwhile\n", "");
    expect(GOVERNOR_0, "ondemand");
    expect(GOVERNOR_4, "ondemand"); // its own old value
    expect("system/stay", "1");
    expect("system/fixed", "false");
    assert_false(ed_settings_pending(work));
}

// A policy that is gone for a while (its CPUs are offline) is put back when it is there again; nothing more
// is changed until then.
static void test_cannot_be_put_back(void **state) {
    char policy[ED_PATH_BYTES], away[ED_PATH_BYTES];
    (void)state;
    apply_all();
    snprintf(policy, sizeof policy, "%s/sys/devices/system/cpu/cpufreq/policy4", tree);
    snprintf(away, sizeof away, "%s/away", tree);
    assert_int_equal(__real_rename(policy, away), 0);
    expect_restored("governor of policy0: performance -> schedutil",
                    "governor of policy4: cannot be put back to ondemand");
    assert_true(ed_settings_pending(work));
    expect_refused(everything, 1, ED_ERR_BUSY, "policy4");
    expect(GOVERNOR_0, "schedutil");
    assert_int_equal(__real_rename(away, policy), 0);
    expect_restored("governor of policy4: performance -> ondemand", "");
    expect_original("back again");
}

static void test_not_allowed(void **state) {
    int wait_status = 0;
    (void)state;
    if (geteuid() == 0) {
        assert_int_equal(chown(work, NOBODY, NOBODY), 0);
        assert_int_equal(chmod(rig_home, 0711), 0);
    } else {
        char path[ED_PATH_BYTES];
        snprintf(path, sizeof path, "%s/" GOVERNOR_0, tree);
        assert_int_equal(chmod(path, 0444), 0);
    }
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct ed_error err = {0};
        if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
            _exit(2);
        enum ed_status status = ed_settings_apply(work, root_fd, everything, 1, &err);
        const bool right =
            status == ED_ERR_IO && err.sys_errno == 0 && strstr(err.message, "governor of policy0") &&
            strstr(err.message, "Permission denied") && strstr(err.message, "connect as root") &&
            strstr(err.where, "policy0/scaling_governor") && !ed_settings_pending(work);
        if (!right)
            fprintf(stderr, "%s: %s: %s\n", ed_status_word(status), err.where, err.message);
        _exit(right ? 0 : 1);
    }
    while (waitpid(pid, &wait_status, 0) != pid)
        assert_int_equal(errno, EINTR);
    if (geteuid() == 0)
        assert_int_equal(chmod(rig_home, 0700), 0);
    assert_true(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
    expect_original("not allowed");
}

// All or none.
static void test_fails_midway(void **state) {
    (void)state;
    wrap.fail_on = "policy4/scaling_max_freq";
    wrap.fail_errno = EINVAL;
    expect_refused(everything, COUNT(everything), ED_ERR_IO,
                   "frequency_max_khz of policy4: the kernel does not take");
    expect_original("refused midway");
    // A kernel that keeps something else is not taken for one that obeys, and all is put back.
    wrap.instead = "1996000\n";
    struct ed_error err = {0};
    assert_int_equal(ed_settings_apply(work, root_fd, everything, COUNT(everything), &err), ED_ERR_REFUSED);
    assert_non_null(strstr(err.message, "2000000 was written and 1996000 stands there now"));
    // The "kernel" goes on like that while it is put back: the journal stays until it can be.
    assert_true(ed_settings_pending(work));
    wrap.fail_on = wrap.instead = NULL;
    expect_restored("frequency_max_khz of policy4: 1996000 -> 2400000", "");
    expect_original("rounded");
}

static void test_wrong_settings(void **state) {
    static const struct {
        struct ed_setting settings[2];
        size_t n;
        enum ed_status code;
        const char *words;
    } wrong[] = {
        {{{"overclock", "yes"}}, 1, ED_ERR_USAGE, "no setting of a device"},
        {{{"governor", ""}}, 1, ED_ERR_USAGE, "governor's name"},
        {{{"governor", "a b"}}, 1, ED_ERR_USAGE, "governor's name"},
        {{{"governor", "../x"}}, 1, ED_ERR_USAGE, "governor's name"},
        {{{"governor", "turbo"}}, 1, ED_ERR_UNSUPPORTED, "ondemand schedutil performance"},
        {{{"governor", "perform"}}, 1, ED_ERR_UNSUPPORTED, "no governor 'perform'"},
        {{{"frequency_min_khz", "1 GHz"}}, 1, ED_ERR_USAGE, "whole number"},
        {{{"frequency_min_khz", "-1"}}, 1, ED_ERR_USAGE, "whole number"},
        {{{"frequency_max_khz", "0"}}, 1, ED_ERR_USAGE, "whole number"},
        {{{"frequency_max_khz", "99999999999"}}, 1, ED_ERR_USAGE, "whole number"},
        {{{"frequency_max_khz", "2500000"}}, 1, ED_ERR_UNSUPPORTED, "400000 to 2400000"},
        {{{"frequency_min_khz", "1900000"}}, 1, ED_ERR_USAGE, "set frequency_max_khz as well"},
        {{{"frequency_max_khz", "500000"}}, 1, ED_ERR_USAGE, "set frequency_min_khz as well"},
        {{{"frequency_min_khz", "900000"}, {"frequency_max_khz", "800000"}}, 2, ED_ERR_USAGE, "above"},
        {{{"governor", "ondemand"}, {"governor", "performance"}}, 2, ED_ERR_USAGE, "twice"},
        {{{"fixed_performance", "false"}}, 1, ED_ERR_USAGE, "expected true"},
        {{{"stay_awake", "16"}}, 1, ED_ERR_USAGE, "0 to 15"},
        {{{"stay_awake", "null"}}, 1, ED_ERR_USAGE, "0 to 15"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        expect_refused(wrong[i].settings, wrong[i].n, wrong[i].code, wrong[i].words);
        expect_original(wrong[i].words);
    }
}

static void test_other_devices(void **state) {
    char path[ED_PATH_BYTES];
    (void)state;
    write_at(tree, "system/refuse", "", 0644);
    expect_refused(everything, COUNT(everything), ED_ERR_REFUSED, "Failed to set the mode");
    expect_original("refused by Android");
    static const char *const gone[] = {"system/bin/cmd", "sys/devices/system/cpu/cpufreq"};
    for (size_t i = 0; i < COUNT(gone); i++) {
        snprintf(path, sizeof path, "%s/%s", tree, gone[i]);
        assert_int_equal(ed_path_remove(path, NULL), ED_OK);
    }
    expect_refused(&everything[3], 1, ED_ERR_UNSUPPORTED, "no Android");
    expect_refused(&everything[0], 1, ED_ERR_UNSUPPORTED, "leave governor and frequencies out");
    assert_false(ed_settings_pending(work));
}

static void test_android_hangs(void **state) {
    (void)state;
    write_at(tree, "system/hang", "", 0644);
    const int64_t begin = ed_clock_monotonic_ns();
    expect_refused(&everything[3], 2, ED_ERR_TIMEOUT, "fixed_performance: did not end within 10 s");
    assert_true(ed_clock_monotonic_ns() - begin >= 10 * RIG_SECOND);
    expect_original("hung");
}

// A journal is not obeyed blindly: places that are none of a kind's, values that are none, halves.
static void test_hostile_journal(void **state) {
    static const char good[] = "{\"kind\":\"governor\",\"path\":\"/" GOVERNOR_0 "\",\"old\":\"schedutil\","
                               "\"new\":\"performance\",\"boot_id\":\"b\",\"lasting\":true}\n";
    static const char *const bad[] = {
        "{\"kind\":\"governor\",\"path\":\"/"
        "victim\",\"old\":\"x\",\"new\":\"keep\",\"boot_id\":\"b\",\"lasting\":true}\n",
        "{\"kind\":\"governor\",\"path\":\"/sys/devices/system/cpu/cpufreq/policy0/../../../../../../"
        "victim\","
        "\"old\":\"x\",\"new\":\"keep\",\"boot_id\":\"b\",\"lasting\":true}\n",
        "{\"kind\":\"governor\",\"path\":\"/sys/devices/system/cpu/cpufreq/policy0/"
        "scaling_min_freq\",\"old\":\"x\","
        "\"new\":\"400000\",\"boot_id\":\"b\",\"lasting\":true}\n",
        "{\"kind\":\"governor\",\"path\":\"/sys/devices/system/cpu/cpufreq/policy00/"
        "scaling_governor\",\"old\":\"x\","
        "\"new\":\"schedutil\",\"boot_id\":\"b\",\"lasting\":true}\n",
        "{\"kind\":\"governor\",\"path\":\"/" GOVERNOR_4
        "\",\"old\":\"a b\",\"new\":\"ondemand\",\"boot_id\":\"b\","
        "\"lasting\":true}\n",
        "{\"kind\":\"stay_awake\",\"path\":\"/system/bin/settings global stay_on_while_plugged_in\","
        "\"old\":\"3; reboot\",\"new\":\"3\",\"boot_id\":\"b\",\"lasting\":true}\n",
        "{\"kind\":\"governor\"}\n",
        "[]\n",
        "\x01\x02\xff\n",
    };
    char text[4096];
    (void)state;
    write_at(tree, "victim", "keep\n", 0644);
    for (size_t i = 0; i < COUNT(bad); i++) {
        write_at(tree, GOVERNOR_0, "performance\n", 0644);
        snprintf(text, sizeof text, "%s%s", bad[i], good);
        write_at(work, ED_WORK_STATE, text, 0600);
        // What is understood is put back all the same; the rest stays, as it is, until a person looks.
        expect_restored("governor of policy0: performance -> schedutil", "1 lines of");
        struct ed_buffer journal;
        read_journal(&journal);
        assert_string_equal(ed_buffer_text(&journal), bad[i]);
        ed_buffer_release(&journal);
        char path[ED_PATH_BYTES];
        snprintf(path, sizeof path, "%s/" ED_WORK_STATE, work);
        assert_int_equal(__real_unlink(path), 0);
        expect("victim", "keep");
        expect_original("hostile");
        // As the last line it is what a crash left of a change that was not made.
        write_at(tree, GOVERNOR_0, "performance\n", 0644);
        snprintf(text, sizeof text, "%s%.*s", good, (int)strlen(bad[i]) - (i % 2 != 0), bad[i]);
        write_at(work, ED_WORK_STATE, text, 0600);
        expect_restored("governor of policy0: performance -> schedutil", "");
        expect("victim", "keep");
        expect_original("hostile at the end");
    }
    // Half a line of a whole journal, cut anywhere.
    for (size_t n = 1; n < sizeof good - 1; n += 9) {
        write_at(tree, GOVERNOR_0, "performance\n", 0644);
        snprintf(text, sizeof text, "%s%.*s", good, (int)n, good);
        write_at(work, ED_WORK_STATE, text, 0600);
        expect_restored("governor of policy0: performance -> schedutil", "");
        expect_original("half a line");
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, drop_tree)
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),     TEST(test_already_so),    TEST(test_order),
        TEST(test_killed_anywhere),    TEST(test_restarted),     TEST(test_changed_meanwhile),
        TEST(test_cannot_be_put_back), TEST(test_not_allowed),   TEST(test_fails_midway),
        TEST(test_wrong_settings),     TEST(test_other_devices), TEST(test_android_hangs),
        TEST(test_hostile_journal),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
