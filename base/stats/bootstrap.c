// SPDX-License-Identifier: Apache-2.0
// The bootstrap over clusters; see the header.
#include "base/stats/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
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
    qsort(draws, ED_BOOTSTRAP_ROUNDS, sizeof *draws, by_value);
    const double tail = (1 - confidence) / 2;
    const size_t first = (size_t)floor(tail * ED_BOOTSTRAP_ROUNDS);
    *low = draws[first];
    *high = draws[ED_BOOTSTRAP_ROUNDS - 1 - first];
    free(draws);
    return true;
}
