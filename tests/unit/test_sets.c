// SPDX-License-Identifier: Apache-2.0
// Sets of files: their ids, names and places.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devices/sets.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct ed_set *one(struct ed_sets *sets, const char *variant, const char *local,
                                const char *hex) {
    const struct ed_set *set = NULL;
    assert_int_equal(ed_sets_begin(sets, "model", "net", variant, "", NULL), ED_OK);
    assert_int_equal(ed_sets_file(sets, local, hex, 7, false, NULL), ED_OK);
    assert_int_equal(ed_sets_end(sets, &set, NULL), ED_OK);
    return set;
}

static void test_equal_sets_are_one(void **state) {
    struct ed_sets sets;
    char first[ED_DIGEST_HEX_BYTES];
    (void)state;
    ed_sets_init(&sets);
    memcpy(first, one(&sets, "fp32", "/m/net.onnx", HEX_A)->id, sizeof first);
    assert_true(ed_digest_ok(first));
    assert_string_equal(one(&sets, "fp32", "/elsewhere/net.onnx", HEX_A)->id, first);
    assert_int_equal(sets.n, 1);
    assert_string_not_equal(one(&sets, "int8", "/m/net.onnx", HEX_A)->id, first);
    assert_string_not_equal(one(&sets, "fp32", "/m/net.onnx", HEX_B)->id, first);
    assert_string_not_equal(one(&sets, "fp32", "/m/other.onnx", HEX_A)->id, first);
    assert_int_equal(sets.n, 4);
    ed_sets_release(&sets);
}

static void test_places(void **state) {
    struct ed_sets sets;
    char path[ED_PATH_BYTES], expected[ED_PATH_BYTES];
    (void)state;
    ed_sets_init(&sets);
    const struct ed_set *set = one(&sets, "fp32", "/m/net.onnx", HEX_A);
    snprintf(expected, sizeof expected, "/home/pi/work/sets/%s/net.onnx", set->id);
    assert_true(ed_sets_locate(&sets, "/home/pi/work", "/m/net.onnx", path));
    assert_string_equal(path, expected);
    assert_false(ed_sets_locate(&sets, "/home/pi/work", "/m/other.onnx", path));
    ed_sets_release(&sets);
}

// A name that the wire does not take is replaced, with its ending, where nothing depends on it.
static void test_names(void **state) {
    struct ed_sets sets;
    struct ed_error err = {0};
    const struct ed_set *set;
    (void)state;
    ed_sets_init(&sets);
    assert_string_equal(one(&sets, "a", "/m/my net (1).onnx", HEX_A)->files[0].name, "file-0.onnx");
    assert_string_equal(one(&sets, "b", "/m/-rf", HEX_A)->files[0].name, "file-0");
    assert_int_equal(ed_sets_begin(&sets, "model", "net", "c", "", &err), ED_OK);
    assert_int_equal(ed_sets_file(&sets, "/m/net.xml", HEX_A, 1, false, &err), ED_OK);
    assert_int_equal(ed_sets_file(&sets, "/n/net.xml", HEX_B, 1, false, &err), ED_ERR_USAGE);
    assert_int_equal(ed_sets_file(&sets, "/m/net weights.bin", HEX_B, 1, false, &err), ED_OK);
    assert_int_equal(ed_sets_end(&sets, &set, &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "rename"));
    ed_sets_release(&sets);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_sets_are_one),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
