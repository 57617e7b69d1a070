// SPDX-License-Identifier: Apache-2.0
// The half of base/path.h that deals in names: joining, splitting, resolving, the places of XDG.
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

// Each test starts in an empty directory of its own and uses relative names.
static char home[64];

static int enter(void **state) {
    (void)state;
    snprintf(home, sizeof home, P_tmpdir "/edgedyno-path-XXXXXX");
    return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    return chdir("/") == 0 && ed_path_remove(home, NULL) == ED_OK ? 0 : -1;
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_join(void **state) {
    static const struct {
        const char *directory, *name, *wanted;
    } rows[] = {
        {"a", "b/c", "a/b/c"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"},    {"", "", ""},
        {"a", "", "a"},        {"a", "/b", "/b"},  {"", "/b", "/b"}, {".", "x", "./x"},
    };
    char out[ED_PATH_BYTES], longest[ED_PATH_BYTES + 1];
    struct ed_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ed_path_join(out, rows[i].directory, rows[i].name, &err), ED_OK);
        assert_string_equal(out, rows[i].wanted);
    }
    memset(longest, 'x', sizeof longest);
    longest[ED_PATH_BYTES - 3] = '\0';
    assert_int_equal(ed_path_join(out, "a", longest, &err), ED_OK);
    assert_int_equal(strlen(out), ED_PATH_BYTES - 1);
    assert_int_equal(ed_path_join(out, "ab", longest, &err), ED_ERR_LIMIT);
    assert_non_null(strstr(err.message, "4095"));
}

static void test_directory_and_base(void **state) {
    static const struct {
        const char *path, *directory, *base;
    } rows[] = {
        {"a", ".", "a"},          {"a/b", "a", "b"},  {"/a", "/", "a"},
        {"/a/b/c", "/a/b", "c"},  {"a//b", "a", "b"}, {"a/b/", "a", "b/"},
        {"/", "/", "/"},          {"//a", "/", "a"},  {"", ".", ""},
        {"./x", ".", "x"},        {"..", ".", ".."},  {"a/", ".", "a/"},
        {"/a//b//", "/a", "b//"},
    };
    char out[ED_PATH_BYTES], longest[2 * ED_PATH_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ed_path_directory(out, rows[i].path);
        assert_string_equal(out, rows[i].directory);
        assert_string_equal(ed_path_base(rows[i].path), rows[i].base);
    }
    memset(longest, 'x', sizeof longest);
    memcpy(longest + sizeof longest - 3, "/y", 3);
    ed_path_directory(out, longest);
    assert_string_equal(out, "");
    assert_string_equal(ed_path_base(longest), "y");
}

static void test_names_from_outside(void **state) {
    static const char *const good[] = {"a", "model.onnx", "pixel-8_pro@lab+2", "0", "_x", "@", "a..b"};
    static const char *const bad[] = {"",          ".",   "..",   ".hidden", "-rf",  "a/b",      "/a",
                                      "../a",      "a b", "a\nb", "a\\b",    "a\tb", "\xC3\xA9", "a;b",
                                      "$(reboot)", "a*",  "a'b",  "~",       "a:b"};
    char longest[66];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(ed_path_name_ok(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ed_path_name_ok(bad[i]))
            fail_msg("\"%s\" must not be a name", bad[i]);
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    assert_true(ed_path_name_ok(longest));
    longest[64] = 'x';
    longest[65] = '\0';
    assert_false(ed_path_name_ok(longest));
}

static void test_real_and_exists(void **state) {
    char out[ED_PATH_BYTES], wanted[ED_PATH_BYTES];
    struct ed_error err = {0};
    (void)state;
    put("file", "x");
    assert_int_equal(symlink("file", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(ed_path_real(wanted, home, &err), ED_OK);
    assert_true(strlen(wanted) + strlen("/file") < sizeof wanted);
    memcpy(wanted + strlen(wanted), "/file", strlen("/file") + 1);
    assert_int_equal(ed_path_real(out, "./../././link/", &err), ED_ERR_NOT_FOUND);
    assert_int_equal(ed_path_real(out, ".//./link", &err), ED_OK);
    assert_string_equal(out, wanted);
    assert_int_equal(ed_path_real(out, "dangling", &err), ED_ERR_NOT_FOUND);
    assert_string_equal(err.where, "dangling");
    assert_int_equal(ed_path_real(out, "loop", &err), ED_ERR_IO);
    assert_int_equal(err.sys_errno, ELOOP);
    assert_true(ed_path_exists("file") && ed_path_exists(".") && ed_path_exists("link"));
    assert_false(ed_path_exists("dangling") || ed_path_exists("none") || ed_path_exists("") ||
                 ed_path_exists("file/x"));
    assert_true(ed_path_is_directory("."));
    assert_false(ed_path_is_directory("file") || ed_path_is_directory("none"));
}

static void test_xdg(void **state) {
    static const struct {
        enum ed_xdg kind;
        const char *variable, *below;
    } rows[] = {
        {ED_XDG_STATE, "XDG_STATE_HOME", ".local/state"},
        {ED_XDG_DATA, "XDG_DATA_HOME", ".local/share"},
        {ED_XDG_CACHE, "XDG_CACHE_HOME", ".cache"},
        {ED_XDG_CONFIG, "XDG_CONFIG_HOME", ".config"},
    };
    char out[ED_PATH_BYTES], wanted[ED_PATH_BYTES], *longest;
    struct ed_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setenv("HOME", "/home/user", 1);
        unsetenv(rows[i].variable);
        assert_int_equal(ed_path_xdg(out, rows[i].kind, &err), ED_OK);
        snprintf(wanted, sizeof wanted, "/home/user/%s/edgedyno", rows[i].below);
        assert_string_equal(out, wanted);
        setenv(rows[i].variable, "relative", 1);
        assert_int_equal(ed_path_xdg(out, rows[i].kind, &err), ED_OK);
        assert_string_equal(out, wanted);
        setenv(rows[i].variable, "", 1);
        assert_int_equal(ed_path_xdg(out, rows[i].kind, &err), ED_OK);
        assert_string_equal(out, wanted);
        setenv(rows[i].variable, "/x/y/", 1);
        assert_int_equal(ed_path_xdg(out, rows[i].kind, &err), ED_OK);
        assert_string_equal(out, "/x/y/edgedyno");
        unsetenv("HOME");
        assert_int_equal(ed_path_xdg(out, rows[i].kind, &err), ED_OK);
        unsetenv(rows[i].variable);
        assert_int_equal(ed_path_xdg(out, rows[i].kind, &err), ED_ERR_NOT_FOUND);
        assert_string_equal(err.where, rows[i].variable);
        assert_non_null(strstr(err.message, rows[i].variable));
    }
    longest = malloc(ED_PATH_BYTES);
    assert_non_null(longest);
    memset(longest, '/', ED_PATH_BYTES - 1);
    longest[ED_PATH_BYTES - 1] = '\0';
    setenv("HOME", longest, 1);
    free(longest);
    assert_int_equal(ed_path_xdg(out, ED_XDG_STATE, &err), ED_ERR_LIMIT);
}

static void test_self(void **state) {
    char out[ED_PATH_BYTES];
    struct ed_error err = {0};
    struct stat by_name, by_link;
    (void)state;
    assert_int_equal(ed_path_self(out, &err), ED_OK);
    assert_int_equal(stat(out, &by_name), 0);
    assert_int_equal(stat("/proc/self/exe", &by_link), 0);
    assert_int_equal(by_name.st_ino, by_link.st_ino);
    assert_int_equal(by_name.st_dev, by_link.st_dev);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_join),
        TEST(test_directory_and_base),
        TEST(test_names_from_outside),
        TEST(test_real_and_exists),
        TEST(test_xdg),
        TEST(test_self),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
