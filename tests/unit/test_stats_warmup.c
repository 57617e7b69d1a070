// SPDX-License-Identifier: Apache-2.0
// The on-line warm-up rule, driven by made-up inference times.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/random.h"
#include "base/stats/warmup.h"

#define MS 1000000

typedef int64_t (*timing)(uint32_t i, struct ed_random *random);

// Runs inferences 0, 1, ... until the rule stops; elapsed time has a small overhead on top of the inferences.
static enum ed_warmup_state run(struct ed_warmup *warmup, timing next_ns) {
    struct ed_random random;
    enum ed_warmup_state state = ED_WARMUP_CONTINUE;
    int64_t elapsed_ns = 0;
    ed_random_init(&random, 11);
    ed_warmup_init(warmup, NULL);
    for (uint32_t i = 0; state == ED_WARMUP_CONTINUE; i++) {
        assert_true(i < 10000000);
        int64_t inference_ns = next_ns(i, &random);
        elapsed_ns += inference_ns + 100;
        state = ed_warmup_add(warmup, inference_ns, elapsed_ns);
    }
    assert_int_equal(ed_warmup_add(warmup, 1, elapsed_ns + 1), state);
    return state;
}

static int64_t constant_20ms(uint32_t i, struct ed_random *random) {
    (void)i, (void)random;
    return 20 * MS;
}

static int64_t constant_10us(uint32_t i, struct ed_random *random) {
    (void)i, (void)random;
    return 10000;
}

static int64_t long_first(uint32_t i, struct ed_random *random) {
    (void)random;
    return i == 0 ? 9000LL * MS : 5 * MS;
}

static int64_t falling(uint32_t i, struct ed_random *random) {
    (void)random;
    return (int64_t)(5 * MS * (1.0 + 2.0 * exp(-(double)i / 30.0)));
}

static int64_t noisy(uint32_t i, struct ed_random *random) {
    (void)i;
    return (int64_t)(5 * MS * exp(0.05 * ed_random_normal(random)));
}

static int64_t rising_without_end(uint32_t i, struct ed_random *random) {
    (void)random;
    return (int64_t)(2 * MS * pow(1.01, i));
}

static int64_t constant_300ms(uint32_t i, struct ed_random *random) {
    (void)i, (void)random;
    return 300LL * MS;
}

static int64_t constant_200ms(uint32_t i, struct ed_random *random) {
    (void)i, (void)random;
    return 200LL * MS;
}

static int64_t constant_180ms(uint32_t i, struct ed_random *random) {
    (void)i, (void)random;
    return 180LL * MS;
}

static int64_t no_time(uint32_t i, struct ed_random *random) {
    (void)i, (void)random;
    return 0;
}

static void constant_times_settle_at_once(void **state) {
    (void)state;
    struct ed_warmup warmup;
    // The first feeds no average; 41 agreements follow it.
    assert_int_equal(run(&warmup, constant_20ms), ED_WARMUP_STEADY);
    assert_int_equal(warmup.inferences, 42);
    assert_int_equal(run(&warmup, constant_180ms), ED_WARMUP_STEADY);
    assert_int_equal(warmup.inferences, 42);
}

static void fast_models_warm_up_for_the_shortest_time(void **state) {
    (void)state;
    struct ed_warmup warmup;
    assert_int_equal(run(&warmup, constant_10us), ED_WARMUP_STEADY);
    // 0.25 s of 10.1 us each, after the first.
    assert_in_range(warmup.inferences, 24753, 24755);
    assert_int_equal(run(&warmup, no_time), ED_WARMUP_STEADY);
}

static void a_long_first_inference_is_not_held_against_the_rest(void **state) {
    (void)state;
    struct ed_warmup warmup;
    assert_int_equal(run(&warmup, long_first), ED_WARMUP_STEADY);
    // 0.25 s of 5 ms after it.
    assert_in_range(warmup.inferences, 50, 52);
}

static void a_real_warmup_takes_longer(void **state) {
    (void)state;
    struct ed_warmup warmup;
    assert_int_equal(run(&warmup, falling), ED_WARMUP_STEADY);
    assert_in_range(warmup.inferences, 150, 1200);
    // What is left of the warm-up when the rule says steady is below its 4 %.
    assert_true((double)falling(warmup.inferences, NULL) < 1.04 * 5 * MS);
    assert_int_equal(run(&warmup, noisy), ED_WARMUP_STEADY);
    assert_in_range(warmup.inferences, 42, 400);
}

// The averages by their definition: the weight of value j of k is proportional to (1 - a)^(k - j).
static void averages_are_bias_corrected(void **state) {
    (void)state;
    struct ed_warmup warmup;
    struct ed_random random;
    double values[60];
    ed_random_init(&random, 12);
    ed_warmup_init(&warmup, NULL);
    ed_warmup_add(&warmup, 777 * MS, 777 * MS);
    for (int k = 0; k < 60 && warmup.state == ED_WARMUP_CONTINUE; k++) {
        int64_t value = (int64_t)(1e6 * exp(ed_random_normal(&random)));
        values[k] = (double)value;
        ed_warmup_add(&warmup, value, 778 * MS);
        const double weights[] = {0.1, 0.005};
        const double found[] = {warmup.fast_ns / warmup.fast_sum, warmup.slow_ns / warmup.slow_sum};
        for (int a = 0; a < 2; a++) {
            double sum = 0.0;
            double total = 0.0;
            for (int j = 0; j <= k; j++) {
                double weight = pow(1.0 - weights[a], k - j);
                sum += weight * values[j];
                total += weight;
            }
            assert_true(fabs(found[a] / (sum / total) - 1.0) < 1e-10);
        }
    }
}

static void the_time_limit(void **state) {
    (void)state;
    struct ed_warmup warmup;
    assert_int_equal(run(&warmup, rising_without_end), ED_WARMUP_LIMIT);
    assert_in_range(warmup.inferences, 300, 420);
}

static void slow_models_are_not_testable(void **state) {
    (void)state;
    struct ed_warmup warmup;
    // 30 * 300 ms is 9 s: two inferences and no more.
    assert_int_equal(run(&warmup, constant_300ms), ED_WARMUP_NOT_TESTABLE);
    assert_int_equal(warmup.inferences, 2);
    // 30 * 200 ms is 6 s, but 41 agreements take 8.2 s: steady, and yet no rule could say so.
    assert_int_equal(run(&warmup, constant_200ms), ED_WARMUP_NOT_TESTABLE);
    assert_int_equal(warmup.inferences, 41);
}

static void own_limits(void **state) {
    (void)state;
    struct ed_warmup warmup;
    struct ed_warmup_limits limits = ed_warmup_default_limits;
    assert_true(limits.min_ns == 250 * MS && limits.max_ns == 8000LL * MS && limits.agreements == 40);
    assert_true(limits.min_inferences == 30 && limits.tolerance == 0.04);
    assert_true(limits.fast_weight == 0.1 && limits.slow_weight == 0.005);
    limits.agreements = 1;
    limits.min_inferences = 5;
    limits.min_ns = 0;
    ed_warmup_init(&warmup, &limits);
    for (int i = 1; i <= 4; i++) {
        assert_int_equal(ed_warmup_add(&warmup, MS, i * MS), ED_WARMUP_CONTINUE);
    }
    assert_int_equal(ed_warmup_add(&warmup, MS, 5 * MS), ED_WARMUP_STEADY);
    assert_string_equal(ed_warmup_state_name(ED_WARMUP_NOT_TESTABLE), "not testable");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_times_settle_at_once),
        cmocka_unit_test(fast_models_warm_up_for_the_shortest_time),
        cmocka_unit_test(a_long_first_inference_is_not_held_against_the_rest),
        cmocka_unit_test(a_real_warmup_takes_longer),
        cmocka_unit_test(averages_are_bias_corrected),
        cmocka_unit_test(the_time_limit),
        cmocka_unit_test(slow_models_are_not_testable),
        cmocka_unit_test(own_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
