// SPDX-License-Identifier: Apache-2.0
// The gate's decision from given differences, what a gate was asked and its way to disk and back, and
// requirements against the baseline.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/gate.h"
#include "harness/gate_device.h"
#include "harness/gate_sides.h"
#include "harness/gate_spec.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

// n differences around `shift`, the i-th off by +-(i + 1) / 1000 of `spread` in turn.
static void around(double *x, size_t n, double shift, double spread) {
    for (size_t i = 0; i < n; i++)
        x[i] = shift + spread * (i % 2 ? -1 : 1) * (double)(i + 1) / 1000;
}

static struct ed_gate_decision decide(const double *x, size_t n, double fail_above, double pass_below,
                                      size_t family) {
    const struct ed_gate_series series = {.x = x, .n = n, .fail_above = fail_above, .pass_below = pass_below};
    struct ed_gate_decision decision;
    assert_int_equal(ed_gate_decide(&series, 1, family, &decision, NULL), ED_OK);
    return decision;
}

static void verdicts(void **state) {
    (void)state;
    const double margin = log1p(0.02);
    double x[ED_GATE_PAIRS_MAX];
    around(x, COUNT(x), 0, 0.001);
    struct ed_gate_decision d = decide(x, 8, 0, margin, 1);
    assert_int_equal(d.verdict, ED_VERDICT_PASS);
    assert_int_equal(d.pairs, 8);
    assert_true(d.p_within <= 1.0 / 256 + 1e-12 && d.has_interval && d.high < margin);
    around(x, COUNT(x), 0.05, 0.001);
    // Eight pairs can never fail: the smallest p is 1/256.
    assert_int_equal(decide(x, 8, 0, margin, 1).verdict, ED_VERDICT_INCONCLUSIVE);
    assert_int_equal(decide(x, 11, 0, margin, 1).pairs, 8);
    d = decide(x, 12, 0, margin, 1);
    assert_int_equal(d.verdict, ED_VERDICT_FAIL);
    assert_true(fabs(d.effect - 0.05) < 1e-4 && d.low > margin);
    // Twelve pairs are not enough where there are many comparisons.
    assert_int_equal(decide(x, 12, 0, margin, 100).verdict, ED_VERDICT_INCONCLUSIVE);
    assert_int_equal(decide(x, 16, 0, margin, 100).verdict, ED_VERDICT_FAIL);
    // Worse without doubt, and without doubt by less than what matters.
    around(x, COUNT(x), 0.01, 0.001);
    d = decide(x, 16, 0, margin, 1);
    assert_int_equal(d.verdict, ED_VERDICT_PASS);
    assert_true(d.low > 0);
    // A limit against the baseline has one number: beyond it fails.
    assert_int_equal(decide(x, 16, 0.005, 0.005, 1).verdict, ED_VERDICT_FAIL);
    assert_int_equal(decide(x, 16, 0.02, 0.02, 1).verdict, ED_VERDICT_PASS);
    around(x, COUNT(x), 0.01, 5);
    assert_int_equal(decide(x, 64, 0, margin, 1).verdict, ED_VERDICT_INCONCLUSIVE);
}

static void few_and_equal(void **state) {
    (void)state;
    double x[ED_GATE_PAIRS_MAX] = {0};
    struct ed_gate_decision d = decide(x, 0, 0, 0.02, 1);
    assert_true(d.verdict == ED_VERDICT_INCONCLUSIVE && !d.has_effect && d.p_worse == 1);
    d = decide(x, 7, 0, 0.02, 1);
    assert_true(d.verdict == ED_VERDICT_INCONCLUSIVE && d.pairs == 0 && d.has_effect);
    // The same figure again and again, as of memory: equal is equal.
    assert_int_equal(decide(x, 8, 0, 0.02, 1).verdict, ED_VERDICT_PASS);
    assert_int_equal(decide(x, 64, 0, 0.02, 50).verdict, ED_VERDICT_PASS);
    x[3] = NAN;
    const struct ed_gate_series series = {.x = x, .n = 8, .pass_below = 0.02};
    struct ed_error err = {0};
    assert_int_equal(ed_gate_decide(&series, 1, 1, &d, &err), ED_ERR_INTERNAL);
}

static void holm_over_comparisons(void **state) {
    (void)state;
    double worse[3][ED_GATE_PAIRS_MAX], same[ED_GATE_PAIRS_MAX];
    struct ed_gate_series series[4];
    struct ed_gate_decision d[4];
    around(same, COUNT(same), 0, 0.001);
    for (size_t i = 0; i < 3; i++) {
        around(worse[i], COUNT(worse[i]), 0.05, 0.001);
        series[i] = (struct ed_gate_series){worse[i], 12, 0, 0.02};
    }
    series[3] = (struct ed_gate_series){same, 12, 0, 0.02};
    // 1/4096 each: enough for a family of nine, so that the steps go on to all three.
    assert_int_equal(ed_gate_decide(series, 4, 9, d, NULL), ED_OK);
    assert_true(d[0].verdict == ED_VERDICT_FAIL && d[1].verdict == ED_VERDICT_FAIL &&
                d[2].verdict == ED_VERDICT_FAIL && d[3].verdict == ED_VERDICT_PASS);
    assert_int_equal(ed_gate_decide(series, 4, 12, d, NULL), ED_OK);
    assert_true(d[0].verdict == ED_VERDICT_INCONCLUSIVE && d[2].verdict == ED_VERDICT_INCONCLUSIVE);
}

// By the simulation of tests/bench/gate the approximation is good to a tenth; here its order.
static void plans(void **state) {
    (void)state;
    assert_true(isinf(ed_gate_smallest_found(0, 0.01, 1)) && isinf(ed_gate_smallest_found(8, 0.01, 1)));
    assert_true(ed_gate_smallest_found(64, 0.01, 1) < ed_gate_smallest_found(16, 0.01, 1));
    assert_true(ed_gate_smallest_found(64, 0.01, 1) < ed_gate_smallest_found(64, 0.01, 10));
    assert_true(ed_gate_smallest_passed(64, 0.01) < ed_gate_smallest_found(64, 0.01, 1));
    assert_true(fabs(ed_gate_smallest_found(64, 0.01, 1) - 0.0052) < 3e-4);
}

// What is measured next where one comparison has `n` valid pairs and `voided` void ones.
static struct ed_gate_stage next_of(size_t n, size_t voided, size_t planned, int64_t max_time_ns) {
    struct ed_gate_cell cell = {.n = n, .voided = voided};
    struct ed_gate_progress progress = {.piloted = true, .home = n + voided};
    const struct ed_gate_device gate = {.cells = &cell,
                                        .n_cells = 1,
                                        .pairs = &progress,
                                        .n_pairs = 1,
                                        .home = n + voided,
                                        .going = 1,
                                        .used_ns = (int64_t)(2 * (n + voided)),
                                        .block_ns = 1};
    const struct ed_gate_spec spec = {.pairs = planned, .max_time_ns = max_time_ns};
    struct ed_gate_stage stage;
    cell.decision.verdict = ED_VERDICT_INCONCLUSIVE;
    ed_gate_stage_next(&stage, &spec, &gate);
    return stage;
}

// Void pairs are made up for before the next look, in quads, within the time and the plan.
static void void_pairs(void **state) {
    (void)state;
    static const struct {
        size_t n, voided, pairs, look, again;
    } rows[] = {{0, 0, 8, 8, 0},    {8, 0, 12, 12, 0},    {7, 1, 10, 8, 2},     {6, 2, 10, 8, 2},
                {9, 1, 14, 12, 2},  {0, 8, 16, 8, 8},     {4, 8, 16, 8, 8},     {48, 2, 66, 64, 2},
                {62, 2, 66, 64, 2}, {60, 30, 94, 64, 30}, {63, 31, 96, 64, 32}, {64, 20, 0, 0, 0},
                {7, 9, 0, 0, 0},    {8, 8, 20, 12, 8}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct ed_gate_stage s =
            next_of(rows[i].n, rows[i].voided, ED_GATE_PAIRS_MAX + ED_GATE_PAIRS_SPARE, 0);
        if (s.pairs != rows[i].pairs || s.look != rows[i].look || s.again != rows[i].again ||
            s.more != (rows[i].pairs > 0))
            fail_msg("row %zu: %zu pairs, look %zu, %zu again", i, s.pairs, s.look, s.again);
    }
    // Without spare pairs every look is as many pairs as were measured.
    assert_int_equal(next_of(7, 1, ED_GATE_PAIRS_MAX, 0).pairs, 12);
    assert_int_equal(next_of(60, 4, ED_GATE_PAIRS_MAX, 0).pairs, 0);
    // 16 blocks are done; four more are 20.
    assert_true(next_of(7, 1, 96, 20).more);
    assert_true(next_of(7, 1, 96, 19).out_of_time && !next_of(7, 1, 96, 19).more);
}

static void asked(struct ed_suite *suite, const char *mde, const char *metric) {
    ed_suite_init(suite);
    suite->gate.active = true;
    free(suite->gate.mde);
    free(suite->gate.metric);
    suite->gate.mde = strdup(mde);
    suite->gate.metric = strdup(metric);
}

static double mde_of(const struct ed_gate_spec *spec, int field) {
    for (size_t i = 0; i < spec->n_metrics; i++)
        if (spec->metrics[i].field == field)
            return spec->metrics[i].mde;
    return 0;
}

static void specs(void **state) {
    (void)state;
    static const struct {
        const char *mde, *metric;
        double p50, load;
    } good[] = {{"", "", 0.02, 0.1},
                {"3%", "", 0.03, 0.1},
                {"15 %", "", 0.15, 0.15},
                {"1 %, load_ns = 5 %", "", 0.01, 0.05},
                {"load_ns=7%", "load_ns", 0, 0.07}};
    static const struct {
        const char *mde, *metric, *words;
    } bad[] = {{"2", "", "percent sign"},
               {"0 %", "", "0.01 % to 100 %"},
               {"x", "", "share"},
               {"lod_ns=2%", "", "load_ns"},
               {"", "latency_p51_ns", "nearest"},
               {"", "accuracy_drop", "block by block"},
               {"2%,,3%", "", "empty"},
               {"-1 %", "", "0.01 % to 100 %"},
               {"", "blocks", "block by block"}};
    for (size_t i = 0; i < COUNT(good); i++) {
        struct ed_suite suite;
        struct ed_gate_spec spec;
        asked(&suite, good[i].mde, good[i].metric);
        assert_int_equal(ed_gate_spec_make(&spec, &suite, NULL), ED_OK);
        assert_true(fabs(mde_of(&spec, ED_FIELD_latency_p50_ns) - good[i].p50) < 1e-12);
        assert_true(fabs(mde_of(&spec, ED_FIELD_load_ns) - good[i].load) < 1e-12);
        ed_suite_release(&suite);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct ed_suite suite;
        struct ed_gate_spec spec;
        struct ed_error err = {0};
        asked(&suite, bad[i].mde, bad[i].metric);
        assert_int_equal(ed_gate_spec_make(&spec, &suite, &err), ED_ERR_USAGE);
        if (!strstr(err.message, bad[i].words))
            fail_msg("'%s' '%s': %s", bad[i].mde, bad[i].metric, err.message);
        ed_suite_release(&suite);
    }
}

static enum ed_status reread(const char *text, struct ed_gate_spec *spec, struct ed_error *err) {
    struct ed_json_document document = {0};
    enum ed_status status = ed_json_parse(&document, "test", text, strlen(text), err);
    if (status == ED_OK) {
        const struct ed_json_at root = ed_json_root(&document);
        status = ed_gate_spec_read(&root, spec, err);
    }
    ed_json_document_release(&document);
    return status;
}

static void frozen(void **state) {
    (void)state;
    struct ed_suite suite;
    struct ed_gate_spec spec, again;
    struct ed_json_writer w;
    struct ed_buffer text;
    struct ed_error err = {0};
    char changed[4096];
    asked(&suite, "3 %", "latency_p50_ns,load_ns");
    suite.gate.need = 2;
    assert_int_equal(ed_gate_spec_make(&spec, &suite, NULL), ED_OK);
    spec.family = 7;
    ed_buffer_init(&text, 1u << 16);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_gate_spec_write(&w, &spec);
    ed_json_object_end(&w);
    assert_int_equal(reread(ed_buffer_text(&text), &again, &err), ED_OK);
    assert_true(again.active && again.chosen && again.n_metrics == 2 && again.need == 2 && again.family == 7);
    assert_int_equal(again.pairs, ED_GATE_PAIRS_MAX);
    assert_true(mde_of(&again, ED_FIELD_latency_p50_ns) == 0.03);
    // A limit that is moved afterwards is noticed.
    snprintf(changed, sizeof changed, "%s", ed_buffer_text(&text));
    char *mde = strstr(changed, "0.03");
    assert_non_null(mde);
    mde[3] = '9';
    assert_int_equal(reread(changed, &again, &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "changed after the campaign began"));
    assert_int_equal(reread("{}", &again, &err), ED_OK);
    assert_false(again.active);
    assert_true(reread("{\"gate\": 1}", &again, &err) != ED_OK);
    assert_true(reread("{\"gate\": {\"metrics\": [{\"key\": \"outcome\", \"mde\": 0.1}]}}", &again, &err) !=
                ED_OK);
    ed_buffer_release(&text);
    ed_suite_release(&suite);
}

static void against_the_baseline(void **state) {
    (void)state;
    struct ed_requirement r;
    struct ed_error err = {0};
    static const struct {
        const char *text;
        bool relative;
        double limit;
    } good[] = {{"latency_p50_ns <= baseline + 2 %", true, 0.02},
                {"latency_p50_ns<=baseline", true, 0},
                {"throughput_per_s >= baseline - 5%", true, -0.05},
                {"memory_inference_peak_bytes <= baseline + 3 MiB", false, 3 << 20},
                {"accuracy_value >= baseline - 1 %", false, -0.01},
                {"load_ns < baseline+1ms", false, 1e6}};
    static const char *const bad[] = {
        "latency_p50_ns == baseline",         "latency_p50_ns <= baseline 2 %",
        "latency_p50_ns <= baseline + ",      "latency_p50_ns <= baseline + 2 MiB",
        "latency_p50_ns <= baseline - 100 %", "latency_p50_ns <= baselines"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(ed_requirement_parse(&r, good[i].text, &err), ED_OK);
        assert_true(r.of_baseline && r.relative == good[i].relative);
        assert_true(fabs((r.limit_is_int ? (double)r.limit : r.limit_real) - good[i].limit) < 1e-9);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ed_requirement_parse(&r, bad[i], &err), ED_ERR_USAGE);
    // Who compares nothing leaves it alone.
    struct ed_result result = {0};
    ED_RESULT_SET(&result, load_ns, 5);
    assert_int_equal(ed_requirement_parse(&r, good[5].text, &err), ED_OK);
    assert_int_equal(ed_result_judge(&result, &r, 1), ED_VERDICT_NONE);
    assert_int_equal(result.n_reasons, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(few_and_equal),
        cmocka_unit_test(holm_over_comparisons),
        cmocka_unit_test(plans),
        cmocka_unit_test(void_pairs),
        cmocka_unit_test(specs),
        cmocka_unit_test(frozen),
        cmocka_unit_test(against_the_baseline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
