// SPDX-License-Identifier: Apache-2.0
// What a job leaves of itself: the settings of its device, and all there is after its supervisor was killed.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/lease_job.h"
#include "runners/lease_record.h"
#include "tests/runner/lease_rig.h"

#define CPUFREQ "/sys/devices/system/cpu/cpufreq"

static bool device_is_free(void) {
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"work", "--work", rig_work, NULL});
    assert_int_equal(reply.exit_code, 0);
    const bool is_free = !rig_reply_text(&reply, "job")[0];
    rig_reply_release(&reply);
    return is_free;
}

// The supervisor alone, or both at once, as a session's or adbd's end does it: nothing keeps the device.
static void test_killed(void **state) {
    static const char *const ids[] = {"kill-one", "kill-both"};
    char token[TOKEN_BYTES];
    (void)state;
    for (int both = 0; both < 2; both++) {
        lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
        pid_t supervisor = lease_start(ids[both], HANG, 1, lease_of(token, LEASE_HOUR_NS));
        pid_t worker = rig_worker(supervisor, 20 * RIG_SECOND);
        assert_true(worker > 0);
        assert_false(device_is_free());
        // Held still, it cannot journal its worker's death.
        assert_int_equal(kill(supervisor, SIGSTOP), 0);
        if (both)
            assert_int_equal(kill(worker, SIGKILL), 0);
        assert_int_equal(kill(supervisor, SIGKILL), 0);
        assert_true(rig_gone(supervisor, 10 * RIG_SECOND));
        assert_true(rig_gone(worker, 10 * RIG_SECOND));
        assert_string_equal(rig_wait(ids[both], 10 * RIG_SECOND), "died");
        assert_true(device_is_free());
        // Its lease holds until its end; its campaign goes on at once.
        lease_take("c2", "bob", LEASE_HOUR_NS, false, false, NULL);
        lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
        char again[32];
        snprintf(again, sizeof again, "again-%d", both);
        lease_start(again, WELL, 1, lease_of(token, LEASE_HOUR_NS));
        lease_expect_end(again, "done", "");
        lease_forget();
    }
}

static bool pending(void) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/" ED_WORK_STATE, rig_work);
    return ed_path_exists(path);
}

// What a job of before the last restart changed is gone with it; every short command that comes says so and
// forgets it.
static void test_left_before_a_restart(void **state) {
    static const char line[] =
        "{\"kind\":\"governor\",\"path\":\"" CPUFREQ "/policy0/scaling_governor\",\"old\":\"a\","
        "\"new\":\"b\",\"boot_id\":\"11111111-2222-4333-8444-555555555555\",\"lasting\":false}\n";
    (void)state;
    lease_write(ED_WORK_STATE, line, sizeof line - 1);
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"restore", "--work", rig_work, NULL});
    const cJSON *restored = rig_find(reply.json.root, "restored");
    assert_string_equal(rig_reply_text(&reply, "type"), "restored");
    assert_int_equal(cJSON_GetArraySize(restored), 1);
    assert_non_null(strstr(cJSON_GetArrayItem(restored, 0)->valuestring, "restarted since"));
    assert_int_equal(cJSON_GetArraySize(rig_find(reply.json.root, "failed")), 0);
    rig_reply_release(&reply);
    assert_false(pending());
    lease_write(ED_WORK_STATE, line, sizeof line - 1);
    assert_true(device_is_free()); // `work`
    assert_false(pending());
    lease_write(ED_WORK_STATE, line, sizeof line - 1);
    lease_take("c1", "anna", 1, false, true, NULL);
    assert_false(pending());
    lease_forget();
}

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void expect_governor(const char *governor) {
    char text[64] = "";
    int fd = open(CPUFREQ "/policy0/scaling_governor", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    assert_string_equal(text, governor);
}

#define GOVERNOR "\"settings\":[{\"kind\":\"governor\",\"value\":\"performance\"}]"

static void settings_of_jobs(void) {
    struct rig_journal journal;
    // Applied before the first block, told in the journal, put back before its end.
    pid_t supervisor = lease_start("settings", HANG, 1, GOVERNOR);
    assert_true(rig_worker(supervisor, 20 * RIG_SECOND) > 0);
    expect_governor("performance");
    assert_true(pending());
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"restore", "--work", rig_work, NULL});
    rig_expect_error(&reply, "busy", "job settings runs");
    assert_false(device_is_free()); // `work` leaves a running job's settings alone
    expect_governor("performance");
    lease_stop("settings");
    expect_governor("schedutil");
    assert_false(pending());
    // By the job itself, not by the contact that asked for its end.
    reply = rig_call(NULL, 0,
                     (const char *[]){"read", "--work", rig_work, "--job", "settings", "--file", "runner.log",
                                      "--from", "0", "--max", "4096", NULL});
    assert_non_null(strstr(reply.text, "governor of policy0: performance -> schedutil"));
    rig_reply_release(&reply);
    rig_journal_read(&journal, "settings");
    const cJSON *told = rig_find(journal.lines[0].root, "settings");
    assert_int_equal(cJSON_GetArraySize(told), 1);
    assert_string_equal(rig_text(cJSON_GetArrayItem(told, 0), "kind"), "governor");
    assert_string_equal(rig_text(cJSON_GetArrayItem(told, 0), "value"), "performance");
    rig_journal_release(&journal);
    // The supervisor is killed: the next contact puts it back.
    static const char *const contacts[] = {"work", "lease", "start", "status", "restore"};
    for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++) {
        char id[32];
        snprintf(id, sizeof id, "killed-%s", contacts[i]);
        supervisor = lease_start(id, HANG, 1, GOVERNOR);
        assert_true(rig_worker(supervisor, 20 * RIG_SECOND) > 0);
        assert_int_equal(kill(supervisor, SIGKILL), 0);
        assert_true(rig_gone(supervisor, 10 * RIG_SECOND));
        expect_governor("performance");
        assert_true(pending());
        if (!strcmp(contacts[i], "work"))
            assert_true(device_is_free());
        else if (!strcmp(contacts[i], "lease"))
            lease_take("c1", "anna", 1, false, true, NULL);
        else if (!strcmp(contacts[i], "start"))
            lease_start("next", HANG, 1, "");
        else if (!strcmp(contacts[i], "status"))
            assert_string_equal(rig_wait(id, RIG_SECOND), "died");
        else {
            reply = rig_call(NULL, 0, (const char *[]){"restore", "--work", rig_work, NULL});
            assert_string_equal(cJSON_GetArrayItem(rig_find(reply.json.root, "restored"), 0)->valuestring,
                                "governor of policy0: performance -> schedutil");
            rig_reply_release(&reply);
        }
        expect_governor("schedutil");
        assert_false(pending());
        if (!strcmp(contacts[i], "start"))
            lease_stop("next");
    }
    // A setting that cannot be made ends the job before any block, with what to do.
    lease_start("cannot", WELL, 1, "\"settings\":[{\"kind\":\"governor\",\"value\":\"warp\"}]");
    lease_expect_end("cannot", "error", "choose one of: schedutil performance");
    rig_journal_read(&journal, "cannot");
    assert_int_equal(journal.n, 2);
    assert_null(rig_find(journal.lines[0].root, "settings"));
    rig_journal_release(&journal);
    expect_governor("schedutil");
}

// In a mount namespace of its own, where this machine has a governor for once.
static void test_settings_of_jobs(void **state) {
    int wait_status = 0;
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (access(CPUFREQ, F_OK) != 0 || unshare(CLONE_NEWNS) != 0 ||
            mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("none", CPUFREQ, "tmpfs", 0, "mode=0755") != 0)
            _exit(77);
        assert_int_equal(mkdir(CPUFREQ "/policy0", 0755), 0);
        put(CPUFREQ "/policy0/scaling_governor", "schedutil\n");
        put(CPUFREQ "/policy0/scaling_available_governors", "schedutil performance\n");
        settings_of_jobs();
        _exit(0);
    }
    while (waitpid(pid, &wait_status, 0) != pid)
        assert_int_equal(errno, EINTR);
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 77) {
        print_message("no mount namespace, or no " CPUFREQ ": needs root\n");
        skip();
    }
    assert_true(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
}

// By what a device took to cool down its lease is extended, under whatever token, up to a limit for each job;
// a lease that is over or somebody else's is not touched.
static void test_cooled(void **state) {
    struct ed_lease_job whose = {.holder = "c1", .owner = "anna"}, other = {.holder = "c2", .owner = "bob"};
    struct ed_lease_record before, after;
    int64_t used_ns = 0;
    (void)state;
    lease_take("c1", "anna", 60 * RIG_SECOND, false, true, NULL);
    assert_int_equal(ed_lease_record_load(rig_work, &before, NULL), ED_OK);
    assert_true(ed_lease_job_cooled(rig_work, &whose, 7, &used_ns));
    lease_take("c1", "anna", 1, false, true, NULL);
    assert_int_equal(ed_lease_record_load(rig_work, &before, NULL), ED_OK);
    usleep(1000);
    assert_false(ed_lease_job_cooled(rig_work, &whose, 7, &used_ns));
    assert_int_equal(ed_lease_record_load(rig_work, &after, NULL), ED_OK);
    assert_int_equal(after.expires_boot_ns, before.expires_boot_ns);
    assert_int_equal(used_ns, 7);
    lease_take("c1", "anna", 60 * RIG_SECOND, false, true, NULL);
    assert_int_equal(ed_lease_record_load(rig_work, &before, NULL), ED_OK);
    assert_false(ed_lease_job_cooled(rig_work, &other, 7, &used_ns));
    assert_false(ed_lease_job_cooled(rig_work, &whose, -1, &used_ns));
    assert_false(ed_lease_job_cooled(rig_work, &whose, 0, &used_ns));
    for (int i = 0; i < 100; i++)
        ed_lease_job_cooled(rig_work, &whose, 60 * RIG_SECOND, &used_ns);
    assert_int_equal(used_ns, ED_LEASE_JOB_COOLING_MOST_NS);
    assert_int_equal(ed_lease_record_load(rig_work, &after, NULL), ED_OK);
    assert_int_equal(after.expires_boot_ns - before.expires_boot_ns, ED_LEASE_JOB_COOLING_MOST_NS - 7);
    lease_forget();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed), cmocka_unit_test(test_left_before_a_restart),
        cmocka_unit_test(test_settings_of_jobs), cmocka_unit_test(test_cooled)};
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
