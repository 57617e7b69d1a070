// SPDX-License-Identifier: Apache-2.0
// The bootstrap over clusters: against the normal interval where that holds, and how often it holds the
// truth.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/stats/bootstrap.h"

static void test_normal(void **state) {
    double values[400], sum = 0, squares = 0, low = 0, high = 0;
    struct ed_random random;
    (void)state;
    ed_random_init(&random, 5);
    for (size_t i = 0; i < 400; i++) {
        values[i] = 3 + ed_random_normal(&random);
        sum += values[i];
    }
    for (size_t i = 0; i < 400; i++)
        squares += (values[i] - sum / 400) * (values[i] - sum / 400);
    const double error = sqrt(squares / 400) / 20;
    assert_true(ed_bootstrap_mean(values, 400, 1, 0.95, &low, &high));
    // 2000 draws place an end of the interval to some 5 % of its half.
    assert_true(fabs(low - (sum / 400 - 1.96 * error)) < 0.2 * error);
    assert_true(fabs(high - (sum / 400 + 1.96 * error)) < 0.2 * error);
}

// How many of 1000 intervals over n normal numbers hold their mean.
static unsigned coverage(size_t n) {
    unsigned held = 0;
    for (uint64_t trial = 0; trial < 1000; trial++) {
        double values[30], low = 0, high = 0;
        struct ed_random random;
        ed_random_init(&random, 1000 + trial);
        for (size_t i = 0; i < n; i++)
            values[i] = ed_random_normal(&random);
        assert_true(ed_bootstrap_mean(values, n, trial, 0.95, &low, &high));
        held += low <= 0 && high >= 0;
    }
    return held;
}

// What few clusters say must not be more than they do: the plain percentile interval holds 866 with 6, 931
// with 30.
static void test_coverage(void **state) {
    (void)state;
    assert_in_range(coverage(6), 920, 980);
    assert_in_range(coverage(10), 930, 970);
    assert_in_range(coverage(30), 930, 970);
}

// The share beyond each end, by tables of Student's t and of the normal distribution.
static void test_tail(void **state) {
    (void)state;
    assert_in_range(ed_bootstrap_tail(6, 1000000, 0.95), 2430, 2433);    // P(Z < -2.5706 * sqrt(6 / 5))
    assert_in_range(ed_bootstrap_tail(30, 1000000, 0.95), 18700, 18900); // P(Z < -2.0452 * sqrt(30 / 29))
    assert_in_range(ed_bootstrap_tail(100000, 1000000, 0.95), 24990, 25000);
}

// 2.5 % of 1000 draws are 25 on each side, in whatever order they came.
static void test_middle(void **state) {
    double draws[1000], low = -1, high = -1;
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        draws[i] = (double)(i * 387 % 1000);
    ed_bootstrap_middle(draws, 1000, 0, 0.95, &low, &high);
    assert_true(low == 25 && high == 974);
    ed_bootstrap_middle(draws, 1, 0, 0.95, &low, &high);
    assert_true(low == 0 && high == 0);
}

static void test_seed_and_limits(void **state) {
    double values[] = {1, 2, 3, 4, 5, 6}, low = -1, high = -1, low2 = 0, high2 = 0;
    (void)state;
    assert_true(ed_bootstrap_mean(values, 6, 7, 0.95, &low, &high));
    assert_true(ed_bootstrap_mean(values, 6, 7, 0.95, &low2, &high2));
    assert_true(low == low2 && high == high2 && low < 3.5 && high > 3.5 && low >= 1 && high <= 6);
    low = high = -1;
    assert_false(ed_bootstrap_mean(values, 5, 7, 0.95, &low, &high));
    assert_false(ed_bootstrap_mean(values, 6, 7, 1, &low, &high));
    assert_false(ed_bootstrap_mean(values, 6, 7, 0, &low, &high));
    values[3] = NAN;
    assert_false(ed_bootstrap_mean(values, 6, 7, 0.95, &low, &high));
    assert_true(low == -1 && high == -1);
    for (size_t i = 0; i < 6; i++)
        values[i] = 2.5;
    assert_true(ed_bootstrap_mean(values, 6, 7, 0.95, &low, &high));
    assert_true(low == 2.5 && high == 2.5);
}

// With weights that are all alike it is the plain one, draw for draw; with others it is between the ends of
// what each sample says, and as far off as the weights are.
static void test_weighted(void **state) {
    double values[40], others[40], weights[40], low = 0, high = 0, low2 = 0, high2 = 0, sum = 0, weight = 0;
    struct ed_random random;
    (void)state;
    ed_random_init(&random, 9);
    for (size_t i = 0; i < 40; i++) {
        values[i] = ed_random_normal(&random);
        others[i] = values[i] - 0.25;
        weights[i] = (double)(1 + i % 4);
        sum += weights[i] * values[i];
        weight += weights[i];
    }
    const struct ed_bootstrap_scores plain = {values, NULL}, heavy = {values, weights},
                                     shifted = {others, weights};
    assert_true(ed_bootstrap_mean(values, 40, 3, 0.95, &low, &high));
    assert_true(ed_bootstrap_weighted(&plain, NULL, 40, 3, 0.95, &low2, &high2));
    assert_true(fabs(low - low2) < 1e-12 && fabs(high - high2) < 1e-12);
    assert_true(fabs(ed_bootstrap_weighted_mean(&heavy, 40) - sum / weight) < 1e-12);
    assert_true(ed_bootstrap_weighted(&heavy, NULL, 40, 3, 0.95, &low, &high));
    assert_true(low < sum / weight && sum / weight < high);
    // A shift that all samples share is no chance at all, since both scores of a sample are drawn together.
    assert_true(ed_bootstrap_weighted(&heavy, &shifted, 40, 3, 0.95, &low, &high));
    assert_true(fabs(low - 0.25) < 1e-12 && fabs(high - 0.25) < 1e-12);
    for (size_t i = 0; i < 40; i++)
        weights[i] = 0;
    assert_true(isnan(ed_bootstrap_weighted_mean(&heavy, 40)));
    assert_false(ed_bootstrap_weighted(&heavy, NULL, 40, 3, 0.95, &low, &high));
    weights[3] = -1;
    assert_false(ed_bootstrap_weighted(&heavy, NULL, 40, 3, 0.95, &low, &high));
    assert_false(ed_bootstrap_weighted(&plain, NULL, 5, 3, 0.95, &low, &high));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weighted),        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_coverage),        cmocka_unit_test(test_middle),
        cmocka_unit_test(test_coverage),        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_seed_and_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
