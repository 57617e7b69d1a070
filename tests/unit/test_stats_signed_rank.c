// SPDX-License-Identifier: Apache-2.0
// The signed-rank test against every pattern of signs, SciPy and published tables; the shift and its interval
// against the inverted test; looks and Holm's correction against their definitions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "base/stats/sequential.h"
#include "base/stats/signed_rank.h"
#include "tests/unit/oracles/signed_rank_oracles.inc"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define CLOSE(a, b) assert_true(fabs((a) - (b)) <= 1e-12 * (1 + fabs(b)))

// By definition: mid-ranks of |x|, zeros ranked and left out, every pattern of signs.
static double brute(const double *x, size_t n, int side) {
    double rank[16], observed = 0;
    size_t least = 0, patterns = (size_t)1 << n;
    for (size_t i = 0; i < n; i++) {
        size_t below = 0, equal = 0;
        for (size_t k = 0; k < n; k++) {
            below += fabs(x[k]) < fabs(x[i]);
            equal += fabs(x[k]) == fabs(x[i]);
        }
        rank[i] = fabs(x[i]) > 0 ? (double)below + ((double)equal + 1) / 2 : 0;
        observed += side * x[i] > 0 ? rank[i] : 0;
    }
    for (size_t pattern = 0; pattern < patterns; pattern++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += pattern >> i & 1 ? rank[i] : 0;
        least += sum >= observed - 1e-9;
    }
    return (double)least / (double)patterns;
}

static void every_pattern_of_signs(void **state) {
    (void)state;
    struct ed_random random;
    ed_random_init(&random, 7);
    for (size_t n = 1; n <= 12; n++)
        for (int kind = 0; kind < 12; kind++) {
            double x[12];
            // Ties and zeros in half of them.
            for (size_t i = 0; i < n; i++)
                x[i] = kind % 2 ? (double)(int64_t)ed_random_below(&random, 7) - 3
                                : ed_random_normal(&random) + 0.4;
            CLOSE(ed_signed_rank_greater(x, n, 0), brute(x, n, 1));
            CLOSE(ed_signed_rank_less(x, n, 0), brute(x, n, -1));
        }
}

static void as_scipy(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(oracle_signed_rank); i++) {
        CLOSE(ed_signed_rank_greater(oracle_signed_rank[i].x, oracle_signed_rank[i].n, 0),
              oracle_signed_rank[i].greater);
        CLOSE(ed_signed_rank_less(oracle_signed_rank[i].x, oracle_signed_rank[i].n, 0),
              oracle_signed_rank[i].less);
    }
    for (size_t i = 0; i < COUNT(oracle_signed_rank_ties); i++) {
        CLOSE(ed_signed_rank_greater(oracle_signed_rank_ties[i].x, oracle_signed_rank_ties[i].n, 0),
              oracle_signed_rank_ties[i].greater);
        CLOSE(ed_signed_rank_less(oracle_signed_rank_ties[i].x, oracle_signed_rank_ties[i].n, 0),
              oracle_signed_rank_ties[i].less);
    }
}

// Critical values, one-sided (F. Wilcoxon, S. Katti, R. Wilcox, Selected Tables in Mathematical Statistics 1,
// 1970): the largest T with P(W <= T) <= alpha, from n = 5 on.
static void published_tables(void **state) {
    (void)state;
    static const int five[] = {0,  2,  3,  5,  8,  10, 13, 17, 21, 25, 30,
                               35, 41, 47, 53, 60, 67, 75, 83, 91, 100};
    static const int two_and_a_half[] = {-1, 0,  2,  3,  5,  8,  10, 13, 17, 21, 25,
                                         29, 34, 40, 46, 52, 58, 65, 73, 81, 89};
    static const int one[] = {-1, -1, 0, 1, 3, 5, 7, 9, 12, 15, 19, 23, 27, 32, 37, 43, 49, 55, 62, 69, 76};
    const struct {
        double alpha;
        const int *critical;
    } tables[] = {{0.05, five}, {0.025, two_and_a_half}, {0.01, one}};
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t n = 5; n <= 25; n++) {
            const int critical = tables[t].critical[n - 5];
            if (critical >= 0)
                assert_true(ed_signed_rank_at_most(n, (size_t)critical) <= tables[t].alpha);
            assert_true(ed_signed_rank_at_most(n, (size_t)(critical + 1)) > tables[t].alpha);
        }
    CLOSE(ed_signed_rank_at_most(8, 0), 1.0 / 256);
    CLOSE(ed_signed_rank_at_most(8, 36), 1.0);
}

static void edges(void **state) {
    (void)state;
    const double zeros[4] = {0}, bad[2] = {1, NAN}, one[1] = {2};
    double many[ED_SIGNED_RANK_MAX + 1];
    assert_true(ed_signed_rank_greater(zeros, 4, 0) == 1 && ed_signed_rank_less(zeros, 4, 0) == 1);
    CLOSE(ed_signed_rank_less(zeros, 4, 0.1), 1.0 / 16);
    assert_true(ed_signed_rank_greater(NULL, 0, 0) == 1);
    assert_true(isnan(ed_signed_rank_greater(bad, 2, 0)) && isnan(ed_signed_rank_greater(one, 1, INFINITY)));
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = 1 + (double)i / 1000;
    assert_true(isnan(ed_signed_rank_greater(many, COUNT(many), 0)));
    CLOSE(log2(ed_signed_rank_greater(many, ED_SIGNED_RANK_MAX, 0)), -(double)ED_SIGNED_RANK_MAX);
    CLOSE(ed_signed_rank_greater(one, 1, 0), 0.5);
}

static void shift_by_inversion(void **state) {
    (void)state;
    struct ed_shift_estimate shift;
    for (size_t i = 0; i < COUNT(oracle_shift); i++) {
        assert_true(ed_shift_estimate(oracle_shift[i].x, oracle_shift[i].n, oracle_shift[i].tail,
                                      oracle_shift[i].tail, &shift));
        CLOSE(shift.value, oracle_shift[i].value);
        assert_int_equal(shift.has_low_high, oracle_shift[i].has);
        if (!shift.has_low_high)
            continue;
        CLOSE(shift.low, oracle_shift[i].low);
        CLOSE(shift.high, oracle_shift[i].high);
    }
    const double bad[2] = {1, INFINITY};
    assert_false(ed_shift_estimate(bad, 2, 0.1, 0.1, &shift));
    assert_false(ed_shift_estimate(bad, 0, 0.1, 0.1, &shift));
}

// Whoever reads the interval reads the decision: the high end lies below a margin when the test against that
// margin rejects.
static void interval_agrees_with_test(void **state) {
    (void)state;
    struct ed_random random;
    size_t rejected = 0;
    ed_random_init(&random, 3);
    for (int trial = 0; trial < 2000; trial++) {
        const size_t n = ed_look_pairs(ed_random_below(&random, 5));
        const double tail = ed_look_nominal_p(0.05), margin = 0.9;
        double x[ED_SIGNED_RANK_MAX];
        struct ed_shift_estimate shift;
        for (size_t i = 0; i < n; i++)
            x[i] = ed_random_normal(&random);
        assert_true(ed_shift_estimate(x, n, tail, tail, &shift) && shift.has_low_high);
        assert_int_equal(shift.high < margin, ed_signed_rank_less(x, n, margin) <= tail);
        assert_int_equal(shift.low > margin, ed_signed_rank_greater(x, n, margin) <= tail);
        rejected += shift.high < margin;
    }
    assert_true(rejected > 200 && rejected < 1900);
}

static void looks(void **state) {
    (void)state;
    assert_int_equal(ed_look_reached(7), 0);
    assert_int_equal(ed_look_reached(8), 8);
    assert_int_equal(ed_look_reached(23), 16);
    assert_int_equal(ed_look_reached(1000), 64);
    assert_int_equal(ed_look_next(0), 8);
    assert_int_equal(ed_look_next(8), 12);
    assert_int_equal(ed_look_next(64), 0);
    assert_int_equal(ed_look_pairs(ED_LOOKS), 0);
    // The published design's constants, which the table must not exceed by more than its Monte Carlo error.
    assert_true(fabs(ed_look_nominal_p(0.05) - 0.01343) < 2e-4);
    assert_true(fabs(ed_look_nominal_p(0.01) - 0.00258) < 3e-5);
    double before = 1;
    for (double alpha = 0.05; alpha > 1e-7; alpha *= 0.93) {
        const double nominal = ed_look_nominal_p(alpha);
        assert_true(nominal > 0 && nominal <= before && nominal <= alpha / 2 && nominal >= alpha / 20);
        before = nominal;
    }
    assert_true(ed_look_nominal_p(0) == 0 && ed_look_nominal_p(0.2) == 0 && ed_look_nominal_p(NAN) == 0);
}

static void holm(void **state) {
    (void)state;
    bool rejected[5];
    const double alpha = 0.01, first = ed_look_nominal_p(alpha / 5), second = ed_look_nominal_p(alpha / 4);
    const double p[5] = {0.9, first, second, NAN, second * 1.01};
    assert_int_equal(ed_holm(p, 5, 5, alpha, rejected), 3);
    assert_true(!rejected[0] && rejected[1] && rejected[2] && !rejected[3] && rejected[4]);
    const double larger[2] = {first * 1.001, 0};
    // One that is too large stops it, whatever comes behind.
    assert_int_equal(ed_holm(larger, 1, 5, alpha, rejected), 0);
    assert_int_equal(ed_holm(larger, 1, 1, alpha, rejected), 1);
    assert_int_equal(ed_holm(larger, 2, 6, alpha, rejected), 1);
    assert_int_equal(ed_holm(larger, 2, 5, alpha, rejected), 2);
    assert_int_equal(ed_holm(NULL, 0, 3, alpha, rejected), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pattern_of_signs),    cmocka_unit_test(as_scipy),
        cmocka_unit_test(published_tables),          cmocka_unit_test(edges),
        cmocka_unit_test(shift_by_inversion),        cmocka_unit_test(looks),
        cmocka_unit_test(interval_agrees_with_test), cmocka_unit_test(holm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
