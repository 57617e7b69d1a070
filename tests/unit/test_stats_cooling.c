// SPDX-License-Identifier: Apache-2.0
// The slope of a temperature: lines, noise, steps of a degree, too little to go by.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/random.h"
#include "base/stats/cooling.h"

#define N 200
#define STEP_NS INT64_C(500000000)

// `slope` in thousandths of a degree a minute, with even noise of +-`noise`, rounded to `step`.
static size_t make(struct ed_cooling_reading *readings, size_t n, double slope, double noise, int64_t step,
                   uint64_t seed) {
    struct ed_random random;
    ed_random_init(&random, seed);
    for (size_t i = 0; i < n; i++) {
        const double t_min = (double)(STEP_NS * (int64_t)i) / 60e9;
        const double value = 50000 + slope * t_min + noise * (2 * ed_random_uniform(&random) - 1);
        readings[i] = (struct ed_cooling_reading){1000 + STEP_NS * (int64_t)i,
                                                  (int64_t)floor(value / (double)step) * step};
    }
    return n;
}

static void test_line(void **context) {
    (void)context;
    struct ed_cooling_reading readings[N];
    double slope, error;
    make(readings, N, -6000, 0, 1, 1);
    assert_true(ed_cooling_slope(readings, N, ED_COOLING_FLAT_NS, &slope, &error));
    assert_true(fabs(slope + 6000) < 1);
    assert_true(error < 2);
    assert_false(ed_cooling_settled(readings, N));
    assert_false(ed_cooling_flat(readings, N));
    make(readings, N, 150, 0, 1, 1);
    assert_true(ed_cooling_settled(readings, N));
    assert_true(ed_cooling_flat(readings, N));
    make(readings, N, 250, 0, 1, 1);
    assert_false(ed_cooling_settled(readings, N));
    assert_false(ed_cooling_flat(readings, N));
}

static void test_too_little(void **context) {
    (void)context;
    struct ed_cooling_reading readings[N];
    double slope, error;
    make(readings, N, 0, 0, 1, 1);
    assert_false(ed_cooling_slope(readings, 0, ED_COOLING_SETTLED_NS, &slope, &error));
    assert_false(ed_cooling_slope(readings, 3, 0, &slope, &error));
    // 10 s are 20 steps, 21 readings.
    assert_false(ed_cooling_settled(readings, 20));
    assert_true(ed_cooling_settled(readings, 21));
    assert_false(ed_cooling_flat(readings, 120));
    assert_true(ed_cooling_flat(readings, 121));
    for (size_t i = 0; i < N; i++)
        readings[i].at_ns = 5;
    assert_false(ed_cooling_slope(readings, N, 0, &slope, &error));
}

// A sensor in steps of a degree on a device that is at rest is no slope; noise alone holds no block up, and
// ends no wait.
static void test_noise(void **context) {
    (void)context;
    struct ed_cooling_reading readings[N];
    unsigned settled = 0, flat = 0, wrong = 0;
    make(readings, N, 0, 0, 1000, 1);
    assert_true(ed_cooling_settled(readings, N) && ed_cooling_flat(readings, N));
    for (uint64_t seed = 0; seed < 400; seed++) {
        make(readings, N, 0, 500, 1, seed);
        settled += ed_cooling_settled(readings, N);
        flat += ed_cooling_flat(readings, N);
        // Six degrees a minute are seen in ten seconds also by a sensor that scatters by half a degree.
        make(readings, N, -6000, 500, 1, seed);
        wrong += ed_cooling_flat(readings, N);
    }
    assert_true(settled > 360);
    assert_true(flat < 200);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_too_little),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
