// SPDX-License-Identifier: Apache-2.0
// base/nearest: the distance, what counts as near, and what must not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *const flags[] = {"threads",   "blocks", "baseline", "deadline",
                                    "mem-limit", "n",      "on",       NULL};

static void test_distance(void **state) {
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"abc", "abc", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"abc", "abd", 1},
        {"abc", "ab", 1},
        {"abc", "xabc", 1},
        {"ab", "ba", 1},
        {"abcd", "acbd", 1},
        {"kitten", "sitting", 3},
        {"threads", "htreads", 1},
        {"ca", "abc", 3},
        {"flaw", "lawn", 2},
        {"A", "a", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ed_edit_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(ed_edit_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
}

static void test_long_words(void **state) {
    char a[300], b[300], edge[65];
    const char *const known[] = {a, NULL};
    (void)state;
    memset(a, 'x', sizeof a);
    a[sizeof a - 1] = '\0';
    memcpy(b, a, sizeof b);
    assert_int_equal(ed_edit_distance(a, b), 0);
    b[3] = 'y';
    assert_true(ed_edit_distance(a, b) == SIZE_MAX);
    assert_null(ed_nearest(a, known));
    assert_null(ed_nearest("xxx", known));
    memset(edge, 'x', 64);
    edge[64] = '\0';
    assert_int_equal(ed_edit_distance(edge, "x"), 63);
}

static void test_near(void **state) {
    (void)state;
    assert_string_equal(ed_nearest("treads", flags), "threads");
    assert_string_equal(ed_nearest("THREADS", flags), "threads");
    assert_string_equal(ed_nearest("bolcks", flags), "blocks");
    assert_string_equal(ed_nearest("deadlien", flags), "deadline");
    assert_string_equal(ed_nearest("om", flags), "on");
    assert_string_equal(ed_nearest("mem", flags), "mem-limit");
    assert_string_equal(ed_nearest("base", flags), "baseline");
    assert_ptr_equal(ed_nearest("thread", flags), flags[0]);
}

static void test_not_near(void **state) {
    static const char *const none[] = {NULL};
    (void)state;
    assert_null(ed_nearest("", flags));
    assert_null(ed_nearest(NULL, flags));
    assert_null(ed_nearest("x", flags));
    assert_null(ed_nearest("th", flags));
    assert_null(ed_nearest("quantize", flags));
    assert_null(ed_nearest("thrxxds", (const char *const[]){"reading", NULL}));
    assert_null(ed_nearest("threads", none));
}

static void test_limit_by_length(void **state) {
    static const char *const known[] = {"abcdefghijkl", NULL};
    static const char *const five[] = {"abcde", NULL};
    (void)state;
    assert_non_null(ed_nearest("xyzdefghijkl", known));
    assert_null(ed_nearest("wxyzefghijkl", known));
    assert_non_null(ed_nearest("xbcde", five));
    assert_null(ed_nearest("xycde", five));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance), cmocka_unit_test(test_long_words),      cmocka_unit_test(test_near),
        cmocka_unit_test(test_not_near), cmocka_unit_test(test_limit_by_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
