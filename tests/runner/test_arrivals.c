// SPDX-License-Identifier: Apache-2.0
// When inferences of the open loop are intended to begin.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runners/loop_arrivals.h"

#define SECOND_NS INT64_C(1000000000)
#define MANY 200000

static void test_fixed(void **state) {
    const struct ed_workload thirds = {.scenario = ED_SCENARIO_FIXED_RATE, .rate_per_s = 3};
    int64_t at[16];
    (void)state;
    // Every third of a second up to two seconds, and the one behind: no rounding adds up.
    assert_int_equal(ed_arrivals_make(at, 16, &thirds, 1, 2 * SECOND_NS - 1), 7);
    for (int64_t i = 0; i < 7; i++)
        assert_in_range(at[i], i * SECOND_NS / 3, i * SECOND_NS / 3 + 1);
    assert_int_equal(at[6], 2 * SECOND_NS);
    assert_int_equal(ed_arrivals_make(at, 4, &thirds, 1, INT64_MAX), 4);
    assert_int_equal(at[3], SECOND_NS);
}

static void test_rare(void **state) {
    const struct ed_workload rare = {.scenario = ED_SCENARIO_FIXED_RATE, .rate_per_s = 1e-300};
    int64_t at[4];
    (void)state;
    assert_int_equal(ed_arrivals_make(at, 4, &rare, 1, SECOND_NS), 2);
    assert_int_equal(at[0], 0);
    // Beyond any window, and still a time that can be added to a clock's.
    assert_true(at[1] > SECOND_NS && at[1] <= INT64_MAX / 2);
}

// Exponential gaps: their mean is 1/rate, their variance its square, and a share of e^-1 is longer than the
// mean. Bounds are five standard errors of a seed that is fixed.
static void test_poisson(void **state) {
    const struct ed_workload fifty = {.scenario = ED_SCENARIO_POISSON, .rate_per_s = 50};
    int64_t *at = calloc(MANY, sizeof *at), *again = calloc(MANY, sizeof *again);
    double sum = 0, squares = 0, longer = 0;
    (void)state;
    assert_non_null(at);
    assert_non_null(again);
    assert_int_equal(ed_arrivals_make(at, MANY, &fifty, 7, INT64_MAX), MANY);
    assert_int_equal(at[0], 0);
    for (size_t i = 1; i < MANY; i++) {
        const double gap = (double)(at[i] - at[i - 1]) * 50 / 1e9;
        assert_true(gap >= 0);
        sum += gap;
        squares += gap * gap;
        longer += gap > 1;
    }
    assert_true(sum / MANY > 0.988 && sum / MANY < 1.012);
    assert_true(squares / MANY > 1.94 && squares / MANY < 2.06);
    assert_true(longer / MANY > 0.3625 && longer / MANY < 0.3733);
    assert_int_equal(ed_arrivals_make(again, MANY, &fifty, 7, INT64_MAX), MANY);
    assert_memory_equal(at, again, MANY * sizeof *at);
    ed_arrivals_make(again, 100, &fifty, 8, INT64_MAX);
    assert_memory_not_equal(at, again, 100 * sizeof *at);
    free(at);
    free(again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_rare),
        cmocka_unit_test(test_poisson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
