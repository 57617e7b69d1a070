// SPDX-License-Identifier: Apache-2.0
// Figures of tasks in the units of their metrics, and limits written in them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "reports/fields.h"
#include "reports/lines.h"
#include "reports/metric_unit.h"
#include "reports/verdict.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void texts(void **state) {
    (void)state;
    static const struct {
        const char *metric;
        bool drop;
        double value;
        const char *text;
    } rows[] = {{"top-1", false, 0.985, "98.50 %"},
                {"top-1", true, -0.015, "-1.50 %"},
                {NULL, false, 0.5, "50.00 %"},
                {"sqnr", false, 41.236, "41.24 dB"},
                {"sqnr", false, 300, "300.0 dB"},
                {"sqnr", false, -3, "-3.00 dB"},
                {"sqnr", true, 0.01, "1.00 %"},
                {"kl-divergence", false, 0.01234, "0.01234 nats"},
                {"kl-divergence", true, 0.01, "0.01000 nats"},
                {"perplexity", false, 12.3456, "12.35"},
                {"perplexity", true, 0.02, "2.00 %"},
                {"cosine", false, 0.9998, "0.9998"},
                {"cosine", true, 0.0002, "0.02 %"},
                {"command", false, 3.25, "3.250"},
                {"command", true, 0.0125, "0.01250"},
                {"command-set", false, 0.75, "0.7500"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64];
        ed_metric_text(text, sizeof text, rows[i].metric, rows[i].drop, rows[i].value);
        if (strcmp(text, rows[i].text))
            fail_msg("%s: \"%s\" and not \"%s\"", rows[i].metric ? rows[i].metric : "-", text, rows[i].text);
    }
}

static void lines(void **state) {
    (void)state;
    static const struct {
        int field;
        const char *metric;
        double value;
        const char *text;
    } rows[] = {{ED_FIELD_accuracy_value, "sqnr", 41, "41.00 dB"},
                {ED_FIELD_accuracy_reference, "top-5", 1, "100.00 %"},
                {ED_FIELD_latency_p50_ns, "sqnr", 41e6, "41.0 ms"},
                {ED_FIELD_real_time_factor, NULL, 0.125, "0.125"},
                {ED_FIELD_decode_tokens_per_s, NULL, 13674.4, "13674 /s"},
                {ED_FIELD_decode_tokens_per_s, NULL, 41.236, "41.24 /s"},
                {ED_FIELD_agreement_max_abs, NULL, 0.25, "0.25"},
                {ED_FIELD_agreement_sqnr_db, NULL, 41, "41 dB"},
                {ED_FIELD_word_error_rate, NULL, 0.125, "12.50 %"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64];
        ed_lines_value_of(text, sizeof text, rows[i].field, rows[i].metric, rows[i].value);
        if (strcmp(text, rows[i].text))
            fail_msg("row %zu: \"%s\" and not \"%s\"", i, text, rows[i].text);
    }
}

// How a figure is told that was judged by a limit.
static void judged(void **state) {
    (void)state;
    static const struct {
        const char *metric, *rule;
        double value;
        enum ed_verdict verdict;
        const char *text;
    } rows[] = {{"sqnr", "accuracy_value >= 30 dB", 41.236, ED_VERDICT_PASS, "41.2 dB"},
                {"sqnr", "accuracy_value >= 30dB", 29.99, ED_VERDICT_FAIL, "29.99 dB"},
                {"kl-divergence", "accuracy_value <= 0.01 nats", 0.0123, ED_VERDICT_FAIL, "0.0123 nats"},
                {"kl-divergence", "accuracy_value <= 1 %", 0.0123, ED_VERDICT_FAIL, "0.0123 nats"},
                {"top-1", "accuracy_value >= 97 %", 0.9712, ED_VERDICT_PASS, "97.12 %"},
                {"command", "accuracy_value >= 0.5", 0.75, ED_VERDICT_PASS, "0.7500"},
                {"command", "accuracy_value >= 50 %", 0.75, ED_VERDICT_PASS, "75.00 %"},
                {"cosine", "accuracy_value >= 0.999", 0.9991, ED_VERDICT_PASS, "0.9991"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ed_requirement requirement;
        struct ed_result result = {0};
        struct ed_error err = {0};
        char text[256];
        if (ed_requirement_parse(&requirement, rows[i].rule, &err) != ED_OK)
            fail_msg("%s: %s", rows[i].rule, err.message);
        ED_RESULT_SET_TEXT(&result, accuracy_metric, rows[i].metric);
        ED_RESULT_SET_TEXT(&result, outcome, "ok");
        ED_RESULT_SET(&result, accuracy_value, rows[i].value);
        assert_int_equal(ed_requirement_judge(&requirement, &result, text, sizeof text), rows[i].verdict);
        if (!strstr(text, rows[i].text))
            fail_msg("%s: \"%s\" and not \"%s\"", rows[i].rule, text, rows[i].text);
    }
}

static void no_such_limit(void **state) {
    (void)state;
    static const char *const bad[] = {"accuracy_value >= 30", "accuracy_value >= dB",
                                      "placed_ops_share >= 30 dB", "latency_p50_ns <= 30 dB",
                                      "accuracy_value >= x dB"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct ed_requirement requirement;
        struct ed_error err = {0};
        if (ed_requirement_parse(&requirement, bad[i], &err) != ED_ERR_USAGE)
            fail_msg("\"%s\" is taken", bad[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(lines),
        cmocka_unit_test(judged),
        cmocka_unit_test(no_such_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
