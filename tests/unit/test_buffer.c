// SPDX-License-Identifier: Apache-2.0
// base/buffer: growth, the limit, the kept failure, detaching.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

static void test_empty(void **state) {
    struct ed_buffer buffer = {0};
    struct ed_error err = {0};
    char *text;
    size_t n = 99;
    (void)state;
    assert_string_equal(ed_buffer_text(&buffer), "");
    ed_buffer_release(&buffer);
    ed_buffer_init(&buffer, 10);
    ed_buffer_append(&buffer, NULL, 0);
    assert_int_equal(ed_buffer_status(&buffer, "text", &err), ED_OK);
    text = ed_buffer_detach(&buffer, &n);
    assert_string_equal(text, "");
    assert_int_equal(n, 0);
    free(text);
    ed_buffer_release(&buffer);
}

static void test_growth_keeps_content(void **state) {
    struct ed_buffer buffer;
    (void)state;
    ed_buffer_init(&buffer, 100000);
    for (int i = 0; i < 10000; i++) {
        ed_buffer_printf(&buffer, "%d", i % 10);
        assert_int_equal(buffer.data[buffer.size], '\0');
    }
    assert_int_equal(buffer.size, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buffer.data[i], '0' + i % 10);
    ed_buffer_append(&buffer, "a\0b", 3);
    assert_memory_equal(buffer.data + 10000, "a\0b", 4);
    ed_buffer_release(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.size, 0);
}

static void test_limit_is_exact(void **state) {
    struct ed_buffer buffer;
    struct ed_error err = {0};
    (void)state;
    ed_buffer_init(&buffer, 5);
    ed_buffer_text_append(&buffer, "12345");
    assert_int_equal(ed_buffer_status(&buffer, "reply", &err), ED_OK);
    ed_buffer_text_append(&buffer, "");
    assert_int_equal(ed_buffer_status(&buffer, "reply", &err), ED_OK);
    ed_buffer_text_append(&buffer, "6");
    assert_int_equal(ed_buffer_status(&buffer, "reply", &err), ED_ERR_LIMIT);
    assert_string_equal(err.where, "reply");
    assert_non_null(strstr(err.message, "5 bytes"));
    assert_string_equal(ed_buffer_text(&buffer), "12345");
    ed_buffer_release(&buffer);
}

static void test_failure_stays(void **state) {
    struct ed_buffer buffer;
    (void)state;
    ed_buffer_init(&buffer, 5);
    ed_buffer_text_append(&buffer, "ab");
    ed_buffer_printf(&buffer, "%s", "four");
    assert_true(buffer.too_large);
    ed_buffer_text_append(&buffer, "c");
    ed_buffer_printf(&buffer, "d");
    assert_string_equal(ed_buffer_text(&buffer), "ab");
    assert_null(ed_buffer_detach(&buffer, NULL));
    assert_int_equal(ed_buffer_status(&buffer, "text", NULL), ED_ERR_LIMIT);
    ed_buffer_clear(&buffer);
    assert_int_equal(ed_buffer_status(&buffer, "text", NULL), ED_OK);
    ed_buffer_text_append(&buffer, "xyz");
    assert_string_equal(ed_buffer_text(&buffer), "xyz");
    ed_buffer_release(&buffer);
}

static void test_sizes_do_not_overflow(void **state) {
    struct ed_buffer buffer;
    (void)state;
    ed_buffer_init(&buffer, SIZE_MAX);
    ed_buffer_text_append(&buffer, "abc");
    ed_buffer_append(&buffer, "", SIZE_MAX);
    assert_true(buffer.too_large);
    ed_buffer_clear(&buffer);
    ed_buffer_append(&buffer, "", SIZE_MAX - 3);
    assert_true(buffer.too_large);
    assert_string_equal(ed_buffer_text(&buffer), "");
    ed_buffer_release(&buffer);
}

static void test_detach_gives_all_away(void **state) {
    struct ed_buffer buffer;
    char *text;
    size_t n;
    (void)state;
    ed_buffer_init(&buffer, 1000);
    ed_buffer_printf(&buffer, "%s-%d", "run", 7);
    text = ed_buffer_detach(&buffer, &n);
    assert_int_equal(n, 5);
    assert_string_equal(text, "run-7");
    assert_int_equal(buffer.size, 0);
    ed_buffer_text_append(&buffer, "next");
    assert_string_equal(text, "run-7");
    assert_string_equal(ed_buffer_text(&buffer), "next");
    free(text);
    ed_buffer_release(&buffer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_growth_keeps_content),
        cmocka_unit_test(test_limit_is_exact),
        cmocka_unit_test(test_failure_stays),
        cmocka_unit_test(test_sizes_do_not_overflow),
        cmocka_unit_test(test_detach_gives_all_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
