// SPDX-License-Identifier: Apache-2.0
// Random numbers: the published outputs of splitmix64 and xoshiro256**, uniformity, and independence of
// streams.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/random.h"

static void splitmix64_reference(void **state) {
    (void)state;
    const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                 4593380528125082431u, 16408922859458223821u};
    uint64_t seed = 1234567;
    for (size_t i = 0; i < 5; i++) {
        assert_true(ed_random_splitmix64(&seed) == expected[i]);
    }
    seed = 0;
    assert_true(ed_random_splitmix64(&seed) == 0xe220a8397b1dcdafu);
}

static void xoshiro_reference(void **state) {
    (void)state;
    const uint64_t expected[] = {11520,
                                 0,
                                 1509978240,
                                 1215971899390074240,
                                 1216172134540287360,
                                 607988272756665600,
                                 16172922978634559625u,
                                 8476171486693032832,
                                 10595114339597558777u,
                                 2904607092377533576};
    struct ed_random random = {.state = {1, 2, 3, 4}};
    for (size_t i = 0; i < 10; i++) {
        assert_true(ed_random_u64(&random) == expected[i]);
    }
    struct ed_random seeded;
    uint64_t seed = 99;
    ed_random_init(&seeded, seed);
    for (int i = 0; i < 4; i++) {
        assert_true(seeded.state[i] == ed_random_splitmix64(&seed));
    }
}

// Chi-squared with 6 degrees of freedom: 22.5 is exceeded once in a thousand; the seed is fixed.
static void bounded_is_uniform(void **state) {
    (void)state;
    struct ed_random random;
    int counts[7] = {0};
    ed_random_init(&random, 5);
    for (int i = 0; i < 700000; i++) {
        uint64_t value = ed_random_below(&random, 7);
        assert_true(value < 7);
        counts[value]++;
    }
    double chi = 0.0;
    for (int i = 0; i < 7; i++) {
        chi += pow(counts[i] - 100000.0, 2) / 100000.0;
    }
    assert_true(chi < 22.5);
    assert_true(ed_random_below(&random, 0) == 0 && ed_random_below(&random, 1) == 0);
    // A bound of 3/4 of the range: a plain modulo would put half of the numbers into the lowest third.
    uint64_t bound = (uint64_t)3 << 62;
    int lowest = 0;
    for (int i = 0; i < 30000; i++) {
        uint64_t value = ed_random_below(&random, bound);
        assert_true(value < bound);
        lowest += value < bound / 3;
    }
    assert_in_range(lowest, 9600, 10400);
}

static void uniform_and_normal(void **state) {
    (void)state;
    struct ed_random random;
    double sum = 0.0;
    double squares = 0.0;
    int bins[20] = {0};
    int inside[4] = {0};
    int n = 400000;
    ed_random_init(&random, 6);
    for (int i = 0; i < n; i++) {
        double u = ed_random_uniform(&random);
        assert_true(u >= 0.0 && u < 1.0);
        bins[(int)(u * 20.0)]++;
        double x = ed_random_normal(&random);
        sum += x;
        squares += x * x;
        for (int k = 1; k < 4; k++) {
            inside[k] += fabs(x) < k;
        }
    }
    double chi = 0.0;
    for (int i = 0; i < 20; i++) {
        chi += pow(bins[i] - n / 20.0, 2) / (n / 20.0);
    }
    assert_true(chi < 43.8);
    assert_true(fabs(sum / n) < 0.006 && fabs(squares / n - 1.0) < 0.01);
    assert_true(fabs(inside[1] / (double)n - 0.682689) < 0.003);
    assert_true(fabs(inside[2] / (double)n - 0.954500) < 0.0015);
    assert_true(fabs(inside[3] / (double)n - 0.997300) < 0.0004);
}

// All 24 orders of four indices are equally likely: chi-squared, 23 degrees of freedom, 49.7 at one in a
// thousand.
static void shuffle_is_uniform(void **state) {
    (void)state;
    struct ed_random random;
    int counts[256] = {0};
    ed_random_init(&random, 7);
    for (int i = 0; i < 240000; i++) {
        size_t order[4] = {0, 1, 2, 3};
        ed_random_shuffle(&random, order, 4);
        assert_int_equal((1 << order[0]) | (1 << order[1]) | (1 << order[2]) | (1 << order[3]), 15);
        counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
    }
    double chi = 0.0;
    int orders = 0;
    for (int i = 0; i < 256; i++) {
        if (counts[i] > 0) {
            orders++;
            chi += pow(counts[i] - 10000.0, 2) / 10000.0;
        }
    }
    assert_int_equal(orders, 24);
    assert_true(chi < 49.7);
    ed_random_shuffle(&random, NULL, 0);
}

static void streams_are_independent(void **state) {
    (void)state;
    struct ed_random a;
    struct ed_random b;
    assert_true(ed_random_derive(1, "order") == ed_random_derive(1, "order"));
    assert_true(ed_random_derive(1, "order") != ed_random_derive(2, "order"));
    assert_true(ed_random_derive(1, "order") != ed_random_derive(1, "ordes"));
    assert_true(ed_random_derive(0, "") != ed_random_derive(1, ""));
    ed_random_init(&a, ed_random_derive(1, "order"));
    ed_random_init(&b, ed_random_derive(1, "bootstrap"));
    double product = 0.0;
    for (int i = 0; i < 100000; i++) {
        product += (ed_random_uniform(&a) - 0.5) * (ed_random_uniform(&b) - 0.5);
    }
    // Correlation within four standard errors of 0.
    assert_true(fabs(product * 12.0 / 100000.0) < 4.0 / sqrt(100000.0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitmix64_reference), cmocka_unit_test(xoshiro_reference),
        cmocka_unit_test(bounded_is_uniform),   cmocka_unit_test(uniform_and_normal),
        cmocka_unit_test(shuffle_is_uniform),   cmocka_unit_test(streams_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
