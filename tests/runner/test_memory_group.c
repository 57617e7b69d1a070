// SPDX-License-Identifier: Apache-2.0
// Where a memory cgroup is made and what is written into it, in a made-up tree: version 2 hands the
// controller down above a group with processes, or not at all. The wrapped mkdirat and unlinkat stand for the
// kernel, which fills a new group with files and lets it go with them.
#include "runners/memory_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

#define LIMIT_BYTES (INT64_C(64) << 20)

static char home[64];
static int root_fd;
static const char *const kernel_files[] = {"memory.max",           "memory.swap.max", "memory.oom.group",
                                           "memory.events",        "cgroup.procs",    "memory.peak",
                                           "memory.limit_in_bytes"};
static size_t n_kernel_files = 6;

int __real_mkdirat(int fd, const char *path, mode_t mode);
int __real_unlinkat(int fd, const char *path, int flags);
int __wrap_mkdirat(int fd, const char *path, mode_t mode);
int __wrap_unlinkat(int fd, const char *path, int flags);

int __wrap_mkdirat(int fd, const char *path, mode_t mode) {
    char file[ED_PATH_BYTES];
    if (__real_mkdirat(fd, path, mode) != 0)
        return -1;
    for (size_t i = 0; fd == root_fd && i < n_kernel_files; i++) {
        snprintf(file, sizeof file, "%s/%s", path, kernel_files[i]);
        close(openat(fd, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    return 0;
}

int __wrap_unlinkat(int fd, const char *path, int flags) {
    char file[ED_PATH_BYTES];
    for (size_t i = 0; fd == root_fd && i < sizeof kernel_files / sizeof *kernel_files; i++) {
        snprintf(file, sizeof file, "%s/%s", path, kernel_files[i]);
        __real_unlinkat(fd, file, 0);
    }
    return __real_unlinkat(fd, path, flags);
}

static void put(const char *path, const char *text) {
    char full[ED_PATH_BYTES], directory[ED_PATH_BYTES];
    snprintf(full, sizeof full, "%s/%s", home, path);
    ed_path_directory(directory, full);
    assert_int_equal(ed_path_make(directory, 0755, NULL), ED_OK);
    assert_int_equal(ed_path_write_unsynced(full, text, strlen(text), 0644, NULL), ED_OK);
}

static void expect_file(const char *directory, const char *name, const char *text) {
    char path[ED_PATH_BYTES], found[128] = "";
    snprintf(path, sizeof path, "%s/%s/%s", home, directory, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const ssize_t n = read(fd, found, sizeof found - 1);
    close(fd);
    assert_true(n >= 0);
    assert_string_equal(found, text);
}

static int setup(void **state) {
    (void)state;
    snprintf(home, sizeof home, "/tmp/edgedyno-group-XXXXXX");
    n_kernel_files = 6;
    if (!mkdtemp(home) || (root_fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return 1;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    close(root_fd);
    root_fd = -1;
    return ed_path_remove(home, NULL) != ED_OK;
}

static bool make(struct ed_memory_group *group, char reason[256]) {
    return ed_memory_group_make(group, root_fd, home, LIMIT_BYTES, reason, 256);
}

static void test_beside(void **state) {
    struct ed_memory_group group;
    char reason[256], name[64], events[] = "low 0\nhigh 0\nmax 17\noom 1\noom_kill 3\n";
    (void)state;
    put("proc/self/cgroup", "0::/user.slice/session\n");
    put("sys/fs/cgroup/user.slice/cgroup.subtree_control", "cpu memory pids\n");
    put("sys/fs/cgroup/user.slice/session/cgroup.subtree_control", "");
    assert_true(make(&group, reason));
    snprintf(name, sizeof name, "sys/fs/cgroup/user.slice/edgedyno-limit-%d", (int)getpid());
    assert_string_equal(group.path, name);
    assert_int_equal(group.version, 2);
    assert_true(group.swap_excluded);
    expect_file(group.path, "memory.max", "67108864");
    expect_file(group.path, "memory.swap.max", "0");
    expect_file(group.path, "memory.oom.group", "1");
    expect_file("", ED_MEMORY_GROUP_NOTE, name);
    assert_int_equal(ed_memory_group_enter(&group), 0);
    expect_file(group.path, "cgroup.procs", "0");
    char path[ED_MEMORY_GROUP_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/memory.events", group.path);
    put(path, events);
    const struct ed_memory_group_counts counts = ed_memory_group_read(&group, root_fd);
    assert_int_equal(counts.kills, 3);
    assert_true(ed_memory_group_remove(&group, root_fd, home));
    assert_int_not_equal(faccessat(root_fd, name, F_OK, 0), 0);
    assert_int_not_equal(faccessat(root_fd, ED_MEMORY_GROUP_NOTE, F_OK, 0), 0);
}

static void test_not_handed_down(void **state) {
    struct ed_memory_group group;
    char reason[256];
    (void)state;
    put("proc/self/cgroup", "0::/a/b\n");
    put("sys/fs/cgroup/a/cgroup.subtree_control", "cpu pids\n");
    put("sys/fs/cgroup/a/b/cgroup.subtree_control", "");
    assert_false(make(&group, reason));
    assert_non_null(strstr(reason, "hands no memory controller down"));
    assert_int_not_equal(faccessat(root_fd, ED_MEMORY_GROUP_NOTE, F_OK, 0), 0);
    put("proc/self/cgroup", "5:cpu:/\n");
    assert_false(make(&group, reason));
    assert_non_null(strstr(reason, "no memory cgroup"));
}

// A group that takes no limit is none, and does not stay.
static void test_no_limit(void **state) {
    struct ed_memory_group group;
    char reason[256], path[128];
    (void)state;
    put("proc/self/cgroup", "4:cpu,memory:/job\n0::/\n");
    put("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "0\n");
    assert_false(make(&group, reason));
    assert_non_null(strstr(reason, "takes no limit"));
    snprintf(path, sizeof path, "sys/fs/cgroup/memory/job/edgedyno-limit-%d", (int)getpid());
    assert_int_not_equal(faccessat(root_fd, path, F_OK, 0), 0);
    n_kernel_files = 7;
    assert_true(make(&group, reason));
    assert_int_equal(group.version, 1);
    assert_false(group.swap_excluded);
    expect_file(path, "memory.limit_in_bytes", "67108864");
    assert_true(ed_memory_group_remove(&group, root_fd, home));
}

static void test_sweep(void **state) {
    (void)state;
    put("sys/fs/cgroup/a/edgedyno-limit-7/memory.max", "1");
    put("sys/fs/cgroup/a/other/memory.max", "1");
    put(ED_MEMORY_GROUP_NOTE, "sys/fs/cgroup/a/other");
    ed_memory_group_sweep(root_fd, home);
    assert_int_equal(faccessat(root_fd, "sys/fs/cgroup/a/other", F_OK, 0), 0);
    assert_int_not_equal(faccessat(root_fd, ED_MEMORY_GROUP_NOTE, F_OK, 0), 0);
    put(ED_MEMORY_GROUP_NOTE, "sys/fs/cgroup/a/edgedyno-limit-7");
    ed_memory_group_sweep(root_fd, home);
    assert_int_not_equal(faccessat(root_fd, "sys/fs/cgroup/a/edgedyno-limit-7", F_OK, 0), 0);
    assert_int_not_equal(faccessat(root_fd, ED_MEMORY_GROUP_NOTE, F_OK, 0), 0);
    ed_memory_group_sweep(root_fd, home);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_beside, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_not_handed_down, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_no_limit, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_sweep, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
