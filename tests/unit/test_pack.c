// SPDX-License-Identifier: Apache-2.0
// Choosing what to push: targets, C libraries, phones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/pack.h"

struct fixture {
    char directory[ED_PATH_BYTES];
};

static void put(const struct fixture *fixture, const char *name, const char *text) {
    char path[ED_PATH_BYTES], folder[ED_PATH_BYTES];
    assert_int_equal(ed_path_join(path, fixture->directory, name, NULL), ED_OK);
    ed_path_directory(folder, path);
    assert_int_equal(ed_path_make(folder, 0700, NULL), ED_OK);
    assert_int_equal(ed_path_write_atomic(path, text, strlen(text), 0700, NULL), ED_OK);
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char made[] = P_tmpdir "/edgedyno-test-XXXXXX";
    if (!fixture || !mkdtemp(made) || ed_path_real(fixture->directory, made, NULL))
        return -1;
    put(fixture, "linux-x86_64/edgedyno-runner", "in the tree");
    put(fixture, "packs/linux-aarch64/edgedyno-runner", "pack");
    put(fixture, "packs/linux-aarch64/adapters/null.so", "adapter");
    put(fixture, "packs/linux-aarch64/libc/ld-linux-aarch64.so.1", "loader");
    put(fixture, "packs/linux-aarch64/pack.json",
        "{\"target\":\"linux-aarch64\",\"libc_floor\":\"2.27\","
        "\"libc\":{\"version\":\"2.36\",\"loader\":\"ld-linux-aarch64.so.1\"}}");
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    ed_path_remove(fixture->directory, NULL);
    free(fixture);
    return 0;
}

static struct ed_identity device(const char *target, const char *libc, const char *version) {
    struct ed_identity identity = {0};
    snprintf(identity.target, sizeof identity.target, "%s", target);
    snprintf(identity.libc, sizeof identity.libc, "%s", libc);
    snprintf(identity.libc_version, sizeof identity.libc_version, "%s", version);
    return identity;
}

static void test_glibc(void **state) {
    const struct fixture *fixture = *state;
    struct ed_identity pi = device("linux-aarch64", "glibc", "2.31");
    char path[ED_PATH_BYTES];
    struct ed_error err = {0};
    struct ed_pack pack;
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &pi, "pi", &err), ED_OK);
    assert_string_equal(pack.target, "linux-aarch64");
    assert_string_equal(pack.libc_floor, "2.27");
    assert_string_equal(pack.libc_version, "2.36");
    assert_false(pack.runner_libc);
    assert_false(pack.foreign);
    assert_non_null(strstr(pack.runner, "/packs/linux-aarch64/"));
    // Only an engine that needs a newer one gets the pack's.
    assert_false(ed_pack_needs_libc(&pack, &pi, "2.28"));
    assert_false(ed_pack_needs_libc(&pack, &pi, "2.31"));
    assert_true(ed_pack_needs_libc(&pack, &pi, "2.34"));
    assert_false(ed_pack_needs_libc(&pack, &pi, ""));
    assert_int_equal(ed_pack_adapter(&pack, "null", path, &err), ED_OK);
    assert_int_equal(ed_pack_adapter(&pack, "litert", path, &err), ED_ERR_NOT_FOUND);
    struct ed_identity old = device("linux-aarch64", "glibc", "2.24");
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &old, "old", &err), ED_OK);
    assert_true(pack.runner_libc);
}

static void test_other_libraries(void **state) {
    const struct fixture *fixture = *state;
    struct ed_identity musl = device("linux-aarch64", "musl", ""), none = device("linux-aarch64", "none", ""),
                       phone = device("android-aarch64", "bionic", ""),
                       pc = device("linux-x86_64", "musl", "");
    struct ed_error err = {0};
    struct ed_pack pack;
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &musl, "alpine", &err), ED_OK);
    assert_true(pack.runner_libc);
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &none, "bare", &err), ED_OK);
    assert_true(pack.runner_libc);
    phone.android = true;
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &phone, "phone", &err), ED_OK);
    assert_string_equal(pack.target, "linux-aarch64");
    assert_true(pack.foreign && pack.runner_libc);
    // What this machine's compiler built has no C library of its own.
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &pc, "pc", &err), ED_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "musl"));
    put(fixture, "packs/android-aarch64/edgedyno-runner", "the app's own kind");
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &phone, "phone", &err), ED_OK);
    assert_string_equal(pack.target, "android-aarch64");
    assert_false(pack.foreign || pack.runner_libc);
    assert_false(ed_pack_needs_libc(&pack, &phone, "2.34"));
}

static void test_refusals(void **state) {
    const struct fixture *fixture = *state;
    struct ed_identity board = device("linux-armv7", "glibc", "2.31"),
                       pi = device("linux-aarch64", "glibc", "2.31");
    struct ed_error err = {0};
    struct ed_pack pack;
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &board, "board", &err), ED_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "linux-x86_64, linux-aarch64"));
    put(fixture, "packs/linux-aarch64/pack.json",
        "{\"libc\":{\"version\":\"2.36\",\"loader\":\"../ld.so\"}}");
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &pi, "pi", &err), ED_ERR_USAGE);
    put(fixture, "packs/linux-aarch64/pack.json", "{");
    assert_int_equal(ed_pack_find(&pack, fixture->directory, &pi, "pi", &err), ED_ERR_PARSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_glibc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_libraries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
