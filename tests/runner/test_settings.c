// SPDX-License-Identifier: Apache-2.0
// What a job changes on its device, on made-up trees: applied, put back, and put back after the process was
// killed before every single call that writes.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/runner/settings_rig.h"

#define CALLS_MAX 400

static void test_there_and_back(void **state) {
    struct ed_buffer journal, restored, failed;
    (void)state;
    tree_calls.watch_order = true;
    tree_apply_all();
    tree_expect(GOVERNOR_0, "performance");
    tree_expect(GOVERNOR_4, "performance");
    for (int policy = 0; policy <= 4; policy += 4) {
        char name[128];
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpufreq/policy%d/scaling_min_freq", policy);
        tree_expect(name, "1000000");
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpufreq/policy%d/scaling_max_freq", policy);
        tree_expect(name, "2000000");
    }
    tree_expect("system/fixed", "true");
    tree_expect("system/stay", "7");
    tree_journal(&journal);
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
    tree_restore(&restored, &failed);
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
    tree_expect_original("put back");
    assert_true(tree_calls.watched >= 8);
    // With nothing to put back nothing is said.
    tree_restore(&restored, &failed);
    assert_int_equal(restored.size + failed.size, 0);
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
}

// What is as wished already is neither written nor put back.
static void test_already_so(void **state) {
    const struct ed_setting same[] = {{"frequency_min_khz", "600000"}, {"stay_awake", "3"}};
    struct ed_buffer journal;
    (void)state;
    assert_int_equal(ed_settings_apply(tree_work, tree_fd, same, 2, NULL), ED_OK);
    tree_journal(&journal);
    assert_null(strstr(ed_buffer_text(&journal), "policy4"));
    assert_null(strstr(ed_buffer_text(&journal), "stay_awake"));
    ed_buffer_release(&journal);
    tree_expect_restored("frequency_min_khz of policy0", "");
    tree_expect_original("already so");
    // A setting that Android had not is deleted, not set to "null".
    tree_write(tree_root, "system/stay", "", 0644);
    assert_int_equal(
        ed_settings_apply(tree_work, tree_fd, (const struct ed_setting[]){{"stay_awake", "15"}}, 1, NULL),
        ED_OK);
    tree_expect("system/stay", "15");
    tree_expect_restored("stay_awake: 15 -> null", "");
    tree_expect("system/stay", "");
}

// The order of the two limits, up, down and inside.
static void test_order(void **state) {
    static const char *const limits[][2] = {{"1900000", "2300000"},
                                            {"400000", "500000"},
                                            {"700000", "900000"},
                                            {"400000", "2400000"},
                                            {"2400000", "2400000"}};
    (void)state;
    tree_calls.watch_order = true;
    for (size_t i = 0; i < COUNT(limits); i++) {
        const struct ed_setting both[] = {{"frequency_max_khz", limits[i][1]},
                                          {"frequency_min_khz", limits[i][0]}};
        struct ed_error err = {0};
        if (ed_settings_apply(tree_work, tree_fd, both, 2, &err) != ED_OK)
            rig_fail("%s to %s: %s: %s", limits[i][0], limits[i][1], err.where, err.message);
        tree_expect("sys/devices/system/cpu/cpufreq/policy0/scaling_min_freq", limits[i][0]);
        tree_expect("sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq", limits[i][1]);
        tree_expect_restored("", "");
        tree_expect_original(limits[i][0]);
    }
    assert_true(tree_calls.watched > 20);
}

// True when the child came to its end.
static bool run_and_kill(int at, bool half, bool is_restore) {
    int wait_status = 0;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct ed_error err = {0};
        tree_calls.calls = 0;
        tree_calls.kill_at = at;
        tree_calls.half = half;
        enum ed_status status =
            is_restore ? ed_settings_restore(tree_work, tree_fd, NULL, NULL, &err)
                       : ed_settings_apply(tree_work, tree_fd, tree_everything, TREE_EVERYTHING, &err);
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
            tree_expect_restored("", "");
            tree_expect_original(when);
        }
        // Six of the policies and two of Android: a line and a sync, and for the files a write and a cut,
        // each.
        if (n - 1 < 6 * 4 + 2 * 2)
            rig_fail("only %d points to be killed at", n);
        points += n;
        tree_expect_restored("", "");
        tree_expect_original("applied");
    }
    int n = 1;
    for (bool done = false; !done; n++) {
        assert_true(n < CALLS_MAX);
        tree_apply_all();
        done = run_and_kill(n, true, true);
        snprintf(when, sizeof when, "killed at call %d of putting back", n);
        tree_expect_restored("", "");
        tree_expect_original(when);
    }
    // A write and a cut for each file, the journal's end and its sync.
    if (n - 2 < 6 * 2 + 2)
        rig_fail("only %d points of putting back to be killed at", n - 2);
    printf("killed at %d points\n", points + n);
}

static void test_restarted(void **state) {
    struct ed_buffer restored, failed;
    (void)state;
    tree_apply_all();
    // The kernel begins anew with other values, Android's database stays.
    tree_write(tree_root, BOOT_ID, "00000000-0000-4000-8000-000000000002\n", 0644);
    for (size_t i = 0; i < tree_n_files; i++)
        if (!strncmp(tree_files[i].name, "sys/", 4))
            tree_write(tree_root, tree_files[i].name, tree_files[i].text, 0644);
    tree_write(tree_root, GOVERNOR_0, "performance\n", 0644); // which is its own choice now
    tree_write(tree_root, "system/fixed", "false\n", 0644);
    tree_restore(&restored, &failed);
    assert_non_null(strstr(ed_buffer_text(&restored), "governor of policy0: the device was restarted since"));
    assert_non_null(strstr(ed_buffer_text(&restored), "fixed_performance: the device was restarted since"));
    assert_non_null(strstr(ed_buffer_text(&restored), "stay_awake: 7 -> 3"));
    assert_int_equal(failed.size, 0);
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
    tree_expect(GOVERNOR_0, "performance");
    tree_expect("system/stay", "3");
    assert_false(ed_settings_pending(tree_work));
}

static void test_changed_meanwhile(void **state) {
    (void)state;
    tree_apply_all();
    tree_write(tree_root, GOVERNOR_0, "ondemand\n", 0644);
    tree_write(tree_root, "system/stay", "1\n", 0644);
    tree_expect_restored(
        "governor of policy0: left at ondemand, since somebody changed it from performance meanwhile\n", "");
    tree_expect(GOVERNOR_0, "ondemand");
    tree_expect(GOVERNOR_4, "ondemand"); // its own old value
    tree_expect("system/stay", "1");
    tree_expect("system/fixed", "false");
    assert_false(ed_settings_pending(tree_work));
}

// A policy that is gone for a while (its CPUs are offline) is put back when it is there again; nothing more
// is changed until then.
static void test_cannot_be_put_back(void **state) {
    char policy[ED_PATH_BYTES], away[ED_PATH_BYTES];
    (void)state;
    tree_apply_all();
    snprintf(policy, sizeof policy, "%s/sys/devices/system/cpu/cpufreq/policy4", tree_root);
    snprintf(away, sizeof away, "%s/away", tree_root);
    assert_int_equal(__real_rename(policy, away), 0);
    tree_expect_restored("governor of policy0: performance -> schedutil",
                         "governor of policy4: cannot be put back to ondemand");
    assert_true(ed_settings_pending(tree_work));
    tree_expect_refused(tree_everything, 1, ED_ERR_BUSY, "policy4");
    tree_expect(GOVERNOR_0, "schedutil");
    assert_int_equal(__real_rename(away, policy), 0);
    tree_expect_restored("governor of policy4: performance -> ondemand", "");
    tree_expect_original("back again");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_drop)
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),    TEST(test_already_so), TEST(test_order),
        TEST(test_killed_anywhere),   TEST(test_restarted),  TEST(test_changed_meanwhile),
        TEST(test_cannot_be_put_back)};
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
