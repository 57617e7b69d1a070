// SPDX-License-Identifier: Apache-2.0
// A gate in every format that shows one, and the formats for CI systems, byte for byte against
// tests/golden/ci. UPDATE_GOLDEN=1 writes them anew. tests/unit/ci_formats.py holds the same files against
// the formats' rules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/path.h"
#include "reports/registry.h"
#include "reports/text.h"
// This test uses some of the sets.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include "tests/unit/gate_rows.h"
#include "tests/unit/report_sets.h"
#pragma GCC diagnostic pop

#define OUTPUT_MAX ((size_t)64 << 20)
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct ed_report_gate first = {
    .verdict = "fail",
    .summary = "1 failed; first latency_p50_ns on pi5: worse <b>, and not surely within 2 %",
    .confirms = "",
    .n = 1,
    .rows = rows,
};

static const struct ed_report_gate gate = {
    .verdict = "fail",
    .summary = "2 passed, 1 failed, 1 invalid, 1 inconclusive; first latency_p50_ns on pi5: worse",
    .confirms = "20261120-081500-k3v8",
    .n = COUNT(rows),
    .rows = rows,
    .first = &first,
};

static enum ed_status buffer_write(void *context, const char *bytes, size_t n, struct ed_error *err) {
    ed_buffer_append(context, bytes, n);
    return ed_buffer_status(context, "the test's output", err);
}

static void report_run(const struct set *set, const char *format, int columns,
                       const struct ed_report_gate *of, struct ed_buffer *out) {
    const struct ed_report *report = ed_report_find(format);
    const struct ed_report_info info = {.campaign = "20261121-081500-k3v9",
                                        .started_utc = "2026-11-21T08:15:00Z",
                                        .version = "0.1.0",
                                        .suite = "images",
                                        .columns = columns,
                                        .n_records = set->n,
                                        .n_hardware = set->n_hardware,
                                        .hardware = set->hardware,
                                        .n_requirements = set->n_requirements,
                                        .requirements = set->requirements,
                                        .n_absent = set->n_absent,
                                        .absent = set->absent,
                                        .gate = of};
    const struct ed_sink sink = {.context = out, .write = buffer_write};
    struct ed_error err = {0};
    assert_non_null(report);
    void *state = calloc(1, report->state_bytes);
    assert_non_null(state);
    assert_int_equal(report->begin(state, &info, &sink, &err), ED_OK);
    for (size_t i = 0; i < set->n; i++)
        assert_int_equal(report->record(state, &set->records[i], &err), ED_OK);
    assert_int_equal(report->end(state, &err), ED_OK);
    free(state);
}

static void golden_compare(const char *name, const struct ed_buffer *out) {
    char path[512];
    struct ed_buffer wanted;
    struct ed_error err = {0};
    snprintf(path, sizeof path, "%s/tests/golden/ci/%s", ED_SOURCE_DIR, name);
    const char *update = getenv("UPDATE_GOLDEN");
    if (update && strcmp(update, "1") == 0) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(ed_buffer_text(out), 1, out->size, file), out->size);
        assert_int_equal(fclose(file), 0);
        return;
    }
    ed_buffer_init(&wanted, OUTPUT_MAX);
    if (ed_path_read(path, OUTPUT_MAX, &wanted, &err) != ED_OK)
        fail_msg("%s: %s; UPDATE_GOLDEN=1 makes it", path, err.message);
    if (wanted.size != out->size || memcmp(ed_buffer_text(&wanted), ed_buffer_text(out), out->size))
        fail_msg("%s differs; UPDATE_GOLDEN=1 writes it anew", path);
    ed_buffer_release(&wanted);
}

static void set_check(const char *name, void (*build)(struct set *), const struct ed_report_gate *of) {
    static const char *const formats[] = {"junit", "github", "comment", "bmf", "benchmark-action"};
    static const char *const of_gate[] = {"table", "markdown", "json"};
    struct set *set = calloc(1, sizeof *set);
    struct ed_buffer out;
    char file[128];
    assert_non_null(set);
    set->hardware[0] = (struct ed_report_hardware){"local", "AMD EPYC, 2 cores, 24 GiB, Linux 6.18"};
    set->n_hardware = 1;
    build(set);
    ed_buffer_init(&out, OUTPUT_MAX);
    for (size_t i = 0; i < COUNT(formats) + (of ? COUNT(of_gate) : 0); i++) {
        const char *format = i < COUNT(formats) ? formats[i] : of_gate[i - COUNT(formats)];
        ed_buffer_clear(&out);
        report_run(set, format, 80, of, &out);
        snprintf(file, sizeof file, "%s.%s", name, format);
        golden_compare(file, &out);
    }
    ed_buffer_release(&out);
    free(set);
}

static void test_gate(void **state) {
    (void)state;
    set_check("gate", two_variants, &gate);
}

static void test_hostile(void **state) {
    (void)state;
    set_check("hostile", hostile, NULL);
}

static void test_crash_and_oom(void **state) {
    (void)state;
    set_check("crash_and_oom", crash_and_oom, NULL);
}

static void test_accuracy_failed(void **state) {
    (void)state;
    set_check("accuracy_failed", accuracy_failed, NULL);
}

static void empty(struct set *set) {
    set->n_hardware = 0;
}

static void test_no_records(void **state) {
    (void)state;
    set_check("empty", empty, NULL);
}

// Of the gate's own part; no line is wider, whatever the names are.
static void test_gate_keeps_to_its_width(void **state) {
    (void)state;
    struct set *set = calloc(1, sizeof *set);
    assert_non_null(set);
    for (int columns = 80; columns < 160; columns++) {
        struct ed_buffer out;
        ed_buffer_init(&out, OUTPUT_MAX);
        report_run(set, "table", columns, &gate, &out);
        for (const char *line = ed_buffer_text(&out); *line; line += strcspn(line, "\n") + 1)
            if (ed_text_width_n(line, strcspn(line, "\n")) > (size_t)columns)
                fail_msg("%d columns: %.*s", columns, (int)strcspn(line, "\n"), line);
        ed_buffer_release(&out);
    }
    free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate),          cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_crash_and_oom), cmocka_unit_test(test_accuracy_failed),
        cmocka_unit_test(test_no_records),    cmocka_unit_test(test_gate_keeps_to_its_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
