// SPDX-License-Identifier: Apache-2.0
// The bootstrap over clusters; see the header.
#include "base/stats/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/stats/distribution.h"
#include "base/stats/reals.h"

size_t ed_bootstrap_tail(size_t n, size_t draws, double confidence) {
    const double plain = (1 - confidence) / 2;
    if (n < 2)
        return (size_t)floor(plain * (double)draws);
    const double t = ed_student_quantile(plain, (double)n - 1);
    return (size_t)floor(ed_normal_at_most(sqrt((double)n / ((double)n - 1)) * t) * (double)draws);
}

void ed_bootstrap_middle(double *draws, size_t n, size_t things, double confidence, double *low,
                         double *high) {
    const size_t first = ed_bootstrap_tail(things, n, confidence);
    ed_reals_sort(draws, n);
    *low = draws[first];
    *high = draws[n - 1 - first];
}

bool ed_bootstrap_mean(const double *means, size_t n, uint64_t seed, double confidence, double *low,
                       double *high) {
    struct ed_random random;
    if (n < ED_BOOTSTRAP_MIN_CLUSTERS || !(confidence > 0 && confidence < 1))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(means[i]))
            return false;
    double *draws = malloc(ED_BOOTSTRAP_ROUNDS * sizeof *draws);
    if (!draws)
        return false;
    ed_random_init(&random, seed);
    for (size_t r = 0; r < ED_BOOTSTRAP_ROUNDS; r++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += means[ed_random_below(&random, n)];
        draws[r] = sum / (double)n;
    }
    ed_bootstrap_middle(draws, ED_BOOTSTRAP_ROUNDS, n, confidence, low, high);
    free(draws);
    return true;
}

struct sums {
    double values, weights;
};

static void add(struct sums *sums, const struct ed_bootstrap_scores *scores, size_t i) {
    const double weight = scores->weights ? scores->weights[i] : 1;
    sums->values += weight * scores->values[i];
    sums->weights += weight;
}

double ed_bootstrap_weighted_mean(const struct ed_bootstrap_scores *scores, size_t n) {
    struct sums sums = {0, 0};
    for (size_t i = 0; i < n; i++)
        add(&sums, scores, i);
    return sums.weights > 0 ? sums.values / sums.weights : NAN;
}

static bool usable(const struct ed_bootstrap_scores *scores, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(scores->values[i]) ||
            (scores->weights && !(scores->weights[i] >= 0 && isfinite(scores->weights[i]))))
            return false;
    return true;
}

bool ed_bootstrap_weighted(const struct ed_bootstrap_scores *one, const struct ed_bootstrap_scores *other,
                           size_t n, uint64_t seed, double confidence, double *low, double *high) {
    struct ed_random random;
    size_t done = 0;
    if (n < ED_BOOTSTRAP_MIN_CLUSTERS || !(confidence > 0 && confidence < 1) || !usable(one, n) ||
        (other && !usable(other, n)))
        return false;
    double *draws = malloc(ED_BOOTSTRAP_ROUNDS * sizeof *draws);
    if (!draws)
        return false;
    ed_random_init(&random, seed);
    for (size_t tries = 0; done < ED_BOOTSTRAP_ROUNDS && tries < 2 * ED_BOOTSTRAP_ROUNDS; tries++) {
        struct sums a = {0, 0}, b = {0, 0};
        for (size_t i = 0; i < n; i++) {
            const size_t drawn = ed_random_below(&random, n);
            add(&a, one, drawn);
            if (other)
                add(&b, other, drawn);
        }
        if (a.weights > 0 && (!other || b.weights > 0))
            draws[done++] = a.values / a.weights - (other ? b.values / b.weights : 0);
    }
    if (done == ED_BOOTSTRAP_ROUNDS)
        ed_bootstrap_middle(draws, done, n, confidence, low, high);
    free(draws);
    return done == ED_BOOTSTRAP_ROUNDS;
}
