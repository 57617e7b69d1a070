// SPDX-License-Identifier: Apache-2.0
// Paired drops: Tango's interval against an independent numerical solution and its own coverage, McNemar, the
// t interval, the judgement and the number of samples that it takes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/random.h"
#include "base/stats/distribution.h"
#include "base/stats/proportion.h"
#include "tests/unit/oracles/stats_oracles.inc"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void tango_by_numerical_likelihood(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(oracle_tango); i++) {
        struct ed_paired_drop drop;
        uint64_t n = oracle_tango[i].n;
        assert_int_equal(
            ed_proportion_drop(n, oracle_tango[i].b, oracle_tango[i].c, oracle_tango[i].confidence, &drop),
            ED_PAIRED_OK);
        // The oracle maximises numerically: its own error is about 1e-8.
        assert_true(fabs(drop.low - oracle_tango[i].low) < 1e-7);
        assert_true(fabs(drop.high - oracle_tango[i].high) < 1e-7);
        assert_true(fabs(drop.drop - ((double)oracle_tango[i].b - (double)oracle_tango[i].c) / (double)n) <
                    1e-15);
        assert_true(drop.low <= drop.drop && drop.drop <= drop.high);
    }
}

// With no discordant sample the ends are -+ z^2 / (n + z^2); exchanging the sides mirrors the interval.
static void tango_special_cases(void **state) {
    (void)state;
    struct ed_paired_drop drop;
    struct ed_paired_drop mirrored;
    double z = 1.959963984540054;
    for (uint64_t n = 1; n < 100000; n *= 7) {
        assert_int_equal(ed_proportion_drop(n, 0, 0, 0.95, &drop), ED_PAIRED_OK);
        assert_true(fabs(drop.high - z * z / ((double)n + z * z)) < 1e-12);
        assert_true(fabs(drop.low + drop.high) < 1e-12 && drop.drop == 0.0);
        assert_int_equal(ed_proportion_drop(n, n, 0, 0.95, &drop), ED_PAIRED_OK);
        assert_true(drop.drop == 1.0 && drop.high == 1.0 && drop.low < 1.0);
    }
    for (uint64_t b = 0; b <= 20; b++) {
        for (uint64_t c = 0; b + c <= 20; c++) {
            assert_int_equal(ed_proportion_drop(20, b, c, 0.95, &drop), ED_PAIRED_OK);
            assert_int_equal(ed_proportion_drop(20, c, b, 0.95, &mirrored), ED_PAIRED_OK);
            assert_true(fabs(drop.low + mirrored.high) < 1e-13 && fabs(drop.high + mirrored.low) < 1e-13);
            assert_true(drop.low >= -1.0 && drop.high <= 1.0 && drop.low < drop.high);
        }
    }
    assert_int_equal(ed_proportion_drop(0, 0, 0, 0.95, &drop), ED_PAIRED_TOO_SMALL);
    assert_true(isnan(drop.low) && isnan(drop.high) && isnan(drop.drop));
    assert_int_equal(ed_proportion_drop(10, 6, 5, 0.95, &drop), ED_PAIRED_BAD_ARGUMENT);
    assert_int_equal(ed_proportion_drop(10, UINT64_MAX, 1, 0.95, &drop), ED_PAIRED_BAD_ARGUMENT);
    assert_int_equal(ed_proportion_drop(10, 1, 1, 1.0, &drop), ED_PAIRED_BAD_ARGUMENT);
    assert_int_equal(ed_proportion_drop(10, 1, 1, NAN, &drop), ED_PAIRED_BAD_ARGUMENT);
    assert_int_equal(ed_proportion_drop((uint64_t)1 << 53, 1000, 10, 0.95, &drop), ED_PAIRED_OK);
    assert_true(drop.low > 0.0 && drop.high < 1e-11);
}

// 5 % disagreement and no true drop, 300 samples: the interval misses in about 5 % of the trials.
static void tango_coverage(void **state) {
    (void)state;
    struct ed_random random;
    int missed = 0;
    ed_random_init(&random, 21);
    for (int trial = 0; trial < 4000; trial++) {
        uint64_t b = 0;
        uint64_t c = 0;
        for (int i = 0; i < 300; i++) {
            double u = ed_random_uniform(&random);
            b += u < 0.025;
            c += u >= 0.025 && u < 0.05;
        }
        struct ed_paired_drop drop;
        assert_int_equal(ed_proportion_drop(300, b, c, 0.95, &drop), ED_PAIRED_OK);
        missed += drop.low > 0.0 || drop.high < 0.0;
    }
    assert_in_range(missed, 120, 270);
}

static void mcnemar(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(oracle_mcnemar); i++) {
        double p = ed_proportion_mcnemar(oracle_mcnemar[i].b, oracle_mcnemar[i].c);
        assert_true(fabs(p - oracle_mcnemar[i].p) <= 1e-11 * oracle_mcnemar[i].p);
    }
    assert_true(isnan(ed_proportion_mcnemar(UINT64_MAX, 1)));
}

static void paired_means(void **state) {
    (void)state;
    struct ed_paired_drop drop;
    size_t n = COUNT(oracle_paired_reference);
    assert_int_equal(ed_paired_mean_drop(oracle_paired_reference, oracle_paired_candidate, n, 0.95, &drop),
                     ED_PAIRED_OK);
    assert_true(fabs(drop.low - oracle_paired_low) < 1e-12 && fabs(drop.high - oracle_paired_high) < 1e-12);
    assert_true(drop.drop > 0.0);
    const double same[] = {0.5, 0.25};
    assert_int_equal(ed_paired_mean_drop(same, same, 2, 0.95, &drop), ED_PAIRED_OK);
    assert_true(drop.low == 0.0 && drop.high == 0.0);
    assert_int_equal(ed_paired_mean_drop(same, same, 1, 0.95, &drop), ED_PAIRED_TOO_SMALL);
    assert_int_equal(ed_paired_mean_drop(same, same, 2, 0.0, &drop), ED_PAIRED_BAD_ARGUMENT);
    const double bad[] = {0.5, NAN};
    assert_int_equal(ed_paired_mean_drop(same, bad, 2, 0.95, &drop), ED_PAIRED_BAD_ARGUMENT);
    assert_true(isnan(drop.high));
}

static void judgement(void **state) {
    (void)state;
    assert_int_equal(ed_noninferiority(-0.01, 0.01, 0.01), ED_NONINFERIORITY_PASS);
    assert_int_equal(ed_noninferiority(-0.01, 0.0101, 0.01), ED_NONINFERIORITY_INCONCLUSIVE);
    assert_int_equal(ed_noninferiority(0.01, 0.02, 0.01), ED_NONINFERIORITY_INCONCLUSIVE);
    assert_int_equal(ed_noninferiority(0.0101, 0.02, 0.01), ED_NONINFERIORITY_FAIL);
    assert_int_equal(ed_noninferiority(NAN, 0.0, 0.01), ED_NONINFERIORITY_INCONCLUSIVE);
    assert_int_equal(ed_noninferiority(-1.0, NAN, 0.01), ED_NONINFERIORITY_INCONCLUSIVE);
    assert_int_equal(ed_noninferiority(-1.0, 0.0, NAN), ED_NONINFERIORITY_INCONCLUSIVE);
    assert_int_equal(ed_noninferiority(0.0, -1.0, 0.01), ED_NONINFERIORITY_INCONCLUSIVE);
}

// Both ends by their definition, from another way to the binomial distribution, and by published figures.
static void exact_shares(void **state) {
    (void)state;
    double low, high;
    for (uint64_t n = 1; n <= 60; n++)
        for (uint64_t k = 0; k <= n; k++) {
            assert_int_equal(ed_proportion_exact(n, k, 0.95, &low, &high), ED_PAIRED_OK);
            double least = ed_binomial_at_least((int64_t)n, low, (int64_t)k);
            double most = ed_binomial_at_most((int64_t)n, high, (int64_t)k);
            assert_true(k == 0 ? low == 0.0 : fabs(least - 0.025) < 1e-9);
            assert_true(k == n ? high == 1.0 : fabs(most - 0.025) < 1e-9);
        }
    static const struct {
        uint64_t n, k;
        double low, high;
    } known[] = {
        {10, 1, 0.0025, 0.4450}, {20, 0, 0.0, 0.1684}, {100, 10, 0.0490, 0.1762}, {200, 200, 0.9817, 1.0}};
    for (size_t i = 0; i < COUNT(known); i++) {
        assert_int_equal(ed_proportion_exact(known[i].n, known[i].k, 0.95, &low, &high), ED_PAIRED_OK);
        assert_true(fabs(low - known[i].low) < 6e-5 && fabs(high - known[i].high) < 6e-5);
    }
    assert_int_equal(ed_proportion_exact(0, 0, 0.95, &low, &high), ED_PAIRED_TOO_SMALL);
    assert_int_equal(ed_proportion_exact(5, 6, 0.95, &low, &high), ED_PAIRED_BAD_ARGUMENT);
    assert_int_equal(ed_proportion_exact(5, 5, 1, &low, &high), ED_PAIRED_BAD_ARGUMENT);
    assert_true(fabs(ed_proportion_unseen(200, 0.95) - (1 - pow(0.025, 1.0 / 200))) < 1e-15);
}

// Whole multiples of the share, so that the counts are whole: enough certifies, and a tenth less does not.
static void exact_needed(void **state) {
    (void)state;
    static const struct {
        uint64_t n, k;
        double limit;
        bool below;
    } cases[] = {{10, 9, 0.85, false},
                 {100, 99, 0.97, false},
                 {10, 1, 0.2, true},
                 {100, 3, 0.04, true},
                 {4, 1, 0.2, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t n = cases[i].n, k = cases[i].k;
        uint64_t needed = ed_proportion_exact_needed(n, k, cases[i].limit, cases[i].below, 0.95);
        uint64_t enough = (needed + n - 1) / n, few = (uint64_t)(0.9 * (double)needed) / n;
        double low, high;
        assert_int_equal(ed_proportion_exact(enough * n, enough * k, 0.95, &low, &high), ED_PAIRED_OK);
        assert_true(cases[i].below ? high <= cases[i].limit : low >= cases[i].limit);
        assert_int_equal(ed_proportion_exact(few * n, few * k, 0.95, &low, &high), ED_PAIRED_OK);
        assert_false(cases[i].below ? high <= cases[i].limit : low >= cases[i].limit);
    }
    assert_int_equal(ed_proportion_exact_needed(200, 200, 0.99, false, 0.95), 368); // ln 0.025 / ln 0.99
    assert_int_equal(ed_proportion_exact_needed(200, 0, 0.01, true, 0.95), 368);
    assert_int_equal(ed_proportion_exact_needed(200, 198, 0.99, false, 0.95), 0);
    assert_int_equal(ed_proportion_exact_needed(200, 200, 1, false, 0.95), 0);
    assert_int_equal(ed_proportion_exact_needed(200, 100, 0, false, 0.95), 1);
    assert_int_equal(ed_proportion_exact_needed(0, 0, 0.5, false, 0.95), 0);
    // Beyond the exact: the normal approximation.
    assert_true(fabs((double)ed_proportion_exact_needed(1000, 500, 0.4995, false, 0.95) - 3841459) < 3);
}

// At k times the needed samples' shares, so that the counts are whole: enough passes, one unit less does not.
static void needed_samples(void **state) {
    (void)state;
    struct ed_paired_drop drop;
    const struct {
        uint64_t n;
        uint64_t b;
        uint64_t c;
        double margin;
    } cases[] = {{100, 3, 3, 0.01}, {100, 3, 2, 0.02},     {50, 1, 0, 0.05},
                 {20, 0, 1, 0.01},  {1000, 25, 25, 0.005}, {10, 1, 1, 0.5}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t n = cases[i].n;
        uint64_t needed = ed_proportion_needed(n, cases[i].b, cases[i].c, cases[i].margin, 0.95);
        assert_true(needed > 0);
        uint64_t enough = (needed + n - 1) / n;
        assert_int_equal(
            ed_proportion_drop(enough * n, enough * cases[i].b, enough * cases[i].c, 0.95, &drop),
            ED_PAIRED_OK);
        assert_int_equal(ed_noninferiority(drop.low, drop.high, cases[i].margin), ED_NONINFERIORITY_PASS);
        uint64_t few = (needed - 1) / n;
        if (few > 0) {
            assert_int_equal(ed_proportion_drop(few * n, few * cases[i].b, few * cases[i].c, 0.95, &drop),
                             ED_PAIRED_OK);
            assert_int_not_equal(ed_noninferiority(drop.low, drop.high, cases[i].margin),
                                 ED_NONINFERIORITY_PASS);
        }
    }
    // Without any disagreement every n gives whole counts: the very number can be checked.
    uint64_t needed = ed_proportion_needed(10, 0, 0, 0.01, 0.95);
    assert_int_equal(needed, 381);
    ed_proportion_drop(needed, 0, 0, 0.95, &drop);
    assert_true(drop.high <= 0.01);
    ed_proportion_drop(needed - 1, 0, 0, 0.95, &drop);
    assert_true(drop.high > 0.01);
    assert_int_equal(ed_proportion_needed(100, 3, 2, 0.01, 0.95), 0);
    assert_int_equal(ed_proportion_needed(100, 5, 2, 0.01, 0.95), 0);
    assert_int_equal(ed_proportion_needed(0, 0, 0, 0.01, 0.95), 0);
    assert_int_equal(ed_proportion_needed(10, 8, 8, 0.01, 0.95), 0);
    assert_int_equal(ed_proportion_needed(10, 0, 0, NAN, 0.95), 0);
    assert_int_equal(ed_proportion_needed(10, 0, 0, 0.0, 0.95), 0);
    assert_int_equal(ed_proportion_needed(10, 0, 0, 1.0, 0.95), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tango_by_numerical_likelihood),
        cmocka_unit_test(tango_special_cases),
        cmocka_unit_test(tango_coverage),
        cmocka_unit_test(mcnemar),
        cmocka_unit_test(paired_means),
        cmocka_unit_test(judgement),
        cmocka_unit_test(needed_samples),
        cmocka_unit_test(exact_shares),
        cmocka_unit_test(exact_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
