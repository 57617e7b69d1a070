// SPDX-License-Identifier: Apache-2.0
// Nearest-rank quantiles: exact ranks, selection against sorting, and the published minima.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/stats/quantile.h"

static void ranks_are_exact(void **state) {
    (void)state;
    // 0.9 * 10 and 0.99 * 100 as doubles may land above 9 and 99; as fractions they do not.
    assert_int_equal(ed_quantile_rank(10, 9, 10), 9);
    assert_int_equal(ed_quantile_rank(100, 99, 100), 99);
    assert_int_equal(ed_quantile_rank(101, 99, 100), 100);
    assert_int_equal(ed_quantile_rank(1000, 999, 1000), 999);
    assert_int_equal(ed_quantile_rank(5, 1, 2), 3);
    assert_int_equal(ed_quantile_rank(6, 1, 2), 3);
    assert_int_equal(ed_quantile_rank(7, 0, 1), 1);
    assert_int_equal(ed_quantile_rank(7, 1, 1), 7);
    assert_int_equal(ed_quantile_rank(0, 1, 2), 0);
    assert_int_equal(ed_quantile_rank(5, 3, 2), 0);
    assert_int_equal(ed_quantile_rank(5, 0, 0), 0);
    for (size_t n = 1; n <= 300; n++) {
        for (uint32_t den = 1; den <= 40; den++) {
            for (uint32_t num = 0; num <= den; num++) {
                size_t rank = 1;
                while (rank * den < n * num) {
                    rank++;
                }
                assert_int_equal(ed_quantile_rank(n, num, den), rank);
            }
        }
    }
    assert_true(ed_quantile_rank(SIZE_MAX, UINT32_MAX, UINT32_MAX) == SIZE_MAX);
    assert_true(ed_quantile_rank(SIZE_MAX, UINT32_MAX - 1, UINT32_MAX) < SIZE_MAX);
}

static void fill(struct ed_random *random, int64_t *values, size_t n, int shape) {
    for (size_t i = 0; i < n; i++) {
        switch (shape) {
        case 0:
            values[i] = (int64_t)ed_random_u64(random);
            break;
        case 1:
            values[i] = (int64_t)ed_random_below(random, 3);
            break;
        case 2:
            values[i] = (int64_t)i;
            break;
        case 3:
            values[i] = -(int64_t)i;
            break;
        case 4:
            values[i] = 7;
            break;
        default:
            values[i] = (int64_t)(i < n / 2 ? i : n - i);
            break;
        }
    }
}

static void selection_equals_sorting(void **state) {
    (void)state;
    struct ed_random random;
    int64_t values[400];
    int64_t sorted[400];
    int64_t scratch[400];
    ed_random_init(&random, 1);
    for (int round = 0; round < 600; round++) {
        size_t n = 1 + (size_t)ed_random_below(&random, round < 300 ? 12 : 400);
        fill(&random, values, n, round % 6);
        for (size_t i = 0; i < n; i++) {
            size_t at = i;
            for (; at > 0 && sorted[at - 1] > values[i]; at--) {
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = values[i];
        }
        for (uint32_t num = 0; num <= 20; num++) {
            int64_t selected = 0;
            int64_t looked_up = 0;
            assert_true(ed_quantile_select(values, n, num, 20, scratch, &selected));
            assert_true(ed_quantile_sorted(sorted, n, num, 20, &looked_up));
            assert_true(selected == looked_up);
            assert_true(selected == sorted[ed_quantile_rank(n, num, 20) - 1]);
        }
        int64_t median = 0;
        assert_true(ed_quantile_median(values, n, scratch, &median));
        assert_true(median == sorted[(n - 1) / 2]);
        ed_quantile_sort(values, n);
        assert_memory_equal(values, sorted, n * sizeof(*values));
    }
    int64_t untouched = 5;
    assert_false(ed_quantile_select(values, 0, 1, 2, scratch, &untouched));
    assert_false(ed_quantile_sorted(values, 3, 2, 1, &untouched));
    assert_true(untouched == 5);
}

// In place, a million values: linear time or the test would not end; the p-th of a shuffled 0..n-1 is known.
static void a_million_values(void **state) {
    (void)state;
    size_t n = 1000000;
    int64_t *values = malloc(n * sizeof(*values));
    size_t *order = malloc(n * sizeof(*order));
    struct ed_random random;
    assert_true(values != NULL && order != NULL);
    ed_random_init(&random, 2);
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
    }
    ed_random_shuffle(&random, order, n);
    for (size_t i = 0; i < n; i++) {
        values[i] = (int64_t)order[i];
    }
    int64_t p99 = 0;
    assert_true(ed_quantile_select(values, n, 99, 100, values, &p99));
    assert_true(p99 == 989999);
    for (int shape = 1; shape < 6; shape++) {
        fill(&random, values, n, shape);
        assert_true(ed_quantile_select(values, n, 1, 2, values, &p99));
    }
    free(values);
    free(order);
}

// P(at most one of n samples lies above the quantile), by two terms; no code shared with the library.
static double at_most_one_above(uint64_t n, double p) {
    return pow(p, (double)n) + (double)n * (1.0 - p) * pow(p, (double)n - 1.0);
}

static void published_minima(void **state) {
    (void)state;
    const struct {
        uint32_t num;
        uint32_t den;
        uint64_t minimum;
    } table[] = {{90, 100, 64},  {95, 100, 130},    {97, 100, 219},
                 {99, 100, 662}, {999, 1000, 6636}, {9, 10, 64}};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        assert_int_equal(ed_quantile_min_samples(table[i].num, table[i].den), table[i].minimum);
    }
    for (uint32_t percent = 51; percent < 100; percent++) {
        uint64_t n = 1;
        while (at_most_one_above(n, percent / 100.0) > 0.01) {
            n++;
        }
        assert_int_equal(ed_quantile_min_samples(percent, 100), n);
    }
    assert_int_equal(ed_quantile_min_samples(1, 2), 1);
    assert_int_equal(ed_quantile_min_samples(1, 10), 1);
    assert_int_equal(ed_quantile_min_samples(1, 1), 0);
    assert_int_equal(ed_quantile_min_samples(1, 0), 0);
    assert_true(ed_quantile_min_samples(UINT32_MAX - 1, UINT32_MAX) > 20000000000u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_exact),
        cmocka_unit_test(selection_equals_sorting),
        cmocka_unit_test(a_million_values),
        cmocka_unit_test(published_minima),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
