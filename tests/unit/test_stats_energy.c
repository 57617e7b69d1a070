// SPDX-License-Identifier: Apache-2.0
// Energy of a window against a power that is known at every moment: 200 trials a kind of sensor, with random
// loads and schedules, must hold the truth within twice the stated uncertainty in at least 95 of 100, and the
// uncertainty must be worth something. The sequences are what a jittered reader gets from such a sensor.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/stats/energy.h"

#define TRIALS 200
#define ENOUGH 190
#define GRID_NS INT64_C(100000) // of the known power
#define LENGTH_NS INT64_C(6000000000)
#define POINTS (LENGTH_NS / GRID_NS + 1)
#define MS INT64_C(1000000)
#define READINGS_MAX 8192

// Load begins and ends here; the window lies inside it, as warm-up and evidence lie around the timed one.
#define LOAD_NS (1500 * MS)
#define BEGIN_NS (2000 * MS)
#define END_NS (4000 * MS)
#define LOAD_END_NS (4200 * MS)

static double *energy_uj; // since 0, at every point of the grid

static double energy_at(double ns) {
    double at = ns / (double)GRID_NS;
    at = at < 0 ? 0 : at > (double)POINTS - 1 ? (double)POINTS - 1 : at;
    const size_t i = (size_t)at < (size_t)POINTS - 1 ? (size_t)at : (size_t)POINTS - 2;
    return energy_uj[i] + (energy_uj[i + 1] - energy_uj[i]) * (at - (double)i);
}

struct load {
    double idle_uw, high_uw, low_uw, duty, drift;
    int64_t period_ns;
};

static struct load random_load(struct ed_random *random) {
    struct load load;
    load.idle_uw = 5e5 + 3e6 * ed_random_uniform(random);
    load.high_uw = load.idle_uw + 2e6 + 2e7 * ed_random_uniform(random);
    load.low_uw = load.idle_uw + (load.high_uw - load.idle_uw) * 0.6 * ed_random_uniform(random);
    load.duty = 0.3 + 0.6 * ed_random_uniform(random);
    load.drift = 0.1 * ed_random_uniform(random); // heat makes it rise over the window
    load.period_ns = (int64_t)(exp(log(5e5) + (log(8e7) - log(5e5)) * ed_random_uniform(random)));
    return load;
}

static double power_at(const struct load *load, int64_t ns) {
    if (ns < LOAD_NS || ns >= LOAD_END_NS)
        return load->idle_uw;
    const double phase = (double)((ns - LOAD_NS) % load->period_ns) / (double)load->period_ns;
    const double rise = 1 + load->drift * (double)(ns - LOAD_NS) / (double)(LOAD_END_NS - LOAD_NS);
    return rise * (phase < load->duty ? load->high_uw : load->low_uw);
}

static void make_truth(const struct load *load) {
    energy_uj[0] = 0;
    for (int64_t i = 1; i < POINTS; i++)
        energy_uj[i] = energy_uj[i - 1] + power_at(load, (i - 1) * GRID_NS) * (double)GRID_NS * 1e-9;
}

enum model { RAPL, MEAN_GAUGE, HELD_GAUGE, LAGGED_GAUGE, BATTERY, STORE, METER, N_MODELS };

static const struct kind {
    const char *name;
    struct ed_energy_sensor sensor;
    int64_t update_ns, period_ns; // true period of the sensor; mean interval of the reader
    double most_u;                // of twice the stated uncertainty, relative, in the median trial
} kinds[N_MODELS] = {
    [RAPL] = {"RAPL counter", {ED_ENERGY_COUNTER, 1, 10000000, 61, MS, 0, 1e8, false}, MS, 10 * MS, 0.02},
    [MEAN_GAUGE] = {"gauge of means (INA3221)",
                    {ED_ENERGY_GAUGE, 1, 0, 5000, 70 * MS, 0, 1e9, false},
                    70 * MS,
                    50 * MS,
                    0.08},
    [HELD_GAUGE] = {"gauge that holds what it saw",
                    {ED_ENERGY_GAUGE, 1, 0, 1000, 20 * MS, 0, 1e9, false},
                    20 * MS,
                    20 * MS,
                    0.12},
    [LAGGED_GAUGE] =
        {"gauge with a lag", {ED_ENERGY_GAUGE, 1, 0, 1000, 100 * MS, 0, 1e9, false}, 100 * MS, 50 * MS, 0.15},
    [BATTERY] = {"battery of the other sign",
                 {ED_ENERGY_GAUGE, 1, 0, 4000, 250 * MS, 0, 3e8, true},
                 250 * MS,
                 125 * MS,
                 0.4},
    [STORE] = {"what is left in a battery",
               {ED_ENERGY_STORE, 36000, 0, 1, 100 * MS, 0, 1e9, false},
               100 * MS,
               50 * MS,
               0.15},
    [METER] = {"meter of its own clock",
               {ED_ENERGY_GAUGE, 1000, 0, 1, 10 * MS, 0, 1e10, false},
               10 * MS,
               10 * MS,
               0.06},
};

// What the sensor shows at `ns`.
static double shown(enum model model, double ns, double phase_ns, double lag_ns) {
    const double update = (double)kinds[model].update_ns;
    const double k = floor((ns - phase_ns) / update) * update + phase_ns;
    switch (model) {
    case RAPL:
        return fmod(floor(energy_at(k) / 61) * 61, (double)kinds[RAPL].sensor.wrap);
    case MEAN_GAUGE:
        return floor((energy_at(k) - energy_at(k - update)) / (update * 1e-9) / 5000) * 5000;
    case HELD_GAUGE:
        return floor((energy_at(k + 1e5) - energy_at(k)) / 1e-4 / 1000) * 1000;
    case LAGGED_GAUGE:
        return floor((energy_at(k - lag_ns) - energy_at(k - lag_ns - update)) / (update * 1e-9) / 1000) *
               1000;
    case BATTERY:
        return -floor((energy_at(k) - energy_at(k - update)) / (update * 1e-9) / 4000) * 4000;
    case STORE:
        return 100000 - floor(energy_at(k) / 36000);
    case METER:
        return floor((energy_at(ns) - energy_at(ns - update)) / (update * 1e-9) / 1000);
    case N_MODELS:
        break;
    }
    return 0;
}

struct trial {
    struct ed_energy_reading readings[READINGS_MAX];
    size_t n;
    double sync_ns; // by which the readings' clock is off
};

static void read_all(struct ed_random *random, enum model model, struct trial *trial) {
    const double update = (double)kinds[model].update_ns, phase = update * ed_random_uniform(random),
                 lag = update / 2 * ed_random_uniform(random);
    trial->sync_ns = model == METER ? 2e6 * ed_random_normal(random) : 0;
    trial->n = 0;
    for (double ns = 1e8; ns < (double)LENGTH_NS - 1e8 && trial->n < READINGS_MAX;
         ns += (double)kinds[model].period_ns * (0.5 + ed_random_uniform(random))) {
        const double spread = 2e5 * ed_random_uniform(random);
        trial->readings[trial->n++] = (struct ed_energy_reading){
            .at_ns = (int64_t)(ns + trial->sync_ns),
            .spread_ns = (int64_t)spread,
            .value = (int64_t)shown(model, ns + spread * (2 * ed_random_uniform(random) - 1), phase, lag)};
    }
}

// Everything as the report does it: idle before and behind, then the window with the step of power.
static bool measure(enum model model, struct trial *trial, struct ed_energy_figure *gross,
                    struct ed_energy_figure *net, struct ed_energy_part *part) {
    struct ed_energy_sensor sensor = kinds[model].sensor;
    struct ed_energy_part before, after;
    struct ed_energy_sum sum = {0};
    double idle_uw = 0, u_idle_uw = 0, needed_s;
    bool at_least;
    const double sync = model == METER ? 2e6 : 0;
    ed_energy_clean(&sensor, trial->readings, trial->n);
    sensor.update_ns = ed_energy_update_ns(&sensor, trial->readings, trial->n);
    ed_energy_window(&sensor, trial->readings, trial->n, 200 * MS, LOAD_NS - 100 * MS, sync, 0, &before);
    ed_energy_window(&sensor, trial->readings, trial->n, LOAD_END_NS + 250 * MS, LENGTH_NS - 300 * MS, sync,
                     0, &after);
    const bool has_idle = ed_energy_idle(&before, &after, &idle_uw, &u_idle_uw);
    ed_energy_window(&sensor, trial->readings, trial->n, BEGIN_NS, END_NS, sync, -1, part);
    if (part->status == ED_ENERGY_OK && has_idle)
        ed_energy_window(&sensor, trial->readings, trial->n, BEGIN_NS, END_NS, sync,
                         fabs(part->power_uw - idle_uw), part);
    if (part->status != ED_ENERGY_OK)
        return false;
    ed_energy_add(&sum, part, 100, has_idle, idle_uw, u_idle_uw);
    *gross = ed_energy_gross(&sum, 0);
    *net = ed_energy_net(&sum, 0);
    return has_idle && ed_energy_resolved(&sensor, &sum, part->update_s, &needed_s, &at_least);
}

// Faults of a sequence that must not matter.
enum fault { NONE, DUPLICATES, EMPTY, TORN, N_FAULTS };
static const char *const fault_names[N_FAULTS] = {"", "duplicates", "empty reads", "torn reads"};

static void spoil(struct ed_random *random, enum fault fault, struct trial *trial) {
    if (fault == DUPLICATES)
        for (size_t i = 2; i < trial->n; i += 3)
            trial->readings[i] = trial->readings[i - 1];
    if (fault == EMPTY)
        for (size_t i = 0; i < trial->n; i++)
            if (ed_random_uniform(random) < 0.05)
                trial->readings[i].value = ED_ENERGY_NO_VALUE;
    if (fault == TORN)
        for (int k = 0; k < 3; k++)
            trial->readings[ed_random_below(random, trial->n)].value /= 1000;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void trials(enum model model, enum fault fault) {
    static struct trial trial;
    struct ed_random random;
    int held = 0, held_net = 0, measured = 0;
    double width[TRIALS], sum_error = 0;
    ed_random_init(&random, ed_random_derive((uint64_t)model, fault_names[fault]));
    for (int i = 0; i < TRIALS; i++) {
        const struct load load = random_load(&random);
        struct ed_energy_figure gross, net;
        struct ed_energy_part part;
        make_truth(&load);
        read_all(&random, model, &trial);
        spoil(&random, fault, &trial);
        if (!measure(model, &trial, &gross, &net, &part))
            continue;
        const double truth = (energy_at((double)END_NS) - energy_at((double)BEGIN_NS)) / 100,
                     truth_net = truth - load.idle_uw * (double)(END_NS - BEGIN_NS) * 1e-9 / 100;
        width[measured++] = 2 * gross.u_uj / truth;
        held += fabs(gross.value_uj - truth) <= 2 * gross.u_uj;
        held_net += fabs(net.value_uj - truth_net) <= 2 * net.u_uj;
        sum_error += (gross.value_uj - truth) / truth;
    }
    assert_true(measured > 0);
    qsort(width, (size_t)measured, sizeof *width, by_size);
    print_message(
        "%-32s %-12s %3d of %d measured, gross held %d, net held %d, median 2u %.2f %%, bias %+.2f %%\n",
        kinds[model].name, fault_names[fault], measured, TRIALS, held, held_net, 100 * width[measured / 2],
        100 * sum_error / measured);
    assert_true(measured >= ENOUGH);
    assert_true(held >= measured * ENOUGH / TRIALS);
    assert_true(held_net >= measured * ENOUGH / TRIALS);
    assert_true(width[measured / 2] <= kinds[model].most_u);
}

static void test_truth(void **state) {
    (void)state;
    for (enum model model = 0; model < N_MODELS; model++)
        trials(model, NONE);
}

static void test_truth_with_faults(void **state) {
    (void)state;
    for (enum model model = 0; model < N_MODELS; model++) {
        trials(model, DUPLICATES);
        trials(model, EMPTY);
    }
    // A gauge's torn read may look like any power; a counter's does not.
    trials(RAPL, TORN);
}

// A fuel gauge with one update a second under windows of one second: no window tells anything alone, ten of
// them do.
static void test_pooled(void **state) {
    static struct trial trial;
    struct ed_random random;
    int held = 0, measured = 0;
    double width[TRIALS];
    (void)state;
    ed_random_init(&random, 20);
    for (int i = 0; i < TRIALS; i++) {
        struct ed_energy_sensor sensor = kinds[BATTERY].sensor;
        struct ed_energy_sum sum = {0};
        const struct load load = random_load(&random);
        double truth = 0, needed_s;
        bool at_least;
        make_truth(&load);
        sensor.update_ns = 1000 * MS;
        for (int block = 0; block < 10; block++) {
            struct ed_energy_part part;
            const double phase = 1e9 * ed_random_uniform(&random);
            trial.n = 0;
            for (double ns = 1e8; ns < (double)LENGTH_NS - 1e8;
                 ns += 1e9 * (0.5 + ed_random_uniform(&random))) {
                const double k = floor((ns - phase) / 1e9) * 1e9 + phase;
                trial.readings[trial.n++] = (struct ed_energy_reading){
                    (int64_t)ns, 0, (int64_t)((energy_at(k) - energy_at(k - 1e9)) / 1)};
            }
            ed_energy_window(&sensor, trial.readings, trial.n, 2500 * MS, 3500 * MS, 0, -1, &part);
            if (part.status != ED_ENERGY_OK)
                continue;
            ed_energy_add(&sum, &part, 10, false, 0, 0);
            truth += energy_at(3.5e9) - energy_at(2.5e9);
        }
        if (!ed_energy_resolved(&sensor, &sum, 1, &needed_s, &at_least))
            continue;
        const struct ed_energy_figure gross = ed_energy_gross(&sum, 0);
        truth /= sum.inferences;
        width[measured++] = 2 * gross.u_uj / truth;
        held += fabs(gross.value_uj - truth) <= 2 * gross.u_uj;
    }
    qsort(width, (size_t)measured, sizeof *width, by_size);
    print_message("pooled over ten windows: %d measured, held %d, median 2u %.1f %%\n", measured, held,
                  100 * width[measured / 2]);
    assert_true(measured >= ENOUGH && held >= measured * ENOUGH / TRIALS && width[measured / 2] < 0.6);
}

// A straight counter: one reading each 10 ms, a unit a millisecond.
static size_t line(struct ed_energy_reading *readings, size_t n, int64_t value, int64_t slope) {
    for (size_t i = 0; i < n; i++)
        readings[i] = (struct ed_energy_reading){(int64_t)i * 10 * MS, 0, value + (int64_t)i * 10 * slope};
    return n;
}

static enum ed_energy_status status_of(const struct ed_energy_sensor *sensor,
                                       struct ed_energy_reading *readings, size_t n, double *energy_uj_out) {
    struct ed_energy_part part;
    ed_energy_clean(sensor, readings, n);
    ed_energy_window(sensor, readings, n, 500 * MS, 1500 * MS, 0, 0, &part);
    *energy_uj_out = part.energy_uj;
    return part.status;
}

static void test_refused(void **state) {
    const struct ed_energy_sensor counter = {ED_ENERGY_COUNTER, 1000, 0, 1, MS, 0, 1e8, false},
                                  gauge = {ED_ENERGY_GAUGE, 1000, 0, 1, 10 * MS, 0, 1e8, false},
                                  battery = {ED_ENERGY_GAUGE, 1000, 0, 1, 10 * MS, 0, 1e8, true};
    struct ed_energy_reading readings[200];
    double energy;
    size_t n;
    (void)state;
    n = line(readings, 200, 5, 1);
    assert_int_equal(status_of(&counter, readings, n, &energy), ED_ENERGY_OK);
    assert_true(fabs(energy - 1e6) < 1);
    // It vanishes at 1.2 s.
    for (size_t i = 120; i < n; i++)
        readings[i].value = ED_ENERGY_NO_VALUE;
    assert_int_equal(status_of(&counter, readings, n, &energy), ED_ENERGY_LOST);
    assert_true(energy == 0);
    // It was never there.
    for (size_t i = 0; i < n; i++)
        readings[i].value = ED_ENERGY_NO_VALUE;
    assert_int_equal(status_of(&counter, readings, n, &energy), ED_ENERGY_NO_READINGS);
    // A counter without a modulus goes back to zero.
    n = line(readings, 200, 5000, 1);
    for (size_t i = 100; i < n; i++)
        readings[i].value -= 5500;
    assert_int_equal(status_of(&counter, readings, n, &energy), ED_ENERGY_BROKEN);
    // A wrap that may have been two.
    struct ed_energy_sensor small = counter;
    small.wrap = 100;
    n = line(readings, 200, 0, 1);
    for (size_t i = 0; i < n; i++)
        readings[i].value %= 100;
    assert_int_equal(status_of(&small, readings, n, &energy), ED_ENERGY_BROKEN);
    // Gauges: gone for a third of the window, negative, both signs, the other sign.
    n = line(readings, 200, 5000, 0);
    assert_int_equal(status_of(&gauge, readings, n, &energy), ED_ENERGY_OK);
    assert_true(fabs(energy - 5e6) < 1);
    for (size_t i = 80; i < 115; i++)
        readings[i].value = ED_ENERGY_NO_VALUE;
    assert_int_equal(status_of(&gauge, readings, n, &energy), ED_ENERGY_LOST);
    n = line(readings, 200, -5000, 0);
    assert_int_equal(status_of(&gauge, readings, n, &energy), ED_ENERGY_SIGN);
    assert_int_equal(status_of(&battery, readings, n, &energy), ED_ENERGY_OK);
    assert_true(fabs(energy - 5e6) < 1);
    for (size_t i = 100; i < n; i++)
        readings[i].value = 5000;
    assert_int_equal(status_of(&battery, readings, n, &energy), ED_ENERGY_SIGN);
    // Nothing at all, and a window without length.
    struct ed_energy_part part;
    ed_energy_window(&gauge, readings, 0, 0, MS, 0, 0, &part);
    assert_int_equal(part.status, ED_ENERGY_NO_READINGS);
    ed_energy_window(&gauge, readings, n, MS, MS, 0, 0, &part);
    assert_int_equal(part.status, ED_ENERGY_NO_READINGS);
}

static void test_floor(void **state) {
    const struct ed_energy_sensor store = {ED_ENERGY_STORE, 1, 0, 1e6, MS, 0, 1e9, false},
                                  gauge = {ED_ENERGY_GAUGE, 1, 0, 1e6, 10 * MS, 0, 1e9, false};
    struct ed_energy_sum sum = {.energy_uj = 2e6, .duration_s = 4, .steps = 2, .updates = 100, .windows = 1};
    double needed_s;
    bool at_least;
    (void)state;
    assert_false(ed_energy_resolved(&store, &sum, 0.001, &needed_s, &at_least));
    assert_true(fabs(needed_s - 20) < 1e-9 && !at_least);
    sum.steps = 0;
    assert_false(ed_energy_resolved(&store, &sum, 0.001, &needed_s, &at_least));
    assert_true(fabs(needed_s - 40) < 1e-9 && at_least);
    sum.steps = 10;
    assert_true(ed_energy_resolved(&store, &sum, 0.001, &needed_s, &at_least));
    // Half a watt of a gauge in steps of one watt, however long.
    assert_false(ed_energy_resolved(&gauge, &sum, 0.01, &needed_s, &at_least));
    assert_true(isinf(needed_s));
    sum.energy_uj = 1e7;
    assert_true(ed_energy_resolved(&gauge, &sum, 0.01, &needed_s, &at_least));
    sum.updates = 2;
    assert_false(ed_energy_resolved(&gauge, &sum, 0.01, &needed_s, &at_least));
    assert_true(fabs(needed_s - 0.03) < 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth),  cmocka_unit_test(test_truth_with_faults),
        cmocka_unit_test(test_pooled), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_floor),
    };
    energy_uj = calloc((size_t)POINTS, sizeof *energy_uj);
    if (!energy_uj)
        return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(energy_uj);
    return failed;
}
