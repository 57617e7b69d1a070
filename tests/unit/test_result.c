// SPDX-License-Identifier: Apache-2.0
// The table of result keys: its rows against the struct, looking up keys, reasons beyond their maximum.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgedyno/result.h"
#include "reports/fields.h"

static void test_rows_are_in_order_and_point_into_the_struct(void **state) {
    (void)state;
    const struct ed_result_field *f = ed_result_fields();
    assert_string_equal(f[ED_FIELD_device].key, "device");
    assert_string_equal(f[ED_FIELD_verdict].key, "verdict");
    assert_int_equal(ED_FIELD_verdict, ED_FIELD_COUNT - 1);
    assert_int_equal(f[ED_FIELD_throughput_per_s].type, ED_RESULT_SPANR);
    assert_int_equal(f[ED_FIELD_throughput_per_s].offset, offsetof(struct ed_result, throughput_per_s));
    assert_int_equal(f[ED_FIELD_throughput_per_s].high_offset,
                     offsetof(struct ed_result, throughput_per_s_high));
    assert_int_equal(f[ED_FIELD_samples].low_offset, 0);
    for (int i = 0; i < ED_FIELD_COUNT; i++) {
        assert_true(strlen(f[i].key) < sizeof((struct ed_reason *)0)->key);
        assert_true(*f[i].help && *f[i].group);
        assert_true(i == 0 || f[i].offset > f[i - 1].offset);
    }
}

static void test_unit_is_the_end_of_the_name(void **state) {
    (void)state;
    static const char *const units[] = {"ns", "bytes", "uj", "mc"};
    for (int i = 0; i < ED_FIELD_COUNT; i++) {
        const struct ed_result_field *f = &ed_result_fields()[i];
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            const char *last = strrchr(f->key, '_');
            assert_int_equal(last && strcmp(last + 1, units[u]) == 0, strcmp(f->unit, units[u]) == 0);
        }
    }
}

static void test_find(void **state) {
    (void)state;
    int end = 7;
    assert_int_equal(ed_result_find("latency_p50_ns", &end), ED_FIELD_latency_p50_ns);
    assert_int_equal(end, 0);
    assert_int_equal(ed_result_find("latency_p50_ns_low", &end), ED_FIELD_latency_p50_ns);
    assert_int_equal(end, -1);
    assert_int_equal(ed_result_find("accuracy_drop_high", &end), ED_FIELD_accuracy_drop);
    assert_int_equal(end, 1);
    assert_int_equal(ed_result_find("engine_version", &end), ED_FIELD_engine_version);
    assert_int_equal(ed_result_find("engine", NULL), ED_FIELD_engine);
    assert_int_equal(ed_result_find("samples_low", &end), -1);
    assert_int_equal(ed_result_find("latency_p50_ns_lower", &end), -1);
    assert_int_equal(ed_result_find("latency_p50", &end), -1);
    assert_int_equal(ed_result_find("", &end), -1);
}

static void test_values_by_index(void **state) {
    (void)state;
    struct ed_result *r = calloc(1, sizeof *r);
    double value = 0;
    assert_non_null(r);
    assert_true(ed_result_is_null(r, ED_FIELD_device));
    ED_RESULT_SET_TEXT(r, device, "");
    assert_true(ed_result_is_null(r, ED_FIELD_device));
    ED_RESULT_SET_TEXT(r, device, "local");
    assert_string_equal(ed_result_text(r, ED_FIELD_device), "local");
    ED_RESULT_SET(r, throttled, true);
    assert_true(ed_result_bool(r, ED_FIELD_throttled));
    ED_RESULT_SET(r, seed, INT64_MIN);
    assert_true(ed_result_int(r, ED_FIELD_seed, 0) == INT64_MIN);
    assert_false(ed_result_number(r, ED_FIELD_load_ns, 0, &value));
    ED_RESULT_SET(r, load_ns, 5);
    assert_false(ed_result_number(r, ED_FIELD_load_ns, 1, &value));
    ED_RESULT_SET_SPAN(r, load_ns, 5, 4, 6);
    assert_true(ed_result_number(r, ED_FIELD_load_ns, 1, &value));
    assert_true(value == 6);
    ED_RESULT_SET(r, accuracy_value, 0.0 / 0.0);
    assert_false(ed_result_number(r, ED_FIELD_accuracy_value, 0, &value));
    free(r);
}

static void test_reasons_beyond_the_maximum_are_counted(void **state) {
    (void)state;
    struct ed_result *r = calloc(1, sizeof *r);
    assert_non_null(r);
    for (int i = 0; i < ED_REASONS_MAX; i++)
        ed_result_reason(r, "load_ns", "code", "reason %d", i);
    assert_int_equal(r->n_reasons, ED_REASONS_MAX);
    assert_string_equal(r->reasons[ED_REASONS_MAX - 1].text, "reason 127");
    ed_result_reason(r, "load_ns", "code", "one too many");
    assert_int_equal(r->n_reasons, ED_REASONS_MAX);
    assert_string_equal(r->reasons[ED_REASONS_MAX - 1].text, "2 more reasons had no room here");
    assert_string_equal(r->reasons[ED_REASONS_MAX - 1].key, "");
    for (int i = 0; i < 100; i++)
        ed_result_reason(r, "load_ns", "code", "more");
    assert_string_equal(r->reasons[ED_REASONS_MAX - 1].text, "102 more reasons had no room here");
    assert_string_equal(r->reasons[ED_REASONS_MAX - 2].text, "reason 126");
    free(r);
}

static void test_long_reason_is_cut(void **state) {
    (void)state;
    struct ed_result *r = calloc(1, sizeof *r);
    char text[1000];
    assert_non_null(r);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ed_result_reason(r, text, text, "%s", text);
    assert_int_equal(strlen(r->reasons[0].key), sizeof r->reasons[0].key - 1);
    assert_int_equal(strlen(r->reasons[0].text), sizeof r->reasons[0].text - 1);
    free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_in_order_and_point_into_the_struct),
        cmocka_unit_test(test_unit_is_the_end_of_the_name),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_values_by_index),
        cmocka_unit_test(test_reasons_beyond_the_maximum_are_counted),
        cmocka_unit_test(test_long_reason_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
