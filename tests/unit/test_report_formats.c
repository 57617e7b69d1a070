// SPDX-License-Identifier: Apache-2.0
// The registry of formats, the schema and reference that are made from the table of keys, a sink that fails,
// and safe text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "reports/registry.h"
#include "reports/schema.h"
#include "reports/text.h"
#include "reports/view.h"

static void test_registry(void **state) {
    (void)state;
    size_t n = 0;
    struct ed_error err = {0};
    const struct ed_report *const *reports = ed_reports(&n);
    assert_true(n >= 6);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ed_report_check(reports[i], &err), ED_OK);
        assert_ptr_equal(ed_report_find(reports[i]->name), reports[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(reports[i]->name, reports[j]->name);
    }
    assert_null(ed_report_find("xml"));
}

static void test_check_refuses(void **state) {
    (void)state;
    struct ed_error err = {0};
    struct ed_report broken = *ed_report_find("csv");
    broken.abi++;
    assert_int_equal(ed_report_check(&broken, &err), ED_ERR_VERSION);
    broken = *ed_report_find("csv");
    broken.struct_bytes--;
    assert_int_equal(ed_report_check(&broken, &err), ED_ERR_VERSION);
    broken = *ed_report_find("csv");
    broken.record = NULL;
    assert_int_equal(ed_report_check(&broken, &err), ED_ERR_INTERNAL);
    broken = *ed_report_find("csv");
    broken.name = NULL;
    assert_int_equal(ed_report_check(&broken, &err), ED_ERR_INTERNAL);
    broken = *ed_report_find("csv");
    broken.n_options = 1;
    assert_int_equal(ed_report_check(&broken, &err), ED_ERR_INTERNAL);
}

// Accepts so many writes, then fails.
struct limited {
    size_t left, seen;
};

static enum ed_status limited_write(void *context, const char *bytes, size_t n, struct ed_error *err) {
    struct limited *limited = context;
    (void)bytes;
    (void)n;
    limited->seen++;
    if (limited->left == 0)
        return ed_fail(err, ED_ERR_NO_SPACE, "out", "the disk is full");
    limited->left--;
    return ED_OK;
}

static enum ed_status run_limited(const struct ed_report *report, struct limited *limited) {
    static const struct ed_report_choice choice = {.verdict = "", .summary = "", .ties = ""};
    struct ed_report_info info = {.campaign = "c",
                                  .started_utc = "t",
                                  .version = "v",
                                  .suite = "s",
                                  .columns = 80,
                                  .choice = strcmp(report->name, "choice") ? NULL : &choice};
    struct ed_sink sink = {.context = limited, .write = limited_write};
    struct ed_result *results = calloc(3, sizeof *results);
    void *state = calloc(1, report->state_bytes);
    struct ed_error err = {0};
    assert_non_null(results);
    assert_non_null(state);
    enum ed_status status = report->begin(state, &info, &sink, &err);
    bool begun = status == ED_OK;
    for (int i = 0; i < 3 && status == ED_OK; i++) {
        ed_result_reason(&results[i], "load_ns", "code", "text");
        status = report->record(state, &results[i], &err);
    }
    if (begun) {
        enum ed_status last = report->end(state, &err);
        status = status ? status : last;
    }
    if (status)
        assert_string_equal(err.message, "the disk is full");
    free(state);
    free(results);
    return status;
}

static void test_failing_sink_is_reported(void **state) {
    (void)state;
    size_t n = 0;
    const struct ed_report *const *reports = ed_reports(&n);
    for (size_t i = 0; i < n; i++) {
        if (reports[i]->directory)
            continue;
        struct limited all = {.left = SIZE_MAX};
        assert_int_equal(run_limited(reports[i], &all), ED_OK);
        assert_true(all.seen > 0);
        for (size_t writes = 0; writes < all.seen; writes++) {
            struct limited few = {.left = writes};
            assert_int_equal(run_limited(reports[i], &few), ED_ERR_NO_SPACE);
        }
    }
}

static void golden(const char *name, const struct ed_buffer *out) {
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/%s", ED_SOURCE_DIR, name);
    const char *update = getenv("UPDATE_GOLDEN");
    bool writing = update && strcmp(update, "1") == 0;
    FILE *file = fopen(path, writing ? "wb" : "rb");
    char *wanted = malloc(out->size + 1);
    assert_non_null(file);
    assert_non_null(wanted);
    if (writing) {
        assert_int_equal(fwrite(out->data, 1, out->size, file), out->size);
    } else {
        assert_int_equal(fread(wanted, 1, out->size + 1, file), out->size);
        assert_memory_equal(wanted, out->data, out->size);
    }
    free(wanted);
    assert_int_equal(fclose(file), 0);
}

static void test_schema_and_reference(void **state) {
    (void)state;
    struct ed_buffer out;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    ed_report_schema(&out);
    assert_int_equal(ed_buffer_status(&out, "schema", NULL), ED_OK);
    golden("results.schema.json", &out);
    ed_buffer_clear(&out);
    ed_result_reference(&out);
    for (int i = 0; i < ED_FIELD_COUNT; i++)
        assert_non_null(strstr(ed_buffer_text(&out), ed_result_fields()[i].key));
    golden("result_keys.md", &out);
    ed_buffer_release(&out);
}

static void fixed_is(double value, int decimals, bool up, const char *wanted) {
    char text[48];
    ed_text_fixed(text, sizeof text, value, decimals, up);
    assert_string_equal(text, wanted);
}

static void test_fixed(void **state) {
    (void)state;
    fixed_is(0, 2, false, "0.00");
    fixed_is(-0.001, 2, false, "0.00");
    fixed_is(-0.015, 1, true, "-0.1");
    fixed_is(1.005, 1, false, "1.0");
    fixed_is(0.031, 2, true, "0.04");
    fixed_is(0.3, 1, true, "0.3");
    fixed_is(12.999, 2, false, "13.00");
    fixed_is(1234567.0, 0, false, "1234567");
    fixed_is(1e300 * 1e10, 2, false, "inf");
}

static void visible_is(const char *text, const char *wanted) {
    struct ed_buffer out;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    ed_text_visible(&out, text, strlen(text));
    assert_string_equal(ed_buffer_text(&out), wanted);
    ed_buffer_release(&out);
}

static void test_visible(void **state) {
    (void)state;
    visible_is("plain \xc2\xb7 text", "plain \xc2\xb7 text");
    visible_is("\x1b[31m\r\n\x7f", "\\x1b[31m\\x0d\\x0a\\x7f");
    visible_is("\xc2\x9b"
               "31m",
               "\\x9b31m");
    visible_is("\xe2\x80\xae"
               "a",
               "\\u202ea");
    visible_is("\xff\xc3", "\\xff\\xc3");
    visible_is("\xed\xa0\x80", "\\xed\\xa0\\x80");
}

static void test_width(void **state) {
    (void)state;
    assert_int_equal(ed_text_width("abc"), 3);
    assert_int_equal(ed_text_width("\xe6\xa8\xa1\xe5\x9e\x8b"), 4);
    assert_int_equal(ed_text_width("e\xcc\x81"), 1);
    assert_int_equal(ed_text_width("\xc2\xb1"), 1);
    assert_int_equal(ed_text_prefix("\xe6\xa8\xa1\xe5\x9e\x8b", 3), 3);
    assert_int_equal(ed_text_prefix("abc", 2), 2);
}

// Two devices whose sensors cover different things: two columns, and neither number in the other's.
static void test_energy_scopes(void **state) {
    static struct ed_result records[3];
    const struct ed_result *const rows[] = {&records[0], &records[1], &records[2]};
    static const struct ed_report_info info = {.n_records = 3};
    static const char *const scopes[] = {"battery: power_supply.battery.power, power",
                                         "package: powercap.package-0",
                                         "battery: power_supply.battery.power, power"};
    struct ed_view view;
    struct ed_error err = {0};
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        snprintf(records[i].case_id, sizeof records[i].case_id, "case %zu", i);
        ED_RESULT_SET(&records[i], energy_per_inference_uj, (int64_t)(1000 * (i + 1)));
        ED_RESULT_SET_TEXT(&records[i], energy_scope, scopes[i]);
    }
    assert_int_equal(ed_view_init(&view, &info, rows, 3, ED_VIEW_FULL, &err), ED_OK);
    for (size_t c = 0; c < view.n_columns; c++) {
        const struct ed_view_column *column = &view.columns[c];
        if (strncmp(column->head, "energy", 6))
            continue;
        const bool battery = !strcmp(column->head, "energy battery");
        assert_true(battery || !strcmp(column->head, "energy package"));
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(strchr(column->cells[i], '-') == NULL, battery == (i != 1));
        n++;
    }
    assert_int_equal(n, 2);
    ed_view_release(&view);
    snprintf(records[1].energy_scope, sizeof records[1].energy_scope, "%s", scopes[0]);
    assert_int_equal(ed_view_init(&view, &info, rows, 3, ED_VIEW_FULL, &err), ED_OK);
    for (size_t c = n = 0; c < view.n_columns; c++)
        n += !strcmp(view.columns[c].head, "energy");
    assert_int_equal(n, 1);
    ed_view_release(&view);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_check_refuses),
        cmocka_unit_test(test_failing_sink_is_reported),
        cmocka_unit_test(test_schema_and_reference),
        cmocka_unit_test(test_energy_scopes),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_visible),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
