// SPDX-License-Identifier: Apache-2.0
// Sorting and medians of real numbers.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/stats/reals.h"

#define MANY 1001

static void sorts_what_is_there(void **state) {
    (void)state;
    double values[] = {3, -INFINITY, 0.5, 3, -0.25, INFINITY, 1e-300};
    const double sorted[] = {-INFINITY, -0.25, 1e-300, 0.5, 3, 3, INFINITY};
    ed_reals_sort(values, 7);
    assert_memory_equal(values, sorted, sizeof sorted);
    ed_reals_sort(values, 0);
    assert_memory_equal(values, sorted, sizeof sorted);
}

static void many_are_in_order_and_none_is_lost(void **state) {
    (void)state;
    static double values[MANY];
    struct ed_random random;
    double sum = 0, after = 0;
    ed_random_init(&random, 7);
    for (size_t i = 0; i < MANY; i++)
        sum += values[i] = (double)ed_random_below(&random, 500) - 250;
    ed_reals_sort(values, MANY);
    for (size_t i = 0; i < MANY; i++) {
        after += values[i];
        assert_true(i == 0 || values[i - 1] <= values[i]);
    }
    assert_true(fabs(sum - after) < 0.5); // whole numbers
}

static void a_median_is_one_of_the_values(void **state) {
    (void)state;
    double one[] = {4}, even[] = {9, 1, 5, 7}, odd[] = {9, 1, 5};
    assert_true(isnan(ed_reals_median(one, 0)));
    assert_float_equal(ed_reals_median(one, 1), 4, 0);
    assert_float_equal(ed_reals_median(even, 4), 5, 0); // the lower of 5 and 7
    assert_float_equal(ed_reals_median(even, 2), 1, 0); // of 1 and 5, sorted by now
    assert_float_equal(ed_reals_median(odd, 3), 5, 0);
}

static void a_midpoint_lies_between_two(void **state) {
    (void)state;
    const double even[] = {1, 5, 7, 9}, odd[] = {1, 5, 9}, huge[] = {DBL_MAX, DBL_MAX};
    assert_true(isnan(ed_reals_midpoint(even, 0)));
    assert_float_equal(ed_reals_midpoint(even, 1), 1, 0);
    assert_float_equal(ed_reals_midpoint(even, 2), 3, 0);
    assert_float_equal(ed_reals_midpoint(even, 4), 6, 0);
    assert_float_equal(ed_reals_midpoint(odd, 3), 5, 0);
    assert_true(isfinite(ed_reals_midpoint(huge, 2)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_what_is_there),
        cmocka_unit_test(many_are_in_order_and_none_is_lost),
        cmocka_unit_test(a_median_is_one_of_the_values),
        cmocka_unit_test(a_midpoint_lies_between_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
