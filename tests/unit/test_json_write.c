// SPDX-License-Identifier: Apache-2.0
// base/json_write: the exact text, escapes, numbers that read back the same, misuse.
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/json_write.h"

struct fixture {
    struct ed_buffer out;
    struct ed_json_writer writer;
};

static void start(struct fixture *fixture, bool indent) {
    ed_buffer_init(&fixture->out, 100000);
    ed_json_writer_init(&fixture->writer, &fixture->out, indent);
}

static void finish(struct fixture *fixture, const char *wanted) {
    assert_string_equal(ed_buffer_text(&fixture->out), wanted);
    assert_false(fixture->writer.misuse);
    assert_int_equal(fixture->writer.depth, 0);
    ed_buffer_release(&fixture->out);
}

static void write_everything(struct ed_json_writer *w) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "t", "x");
    ed_json_text(w, "none", NULL);
    ed_json_array_begin(w, "list");
    ed_json_int(w, NULL, INT64_MIN);
    ed_json_uint(w, NULL, UINT64_MAX);
    ed_json_real(w, NULL, 0.1);
    ed_json_object_begin(w, NULL);
    ed_json_object_end(w);
    ed_json_array_begin(w, NULL);
    ed_json_array_end(w);
    ed_json_array_end(w);
    ed_json_bool(w, "yes", true);
    ed_json_bool(w, "no", false);
    ed_json_raw(w, "raw", "{\"a\":1}");
    ed_json_object_end(w);
}

static void test_one_line(void **state) {
    struct fixture f;
    (void)state;
    start(&f, false);
    write_everything(&f.writer);
    finish(&f, "{\"t\":\"x\",\"none\":null,\"list\":[-9223372036854775808,18446744073709551615,0.1,{},[]],"
               "\"yes\":true,\"no\":false,\"raw\":{\"a\":1}}");
}

static void test_indented(void **state) {
    struct fixture f;
    (void)state;
    start(&f, true);
    write_everything(&f.writer);
    finish(&f,
           "{\n  \"t\": \"x\",\n  \"none\": null,\n  \"list\": [\n    -9223372036854775808,\n    "
           "18446744073709551615,\n"
           "    0.1,\n    {},\n    []\n  ],\n  \"yes\": true,\n  \"no\": false,\n  \"raw\": {\"a\":1}\n}");
}

static void check_text(const char *bytes, size_t n, const char *wanted) {
    struct fixture f;
    start(&f, false);
    ed_json_text_n(&f.writer, NULL, bytes, n);
    finish(&f, wanted);
}

static void test_escapes(void **state) {
    struct fixture f;
    (void)state;
    check_text("", 0, "\"\"");
    check_text("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    check_text("\b\f\n\r\t\0\x1b\x7f", 8, "\"\\b\\f\\n\\r\\t\\u0000\\u001b\\u007f\"");
    check_text("\xC2\x9B", 2, "\"\\u009b\"");
    check_text("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x8B", 9, "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x8B\"");
    start(&f, false);
    ed_json_object_begin(&f.writer, NULL);
    ed_json_null(&f.writer, "k\n\xFF");
    ed_json_object_end(&f.writer);
    finish(&f, "{\"k\\n\xEF\xBF\xBD\":null}");
}

#define BAD "\xEF\xBF\xBD"

static void test_invalid_utf8_is_replaced(void **state) {
    (void)state;
    check_text("a\xFF"
               "b",
               3, "\"a" BAD "b\"");
    check_text("\xC0\xAF", 2, "\"" BAD BAD "\"");                 // overlong '/'
    check_text("\xE0\x80\xAF", 3, "\"" BAD BAD BAD "\"");         // overlong, three bytes
    check_text("\xED\xA0\x80", 3, "\"" BAD BAD BAD "\"");         // surrogate
    check_text("\xF4\x90\x80\x80", 4, "\"" BAD BAD BAD BAD "\""); // above U+10FFFF
    check_text("\xE2\x82", 2, "\"" BAD BAD "\"");                 // cut off
    check_text("\xC3\"", 2, "\"" BAD "\\\"\"");                   // the quote is not swallowed
    check_text("\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80", 10,
               "\"\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80\"");
}

static void check_real(double value, const char *wanted) {
    char text[32];
    memset(text, '?', sizeof text);
    ed_json_format_real(text, value);
    assert_string_equal(text, wanted);
}

static void test_reals(void **state) {
    (void)state;
    check_real(0, "0");
    check_real(-0.0, "-0");
    check_real(0.1, "0.1");
    check_real(0.3, "0.3");
    check_real(0.1 + 0.2, "0.30000000000000004");
    check_real(1.0 / 3, "0.3333333333333333");
    check_real(100, "100");
    check_real(-2.5, "-2.5");
    check_real(9007199254740991.0, "9007199254740991");
    check_real(1e22, "1e+22");
    check_real(DBL_MAX, "1.7976931348623157e+308");
    check_real(DBL_MIN, "2.2250738585072014e-308");
    check_real(5e-324, "5e-324");
    check_real(NAN, "null");
    check_real(INFINITY, "null");
    check_real(-INFINITY, "null");
}

// Bit patterns of every kind, from a fixed seed.
static void test_reals_read_back(void **state) {
    uint64_t seed = 20240521;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[32];
        uint64_t again;
        double value, read;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        again = seed ^ (seed >> 29);
        memcpy(&value, &again, sizeof value);
        if (!isfinite(value))
            continue;
        memset(text, '?', sizeof text);
        ed_json_format_real(text, value);
        assert_non_null(memchr(text, '\0', sizeof text));
        read = strtod(text, NULL);
        assert_memory_equal(&read, &value, sizeof value);
    }
}

static void test_decimal_comma_of_a_locale(void **state) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                        "fr_FR.utf8",  "de_DE",      "fr_FR"};
    const char *found = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]);
    if (!found)
        skip();
    check_real(0.5, "0.5");
    check_real(0.1 + 0.2, "0.30000000000000004");
    setlocale(LC_NUMERIC, "C");
}

static void test_misuse(void **state) {
    struct fixture f;
    (void)state;
    // Too deep: what was begun is never completed, so nobody takes it for a document.
    start(&f, false);
    for (int i = 0; i < ED_JSON_DEPTH_MAX - 1; i++)
        ed_json_array_begin(&f.writer, NULL);
    assert_false(f.writer.misuse);
    ed_json_array_begin(&f.writer, NULL);
    assert_true(f.writer.misuse);
    for (int i = 0; i < ED_JSON_DEPTH_MAX; i++)
        ed_json_array_end(&f.writer);
    assert_int_equal(f.out.size, ED_JSON_DEPTH_MAX - 1);
    assert_null(strchr(ed_buffer_text(&f.out), ']'));
    ed_buffer_release(&f.out);

    start(&f, false);
    ed_json_object_end(&f.writer);
    assert_true(f.writer.misuse);
    ed_buffer_release(&f.out);

    start(&f, false);
    ed_json_int(&f.writer, NULL, 1);
    ed_json_int(&f.writer, NULL, 2);
    assert_true(f.writer.misuse);
    assert_string_equal(ed_buffer_text(&f.out), "1");
    ed_buffer_release(&f.out);

    start(&f, false);
    ed_json_int(&f.writer, "key", 1);
    assert_true(f.writer.misuse);
    ed_buffer_release(&f.out);
}

static void test_deepest_is_balanced(void **state) {
    char wanted[2 * ED_JSON_DEPTH_MAX];
    struct fixture f;
    (void)state;
    memset(wanted, '[', ED_JSON_DEPTH_MAX - 1);
    memset(wanted + ED_JSON_DEPTH_MAX - 1, ']', ED_JSON_DEPTH_MAX - 1);
    wanted[2 * ED_JSON_DEPTH_MAX - 2] = '\0';
    start(&f, false);
    for (int i = 0; i < ED_JSON_DEPTH_MAX - 1; i++)
        ed_json_array_begin(&f.writer, NULL);
    for (int i = 0; i < ED_JSON_DEPTH_MAX - 1; i++)
        ed_json_array_end(&f.writer);
    finish(&f, wanted);
}

static void test_full_buffer_is_reported(void **state) {
    struct ed_buffer out;
    struct ed_json_writer writer;
    (void)state;
    ed_buffer_init(&out, 20);
    ed_json_writer_init(&writer, &out, false);
    write_everything(&writer);
    assert_int_equal(ed_buffer_status(&out, "reply", NULL), ED_ERR_LIMIT);
    assert_true(out.size <= 20);
    ed_buffer_release(&out);
}

// What is written is read by a reader that is not ours.
static void test_cjson_reads_it(void **state) {
    struct fixture f;
    cJSON *root;
    (void)state;
    start(&f, true);
    write_everything(&f.writer);
    root = cJSON_ParseWithOpts(ed_buffer_text(&f.out), NULL, 1);
    assert_non_null(root);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "list")), 5);
    cJSON_Delete(root);
    ed_buffer_release(&f.out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_indented),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_invalid_utf8_is_replaced),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_reals_read_back),
        cmocka_unit_test(test_decimal_comma_of_a_locale),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_deepest_is_balanced),
        cmocka_unit_test(test_full_buffer_is_reported),
        cmocka_unit_test(test_cjson_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
