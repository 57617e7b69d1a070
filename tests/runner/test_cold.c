// SPDX-License-Identifier: Apache-2.0
// Dropping files from the page cache, and counting what stayed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/path.h"
#include "runners/cold.h"

#define BYTES ((size_t)4 << 20)

static char home[64], path[128];

static int make_home(void **state) {
    (void)state;
    snprintf(home, sizeof home, P_tmpdir "/edgedyno-cold-XXXXXX");
    snprintf(path, sizeof path, "%s/model.bin", P_tmpdir);
    return mkdtemp(home) ? 0 : -1;
}

static int remove_home(void **state) {
    (void)state;
    return ed_path_remove(home, NULL) == ED_OK ? 0 : -1;
}

static void make_file(const char *name, size_t bytes) {
    char *text = malloc(bytes + 1);
    assert_non_null(text);
    memset(text, 5, bytes);
    snprintf(path, sizeof path, "%s/%s", home, name);
    assert_int_equal(ed_path_write_atomic(path, text, bytes, 0600, NULL), ED_OK);
    free(text);
}

static bool in_memory(void) {
    struct statfs disk;
    return statfs(home, &disk) == 0 && disk.f_type == TMPFS_MAGIC;
}

static double drop(const char *const *paths, size_t n) {
    struct ed_error err = {0};
    double share = -1;
    enum ed_status status = ed_cold_drop(paths, n, &share, &err);
    if (status == ED_ERR_UNSUPPORTED)
        skip();
    if (status != ED_OK)
        fail_msg("%s: %s", err.where, err.message);
    return share;
}

static void test_dropped(void **state) {
    (void)state;
    make_file("model.bin", BYTES);
    const double share = drop((const char *const[]){path}, 1);
    if (in_memory())
        assert_true(share > 0.99); // files of tmpfs are nowhere else
    else
        assert_true(share < 0.05);
}

// Pages that somebody maps are not dropped: the share says so. A quarter of one of two files of the same size
// is an eighth.
static void test_counted(void **state) {
    char other[128];
    (void)state;
    if (in_memory())
        skip();
    make_file("other.bin", BYTES);
    snprintf(other, sizeof other, "%s", path);
    make_file("model.bin", BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    volatile char *at = mmap(NULL, BYTES / 4, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    assert_true(at != MAP_FAILED);
    for (size_t i = 0; i < BYTES / 4; i += 4096)
        assert_int_equal(at[i], 5);
    // The kernel may keep or map some pages around those that were asked for.
    double share = drop((const char *const[]){path}, 1);
    if (share < 0.24 || share > 0.5)
        fail_msg("a quarter of the file is mapped, the share is %.3f", share);
    const double both = drop((const char *const[]){path, other}, 2);
    if (both < share / 2 - 0.03 || both > share / 2 + 0.03)
        fail_msg("the share of one file is %.3f, of two %.3f", share, both);
    munmap((void *)(uintptr_t)at, BYTES / 4);
    close(fd);
    assert_true(drop((const char *const[]){path}, 1) < 0.05);
}

static void test_edges(void **state) {
    struct ed_error err = {0};
    double share = -1;
    (void)state;
    assert_true(drop(NULL, 0) == 0);
    make_file("empty.bin", 0);
    assert_true(drop((const char *const[]){path}, 1) == 0);
    make_file("page.bin", 1);
    if (!in_memory())
        assert_true(drop((const char *const[]){path}, 1) == 0);
    snprintf(path, sizeof path, "%s/missing.bin", home);
    assert_int_equal(ed_cold_drop((const char *const[]){path}, 1, &share, &err), ED_ERR_NOT_FOUND);
    assert_non_null(strstr(err.where, "missing.bin"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dropped), cmocka_unit_test(test_counted),
                                       cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
