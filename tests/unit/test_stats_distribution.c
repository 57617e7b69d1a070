// SPDX-License-Identifier: Apache-2.0
// Distribution functions and moments against SciPy's values.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "base/stats/distribution.h"
#include "base/stats/moments.h"
#include "tests/unit/oracles/stats_oracles.inc"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static bool near(double value, double expected, double relative) {
    return value == expected || fabs(value - expected) <= relative * fabs(expected);
}

static void binomial_tails(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(oracle_binomial); i++) {
        double at_most =
            ed_binomial_at_most(oracle_binomial[i].n, oracle_binomial[i].p, oracle_binomial[i].k);
        double at_least =
            ed_binomial_at_least(oracle_binomial[i].n, oracle_binomial[i].p, oracle_binomial[i].k);
        assert_true(near(at_most, oracle_binomial[i].at_most, 1e-11));
        assert_true(near(at_least, oracle_binomial[i].at_least, 1e-11));
    }
}

// Every tail of small n from Pascal's triangle.
static void binomial_by_brute_force(void **state) {
    (void)state;
    const double shares[] = {0.0, 0.03, 0.5, 0.9, 1.0};
    for (int n = 0; n <= 12; n++) {
        for (size_t s = 0; s < COUNT(shares); s++) {
            double p = shares[s];
            double sum = 0.0;
            double choose = 1.0;
            for (int k = 0; k <= n; k++) {
                assert_true(near(ed_binomial_at_least(n, p, k), 1.0 - sum, 1e-9) ||
                            fabs(ed_binomial_at_least(n, p, k) - (1.0 - sum)) < 1e-14);
                sum += choose * pow(p, k) * pow(1.0 - p, n - k);
                choose = choose * (n - k) / (k + 1);
                assert_true(near(ed_binomial_at_most(n, p, k), sum, 1e-12));
            }
        }
    }
    assert_true(ed_binomial_at_most(5, 0.3, -1) == 0.0 && ed_binomial_at_least(5, 0.3, 6) == 0.0);
    assert_true(isnan(ed_binomial_at_most(-1, 0.3, 0)) && isnan(ed_binomial_at_least(5, 1.1, 0)));
    assert_true(isnan(ed_binomial_at_most(5, NAN, 0)));
}

static void normal(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(oracle_normal); i++) {
        assert_true(fabs(ed_normal_quantile(oracle_normal[i].p) - oracle_normal[i].z) < 1e-11);
        assert_true(near(ed_normal_at_most(oracle_normal[i].z), oracle_normal[i].p, 1e-11));
    }
    assert_true(isinf(ed_normal_quantile(0.0)) && isinf(ed_normal_quantile(1.0)));
    assert_true(isnan(ed_normal_quantile(-0.1)) && isnan(ed_normal_quantile(NAN)));
}

static void student(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(oracle_student); i++) {
        double t = ed_student_quantile(oracle_student[i].p, oracle_student[i].df);
        assert_true(near(t, oracle_student[i].t, 1e-9) || fabs(t - oracle_student[i].t) < 1e-12);
    }
    for (size_t i = 0; i < COUNT(oracle_student_cdf); i++) {
        double p = ed_student_at_most(oracle_student_cdf[i].t, oracle_student_cdf[i].df);
        assert_true(near(p, oracle_student_cdf[i].p, 1e-10));
    }
    assert_true(isnan(ed_student_quantile(0.0, 3.0)) && isnan(ed_student_quantile(0.5, 0.0)));
    assert_true(isnan(ed_student_at_most(NAN, 3.0)));
    assert_true(ed_student_at_most(INFINITY, 3.0) == 1.0 && ed_student_at_most(-INFINITY, 3.0) == 0.0);
}

static void beta(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(oracle_beta); i++) {
        double value = ed_beta_regularized(oracle_beta[i].a, oracle_beta[i].b, oracle_beta[i].x);
        assert_true(near(value, oracle_beta[i].value, 1e-10));
    }
    assert_true(ed_beta_regularized(2.0, 3.0, 0.0) == 0.0 && ed_beta_regularized(2.0, 3.0, 1.0) == 1.0);
    assert_true(isnan(ed_beta_regularized(0.0, 3.0, 0.5)));
}

// A large offset is where the textbook formula (mean of squares minus square of mean) loses everything.
static void moments(void **state) {
    (void)state;
    struct ed_moments m = {0};
    assert_true(isnan(ed_moments_mean(&m)) && isnan(ed_moments_sd(&m)));
    const double values[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    ed_moments_add(&m, values[0]);
    assert_true(ed_moments_mean(&m) == values[0] && isnan(ed_moments_sd(&m)));
    for (size_t i = 1; i < COUNT(values); i++) {
        ed_moments_add(&m, values[i]);
    }
    assert_true(m.count == 4 && ed_moments_mean(&m) == 1e9 + 10);
    assert_true(near(ed_moments_sd(&m), oracle_moments_sd, 1e-12) &&
                near(ed_moments_variance(&m), 30.0, 1e-12));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binomial_tails), cmocka_unit_test(binomial_by_brute_force),
        cmocka_unit_test(normal),         cmocka_unit_test(student),
        cmocka_unit_test(beta),           cmocka_unit_test(moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
