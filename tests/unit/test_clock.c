// SPDX-License-Identifier: Apache-2.0
// base/clock: the system's clocks, and simulated ones that tick as those of real processors do. clock_gettime
// is defined here and passes on to the kernel unless a simulation is on.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

// Time in picoseconds; each reading costs `cost_ps` and a pseudo-random part of `jitter_ps`; what is read is
// a whole tick.
static struct {
    bool on;
    uint64_t now_ps, tick_ps, cost_ps, jitter_ps, seed;
} simulated;

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's own names are reserved ones.
int clock_gettime(clockid_t clock, struct timespec *now) {
    uint64_t ns;
    if (!simulated.on)
        return (int)syscall(SYS_clock_gettime, clock, now);
    simulated.seed = simulated.seed * 6364136223846793005u + 1442695040888963407u;
    simulated.now_ps +=
        simulated.cost_ps + (simulated.jitter_ps ? (simulated.seed >> 33) % simulated.jitter_ps : 0);
    ns = simulated.now_ps / simulated.tick_ps * simulated.tick_ps / 1000;
    now->tv_sec = (time_t)(ns / 1000000000);
    now->tv_nsec = (long)(ns % 1000000000);
    return 0;
}

static struct ed_clock_quality simulate(uint64_t tick_ps, uint64_t cost_ps, uint64_t jitter_ps) {
    struct ed_clock_quality quality;
    memset(&simulated, 0, sizeof simulated);
    simulated.tick_ps = tick_ps;
    simulated.cost_ps = cost_ps;
    simulated.jitter_ps = jitter_ps;
    simulated.now_ps = 1000000000000;
    simulated.on = true;
    quality = ed_clock_measure();
    simulated.on = false;
    return quality;
}

static void test_simulated_steps(void **state) {
    struct ed_clock_quality quality;
    (void)state;
    // A cycle counter finer than 1 ns that costs 41 ns and a bit: the step is not the cost.
    quality = simulate(333, 41000, 30000);
    assert_int_equal(quality.step_ns, 1);
    assert_in_range(quality.floor_ns, 41, 71);
    // 19.2 MHz, 24 MHz, 54 MHz: ticks that are no whole number of nanoseconds.
    quality = simulate(52083, 30000, 60000);
    assert_in_range(quality.step_ns, 51, 53);
    quality = simulate(41667, 30000, 60000);
    assert_in_range(quality.step_ns, 40, 42);
    quality = simulate(18519, 25000, 60000);
    assert_in_range(quality.step_ns, 17, 19);
    // 100 MHz exactly, and a slow call that spans many ticks.
    quality = simulate(10000, 25000, 60000);
    assert_int_equal(quality.step_ns, 10);
    quality = simulate(10000, 1200000, 60000);
    assert_int_equal(quality.step_ns, 10);
    // A clock of a microsecond, read many times in one tick: an empty sample mostly takes nothing.
    quality = simulate(1000000, 40000, 10000);
    assert_int_equal(quality.step_ns, 1000);
    assert_int_equal(quality.floor_ns, 0);
}

static void test_real_quality(void **state) {
    int64_t before, after;
    struct ed_clock_quality quality;
    (void)state;
    before = ed_clock_monotonic_ns();
    quality = ed_clock_measure();
    after = ed_clock_monotonic_ns();
    assert_true(quality.step_ns >= 1);
    assert_true(quality.step_ns <= 10000000);
    assert_true(quality.floor_ns >= 0);
    assert_true(quality.floor_ns < after - before);
}

static void test_stamp(void **state) {
    struct ed_clock_stamp first = ed_clock_stamp_now(), second = ed_clock_stamp_now();
    (void)state;
    assert_true(second.raw_ns >= first.raw_ns);
    assert_true(second.monotonic_ns >= first.monotonic_ns);
    assert_true(second.boot_ns >= first.boot_ns);
    assert_true(first.boot_ns >= first.monotonic_ns);
    assert_true(first.real_ns > INT64_C(1600000000) * 1000000000);
}

static void test_format_utc(void **state) {
    char text[32];
    (void)state;
    ed_clock_format_utc(text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    ed_clock_format_utc(text, INT64_C(1763712900) * 1000000000 + 999999999);
    assert_string_equal(text, "2025-11-21T08:15:00Z");
    ed_clock_format_utc(text, INT64_C(951782400) * 1000000000);
    assert_string_equal(text, "2000-02-29T00:00:00Z");
    ed_clock_format_utc(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    ed_clock_format_utc(text, -1000000000);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    ed_clock_format_utc(text, INT64_MAX);
    assert_string_equal(text, "2262-04-11T23:47:16Z");
    ed_clock_format_utc(text, INT64_MIN);
    assert_string_equal(text, "1677-09-21T00:12:43Z");
}

static volatile int stop;
static volatile int signals;

static void count_signal(int number) {
    (void)number;
    signals++;
}

static void stop_on_signal(int number) {
    (void)number;
    stop = 1;
}

static void alarm_by(void (*handler)(int), long first_us, long repeat_us) {
    struct sigaction action = {.sa_handler = handler};
    struct itimerval timer = {.it_value = {.tv_usec = first_us}, .it_interval = {.tv_usec = repeat_us}};
    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void test_sleep_goes_on_after_signals(void **state) {
    int64_t deadline_ns = ed_clock_monotonic_ns() + 100000000;
    (void)state;
    signals = 0;
    alarm_by(count_signal, 5000, 5000);
    ed_clock_sleep_until(deadline_ns, NULL);
    alarm_by(SIG_IGN, 0, 0);
    assert_true(ed_clock_monotonic_ns() >= deadline_ns);
    assert_true(signals >= 2);
}

static void test_sleep_is_stopped(void **state) {
    int64_t start_ns = ed_clock_monotonic_ns();
    (void)state;
    stop = 0;
    alarm_by(stop_on_signal, 20000, 0);
    ed_clock_sleep_until(start_ns + INT64_C(3600) * 1000000000, &stop);
    alarm_by(SIG_IGN, 0, 0);
    assert_int_equal(stop, 1);
    assert_true(ed_clock_monotonic_ns() - start_ns < INT64_C(60) * 1000000000);
    ed_clock_sleep_until(INT64_MAX, &stop);
    ed_clock_sleep_until(-5, NULL);
}

// A thread sets the flag and no signal comes: a slice ends the wait.
static void *set_stop(void *context) {
    (void)context;
    stop = 1;
    return NULL;
}

static void test_sleep_sees_the_flag_without_a_signal(void **state) {
    int64_t start_ns = ed_clock_monotonic_ns();
    pthread_t thread;
    (void)state;
    stop = 0;
    assert_int_equal(pthread_create(&thread, NULL, set_stop, NULL), 0);
    ed_clock_sleep_until(start_ns + INT64_C(3600) * 1000000000, &stop);
    pthread_join(thread, NULL);
    assert_true(ed_clock_monotonic_ns() - start_ns < INT64_C(60) * 1000000000);
    // Slices must not end a wait early.
    stop = 0;
    start_ns = ed_clock_monotonic_ns();
    ed_clock_sleep_until(start_ns + 450000000, &stop);
    assert_true(ed_clock_monotonic_ns() - start_ns >= 450000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simulated_steps),
        cmocka_unit_test(test_real_quality),
        cmocka_unit_test(test_stamp),
        cmocka_unit_test(test_format_utc),
        cmocka_unit_test(test_sleep_goes_on_after_signals),
        cmocka_unit_test(test_sleep_is_stopped),
        cmocka_unit_test(test_sleep_sees_the_flag_without_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
