// SPDX-License-Identifier: Apache-2.0
// Settings that cannot be made, devices that refuse, and journals that lie.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/runner/settings_rig.h"

#define NOBODY 65534

static void test_not_allowed(void **state) {
    int wait_status = 0;
    (void)state;
    if (geteuid() == 0) {
        assert_int_equal(chown(tree_work, NOBODY, NOBODY), 0);
        assert_int_equal(chmod(rig_home, 0711), 0);
    } else {
        char path[ED_PATH_BYTES];
        snprintf(path, sizeof path, "%s/" GOVERNOR_0, tree_root);
        assert_int_equal(chmod(path, 0444), 0);
    }
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct ed_error err = {0};
        if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
            _exit(2);
        enum ed_status status = ed_settings_apply(tree_work, tree_fd, tree_everything, 1, &err);
        const bool right =
            status == ED_ERR_IO && err.sys_errno == 0 && strstr(err.message, "governor of policy0") &&
            strstr(err.message, "Permission denied") && strstr(err.message, "connect as root") &&
            strstr(err.where, "policy0/scaling_governor") && !ed_settings_pending(tree_work);
        if (!right)
            fprintf(stderr, "%s: %s: %s\n", ed_status_word(status), err.where, err.message);
        _exit(right ? 0 : 1);
    }
    while (waitpid(pid, &wait_status, 0) != pid)
        assert_int_equal(errno, EINTR);
    if (geteuid() == 0)
        assert_int_equal(chmod(rig_home, 0700), 0);
    assert_true(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
    tree_expect_original("not allowed");
}

// All or none.
static void test_fails_midway(void **state) {
    (void)state;
    tree_calls.fail_on = "policy4/scaling_max_freq";
    tree_calls.fail_errno = EINVAL;
    tree_expect_refused(tree_everything, TREE_EVERYTHING, ED_ERR_IO,
                        "frequency_max_khz of policy4: the kernel does not take");
    tree_expect_original("refused midway");
    // A kernel that keeps something else is not taken for one that obeys, and all is put back.
    tree_calls.instead = "1996000\n";
    struct ed_error err = {0};
    assert_int_equal(ed_settings_apply(tree_work, tree_fd, tree_everything, TREE_EVERYTHING, &err),
                     ED_ERR_REFUSED);
    assert_non_null(strstr(err.message, "2000000 was written and 1996000 stands there now"));
    // The "kernel" goes on like that while it is put back: the journal stays until it can be.
    assert_true(ed_settings_pending(tree_work));
    tree_calls.fail_on = tree_calls.instead = NULL;
    tree_expect_restored("frequency_max_khz of policy4: 1996000 -> 2400000", "");
    tree_expect_original("rounded");
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
        tree_expect_refused(wrong[i].settings, wrong[i].n, wrong[i].code, wrong[i].words);
        tree_expect_original(wrong[i].words);
    }
}

static void test_other_devices(void **state) {
    char path[ED_PATH_BYTES];
    (void)state;
    tree_write(tree_root, "system/refuse", "", 0644);
    tree_expect_refused(tree_everything, TREE_EVERYTHING, ED_ERR_REFUSED, "Failed to set the mode");
    tree_expect_original("refused by Android");
    static const char *const gone[] = {"system/bin/cmd", "sys/devices/system/cpu/cpufreq"};
    for (size_t i = 0; i < COUNT(gone); i++) {
        snprintf(path, sizeof path, "%s/%s", tree_root, gone[i]);
        assert_int_equal(ed_path_remove(path, NULL), ED_OK);
    }
    tree_expect_refused(&tree_everything[3], 1, ED_ERR_UNSUPPORTED, "no Android");
    tree_expect_refused(&tree_everything[0], 1, ED_ERR_UNSUPPORTED, "leave governor and frequencies out");
    assert_false(ed_settings_pending(tree_work));
}

static void test_android_hangs(void **state) {
    (void)state;
    tree_write(tree_root, "system/hang", "", 0644);
    const int64_t begin = ed_clock_monotonic_ns();
    tree_expect_refused(&tree_everything[3], 2, ED_ERR_TIMEOUT, "fixed_performance: did not end within 10 s");
    assert_true(ed_clock_monotonic_ns() - begin >= 10 * RIG_SECOND);
    tree_expect_original("hung");
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
    tree_write(tree_root, "victim", "keep\n", 0644);
    for (size_t i = 0; i < COUNT(bad); i++) {
        tree_write(tree_root, GOVERNOR_0, "performance\n", 0644);
        snprintf(text, sizeof text, "%s%s", bad[i], good);
        tree_write(tree_work, ED_WORK_STATE, text, 0600);
        // What is understood is put back all the same; the rest stays, as it is, until a person looks.
        tree_expect_restored("governor of policy0: performance -> schedutil", "1 lines of");
        struct ed_buffer journal;
        tree_journal(&journal);
        assert_string_equal(ed_buffer_text(&journal), bad[i]);
        ed_buffer_release(&journal);
        char path[ED_PATH_BYTES];
        snprintf(path, sizeof path, "%s/" ED_WORK_STATE, tree_work);
        assert_int_equal(__real_unlink(path), 0);
        tree_expect("victim", "keep");
        tree_expect_original("hostile");
        // As the last line it is what a crash left of a change that was not made.
        tree_write(tree_root, GOVERNOR_0, "performance\n", 0644);
        snprintf(text, sizeof text, "%s%.*s", good, (int)strlen(bad[i]) - (i % 2 != 0), bad[i]);
        tree_write(tree_work, ED_WORK_STATE, text, 0600);
        tree_expect_restored("governor of policy0: performance -> schedutil", "");
        tree_expect("victim", "keep");
        tree_expect_original("hostile at the end");
    }
    // Half a line of a whole journal, cut anywhere.
    for (size_t n = 1; n < sizeof good - 1; n += 9) {
        tree_write(tree_root, GOVERNOR_0, "performance\n", 0644);
        snprintf(text, sizeof text, "%s%.*s", good, (int)n, good);
        tree_write(tree_work, ED_WORK_STATE, text, 0600);
        tree_expect_restored("governor of policy0: performance -> schedutil", "");
        tree_expect_original("half a line");
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_drop)
    const struct CMUnitTest tests[] = {TEST(test_not_allowed),    TEST(test_fails_midway),
                                       TEST(test_wrong_settings), TEST(test_other_devices),
                                       TEST(test_android_hangs),  TEST(test_hostile_journal)};
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
