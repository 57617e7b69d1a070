// SPDX-License-Identifier: Apache-2.0
// How often the gate is wrong, and how often it finds what is there, on simulated devices and by the gate's
// own code (harness/gate.c); sabotaged gates; and other rules with the same device time.
//
//   gate_simulate TRIALS [SEED]      prints one JSON document (tests/bench/gate/run.py makes a page of it)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/distribution.h"
#include "harness/gate.h"
#include "tests/bench/gate/devices.h"

#define PAIRS ((size_t)ED_GATE_PAIRS_MAX)
#define BLOCK_S 1.4         // a block of 1 s with its start, load and warm-up
#define BLOCK_SAMPLES 100.0 // inferences in a block; the median of normal samples varies by 1.2533 / sqrt(n)
#define MEDIAN_FACTOR 1.2533141373155

// How the two sides are measured.
enum way {
    WAY_GATE,       // ABBA or BAAB by a coin, a fresh process a block
    WAY_IN_ORDER,   // sabotaged: all blocks of the baseline, then all of the candidate
    WAY_PERSISTENT, // sabotaged: ABBA or BAAB, one process a side
};

// Logarithms of n blocks' medians of each side; the candidate is slower by `shift`.
static void measure(struct ed_random *random, const struct device *device, enum way way, double shift,
                    size_t n, double *baseline, double *candidate) {
    struct moment moment;
    moment_begin(&moment, device, random);
    const double within = device->sample * MEDIAN_FACTOR / sqrt(BLOCK_SAMPLES);
    const double persistent[2] = {draw_process(&moment), draw_process(&moment)};
    double *const sides[2] = {baseline, candidate};
    for (size_t i = 0; i < 2 * n; i++) {
        size_t side = i >= n, pair = i % n;
        if (way != WAY_IN_ORDER) {
            static const size_t quad[4] = {0, 1, 1, 0};
            pair = i / 4 * 2 + (i % 4 >= 2);
            side = quad[i % 4];
        }
        // A persistent process stays with its side whatever the coin says: it is added below.
        const double process = way == WAY_PERSISTENT ? 0 : draw_process(&moment);
        sides[side][pair] = surroundings(&moment) + process + draw(random, within, false);
    }
    // The coin of each quad exchanges the two sides.
    for (size_t pair = 0; way != WAY_IN_ORDER && pair < n; pair += 2)
        if (ed_random_below(random, 2))
            for (size_t k = pair; k < pair + 2 && k < n; k++) {
                const double swapped = baseline[k];
                baseline[k] = candidate[k];
                candidate[k] = swapped;
            }
    for (size_t pair = 0; pair < n; pair++) {
        baseline[pair] += way == WAY_PERSISTENT ? persistent[0] : 0;
        candidate[pair] += shift + (way == WAY_PERSISTENT ? persistent[1] : 0);
    }
}

struct tally {
    size_t trials, pass, fail, inconclusive;
    double pairs;
};

// One gate, look by look. `corrected` false: every look has the whole level.
static enum ed_verdict gate(struct ed_random *random, const struct device *device, enum way way, double shift,
                            double mde, bool corrected, size_t *pairs) {
    double a[PAIRS], b[PAIRS], x[PAIRS];
    enum ed_verdict verdict = ED_VERDICT_INCONCLUSIVE;
    if (way != WAY_IN_ORDER)
        measure(random, device, way, shift, PAIRS, a, b);
    for (size_t look = 0; look < ED_LOOKS && verdict == ED_VERDICT_INCONCLUSIVE; look++) {
        struct ed_gate_decision decision;
        *pairs = ed_look_pairs(look);
        if (way == WAY_IN_ORDER)
            measure(random, device, way, shift, *pairs, a, b);
        for (size_t i = 0; i < *pairs; i++)
            x[i] = b[i] - a[i];
        const struct ed_gate_series series = {.x = x, .n = *pairs, .pass_below = log1p(mde)};
        if (ed_gate_decide(&series, 1, 1, &decision, NULL) != ED_OK)
            exit(1);
        verdict = decision.verdict;
        if (!corrected)
            verdict = decision.p_within <= ED_GATE_ALPHA_PASS  ? ED_VERDICT_PASS
                      : decision.p_worse <= ED_GATE_ALPHA_FAIL ? ED_VERDICT_FAIL
                                                               : ED_VERDICT_INCONCLUSIVE;
    }
    return verdict;
}

static struct tally gates(struct ed_random *random, const struct device *device, enum way way, double shift,
                          double mde, bool corrected, size_t trials) {
    struct tally tally = {.trials = trials};
    for (size_t i = 0; i < trials; i++) {
        size_t pairs = 0;
        const enum ed_verdict verdict = gate(random, device, way, shift, mde, corrected, &pairs);
        tally.pass += verdict == ED_VERDICT_PASS;
        tally.fail += verdict == ED_VERDICT_FAIL;
        tally.inconclusive += verdict == ED_VERDICT_INCONCLUSIVE;
        tally.pairs += (double)pairs;
    }
    tally.pairs /= (double)trials;
    return tally;
}

// A campaign of many comparisons, half of them truly slower by twice the mde where `mixed`: is any of the
// equal ones failed?
static size_t families(struct ed_random *random, const struct device *device, bool mixed, size_t family,
                       size_t trials) {
    size_t wrong = 0;
    for (size_t t = 0; t < trials; t++) {
        double x[16][PAIRS], a[PAIRS], b[PAIRS];
        struct ed_gate_series series[16];
        struct ed_gate_decision decisions[16];
        bool decided = false, false_fail = false;
        for (size_t c = 0; c < family; c++) {
            measure(random, device, WAY_GATE, mixed && c % 2 ? log1p(2 * device->mde) : 0, PAIRS, a, b);
            for (size_t i = 0; i < PAIRS; i++)
                x[c][i] = b[i] - a[i];
        }
        for (size_t look = 0; look < ED_LOOKS && !decided; look++) {
            for (size_t c = 0; c < family; c++)
                series[c] = (struct ed_gate_series){x[c], ed_look_pairs(look), 0, log1p(device->mde)};
            if (ed_gate_decide(series, family, family, decisions, NULL) != ED_OK)
                exit(1);
            decided = true;
            false_fail = false;
            for (size_t c = 0; c < family; c++) {
                decided = decided && decisions[c].verdict != ED_VERDICT_INCONCLUSIVE;
                false_fail = false_fail || (decisions[c].verdict == ED_VERDICT_FAIL && !(mixed && c % 2));
            }
        }
        wrong += false_fail;
    }
    return wrong;
}

static double mean_of(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static double variance_of(const double *x, size_t n) {
    const double mean = mean_of(x, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)(n - 1);
}

// benchstat: Mann-Whitney, two-sided at 5 %, and slower. By the normal approximation with a continuity
// correction, which for these n differs little from the exact distribution.
static bool mann_whitney(const double *a, const double *b, size_t n) {
    double u = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            u += b[i] > a[k] ? 1 : b[i] < a[k] ? 0 : 0.5;
    const double m = (double)n, sd = sqrt(m * m * (2 * m + 1) / 12);
    return (u - m * m / 2 - 0.5) / sd > ed_normal_quantile(0.975);
}

// hyperfine prints "1.03 +- 0.02 times": taken as slower where the ratio is beyond that.
static bool hyperfine(const double *a, const double *b, size_t n) {
    const double ma = mean_of(a, n), mb = mean_of(b, n), ratio = mb / ma,
                 sigma = ratio * sqrt(variance_of(a, n) / (ma * ma) + variance_of(b, n) / (mb * mb));
    return ratio - sigma > 1;
}

static bool mean_rule(const double *a, const double *b, size_t n) {
    return mean_of(b, n) > 1.02 * mean_of(a, n);
}

// criterion: one process a side, its samples compared with those saved before; "regressed" where p < 5 % and
// the interval of the change of the mean lies above the noise threshold of 1 %.
static bool criterion(struct ed_random *random, const struct device *device, double shift, size_t blocks) {
    struct moment moment;
    double means[2], variances[2];
    const size_t n = (size_t)BLOCK_SAMPLES * (blocks < 20 ? blocks : 20); // samples a side
    double *samples = malloc(n * sizeof *samples);
    if (!samples)
        exit(1);
    moment_begin(&moment, device, random);
    for (size_t side = 0; side < 2; side++) {
        const double process = draw_process(&moment) + (side ? shift : 0);
        double now = 0;
        for (size_t i = 0; i < n; i++) {
            if (i % (size_t)BLOCK_SAMPLES == 0)
                now = surroundings(&moment);
            samples[i] = exp(process + now + draw(random, device->sample, false));
        }
        means[side] = mean_of(samples, n);
        variances[side] = variance_of(samples, n) / (double)n;
    }
    free(samples);
    const double change = means[1] / means[0] - 1,
                 error = means[1] / means[0] *
                         sqrt(variances[0] / (means[0] * means[0]) + variances[1] / (means[1] * means[1]));
    return change - ed_normal_quantile(0.975) * error > 0.01;
}

struct rule {
    const char *name;
    bool (*judge)(const double *a, const double *b, size_t n);
    bool interleaved;
};
static const struct rule rules[] = {
    {"benchstat (Mann-Whitney), one after the other", mann_whitney, false},
    {"benchstat (Mann-Whitney), interleaved", mann_whitney, true},
    {"hyperfine, beyond its sigma", hyperfine, false},
    {"mean + 2 %", mean_rule, false},
    {"mean + 2 %, interleaved", mean_rule, true},
};

static size_t alarms(struct ed_random *random, const struct device *device, const struct rule *rule,
                     double shift, size_t n, size_t trials) {
    size_t found = 0;
    for (size_t t = 0; t < trials; t++) {
        double a[PAIRS], b[PAIRS];
        measure(random, device, rule->interleaved ? WAY_GATE : WAY_IN_ORDER, shift, n, a, b);
        for (size_t i = 0; i < n; i++) {
            a[i] = exp(a[i]);
            b[i] = exp(b[i]);
        }
        found += rule->judge(a, b, n);
    }
    return found;
}

// The fewest blocks a side with at most 1 % false alarms and at least 90 % found; 0: not with 64 either.
static size_t fewest(struct ed_random *random, const struct device *device, const struct rule *rule,
                     double shift, size_t trials) {
    static const size_t tried[] = {4, 6, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64};
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
        if (alarms(random, device, rule, shift, tried[i], trials) * 10 >= trials * 9 &&
            alarms(random, device, rule, 0, tried[i], trials) * 100 <= trials)
            return tried[i];
    return 0;
}

static void print_tally(const char *key, const struct tally *tally, bool last) {
    printf("      \"%s\": {\"trials\": %zu, \"pass\": %zu, \"fail\": %zu, \"inconclusive\": %zu, \"pairs\": "
           "%.2f, "
           "\"seconds\": %.1f}%s\n",
           key, tally->trials, tally->pass, tally->fail, tally->inconclusive, tally->pairs,
           (1 + tally->pairs) * 2 * BLOCK_S, last ? "" : ",");
}

static void print_device(struct ed_random *random, const struct device *device, size_t trials, bool last) {
    const double slower = log1p(device->mde);
    // A quarter of the mde is more than such a device can decide soon: the gate goes on to its last looks,
    // where what was left out of it shows.
    const double strict = device->mde / 4;
    const struct {
        const char *key;
        enum way way;
        double shift, mde;
        bool corrected;
    } runs[] = {{"equal", WAY_GATE, 0, device->mde, true},
                {"slower_by_mde", WAY_GATE, slower, device->mde, true},
                {"slower_by_half", WAY_GATE, log1p(device->mde / 2), device->mde, true},
                {"faster_by_mde", WAY_GATE, -slower, device->mde, true},
                {"equal_strict", WAY_GATE, 0, strict, true},
                {"sabotaged_in_order", WAY_IN_ORDER, 0, strict, true},
                {"sabotaged_one_process", WAY_PERSISTENT, 0, strict, true},
                {"sabotaged_looks", WAY_GATE, 0, strict, false}};
    struct tally tallies[sizeof runs / sizeof *runs];
    printf("    {\"name\": \"%s\", \"mde\": %g,\n", device->name, device->mde);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        tallies[i] =
            gates(random, device, runs[i].way, runs[i].shift, runs[i].mde, runs[i].corrected, trials);
        print_tally(runs[i].key, &tallies[i], false);
        fflush(stdout);
    }
    const size_t few = trials / 10 ? trials / 10 : 1;
    printf("      \"families\": {\"trials\": %zu, \"comparisons\": 10, \"false_fail_all_equal\": %zu, "
           "\"false_fail_half_slower\": %zu},\n",
           few, families(random, device, false, 10, few), families(random, device, true, 10, few));
    // As many blocks as the gate took on average, for either question.
    size_t n = (size_t)llround((tallies[0].pairs + tallies[1].pairs) / 2) + 1;
    n = n > PAIRS ? PAIRS : n;
    printf("      \"others\": [\n");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        printf("        {\"name\": \"%s\", \"blocks_a_side\": %zu, \"seconds\": %.1f, \"trials\": %zu, "
               "\"false_alarms\": %zu, \"found\": %zu, \"fewest_blocks\": %zu},\n",
               rules[i].name, n, (double)n * 2 * BLOCK_S, trials,
               alarms(random, device, &rules[i], 0, n, trials),
               alarms(random, device, &rules[i], slower, n, trials),
               fewest(random, device, &rules[i], slower, trials));
    size_t false_alarms = 0, found = 0;
    for (size_t t = 0; t < few; t++) {
        false_alarms += criterion(random, device, 0, n);
        found += criterion(random, device, slower, n);
    }
    printf("        {\"name\": \"criterion, one process a side\", \"blocks_a_side\": %zu, \"seconds\": %.1f, "
           "\"trials\": "
           "%zu, \"false_alarms\": %zu, \"found\": %zu}]}%s\n",
           n, (double)n * 2 * BLOCK_S, few, false_alarms, found, last ? "" : ",");
}

int main(int argc, char **argv) {
    const size_t trials = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct ed_random random;
    if (!trials)
        return 2;
    printf("{\"trials\": %zu, \"seed\": %llu, \"block_s\": %g,\n  \"devices\": [\n", trials,
           (unsigned long long)seed, BLOCK_S);
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        ed_random_init(&random, ed_random_derive(seed, devices[i].name));
        print_device(&random, &devices[i], trials, i + 1 == sizeof devices / sizeof *devices);
    }
    printf("  ]}\n");
    return 0;
}
