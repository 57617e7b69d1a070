// SPDX-License-Identifier: Apache-2.0
// Cosine, largest difference and SQNR: by hand, and at the ends.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/stats/agreement.h"

static struct ed_agreement of(const double (*pairs)[2], size_t n) {
    struct ed_agreement agreement = {0};
    for (size_t i = 0; i < n; i++)
        ed_agreement_add(&agreement, pairs[i][0], pairs[i][1]);
    return agreement;
}

static void close_to(double found, double expected) {
    if (!(fabs(found - expected) <= 1e-12 * fmax(1, fabs(expected))))
        fail_msg("%.17g, not %.17g", found, expected);
}

static void test_by_hand(void **state) {
    (void)state;
    const struct ed_agreement a = of((const double[][2]){{3, 3}, {4, 3}, {0, -1}}, 3);
    assert_int_equal(a.count, 3);
    close_to(ed_agreement_cosine(&a), 21 / (5 * sqrt(19)));
    close_to(ed_agreement_largest(&a), 1);
    assert_int_equal(a.largest_at, 1);
    close_to(ed_agreement_sqnr_db(&a), 10 * log10(25.0 / 2));
}

static void test_ends(void **state) {
    (void)state;
    const struct ed_agreement same = of((const double[][2]){{0.1, 0.1}, {-7e-9, -7e-9}}, 2),
                              zeros = of((const double[][2]){{0, 0}}, 1), nothing = {0},
                              from_zero = of((const double[][2]){{0, 1}}, 1),
                              opposite = of((const double[][2]){{1, -1}, {2, -2}}, 2),
                              large = of((const double[][2]){{DBL_MAX, DBL_MAX}, {1, 2}}, 2);
    assert_true(ed_agreement_cosine(&same) <= 1 && ed_agreement_cosine(&same) > 1 - 1e-15);
    assert_true(ed_agreement_sqnr_db(&same) == ED_AGREEMENT_SQNR_MAX_DB);
    assert_true(ed_agreement_cosine(&zeros) == 1 && ed_agreement_sqnr_db(&zeros) == ED_AGREEMENT_SQNR_MAX_DB);
    assert_true(ed_agreement_cosine(&from_zero) == 0);
    assert_true(ed_agreement_sqnr_db(&from_zero) == -ED_AGREEMENT_SQNR_MAX_DB);
    close_to(ed_agreement_cosine(&opposite), -1);
    assert_true(isnan(ed_agreement_cosine(&nothing)) && isnan(ed_agreement_sqnr_db(&nothing)) &&
                isnan(ed_agreement_largest(&nothing)));
    // Beyond a double no figure is made up.
    assert_true(isnan(ed_agreement_cosine(&large)));
}

static void test_not_finite(void **state) {
    (void)state;
    const struct ed_agreement a =
        of((const double[][2]){{1, 1}, {INFINITY, INFINITY}, {INFINITY, -INFINITY}, {1, NAN}, {NAN, 1}}, 5);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.same_infinite, 1);
    assert_int_equal(a.not_finite, 2);
    assert_int_equal(a.reference_broken, 1);
    assert_int_equal(a.added, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_ends),
                                       cmocka_unit_test(test_not_finite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
