// SPDX-License-Identifier: Apache-2.0
// The rank-sum test's distribution against counting every arrangement, its shift against its definition, and
// how often its interval holds the truth.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/random.h"
#include "base/stats/rank_sum.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

// By definition: every way in which n of n + m ranks can be those of the first sample.
static double brute(size_t n, size_t m, size_t u) {
    size_t ways = 0, low = 0;
    for (uint32_t set = 0; set < UINT32_C(1) << (n + m); set++) {
        size_t taken = 0, sum = 0;
        for (size_t i = 0; i < n + m; i++)
            if (set >> i & 1) {
                sum += i - taken;
                taken++;
            }
        if (taken != n)
            continue;
        ways++;
        low += sum <= u;
    }
    return (double)low / (double)ways;
}

static void test_distribution(void **state) {
    (void)state;
    for (size_t n = 1; n <= 8; n++)
        for (size_t m = 1; m <= 8; m++)
            for (size_t u = 0; u <= n * m; u += 1 + n * m / 7)
                assert_true(fabs(ed_rank_sum_at_most(n, m, u) - brute(n, m, u)) < 1e-12);
    // Counted by hand, and the sum over everything.
    assert_true(fabs(ed_rank_sum_at_most(8, 8, 13) - 321.0 / 12870) < 1e-15);
    assert_true(fabs(ed_rank_sum_at_most(64, 64, 64 * 64 - 1) - 1) < 1e-9);
    assert_true(fabs(ed_rank_sum_at_most(64, 64, 64 * 64 / 2 - 1) + ed_rank_sum_at_most(64, 64, 64 * 64 / 2) -
                     1) < 1e-9);
    assert_true(isnan(ed_rank_sum_at_most(0, 3, 1)));
    assert_true(isnan(ed_rank_sum_at_most(3, ED_RANK_SUM_EXACT_MAX + 1, 1)));
}

static void test_shift(void **state) {
    static const double a[] = {1, 2, 3, 4}, b[] = {11, 12, 13, 14};
    struct ed_rank_sum_shift shift;
    (void)state;
    assert_true(ed_rank_sum_shift(a, 4, b, 4, 0.025, &shift));
    assert_true(shift.value == 10);
    // P(U = 0) is 1/70 < 0.025, P(U <= 1) is 2/70: the first difference and the last.
    assert_true(shift.has_low_high && shift.low == 7 && shift.high == 13);
    assert_true(ed_rank_sum_shift(a, 3, b, 3, 0.025, &shift));
    assert_false(shift.has_low_high); // P(U = 0) is 1/20
    assert_false(ed_rank_sum_shift(a, 0, b, 3, 0.025, &shift));
    assert_false(ed_rank_sum_shift(a, 4, b, 4, 0.5, &shift));
    assert_false(ed_rank_sum_shift((const double[]){1, NAN}, 2, b, 4, 0.025, &shift));
    // All equal: no shift, and a certain one.
    assert_true(ed_rank_sum_shift((const double[]){5, 5, 5, 5, 5}, 5, (const double[]){5, 5, 5, 5, 5}, 5,
                                  0.025, &shift));
    assert_true(shift.value == 0 && shift.low == 0 && shift.high == 0);
}

// 95 % or a little more, since the distribution is discrete: 20,000 trials have a standard error of 0.15 %.
static void test_coverage(void **state) {
    static const size_t sizes[][2] = {{6, 6}, {10, 10}, {10, 25}, {70, 70}};
    struct ed_random random;
    (void)state;
    ed_random_init(&random, 42);
    for (size_t s = 0; s < COUNT(sizes); s++) {
        const size_t n = sizes[s][0], m = sizes[s][1], trials = n > 64 ? 400 : 4000;
        double a[70], b[70];
        size_t held = 0;
        for (size_t t = 0; t < trials; t++) {
            struct ed_rank_sum_shift shift;
            for (size_t i = 0; i < n; i++)
                a[i] = ed_random_uniform(&random) * ed_random_uniform(&random);
            for (size_t i = 0; i < m; i++)
                b[i] = 0.25 + ed_random_uniform(&random) * ed_random_uniform(&random);
            assert_true(ed_rank_sum_shift(a, n, b, m, 0.025, &shift));
            held += shift.has_low_high && shift.low <= 0.25 && 0.25 <= shift.high;
        }
        const double share = (double)held / (double)trials, error = sqrt(0.05 * 0.95 / (double)trials);
        assert_true(share > 0.95 - 4 * error && share < 0.975 + 4 * error);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distribution),
        cmocka_unit_test(test_shift),
        cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
