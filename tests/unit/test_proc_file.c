// SPDX-License-Identifier: Apache-2.0
// Reading and parsing small files of /proc and /sys: numbers and fields, whole, cut and absurd; files that
// are none.
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/path.h"
#include "probes/proc_file.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

static void test_number(void **context) {
    (void)context;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"47950\n", true, 47950},
        {"-5000\n", true, -5000},
        {"36250 \n\n", true, 36250},
        {" \t12\n", true, 12},
        {"9223372036854775807\n", true, INT64_MAX},
        {"-9223372036854775808\n", true, INT64_MIN},
        {"9223372036854775808\n", false, 0},
        {"-9223372036854775809\n", false, 0},
        {"99999999999999999999\n", false, 0},
        {"", false, 0},
        {"\n", false, 0},
        {"-", false, 0},
        {"+5", false, 0},
        {"- 5", false, 0},
        {"N/A\n", false, 0},
        {"12abc", false, 0},
        {"45.5\n", false, 0},
        {"0x10\n", false, 0},
        {"1 2\n", false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t value = 77;
        if (ed_proc_number_alone(rows[i].text, &value) != rows[i].ok)
            fail_msg("\"%s\"", rows[i].text);
        assert_true(value == (rows[i].ok ? rows[i].value : 77));
    }
}

static void test_fields(void **context) {
    (void)context;
    int64_t value = 0;
    const char *text = "VmHWM:\t 7 kB\nRssAnon:\t     112 kB\nRssAnonHuge:\t 9 kB\nBad:\t-1 kB\nNoUnit: 5\n"
                       "Huge: 9007199254740992 kB\nCut: 12";
    assert_true(ed_proc_kib_field(text, "RssAnon", &value));
    assert_int_equal(value, 112 * 1024);
    assert_true(ed_proc_kib_field(text, "VmHWM", &value));
    assert_int_equal(value, 7168);
    assert_false(ed_proc_kib_field(text, "Anon", &value));
    assert_false(ed_proc_kib_field(text, "Rss", &value));
    assert_false(ed_proc_kib_field(text, "Bad", &value));
    assert_false(ed_proc_kib_field(text, "NoUnit", &value));
    assert_false(ed_proc_kib_field(text, "Huge", &value));
    assert_false(ed_proc_kib_field(text, "Cut", &value));
    assert_false(ed_proc_kib_field("", "Cut", &value));

    const char *stat = "12 (a) R (b) ) S 1 12 12 0 -1 4194560 51 0 17 0 250 50 0 0 20 0 5 0 42";
    assert_true(ed_proc_stat_field(stat, ED_STAT_MAJOR_FAULTS, &value));
    assert_int_equal(value, 17);
    assert_true(ed_proc_stat_field(stat, ED_STAT_THREADS, &value));
    assert_int_equal(value, 5);
    // A field that ends with the text may have been cut.
    assert_false(ed_proc_stat_field(stat, 22, &value));
    assert_false(ed_proc_stat_field("12 (a", ED_STAT_THREADS, &value));
    assert_false(ed_proc_stat_field("12 (a)", ED_STAT_THREADS, &value));
    assert_false(ed_proc_stat_field("12 (a) ", ED_STAT_THREADS, &value));
    assert_false(ed_proc_stat_field("12 (a) S", ED_STAT_THREADS, &value));
    assert_false(ed_proc_stat_field("12 (a) S x 1 ", ED_STAT_THREADS, &value));
}

// A writer that empties the file before it fills it must not cost the channel at detect.
static void test_empty_for_a_moment(void **context) {
    (void)context;
    char directory[64], path[128];
    int64_t value = 0;
    int root = tree_make(directory);
    tree_put(directory, "temp", "");
    snprintf(path, sizeof path, "%s/temp", directory);
    int fd = ed_proc_open(root, "temp");
    assert_true(fd >= 0);
    int64_t start = ed_clock_monotonic_ns();
    assert_false(ed_proc_await_number(fd, &value));
    assert_true(ed_clock_monotonic_ns() - start >= 5000000);
    pid_t child = fork();
    if (child == 0) {
        int out = open(path, O_WRONLY);
        _exit(out >= 0 && write(out, "7\n", 2) == 2 ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(ed_proc_await_number(fd, &value));
    assert_int_equal(value, 7);
    close(fd);
    tree_end(directory, root);
}

static void test_not_a_file(void **context) {
    (void)context;
    char directory[64], path[128], text[16];
    int root = tree_make(directory);
    snprintf(path, sizeof path, "%s/pipe", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ed_proc_open(root, "pipe"), -EINVAL);
    assert_int_equal(ed_proc_open(root, "/"), -EINVAL);
    assert_int_equal(ed_proc_open(root, "/missing"), -ENOENT);
    assert_int_equal(ed_proc_read(root, "missing", text, sizeof text), -ENOENT);
    assert_string_equal(text, "");
    // A leading slash is below the root descriptor, not the system's.
    assert_int_equal(ed_proc_open(root, "/proc/stat"), -ENOENT);
    tree_put(directory, "long", "0123456789abcdefXYZ");
    assert_int_equal(ed_proc_read(root, "long", text, sizeof text), 15);
    assert_string_equal(text, "0123456789abcde");
    tree_end(directory, root);
}

static void test_list_numbers(void **context) {
    (void)context;
    char directory[64];
    int numbers[4], root = tree_make(directory);
    static const char *const names[] = {"d/cpu10/x", "d/cpu2/x",  "d/cpufreq/x",
                                        "d/cpu/x",   "d/cpu3x/x", "d/cpu99999999/x"};
    for (size_t i = 0; i < COUNT(names); i++)
        tree_put(directory, names[i], "");
    assert_int_equal(ed_proc_list_numbers(root, "d", "cpu", numbers, 4), 2);
    assert_int_equal(numbers[0], 2);
    assert_int_equal(numbers[1], 10);
    assert_int_equal(ed_proc_list_numbers(root, "d", "cpu", numbers, 1), 1);
    assert_int_equal(ed_proc_list_numbers(root, "e", "cpu", numbers, 4), -ENOENT);
    tree_end(directory, root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_empty_for_a_moment),
        cmocka_unit_test(test_not_a_file),
        cmocka_unit_test(test_list_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
