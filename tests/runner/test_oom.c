// SPDX-License-Identifier: Apache-2.0
// Reading the kernel's out-of-memory counters from made-up roots: cgroup version 1, version 2, both, in a
// container, none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "runners/oom.h"

static char home[64];
static int root_fd;

static int make_home(void **state) {
    (void)state;
    snprintf(home, sizeof home, P_tmpdir "/edgedyno-oom-XXXXXX");
    if (!mkdtemp(home))
        return -1;
    root_fd = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root_fd >= 0 ? 0 : -1;
}

static int remove_home(void **state) {
    (void)state;
    close(root_fd);
    return ed_path_remove(home, NULL) == ED_OK ? 0 : -1;
}

static void put(const char *name, const char *text) {
    char path[ED_PATH_BYTES], directory[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", home, name);
    ed_path_directory(directory, path);
    assert_int_equal(ed_path_make(directory, 0700, NULL), ED_OK);
    assert_int_equal(ed_path_write_atomic(path, text, strlen(text), 0600, NULL), ED_OK);
}

static void expect(int64_t cgroup, int64_t system) {
    const struct ed_oom_counts counts = ed_oom_read(root_fd);
    assert_int_equal(counts.cgroup, cgroup);
    assert_int_equal(counts.system, system);
}

static void test_none(void **state) {
    (void)state;
    expect(-1, -1);
    put("proc/vmstat", "nr_free_pages 1\n");
    put("proc/self/cgroup", "0::/user.slice\n");
    expect(-1, -1); // an old kernel without the counters
    put("proc/vmstat", "nr_free_pages 1\npgfault 7\noom_kill 12\n");
    expect(-1, 12);
    put("proc/vmstat", "oom_kill 13");
    put("proc/self/cgroup", "no cgroup\n:::\n::\n\n");
    expect(-1, 13);
}

static void test_version_2(void **state) {
    (void)state;
    put("proc/vmstat", "oom_kill 0\n");
    put("proc/self/cgroup", "0::/user.slice/run.scope\n");
    put("sys/fs/cgroup/user.slice/run.scope/memory.events",
        "low 0\nhigh 1\nmax 22\noom 5\noom_kill 3\noom_group_kill 9\n");
    expect(3, 0);
    put("proc/self/cgroup", "0::/\n");
    expect(-1, 0); // the root has none
    // A container sees its own group as the root.
    put("sys/fs/cgroup/memory.events", "low 0\noom_kill 4\n");
    expect(4, 0);
}

static void test_version_1(void **state) {
    (void)state;
    put("proc/vmstat", "oom_kill 2\n");
    put("proc/self/cgroup", "9:name=systemd:/\n4:memory:/a/b\n2:cpu,cpuacct:/a\n");
    put("sys/fs/cgroup/memory/a/b/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 6\n");
    expect(6, 2);
    // Controllers together, and one whose name only contains the word.
    put("proc/self/cgroup", "4:hugememory:/a/b\n");
    expect(-1, 2);
    put("proc/self/cgroup", "4:cpu,memory:/a/b\n");
    expect(6, 2);
    // Both versions at once: the memory controller is in version 1.
    put("proc/self/cgroup", "4:memory:/a/b\n0::/\n");
    expect(6, 2);
    // The path is the host's, which cannot be seen from inside: the mount's root is ours.
    put("proc/self/cgroup", "4:memory:/docker/0123\n");
    put("sys/fs/cgroup/memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    expect(1, 2);
    assert_false(ed_oom_read(root_fd).own);
    put("proc/self/cgroup", "4:memory:/a/b\n");
    assert_true(ed_oom_read(root_fd).own);
}

static void test_judge(void **state) {
    static const struct {
        struct ed_oom_counts before, after;
        enum ed_oom_verdict due;
    } cases[] = {
        {{-1, -1, false}, {-1, -1, false}, ED_OOM_NO},
        {{0, 0, true}, {0, 0, true}, ED_OOM_NO},
        {{3, 7, true}, {3, 7, true}, ED_OOM_NO},
        {{3, 7, true}, {4, 8, true}, ED_OOM_CERTAIN},
        {{3, -1, true}, {4, -1, true}, ED_OOM_CERTAIN},
        {{-1, 7, false}, {-1, 8, false}, ED_OOM_PROBABLE},
        // Our own group counts and did not rise: somebody else was killed.
        {{3, 7, true}, {3, 8, true}, ED_OOM_NO},
        // The mount's root may not be our group.
        {{3, 7, false}, {3, 8, false}, ED_OOM_PROBABLE},
        {{-1, -1, false}, {5, 5, true}, ED_OOM_NO}, // counters that appear say nothing of a rise
        {{5, 5, true}, {-1, -1, false}, ED_OOM_NO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(ed_oom_judge(cases[i].before, cases[i].after), cases[i].due);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none, make_home, remove_home),
        cmocka_unit_test_setup_teardown(test_version_2, make_home, remove_home),
        cmocka_unit_test_setup_teardown(test_version_1, make_home, remove_home),
        cmocka_unit_test(test_judge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
