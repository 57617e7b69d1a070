// SPDX-License-Identifier: Apache-2.0
// Comparisons with the best: by hand, and how often the true best is lost among equals.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/random.h"
#include "base/stats/best.h"
#include "base/stats/signed_rank.h"

#define ROUNDS 10

static void test_tail_and_rounds(void **state) {
    (void)state;
    assert_true(ed_best_tail(1, 0.05) == 0 && ed_best_tail(0, 0.05) == 0);
    assert_true(fabs(ed_best_tail(2, 0.05) - 0.025) < 1e-12 && fabs(ed_best_tail(6, 0.05) - 0.005) < 1e-12);
    // 1 / 2^n at most the tail: 1/64 < 0.025 <= 1/32.
    assert_int_equal(ed_best_rounds(2, 0.05), 6);
    assert_int_equal(ed_best_rounds(6, 0.05), 8);
    assert_int_equal(ed_best_rounds(1, 0.05), 0);
}

static void test_compare(void **state) {
    (void)state;
    double a[ROUNDS], b[ROUNDS];
    struct ed_best_difference d;
    for (size_t r = 0; r < ROUNDS; r++) {
        a[r] = (double)r; // noise that both share
        b[r] = (double)r + 0.5 + 0.001 * (double)r;
    }
    ed_best_compare(a, b, ROUNDS, 0.005, &d);
    assert_true(d.rounds == ROUNDS && d.has_low_high && d.low > 0.49 && d.high < 0.52);
    assert_true(d.value > d.low && d.value < d.high);
    ed_best_compare(b, a, ROUNDS, 0.005, &d);
    assert_true(d.has_low_high && d.high < -0.49);
    a[3] = NAN;
    b[4] = NAN;
    ed_best_compare(a, b, ROUNDS, 0.005, &d);
    assert_int_equal(d.rounds, ROUNDS - 2);
    ed_best_compare(a, b, 5, 0.005, &d); // three in common
    assert_true(d.rounds == 3 && !d.has_low_high && isfinite(d.value));
    ed_best_compare(a, b, 0, 0.005, &d);
    assert_true(d.rounds == 0 && isnan(d.value));
    // low > 0 exactly where the test rejects.
    struct ed_random random;
    ed_random_init(&random, 7);
    for (int t = 0; t < 500; t++) {
        double x[ROUNDS];
        for (size_t r = 0; r < ROUNDS; r++) {
            a[r] = ed_random_uniform(&random);
            b[r] = ed_random_uniform(&random) + 0.3;
            x[r] = b[r] - a[r];
        }
        ed_best_compare(a, b, ROUNDS, 0.025, &d);
        assert_true((d.low > 0) == (ed_signed_rank_greater(x, ROUNDS, 0) <= 0.025));
    }
}

static void test_set(void **state) {
    (void)state;
    double values[3 * ROUNDS];
    bool in_set[3];
    for (size_t r = 0; r < ROUNDS; r++) {
        values[r] = (double)r;
        values[ROUNDS + r] = (double)r + (r % 2 ? 0.1 : -0.1); // neither better nor worse
        values[2 * ROUNDS + r] = (double)r + 1;
    }
    ed_best_set(values, 3, ROUNDS, ED_BEST_ALPHA, in_set);
    assert_true(in_set[0] && in_set[1] && !in_set[2]);
    ed_best_set(values, 1, ROUNDS, ED_BEST_ALPHA, in_set);
    assert_true(in_set[0]);
}

// Six equal candidates, one of which is called the best: it is lost in at most 5 % of trials. The one with
// the smallest median is not the question, and a plain test of every other one against that one would be
// wrong more often.
static void test_the_best_stays(void **state) {
    (void)state;
    enum { K = 6, TRIALS = 4000 };
    struct ed_random random;
    double values[K * ROUNDS];
    size_t lost = 0;
    ed_random_init(&random, 11);
    for (int t = 0; t < TRIALS; t++) {
        bool in_set[K];
        for (size_t i = 0; i < K * ROUNDS; i++)
            values[i] = ed_random_uniform(&random);
        ed_best_set(values, K, ROUNDS, ED_BEST_ALPHA, in_set);
        lost += !in_set[0];
    }
    assert_true(lost < TRIALS * 5 / 100);
    assert_true(lost > 0); // else it would never tell anything apart
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tail_and_rounds),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_the_best_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
