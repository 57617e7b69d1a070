// SPDX-License-Identifier: Apache-2.0
// Every output format over sets of records, byte for byte against tests/golden/. UPDATE_GOLDEN=1 in the
// environment writes the files anew instead: look at the difference before it is committed.
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
#include "reports/text.h"
#include "tests/unit/report_sets.h"

#define OUTPUT_MAX ((size_t)64 << 20)

static enum ed_status buffer_write(void *context, const char *bytes, size_t n, struct ed_error *err) {
    ed_buffer_append(context, bytes, n);
    return ed_buffer_status(context, "the test's output", err);
}

static void report_run(const struct set *set, const char *format, int columns, bool colour,
                       struct ed_buffer *out) {
    const struct ed_report *report = ed_report_find(format);
    struct ed_report_info info = {.campaign = "20261121-081500-k3v9",
                                  .started_utc = "2026-11-21T08:15:00Z",
                                  .version = "0.1.0",
                                  .suite = set->suite ? set->suite : "images",
                                  .columns = columns,
                                  .colour = colour,
                                  .n_records = set->n,
                                  .n_hardware = set->n_hardware,
                                  .hardware = set->hardware,
                                  .n_requirements = set->n_requirements,
                                  .requirements = set->requirements,
                                  .n_absent = set->n_absent,
                                  .absent = set->absent,
                                  .n_groups = set->order.n_group,
                                  .groups = set->order.group,
                                  .figure = ed_order_figure(&set->order)};
    const struct ed_result *rows[RECORDS_MAX];
    struct ed_sink sink = {.context = out, .write = buffer_write};
    struct ed_error err = {0};
    assert_non_null(report);
    void *state = calloc(1, report->state_bytes);
    assert_non_null(state);
    for (size_t i = 0; i < set->n; i++)
        rows[i] = &set->records[i];
    assert_int_equal(ed_order_apply(&set->order, rows, set->n, &err), ED_OK);
    assert_int_equal(report->begin(state, &info, &sink, &err), ED_OK);
    for (size_t i = 0; i < set->n; i++)
        assert_int_equal(report->record(state, rows[i], &err), ED_OK);
    assert_int_equal(report->end(state, &err), ED_OK);
    free(state);
}

static void golden_compare(const char *name, const struct ed_buffer *out) {
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/%s", ED_SOURCE_DIR, name);
    const char *update = getenv("UPDATE_GOLDEN");
    if (update && strcmp(update, "1") == 0) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(ed_buffer_text(out), 1, out->size, file), out->size);
        assert_int_equal(fclose(file), 0);
        return;
    }
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing; run with UPDATE_GOLDEN=1 to make it", path);
    char *wanted = malloc(out->size + 2);
    assert_non_null(wanted);
    size_t n = fread(wanted, 1, out->size + 1, file), at = 0, line = 1;
    fclose(file);
    while (at < n && at < out->size && wanted[at] == out->data[at])
        line += wanted[at++] == '\n';
    bool same = n == out->size && at == n;
    free(wanted);
    if (!same)
        fail_msg("%s differs at byte %zu, line %zu; UPDATE_GOLDEN=1 writes it anew", path, at, line);
}

static void set_check(const char *name, void (*build)(struct set *)) {
    static const struct {
        const char *format, *suffix;
        int columns;
    } outputs[] = {{"table", "table", 80},     {"table", "wide.table", 140},
                   {"table", "full.table", 0}, {"markdown", "markdown", 0},
                   {"csv", "csv", 0},          {"json", "json", 0},
                   {"jsonl", "jsonl", 0}};
    struct set *set = calloc(1, sizeof *set);
    assert_non_null(set);
    set->hardware[0] = (struct ed_report_hardware){"local", "AMD EPYC, 2 cores, 24 GiB, Linux 6.18"};
    set->n_hardware = 1;
    build(set);
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        char file[128];
        struct ed_buffer out;
        ed_buffer_init(&out, OUTPUT_MAX);
        report_run(set, outputs[i].format, outputs[i].columns, false, &out);
        snprintf(file, sizeof file, "%s.%s", name, outputs[i].suffix);
        golden_compare(file, &out);
        ed_buffer_release(&out);
    }
    free(set);
}

static void test_two_variants(void **state) {
    (void)state;
    set_check("two_variants", two_variants);
}

static void test_accuracy_failed(void **state) {
    (void)state;
    set_check("accuracy_failed", accuracy_failed);
}

static void test_crash_and_oom(void **state) {
    (void)state;
    set_check("crash_and_oom", crash_and_oom);
}

static void test_nulls(void **state) {
    (void)state;
    set_check("nulls", nulls);
}

static void test_hostile(void **state) {
    (void)state;
    set_check("hostile", hostile);
}

static void test_thirty(void **state) {
    (void)state;
    set_check("thirty", thirty);
}

static void test_thirty_grouped(void **state) {
    (void)state;
    set_check("thirty_grouped", thirty_grouped);
}

static void test_fleet(void **state) {
    (void)state;
    set_check("fleet", fleet);
}

static void test_fleet_by_memory(void **state) {
    (void)state;
    set_check("fleet_by_memory", fleet_by_memory);
}

static void test_many_columns(void **state) {
    (void)state;
    set_check("many_columns", many_columns);
}

static void test_single(void **state) {
    (void)state;
    set_check("single", single);
}

static void test_language(void **state) {
    (void)state;
    set_check("language", language);
}

static void empty(struct set *set) {
    set->n_hardware = 0;
}

static void test_no_records(void **state) {
    (void)state;
    set_check("empty", empty);
}

static void test_colour(void **state) {
    (void)state;
    struct set *set = calloc(1, sizeof *set);
    struct ed_buffer out;
    assert_non_null(set);
    accuracy_failed(set);
    ed_buffer_init(&out, OUTPUT_MAX);
    report_run(set, "table", 80, true, &out);
    golden_compare("colour.table", &out);
    memset(set, 0, sizeof *set);
    fleet_by_memory(set);
    ed_buffer_clear(&out);
    report_run(set, "table", 80, true, &out);
    golden_compare("colour_fleet.table", &out);
    ed_buffer_release(&out);
    free(set);
}

// No line of the matrix, the table or a note is wider than the terminal.
static void test_tables_keep_to_their_width(void **state) {
    (void)state;
    static void (*const sets[])(struct set *) = {thirty, thirty_grouped, fleet, fleet_by_memory,
                                                 many_columns};
    struct set *set = calloc(1, sizeof *set);
    assert_non_null(set);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        memset(set, 0, sizeof *set);
        sets[i](set);
        for (int columns = 80; columns < 160; columns++) {
            struct ed_buffer out;
            ed_buffer_init(&out, OUTPUT_MAX);
            report_run(set, "table", columns, false, &out);
            for (const char *line = ed_buffer_text(&out); *line; line += strcspn(line, "\n") + 1)
                if (ed_text_width_n(line, strcspn(line, "\n")) > (size_t)columns)
                    fail_msg("set %zu, %d columns: %.*s", i, columns, (int)strcspn(line, "\n"), line);
            ed_buffer_release(&out);
        }
    }
    free(set);
}

// Whatever a record holds, the table has no control character but the newline and no invalid byte.
static void test_table_shows_no_control_characters(void **state) {
    (void)state;
    struct set *set = calloc(1, sizeof *set);
    struct ed_buffer out;
    assert_non_null(set);
    struct ed_result *r = case_add(set, "m", "v", 1);
    for (int i = 0; i < 255; i++)
        r->variant[i] = (char)(i + 1);
    ed_result_reason(r, r->variant, r->variant, "%s", r->variant);
    case_add(set, "m", "w", 1);
    ed_buffer_init(&out, OUTPUT_MAX);
    for (int columns = 0; columns < 200; columns += 7)
        report_run(set, "table", columns, false, &out);
    for (size_t i = 0; i < out.size; i++) {
        unsigned char c = (unsigned char)out.data[i];
        assert_true(c == '\n' || (c >= 0x20 && c != 0x7F));
        if (c == 0xC2)
            assert_true((unsigned char)out.data[i + 1] >= 0xA0);
    }
    ed_buffer_release(&out);
    free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_variants),
        cmocka_unit_test(test_accuracy_failed),
        cmocka_unit_test(test_crash_and_oom),
        cmocka_unit_test(test_nulls),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_thirty),
        cmocka_unit_test(test_thirty_grouped),
        cmocka_unit_test(test_fleet),
        cmocka_unit_test(test_fleet_by_memory),
        cmocka_unit_test(test_many_columns),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_no_records),
        cmocka_unit_test(test_colour),
        cmocka_unit_test(test_tables_keep_to_their_width),
        cmocka_unit_test(test_table_shows_no_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
