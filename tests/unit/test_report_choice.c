// SPDX-License-Identifier: Apache-2.0
// A choice in the formats for people and programs, byte for byte against tests/golden/choice/
// (UPDATE_GOLDEN=1 writes them anew), names that want to be markup, and the front, whose direction hangs on
// the metric.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_read.h"
#include "reports/choice.h"
#include "reports/front.h"
#include "reports/registry.h"
#include "reports/text.h"

#define RECORDS 6

static void record(struct ed_result *r, const char *device, const char *variant, int64_t threads, int64_t ns,
                   int64_t bytes, double drop) {
    snprintf(r->case_id, sizeof r->case_id, "m/%s t%d", variant, (int)threads);
    ED_RESULT_SET_TEXT(r, device, device);
    ED_RESULT_SET_TEXT(r, engine, "onnxruntime");
    ED_RESULT_SET_TEXT(r, engine_version, "1.27.0");
    ED_RESULT_SET_TEXT(r, backend, "cpu");
    ED_RESULT_SET_TEXT(r, processor, "cpu");
    ED_RESULT_SET_TEXT(r, model, "digits");
    ED_RESULT_SET_TEXT(r, variant, variant);
    ED_RESULT_SET_TEXT(r, workload, "single-stream");
    ED_RESULT_SET(r, threads, threads);
    ED_RESULT_SET_TEXT(r, outcome, "ok");
    ED_RESULT_SET(r, blocks, 10);
    ED_RESULT_SET(r, model_file_bytes, bytes);
    ED_RESULT_SET_SPAN(r, latency_p50_ns, ns, ns - ns / 100, ns + ns / 50);
    ED_RESULT_SET_SPAN(r, memory_inference_peak_bytes, 20 * bytes, 20 * bytes - 4096, 20 * bytes + 4096);
    ED_RESULT_SET_TEXT(r, accuracy_metric, "top-1");
    ED_RESULT_SET(r, accuracy_value, 0.99 - drop);
    ED_RESULT_SET(r, accuracy_reference, 0.99);
    ED_RESULT_SET_SPAN(r, accuracy_drop, drop, drop - 0.004, drop + 0.004);
}

struct place {
    struct ed_result records[RECORDS];
    struct ed_report_candidate candidates[RECORDS];
    struct ed_report_choice_row rows[2];
    struct ed_report_choice choice;
    struct ed_report_info info;
};

static struct place *make(const char *hostile) {
    struct place *p = calloc(1, sizeof *p);
    static const char *const requirements[] = {"accuracy_drop <= 1 %"};
    assert_non_null(p);
    record(&p->records[0], "pixel-7a", "fp32", 1, 412000, 382060, 0);
    record(&p->records[1], "pixel-7a", hostile, 1, 121000, 105721, 0.001);
    record(&p->records[2], "pixel-7a", hostile, 2, 119000, 105721, 0.001);
    record(&p->records[3], "pixel-7a", "int4", 1, 90000, 60000, 0.05);
    record(&p->records[4], "pixel-7a", "npu", 1, 20000, 105721, 0);
    record(&p->records[5], "budget", "fp32", 1, 9120000, 382060, 0);
    for (size_t i = 0; i < RECORDS; i++)
        p->candidates[i] = (struct ed_report_candidate){.result = &p->records[i],
                                                        .how = "",
                                                        .state = "fail",
                                                        .why = "",
                                                        .has_value = true,
                                                        .has_interval = true,
                                                        .value = (double)p->records[i].latency_p50_ns,
                                                        .low = (double)p->records[i].latency_p50_ns_low,
                                                        .high = (double)p->records[i].latency_p50_ns_high,
                                                        .ran = true,
                                                        .beaten_by = SIZE_MAX};
    struct ed_report_candidate *c = p->candidates;
    c[0].reference = c[5].reference = c[1].front = c[3].front = true;
    c[0].state = "slower";
    c[0].has_change = c[0].has_change_interval = true;
    c[0].change = 2.405;
    c[0].change_low = 2.31;
    c[0].change_high = 2.502;
    c[0].rounds = c[2].rounds = 10;
    c[1].state = "chosen";
    c[2].state = "tied";
    c[2].has_change = c[2].has_change_interval = true;
    c[2].change = -0.0165;
    c[2].change_low = -0.031;
    c[2].change_high = 0.004;
    c[1].how = c[2].how = "ptq";
    c[3].why = "accuracy_drop <= 1 %: 5.00 % (4.60 % to 5.40 %)";
    c[4].why = "fell back: asked npu; cpu: 12 of 12 nodes";
    c[4].ran = false;
    c[5].why = "latency_p90_ns <= 5 ms: 9.30 ms";
    p->rows[0] = (struct ed_report_choice_row){.device = "pixel-7a",
                                               .model = "digits",
                                               .verdict = "pass",
                                               .why = "int8, 1 thread: latency_p50_ns 121 us, the least of 3 "
                                                      "that pass. =cmd() <b>&amp;</b> | stays a text.",
                                               .chosen = 1,
                                               .n = 5,
                                               .key = ED_FIELD_latency_p50_ns,
                                               .n_axes = 2,
                                               .axes = {ED_FIELD_latency_p50_ns, ED_FIELD_model_file_bytes},
                                               .left_out = "energy_per_inference_uj (no sensor)"};
    p->rows[1] =
        (struct ed_report_choice_row){.device = "budget",
                                      .model = "digits",
                                      .verdict = "fail",
                                      .why = "none passes. Failed: fp32 (latency_p90_ns <= 5 ms: 9.30 ms).",
                                      .chosen = SIZE_MAX,
                                      .first = 5,
                                      .n = 1,
                                      .key = ED_FIELD_latency_p50_ns,
                                      .left_out = ""};
    p->choice = (struct ed_report_choice){.verdict = "fail",
                                          .summary = "1 of 2 chosen, 1: none passes",
                                          .ties = "smaller files first",
                                          .alpha = 0.05,
                                          .n = 2,
                                          .rows = p->rows,
                                          .n_candidates = RECORDS,
                                          .candidates = c};
    p->info = (struct ed_report_info){.campaign = "20261121-081500-k3v9",
                                      .started_utc = "2026-11-21T08:15:00Z",
                                      .version = "0.1.0",
                                      .suite = "digits",
                                      .columns = 80,
                                      .n_records = RECORDS,
                                      .n_requirements = 1,
                                      .requirements = requirements,
                                      .choice = &p->choice};
    return p;
}

static enum ed_status buffer_write(void *context, const char *bytes, size_t n, struct ed_error *err) {
    ed_buffer_append(context, bytes, n);
    return ed_buffer_status(context, "the test's output", err);
}

static void render(const struct place *p, const char *format, int columns, struct ed_buffer *out) {
    const struct ed_report *report = ed_report_find(format);
    const struct ed_sink sink = {.context = out, .write = buffer_write};
    struct ed_report_info info = p->info;
    struct ed_error err = {0};
    info.columns = columns;
    ed_buffer_init(out, (size_t)64 << 20);
    assert_non_null(report);
    void *state = calloc(1, report->state_bytes);
    assert_int_equal(report->begin(state, &info, &sink, &err), ED_OK);
    for (size_t i = 0; i < RECORDS; i++)
        assert_int_equal(report->record(state, &p->records[i], &err), ED_OK);
    assert_int_equal(report->end(state, &err), ED_OK);
    free(state);
}

static void golden(const char *name, const char *text, size_t n) {
    char path[512];
    const char *update = getenv("UPDATE_GOLDEN");
    const bool writing = update && !strcmp(update, "1");
    snprintf(path, sizeof path, "%s/tests/golden/choice/%s", ED_SOURCE_DIR, name);
    FILE *file = fopen(path, writing ? "wb" : "rb");
    if (!file)
        fail_msg("%s is missing; run with UPDATE_GOLDEN=1 to make it", path);
    if (writing) {
        assert_int_equal(fwrite(text, 1, n, file), n);
    } else {
        char *wanted = malloc(n + 2);
        const size_t size = fread(wanted, 1, n + 1, file);
        const bool same = size == n && memcmp(wanted, text, n) == 0;
        free(wanted);
        if (!same)
            fail_msg("%s differs; UPDATE_GOLDEN=1 writes it anew", path);
    }
    assert_int_equal(fclose(file), 0);
}

// Of a page and of a table only the part that is about the choice.
static void part(const char *name, const struct ed_buffer *out, const char *from, const char *to) {
    const char *start = strstr(ed_buffer_text(out), from), *end = start ? strstr(start, to) : NULL;
    assert_non_null(end);
    golden(name, start, (size_t)(end - start));
}

static void test_golden(void **state) {
    (void)state;
    struct place *p = make("<script>");
    struct ed_buffer out;
    render(p, "table", 80, &out);
    part("two.table", &out, "fail", "edgedyno 0.1.0");
    ed_buffer_release(&out);
    render(p, "table", 0, &out);
    part("two.full.table", &out, "fail", "edgedyno 0.1.0");
    ed_buffer_release(&out);
    render(p, "markdown", 0, &out);
    part("two.markdown", &out, "## fail", "**edgedyno");
    assert_null(strstr(ed_buffer_text(&out), "<script>"));
    ed_buffer_release(&out);
    render(p, "html", 0, &out);
    part("two.html", &out, "<section id=\"choice\"", "</section>");
    assert_null(strstr(ed_buffer_text(&out), "<script>,"));
    assert_null(strstr(ed_buffer_text(&out), "<b>&amp;"));
    ed_buffer_release(&out);
    render(p, "junit", 0, &out);
    golden("two.junit", ed_buffer_text(&out), out.size);
    ed_buffer_release(&out);
    render(p, "choice", 0, &out);
    golden("two.json", ed_buffer_text(&out), out.size);
    ed_buffer_release(&out);
    free(p);
}

static void test_json_reads_back(void **state) {
    (void)state;
    struct place *p = make("a\"b\x01");
    struct ed_json_document document;
    struct ed_error err = {0};
    struct ed_buffer out;
    render(p, "choice", 0, &out);
    assert_int_equal(ed_json_parse(&document, "choice", ed_buffer_text(&out), out.size, &err), ED_OK);
    const struct ed_json_at root = ed_json_root(&document), devices = ed_json_member(&root, "devices"),
                            device = ed_json_member(&devices, "pixel-7a"),
                            row = ed_json_member(&device, "digits"), chosen = ed_json_member(&row, "chosen");
    const char *variant = "";
    assert_int_equal(ed_json_get_text(&chosen, "variant", &variant, &err), ED_OK);
    assert_string_equal(variant, "a\"b\x01");
    ed_json_document_release(&document);
    ed_buffer_release(&out);
    free(p);
}

static void test_front(void **state) {
    (void)state;
    static const int axes[] = {ED_FIELD_latency_p50_ns, ED_FIELD_accuracy_value};
    struct ed_result *a = calloc(2, sizeof *a), *b = a + 1;
    record(a, "d", "a", 1, 1000, 10, 0);
    record(b, "d", "b", 1, 2000, 10, 0);
    assert_true(ed_front_beats(a, b, axes, 2) && !ed_front_beats(b, a, axes, 2));
    assert_false(ed_front_beats(a, a, axes, 2));
    a->accuracy_value = 0.5;
    b->accuracy_value = 0.9;
    assert_true(!ed_front_beats(a, b, axes, 2) && !ed_front_beats(b, a, axes, 2));
    // Of a perplexity the smaller one is the better one.
    for (int i = 0; i < 2; i++)
        ED_RESULT_SET_TEXT(&a[i], accuracy_metric, "perplexity");
    assert_true(ed_front_beats(a, b, axes, 2) && !ed_front_beats(b, a, axes, 2));
    ED_RESULT_SET_TEXT(a, accuracy_metric, "same-top");
    ED_RESULT_SET_TEXT(b, accuracy_metric, "same-top");
    assert_false(ed_front_beats(a, b, axes, 2));
    // Of tokens a second more is better; of memory less is.
    assert_true(ed_front_more_is_better(a, ED_FIELD_decode_tokens_per_s));
    assert_false(ed_front_more_is_better(a, ED_FIELD_memory_inference_peak_bytes));
    free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_json_reads_back),
        cmocka_unit_test(test_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
