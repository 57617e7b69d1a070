// SPDX-License-Identifier: Apache-2.0
// Requirements: parsing with its messages, and the rule of judgement at and around the limit.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/verdict.h"

#define MIB (INT64_C(1) << 20)

static struct ed_requirement parsed(const char *text) {
    struct ed_requirement r;
    struct ed_error err = {0};
    if (ed_requirement_parse(&r, text, &err))
        fail_msg("%s: %s", text, err.message);
    return r;
}

static void refused(const char *text, const char *words) {
    struct ed_requirement r;
    struct ed_error err = {0};
    assert_int_equal(ed_requirement_parse(&r, text, &err), ED_ERR_USAGE);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" is refused with \"%s\", which lacks \"%s\"", text, err.message, words);
}

static enum ed_verdict judged(const char *text, const struct ed_result *result) {
    struct ed_requirement r = parsed(text);
    char detail[200];
    return ed_requirement_judge(&r, result, detail, sizeof detail);
}

static void detail_is(const char *text, const struct ed_result *result, const char *wanted) {
    struct ed_requirement r = parsed(text);
    char detail[200] = "";
    ed_requirement_judge(&r, result, detail, sizeof detail);
    assert_string_equal(detail, wanted);
}

static void test_parse(void **state) {
    (void)state;
    struct ed_requirement r = parsed("  latency_p90_ns <= 50 ms ");
    assert_string_equal(r.text, "latency_p90_ns <= 50 ms");
    assert_int_equal(r.field, ED_FIELD_latency_p90_ns);
    assert_int_equal(r.op, ED_OP_LE);
    assert_true(r.limit_is_int && r.limit == 50000000);
    r = parsed("accuracy_drop<=1 %");
    assert_true(!r.limit_is_int && r.limit_real == 0.01);
    r = parsed("accuracy_drop < 0.01");
    assert_true(r.op == ED_OP_LT && r.limit_real == 0.01);
    r = parsed("throughput_per_s >= 100");
    assert_true(r.op == ED_OP_GE && r.limit_real == 100);
    assert_true(parsed("throughput_per_s > 99.5 /s").limit_real == 99.5);
    assert_true(parsed("decode_tokens_per_s > 20 1/s").limit_real == 20);
    assert_true(parsed("throughput_per_s > 11/s").limit_real == 11);
    assert_true(parsed("memory_inference_peak_bytes <= 300 MiB").limit == 300 * MIB);
    assert_true(parsed("energy_per_inference_uj <= 2 mJ").limit_real == 2000);
    assert_true(parsed("temperature_peak_mc < 45 C").limit_real == 45000);
    assert_true(parsed("blocks >= 10").limit == 10);
    r = parsed("outcome == ok");
    assert_string_equal(r.limit_text, "ok");
    assert_string_equal(parsed("steady == not testable").limit_text, "not testable");
    assert_int_equal(parsed("throttled != true").limit, 1);
    assert_int_equal(parsed("throttled == no").limit, 0);
    assert_int_equal(parsed("latency_p50_ns_high <= 5 ms").end, 1);
    assert_string_equal(parsed("options == threads=2 mode=x").limit_text, "threads=2 mode=x");
}

static void test_parse_refusals(void **state) {
    (void)state;
    char text[400];
    refused("latncy_p90_ns <= 50 ms", "latency_p90_ns");
    refused("nothing_like_it <= 50 ms", "no result key");
    refused("accuracy >= 97 %", "accuracy_drop (against the reference)");
    refused("wer <= 12 %", "word-error-rate");
    refused("latency_p90_ns <= 50 MiB", "\"50 MiB\" is a size");
    refused("latency_p90_ns <= 50 %", "is a share");
    refused("latency_p90_ns <= 50", "has no unit");
    refused("latency_p90_ns <= 0.5", "has no unit");
    refused("memory_load_peak_bytes <= 5 ms", "is a duration");
    refused("accuracy_drop <= 5 ms", "is a duration");
    refused("accuracy_drop <= 5 x", "not a number");
    refused("throughput_per_s >= 10 ms", "is a duration");
    refused("temperature_peak_mc < 45 J", "is an energy");
    refused("blocks >= 2.5", "whole number");
    refused("latency_p90_ns = 50 ms", "write ==");
    refused("latency_p90_ns 50 ms", "KEY OP VALUE");
    refused("<= 50 ms", "KEY OP VALUE");
    refused("", "KEY OP VALUE");
    refused("latency_p90_ns <=", "value is missing");
    refused("latency_p90_ns =< 50 ms", "write ==");
    refused("outcome <= ok", "only == and !=");
    refused("outcome == okay", "ok|oom|crashed");
    refused("throttled == maybe", "true or false");
    refused("verdict == pass", "requirements decide");
    refused("speed_usable == true", "requirements decide");
    refused("samples_low >= 3", "no result key");
    refused("latency_p90_ns <= nan ms", "is not a duration");
    refused("latency_p90_ns <= -5 ms", "negative");
    refused("model == a\x1b[0m", "plain text");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refused(text, "at most 127");
}

static struct ed_result *spanned(int64_t value_ms, int64_t low_ms, int64_t high_ms) {
    struct ed_result *r = calloc(1, sizeof *r);
    assert_non_null(r);
    ED_RESULT_SET_TEXT(r, outcome, "ok");
    ED_RESULT_SET(r, blocks, 10);
    ED_RESULT_SET_SPAN(r, latency_p90_ns, value_ms * 1000000, low_ms * 1000000, high_ms * 1000000);
    return r;
}

static void test_interval_around_the_limit(void **state) {
    (void)state;
    static const struct {
        const char *op;
        int low, high;
        enum ed_verdict verdict;
    } cases[] = {
        {"<=", 40, 49, ED_VERDICT_PASS},         {"<=", 40, 50, ED_VERDICT_PASS},
        {"<=", 40, 51, ED_VERDICT_INCONCLUSIVE}, {"<=", 50, 51, ED_VERDICT_INCONCLUSIVE},
        {"<=", 51, 60, ED_VERDICT_FAIL},         {"<", 40, 49, ED_VERDICT_PASS},
        {"<", 40, 50, ED_VERDICT_INCONCLUSIVE},  {"<", 50, 51, ED_VERDICT_FAIL},
        {">=", 50, 60, ED_VERDICT_PASS},         {">=", 49, 60, ED_VERDICT_INCONCLUSIVE},
        {">=", 40, 49, ED_VERDICT_FAIL},         {">=", 40, 50, ED_VERDICT_INCONCLUSIVE},
        {">", 51, 60, ED_VERDICT_PASS},          {">", 50, 60, ED_VERDICT_INCONCLUSIVE},
        {">", 40, 50, ED_VERDICT_FAIL},          {"==", 50, 50, ED_VERDICT_PASS},
        {"==", 49, 51, ED_VERDICT_INCONCLUSIVE}, {"==", 51, 52, ED_VERDICT_FAIL},
        {"!=", 50, 50, ED_VERDICT_FAIL},         {"!=", 50, 51, ED_VERDICT_INCONCLUSIVE},
        {"!=", 51, 52, ED_VERDICT_PASS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ed_result *r = spanned((cases[i].low + cases[i].high) / 2, cases[i].low, cases[i].high);
        char text[64];
        snprintf(text, sizeof text, "latency_p90_ns %s 50 ms", cases[i].op);
        if (judged(text, r) != cases[i].verdict)
            fail_msg("%s over %d..%d ms is judged %s", text, cases[i].low, cases[i].high,
                     ed_verdict_word(judged(text, r)));
        free(r);
    }
}

static void test_interval_missing_or_broken(void **state) {
    (void)state;
    struct ed_result *r = spanned(1, 1, 1);
    r->has_span[ED_FIELD_latency_p90_ns] = false;
    r->blocks = 5;
    assert_int_equal(judged("latency_p90_ns <= 50 ms", r), ED_VERDICT_INCONCLUSIVE);
    detail_is("latency_p90_ns <= 50 ms", r, "1.00 ms, but the interval needs 6 blocks; use -r 6 or more");
    r->blocks = 8;
    detail_is("latency_p90_ns <= 50 ms", r, "1.00 ms, but it has no interval");
    ed_result_reason(r, "latency_p90_ns", "few", "only 5 blocks were steady");
    detail_is("latency_p90_ns <= 50 ms", r, "1.00 ms, but only 5 blocks were steady");
    assert_int_equal(judged("latency_p90_ns_high <= 50 ms", r), ED_VERDICT_INCONCLUSIVE);
    ED_RESULT_SET_SPAN(r, throughput_per_s, 10, 0.0 / 0.0, 11);
    assert_int_equal(judged("throughput_per_s >= 1", r), ED_VERDICT_INCONCLUSIVE);
    ED_RESULT_SET_SPAN(r, throughput_per_s, INFINITY, INFINITY, INFINITY);
    assert_int_equal(judged("throughput_per_s >= 1", r), ED_VERDICT_INCONCLUSIVE);
    ED_RESULT_SET_SPAN(r, throughput_per_s, 10, 12, 8);
    assert_int_equal(judged("throughput_per_s >= 1", r), ED_VERDICT_INCONCLUSIVE);
    free(r);
}

static void test_plain_values(void **state) {
    (void)state;
    struct ed_result *r = spanned(1, 1, 1);
    ED_RESULT_SET(r, memory_after_load_bytes, 300 * MIB);
    assert_int_equal(judged("memory_after_load_bytes <= 300 MiB", r), ED_VERDICT_PASS);
    assert_int_equal(judged("memory_after_load_bytes < 300 MiB", r), ED_VERDICT_FAIL);
    ED_RESULT_SET(r, placed_ops_share, 0.98);
    assert_int_equal(judged("placed_ops_share >= 0.98", r), ED_VERDICT_PASS);
    assert_int_equal(judged("placed_ops_share >= 99 %", r), ED_VERDICT_FAIL);
    ED_RESULT_SET_TEXT(r, steady, "no");
    assert_int_equal(judged("steady == yes", r), ED_VERDICT_FAIL);
    assert_int_equal(judged("steady != yes", r), ED_VERDICT_PASS);
    ED_RESULT_SET(r, throttled, false);
    assert_int_equal(judged("throttled == no", r), ED_VERDICT_PASS);
    assert_int_equal(judged("latency_p90_ns_high <= 1 ms", r), ED_VERDICT_PASS);
    ED_RESULT_SET(r, seed, INT64_MAX);
    assert_int_equal(judged("seed == 9223372036854775807", r), ED_VERDICT_PASS);
    assert_int_equal(judged("seed == 9223372036854775806", r), ED_VERDICT_FAIL);
    free(r);
}

static void test_null_is_inconclusive_with_its_reason(void **state) {
    (void)state;
    struct ed_result *r = spanned(1, 1, 1);
    assert_int_equal(judged("latency_p99_ns <= 1 s", r), ED_VERDICT_INCONCLUSIVE);
    detail_is("latency_p99_ns <= 1 s", r, "not measured");
    ed_result_reason(r, "latency_p99_ns", "n too small", "662 samples are needed");
    detail_is("latency_p99_ns <= 1 s", r, "662 samples are needed");
    free(r);
}

static void test_outcome(void **state) {
    (void)state;
    struct ed_result *r = spanned(1, 1, 1);
    ED_RESULT_SET_TEXT(r, outcome, "crashed");
    ED_RESULT_SET_TEXT(r, died_in_phase, "load");
    assert_int_equal(judged("latency_p90_ns <= 50 ms", r), ED_VERDICT_FAIL);
    detail_is("latency_p90_ns <= 50 ms", r, "crashed in load");
    assert_int_equal(judged("outcome == ok", r), ED_VERDICT_FAIL);
    assert_int_equal(judged("outcome != oom", r), ED_VERDICT_PASS);
    ED_RESULT_SET_TEXT(r, outcome, "cancelled");
    assert_int_equal(judged("latency_p90_ns <= 50 ms", r), ED_VERDICT_INCONCLUSIVE);
    free(r);
}

static void test_invalid(void **state) {
    (void)state;
    struct ed_result *r = spanned(1, 1, 1);
    ed_result_reason(r, "energy_per_inference_uj", "invalid_charging", "the device was charging");
    assert_int_equal(judged("latency_p90_ns <= 50 ms", r), ED_VERDICT_PASS);
    assert_int_equal(judged("energy_per_inference_uj <= 1 J", r), ED_VERDICT_INVALID);
    detail_is("energy_per_inference_uj <= 1 J", r, "the device was charging");
    ed_result_reason(r, "", "invalid_suspended", "the device was suspended");
    assert_int_equal(judged("latency_p90_ns <= 50 ms", r), ED_VERDICT_INVALID);
    free(r);
    r = spanned(1, 1, 1);
    ED_RESULT_SET(r, simulated, true);
    ED_RESULT_SET(r, memory_after_load_bytes, 1);
    assert_int_equal(judged("latency_p90_ns <= 50 ms", r), ED_VERDICT_INVALID);
    assert_int_equal(judged("memory_after_load_bytes <= 50 MiB", r), ED_VERDICT_PASS);
    free(r);
}

// A figure must not read as the limit itself where it is beyond it.
static void test_detail_stands_on_its_side_of_the_limit(void **state) {
    (void)state;
    struct ed_result *r = spanned(61, 60, 62);
    detail_is("latency_p90_ns <= 50 ms", r, "61.0 ms (60.0 ms to 62.0 ms)");
    ED_RESULT_SET_SPAN(r, latency_p90_ns, 50000123, 50000100, 50000200);
    detail_is("latency_p90_ns <= 50 ms", r, "50.0001 ms (50.0001 ms to 50.0002 ms)");
    ED_RESULT_SET_SPAN(r, accuracy_drop, 0.010001, 0.010001, 0.010001);
    detail_is("accuracy_drop <= 1 %", r, "1.0001 % (1.0001 % to 1.0001 %)");
    free(r);
}

static void test_combine(void **state) {
    (void)state;
    assert_int_equal(ed_verdict_combine(ED_VERDICT_PASS, ED_VERDICT_INCONCLUSIVE), ED_VERDICT_INCONCLUSIVE);
    assert_int_equal(ed_verdict_combine(ED_VERDICT_INVALID, ED_VERDICT_INCONCLUSIVE), ED_VERDICT_INVALID);
    assert_int_equal(ed_verdict_combine(ED_VERDICT_INVALID, ED_VERDICT_FAIL), ED_VERDICT_FAIL);
    assert_int_equal(ed_verdict_combine(ED_VERDICT_NONE, ED_VERDICT_PASS), ED_VERDICT_PASS);
    assert_int_equal(ed_verdict_of_word("inconclusive"), ED_VERDICT_INCONCLUSIVE);
    assert_int_equal(ed_verdict_of_word("nonsense"), ED_VERDICT_NONE);
    assert_string_equal(ed_verdict_word(ED_VERDICT_INVALID), "invalid");
}

static void test_judge_record(void **state) {
    (void)state;
    struct ed_requirement requirements[] = {parsed("latency_p90_ns <= 50 ms"),
                                            parsed("accuracy_drop <= 1 %")};
    struct ed_result *r = spanned(40, 39, 41);
    assert_int_equal(ed_result_judge(r, requirements, 0), ED_VERDICT_NONE);
    assert_false(r->has[ED_FIELD_verdict]);
    ED_RESULT_SET_SPAN(r, accuracy_drop, 0.03, 0.02, 0.04);
    ED_RESULT_SET(r, speed_usable, true);
    assert_int_equal(ed_result_judge(r, requirements, 2), ED_VERDICT_FAIL);
    assert_string_equal(r->verdict, "fail");
    assert_string_equal(r->accuracy_verdict, "fail");
    assert_true(r->has[ED_FIELD_speed_usable] && !r->speed_usable);
    assert_int_equal(r->n_reasons, 2);
    assert_string_equal(r->reasons[0].code, "requirement_pass");
    assert_string_equal(r->reasons[0].text, "latency_p90_ns <= 50 ms: 40.0 ms (39.0 ms to 41.0 ms)");
    assert_string_equal(r->reasons[1].code, "requirement_fail");
    assert_string_equal(r->reasons[1].key, "accuracy_drop");
    ed_result_judge(r, requirements, 2);
    assert_int_equal(r->n_reasons, 2);
    free(r);
}

static void test_latency_failure_leaves_the_speed_usable(void **state) {
    (void)state;
    struct ed_requirement requirements[] = {parsed("latency_p90_ns <= 5 ms"), parsed("accuracy_drop <= 1 %")};
    struct ed_result *r = spanned(40, 39, 41);
    ED_RESULT_SET(r, speed_usable, true);
    ED_RESULT_SET_SPAN(r, accuracy_drop, 0.009, 0.002, 0.02);
    assert_int_equal(ed_result_judge(r, requirements, 2), ED_VERDICT_FAIL);
    assert_string_equal(r->accuracy_verdict, "inconclusive");
    assert_true(r->speed_usable);
    free(r);
    r = spanned(40, 39, 41);
    ED_RESULT_SET_TEXT(r, outcome, "oom");
    assert_int_equal(ed_result_judge(r, requirements, 2), ED_VERDICT_FAIL);
    assert_false(r->has[ED_FIELD_accuracy_verdict]);
    assert_false(r->has[ED_FIELD_speed_usable]);
    free(r);
}

static void test_placement_failure_voids_the_speed(void **state) {
    (void)state;
    struct ed_requirement requirements[] = {parsed("placed_ops_share >= 100 %")};
    struct ed_result *r = spanned(40, 39, 41);
    ED_RESULT_SET(r, placed_ops_share, 0.5);
    assert_int_equal(ed_result_judge(r, requirements, 1), ED_VERDICT_FAIL);
    assert_true(r->has[ED_FIELD_speed_usable] && !r->speed_usable);
    free(r);
}

static void test_full_list_keeps_the_judgement(void **state) {
    (void)state;
    struct ed_requirement requirements[] = {parsed("latency_p90_ns <= 5 ms"), parsed("outcome == ok")};
    struct ed_result *r = spanned(40, 39, 41);
    for (int i = 0; i < ED_REASONS_MAX + 3; i++)
        ed_result_reason(r, "load_ns", "code", "reason %d", i);
    ed_result_judge(r, requirements, 2);
    assert_int_equal(r->n_reasons, ED_REASONS_MAX);
    assert_string_equal(r->reasons[0].code, "requirement_fail");
    assert_string_equal(r->reasons[1].code, "requirement_pass");
    assert_string_equal(r->reasons[2].text, "reason 0");
    assert_string_equal(r->reasons[ED_REASONS_MAX - 2].text, "reason 124");
    assert_string_equal(r->reasons[ED_REASONS_MAX - 1].text, "6 more reasons had no room here");
    free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refusals),
        cmocka_unit_test(test_interval_around_the_limit),
        cmocka_unit_test(test_interval_missing_or_broken),
        cmocka_unit_test(test_plain_values),
        cmocka_unit_test(test_null_is_inconclusive_with_its_reason),
        cmocka_unit_test(test_outcome),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_detail_stands_on_its_side_of_the_limit),
        cmocka_unit_test(test_combine),
        cmocka_unit_test(test_judge_record),
        cmocka_unit_test(test_latency_failure_leaves_the_speed_usable),
        cmocka_unit_test(test_placement_failure_voids_the_speed),
        cmocka_unit_test(test_full_list_keeps_the_judgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
