// SPDX-License-Identifier: Apache-2.0
// Figures of tasks in the units of their metrics, and limits written in them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "harness/metrics.h"
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
                {"cosine", "accuracy_value >= 0.999", 0.9991, ED_VERDICT_PASS, "0.9991"},
                {"perplexity", "accuracy_value <= 40", 38.22, ED_VERDICT_PASS, "38.2"},
                {"perplexity", "perplexity <= 40", 40.001, ED_VERDICT_FAIL, "40.001"},
                {"word-error-rate", "word-error-rate <= 12 %", 0.1, ED_VERDICT_PASS, "10.00 %"},
                {"word-error-rate", "word-error-rate <= 0.12", 0.1201, ED_VERDICT_FAIL, "12.01 %"},
                {"kl-divergence", "kl-divergence < 0.02 nats", 0.02, ED_VERDICT_FAIL, "0.0200 nats"},
                {"top-1", "top-1>=97%", 0.98, ED_VERDICT_PASS, "98.00 %"},
                {"sqnr", "sqnr >= 30", 41.236, ED_VERDICT_PASS, "41.2 dB"},
                {"command", "command <= 12.5", 13, ED_VERDICT_FAIL, "13.0"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ed_requirement requirement;
        struct ed_result result = {0};
        struct ed_error err = {0};
        char text[256];
        if (ed_requirement_parse(&requirement, rows[i].rule, &err) != ED_OK)
            fail_msg("%s: %s", rows[i].rule, err.message);
        ED_RESULT_SET_TEXT(&result, accuracy_metric, rows[i].metric);
        ED_RESULT_SET_TEXT(&result, outcome, "ok");
        ED_RESULT_SET_SPAN(&result, accuracy_value, rows[i].value, rows[i].value, rows[i].value);
        assert_int_equal(ed_requirement_judge(&requirement, &result, text, sizeof text), rows[i].verdict);
        if (!strstr(text, rows[i].text))
            fail_msg("%s: \"%s\" and not \"%s\"", rows[i].rule, text, rows[i].text);
    }
}

static void no_such_limit(void **state) {
    (void)state;
    static const char *const bad[] = {
        "accuracy_value >= 30 x",  "accuracy_value >= dB",   "placed_ops_share >= 30 dB",
        "latency_p50_ns <= 30 dB", "accuracy_value >= x dB", "top-1 >= 97",
        "top-1 >= 97 dB",          "perplexity <= 40 nats",  "perplexity <= 4000 %",
        "kl-divergence <= 3 dB",   "sqnr >= 30 %",           "cosine >= 3 nats",
        "preplexity <= 40",        "top-2 >= 90 %",          "perplexity_high <= 40",
        "perplexity <= 40 ms",     "top-1 >= baseline - 1 %"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct ed_requirement requirement;
        struct ed_error err = {0};
        if (ed_requirement_parse(&requirement, bad[i], &err) != ED_ERR_USAGE)
            fail_msg("\"%s\" is taken", bad[i]);
    }
}

// A limit on accuracy_value says only in the plan which metric it meets.
static void fits(void **state) {
    (void)state;
    static const struct {
        const char *rule, *metric, *words; // words NULL: it fits
    } rows[] = {{"accuracy_value >= 97 %", "top-1", NULL},
                {"accuracy_value >= 0.97", "top-1", NULL},
                {"accuracy_value >= 97", "top-1", "write a percent sign (\"97 %\")"},
                {"accuracy_value <= 40", "perplexity", NULL},
                {"accuracy_value <= 40 %", "perplexity", "is a plain number"},
                {"accuracy_value >= 30 dB", "top-1", "is a share"},
                {"accuracy_value >= 30 dB", "sqnr", NULL},
                {"accuracy_value >= 0.02 nats", "sqnr", "30 dB"},
                {"accuracy_value <= 1 %", "kl-divergence", NULL},
                {"accuracy_value <= 30 dB", "kl-divergence", "0.01 nats"},
                {"accuracy_drop <= 5", "command", NULL},
                {"accuracy_drop <= 5", "top-5", "write a percent sign"},
                {"accuracy_drop <= 5", "perplexity", "write a percent sign"},
                {"accuracy_drop <= 5 dB", "sqnr", "the drop of the metric sqnr is a share"},
                {"latency_p50_ns <= 5 ms", "top-1", NULL},
                {"perplexity <= 40", "top-1", NULL}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ed_requirement requirement;
        struct ed_error err = {0};
        if (ed_requirement_parse(&requirement, rows[i].rule, &err) != ED_OK)
            fail_msg("%s: %s", rows[i].rule, err.message);
        const enum ed_status status = ed_requirement_fits(&requirement, rows[i].metric, &err);
        if ((status == ED_OK) != !rows[i].words || (status != ED_OK && !strstr(err.message, rows[i].words)))
            fail_msg("%s of %s: \"%s\"", rows[i].rule, rows[i].metric, err.message);
    }
}

// A limit by a metric's name certifies, fails or leaves open, and leaves records of other metrics alone.
static void certified(void **state) {
    (void)state;
    static const struct {
        const char *metric, *rule;
        double low, value, high;
        enum ed_verdict verdict;
    } rows[] = {{"perplexity", "perplexity <= 40", 36, 38, 39.9, ED_VERDICT_PASS},
                {"perplexity", "perplexity <= 40", 36, 38, 40.1, ED_VERDICT_INCONCLUSIVE},
                {"perplexity", "perplexity <= 40", 40.1, 41, 42, ED_VERDICT_FAIL},
                {"perplexity", "accuracy_value <= 40", 36, 38, 40.1, ED_VERDICT_INCONCLUSIVE},
                {"top-1", "top-1 >= 97 %", 0.969, 0.98, 0.99, ED_VERDICT_INCONCLUSIVE},
                {"top-1", "top-1 >= 97 %", 0.97, 0.98, 0.99, ED_VERDICT_PASS},
                {"top-5", "top-1 >= 97 %", 0.1, 0.2, 0.3, ED_VERDICT_NONE},
                {NULL, "top-1 >= 97 %", 0.1, 0.2, 0.3, ED_VERDICT_NONE}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ed_requirement requirement;
        struct ed_error err = {0};
        struct ed_result result = {0};
        assert_int_equal(ed_requirement_parse(&requirement, rows[i].rule, &err), ED_OK);
        if (rows[i].metric)
            ED_RESULT_SET_TEXT(&result, accuracy_metric, rows[i].metric);
        ED_RESULT_SET_SPAN(&result, accuracy_value, rows[i].value, rows[i].low, rows[i].high);
        if (ed_result_judge(&result, &requirement, 1) != rows[i].verdict)
            fail_msg("row %zu: %s", i, result.verdict);
        assert_int_equal(result.has[ED_FIELD_accuracy_verdict], rows[i].verdict != ED_VERDICT_NONE);
    }
    // A figure without an interval certifies nothing, and says what it lacks.
    struct ed_requirement requirement;
    struct ed_error err = {0};
    struct ed_result result = {0};
    char text[256];
    assert_int_equal(ed_requirement_parse(&requirement, "perplexity <= 40", &err), ED_OK);
    ED_RESULT_SET_TEXT(&result, accuracy_metric, "perplexity");
    ED_RESULT_SET(&result, blocks, 1);
    ED_RESULT_SET(&result, accuracy_value, 12);
    assert_int_equal(ed_requirement_judge(&requirement, &result, text, sizeof text), ED_VERDICT_INCONCLUSIVE);
    assert_string_equal(text, "12.0, but it has no interval");
}

// The two lists are one.
static void names(void **state) {
    (void)state;
    char words[512] = "|" ED_METRIC_WORDS "|", one[64];
    size_t n = 0, listed = 0;
    for (; ed_metric_names()[n]; n++) {
        snprintf(one, sizeof one, "|%s|", ed_metric_names()[n]);
        if (!strstr(words, one))
            fail_msg("%s is no metric of a suite", ed_metric_names()[n]);
    }
    for (const char *at = words + 1; *at; at++)
        listed += *at == '|';
    assert_int_equal(n, listed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),         cmocka_unit_test(lines), cmocka_unit_test(judged),
        cmocka_unit_test(no_such_limit), cmocka_unit_test(fits),  cmocka_unit_test(certified),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
