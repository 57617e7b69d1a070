// SPDX-License-Identifier: Apache-2.0
// The table of probes, and each probe on recorded trees and on files that are torn or empty.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"
#include "tests/unit/probe_session.h"

#ifndef ED_TEST_FIXTURES
#define ED_TEST_FIXTURES "tests/fixtures"
#endif
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int open_root(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/roots/%s", ED_TEST_FIXTURES, name);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: %s (tests run in the repository root)", path, strerror(errno));
    return fd;
}

// A tree of its own below a temporary directory.
static int tree_make(char directory[64]) {
    snprintf(directory, 64, "/tmp/edgedyno-probes-XXXXXX");
    assert_non_null(mkdtemp(directory));
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void tree_end(const char *directory, int fd) {
    close(fd);
    assert_int_equal(ed_path_remove(directory, NULL), ED_OK);
}

// Writes in place, as a file of /proc or /sys changes.
static void tree_put(const char *directory, const char *name, const char *text) {
    char path[512], folder[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    ed_path_directory(folder, path);
    assert_int_equal(ed_path_make(folder, 0700, NULL), ED_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void test_registry(void **context) {
    (void)context;
    struct ed_error err = {0};
    size_t n;
    const struct ed_probe *const *probes = ed_probes(&n);
    assert_int_equal(n, 23);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ed_probe_check(probes[i], &err), ED_OK);
        assert_ptr_equal(ed_probe_find(probes[i]->name), probes[i]);
    }
    assert_null(ed_probe_find("no_such_probe"));
}

static void test_registry_refuses(void **context) {
    (void)context;
    struct ed_error err = {0};
    struct ed_probe probe = ed_probe_thermal;
    probe.abi++;
    assert_int_equal(ed_probe_check(&probe, &err), ED_ERR_VERSION);
    probe = ed_probe_thermal;
    probe.struct_bytes -= 8;
    assert_int_equal(ed_probe_check(&probe, &err), ED_ERR_VERSION);
    probe = ed_probe_thermal;
    probe.name = NULL;
    assert_int_equal(ed_probe_check(&probe, &err), ED_ERR_INTERNAL);
    probe = ed_probe_thermal;
    probe.state_bytes = 0;
    assert_int_equal(ed_probe_check(&probe, &err), ED_ERR_INTERNAL);
    for (int hook = 0; hook < 4; hook++) {
        probe = ed_probe_thermal;
        if (hook == 0)
            probe.detect = NULL;
        else if (hook == 1)
            probe.attach = NULL;
        else if (hook == 2)
            probe.sample = NULL;
        else
            probe.close = NULL;
        assert_int_equal(ed_probe_check(&probe, &err), ED_ERR_INTERNAL);
        assert_non_null(strstr(err.message, "NULL hook"));
        assert_string_equal(err.where, "thermal");
    }
}

static void test_board(void **context) {
    (void)context;
    int root = open_root("pi5-like");
    struct session session;

    session_begin(&session, "process_memory", root, 0);
    session_sample(&session);
    assert_true(value_of(&session, "process_memory.anon") == ED_NO_VALUE);
    session.probe->attach(session.state, 1234);
    session_sample(&session);
    assert_int_equal(value_of(&session, "process_memory.anon"), 64 << 20);
    assert_int_equal(value_of(&session, "process_memory.file"), 8 << 20);
    assert_int_equal(value_of(&session, "process_memory.swap"), 128 << 10);
    assert_int_equal(value_of(&session, "process_memory.major_faults"), 17);
    session.probe->attach(session.state, 4711);
    session_sample(&session);
    assert_true(value_of(&session, "process_memory.anon") == ED_NO_VALUE);
    assert_true(value_of(&session, "process_memory.major_faults") == ED_NO_VALUE);
    session_end(&session);

    session_begin(&session, "process_cpu", root, 1234);
    session_sample(&session);
    assert_int_equal(value_of(&session, "process_cpu.time"), 300 * ed_tick_ns());
    assert_int_equal(value_of(&session, "process_cpu.threads"), 5);
    session_end(&session);

    session_begin(&session, "system_memory", root, 0);
    session_sample(&session);
    assert_int_equal(value_of(&session, "system_memory.available"), INT64_C(3512320) * 1024);
    assert_int_equal(value_of(&session, "system_memory.swap_free"), INT64_C(204784) * 1024);
    session_end(&session);

    session_begin(&session, "system_cpu", root, 0);
    session_sample(&session);
    assert_int_equal(value_of(&session, "system_cpu.busy"), (1000 + 20 + 300 + 6 + 7) * ed_tick_ns());
    assert_int_equal(value_of(&session, "system_cpu.idle"), 40050 * ed_tick_ns());
    assert_int_equal(value_of(&session, "system_cpu.steal"), 8 * ed_tick_ns());
    session_end(&session);

    session_begin(&session, "cpu_frequency", root, 0);
    session_sample(&session);
    assert_int_equal(session.n, 1);
    assert_int_equal(value_of(&session, "cpu_frequency.policy0"), 1500000);
    session_end(&session);

    session_begin(&session, "thermal", root, 0);
    session_sample(&session);
    assert_int_equal(session.n, 1);
    assert_int_equal(value_of(&session, "thermal.cpu-thermal"), 47950);
    session_end(&session);
    close(root);
}

static void test_phone(void **context) {
    (void)context;
    int root = open_root("phone-like");
    struct session session;
    session_begin(&session, "thermal", root, 0);
    session_sample(&session);
    assert_int_equal(session.n, 10);
    assert_int_equal(value_of(&session, "thermal.cpu-0-0@0"), 38000);
    assert_int_equal(value_of(&session, "thermal.cpu-0-0@1"), 38300);
    assert_int_equal(value_of(&session, "thermal.battery"), 31000);
    assert_int_equal(value_of(&session, "thermal.skin_therm"), -5000);
    assert_int_equal(value_of(&session, "thermal.xo-therm"), 36250);
    assert_int_equal(value_of(&session, "thermal.gpuss-0"), 36500);
    static const char *const off[] = {"thermal.modem", "thermal.pmic", "thermal.vbat", "thermal.huge"};
    for (size_t i = 0; i < COUNT(off); i++) {
        assert_true(value_of(&session, off[i]) == ED_NO_VALUE);
        assert_non_null(
            strstr(session.channels[channel_index(&session, off[i])].reason, "/temp holds no temperature"));
    }
    session_end(&session);

    session_begin(&session, "cpu_frequency", root, 0);
    session_sample(&session);
    assert_int_equal(session.n, 3);
    assert_int_equal(value_of(&session, "cpu_frequency.policy0"), 1228800);
    assert_int_equal(value_of(&session, "cpu_frequency.policy4"), 1996800);
    assert_false(session.channels[channel_index(&session, "cpu_frequency.policy7")].available);
    session_end(&session);

    // This kernel's first line of /proc/stat ends before steal.
    session_begin(&session, "system_cpu", root, 0);
    session_sample(&session);
    assert_int_equal(value_of(&session, "system_cpu.busy"), 703 * ed_tick_ns());
    assert_true(value_of(&session, "system_cpu.steal") == ED_NO_VALUE);
    session_end(&session);
    close(root);
}

static void test_nothing_there(void **context) {
    (void)context;
    int root = open_root("empty");
    size_t n;
    const struct ed_probe *const *probes = ed_probes(&n);
    for (size_t i = 0; i < n; i++) {
        struct session session;
        session_begin(&session, probes[i]->name, root, 0);
        session.probe->attach(session.state, 1);
        session_sample(&session);
        for (size_t k = 0; k < session.n; k++)
            assert_false(session.channels[k].available);
        session_end(&session);
    }
    close(root);
}

static void test_capacity(void **context) {
    (void)context;
    int root = open_root("phone-like");
    size_t n_probes;
    const struct ed_probe *const *probes = ed_probes(&n_probes);
    const struct ed_probe_host host = ed_probe_host_recorded(&root);
    for (size_t i = 0; i < n_probes; i++)
        for (size_t capacity = 0; capacity < 3; capacity++) {
            struct ed_channel channels[4];
            int64_t values[4];
            size_t n = 99;
            void *state = calloc(1, probes[i]->state_bytes);
            assert_non_null(state);
            memset(channels, 0x55, sizeof channels);
            memset(values, 0x55, sizeof values);
            assert_int_equal(probes[i]->detect(state, &(struct ed_probe_args){.root_fd = root, .host = &host},
                                               channels, capacity, &n, NULL),
                             ED_OK);
            assert_true(n <= capacity);
            probes[i]->sample(state, values, n);
            assert_int_equal(channels[n].id[0], 0x55);
            assert_int_equal(values[n], 0x5555555555555555);
            // More values than channels: the rest is no reading.
            probes[i]->sample(state, values, 4);
            assert_true(values[3] == ED_NO_VALUE || n > 2);
            probes[i]->close(state);
            free(state);
        }
    close(root);
}

static void test_files_that_change(void **context) {
    (void)context;
    char directory[64];
    int root = tree_make(directory);
    struct session session;
    tree_put(directory, "proc/meminfo", "MemAvailable: 1000 kB\nSwapFree: 10 kB\n");
    tree_put(directory, "sys/class/thermal/thermal_zone3/type", "soc\n");
    tree_put(directory, "sys/class/thermal/thermal_zone3/temp", "41000\n");

    session_begin(&session, "system_memory", root, 0);
    tree_put(directory, "proc/meminfo", "");
    session_sample(&session);
    assert_true(value_of(&session, "system_memory.available") == ED_NO_VALUE);
    tree_put(directory, "proc/meminfo", "MemAvailable: 20");
    session_sample(&session);
    assert_true(value_of(&session, "system_memory.available") == ED_NO_VALUE);
    tree_put(directory, "proc/meminfo", "MemAvailable: 2000 kB\n");
    session_sample(&session);
    assert_int_equal(value_of(&session, "system_memory.available"), 2048000);
    assert_true(value_of(&session, "system_memory.swap_free") == ED_NO_VALUE);
    session_end(&session);

    session_begin(&session, "thermal", root, 0);
    static const char *const texts[] = {"", "N/A\n", "99999999999999999999\n", "600000\n", "41000\n41000\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        tree_put(directory, "sys/class/thermal/thermal_zone3/temp", texts[i]);
        session_sample(&session);
        assert_true(value_of(&session, "thermal.soc") == ED_NO_VALUE);
    }
    tree_put(directory, "sys/class/thermal/thermal_zone3/temp", "-41000\n");
    session_sample(&session);
    assert_int_equal(value_of(&session, "thermal.soc"), -41000);
    // 100 blanks, then a number: the small buffer cuts it, so it is no value.
    char blanks[128];
    snprintf(blanks, sizeof blanks, "%100s5\n", "");
    tree_put(directory, "sys/class/thermal/thermal_zone3/temp", blanks);
    session_sample(&session);
    assert_true(value_of(&session, "thermal.soc") == ED_NO_VALUE);
    session_end(&session);
    tree_end(directory, root);
}

// Without policies, as before Linux 4.3, each CPU has a frequency of its own.
static void test_frequency_by_cpu(void **context) {
    (void)context;
    char directory[64];
    int root = tree_make(directory);
    struct session session;
    tree_put(directory, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "600000\n");
    tree_put(directory, "sys/devices/system/cpu/cpu1/online", "0\n");
    session_begin(&session, "cpu_frequency", root, 0);
    session_sample(&session);
    assert_int_equal(session.n, 1);
    assert_int_equal(value_of(&session, "cpu_frequency.cpu0"), 600000);
    session_end(&session);
    tree_end(directory, root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_registry_refuses),
        cmocka_unit_test(test_board),
        cmocka_unit_test(test_phone),
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_files_that_change),
        cmocka_unit_test(test_frequency_by_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
