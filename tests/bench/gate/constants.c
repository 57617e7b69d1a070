// SPDX-License-Identifier: Apache-2.0
// The constants of base/stats/sequential.c: for the planned looks, the largest nominal p that a one-sided
// signed-rank test may use at every look so that all looks together reject a true hypothesis with chance
// alpha. By Monte Carlo: the test's distribution depends on ranks and signs alone, so symmetric continuous
// noise stands for any.
//
//   gate_constants [TRIALS [SEED]]      prints the table, with the Monte Carlo error of each chance
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/stats/sequential.h"
#include "base/stats/signed_rank.h"

#define KEPT_SHARE 0.08 // of the trials: larger smallest p's are never asked for

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The smallest nominal p over the looks. tails[k][w]: P(W >= w) with ed_look_pairs(k) pairs.
static double smallest_p(struct ed_random *random, double *const *tails) {
    double x[ED_SIGNED_RANK_MAX], smallest = 1;
    size_t n = 0, w = 0;
    for (size_t look = 0; look < ED_LOOKS; look++) {
        // W+ is the number of Walsh averages above zero, which grows by those of each new pair.
        for (; n < ed_look_pairs(look); n++) {
            x[n] = ed_random_uniform(random) - 0.5;
            for (size_t i = 0; i <= n; i++)
                w += x[i] + x[n] > 0;
        }
        smallest = tails[look][w] < smallest ? tails[look][w] : smallest;
    }
    return smallest;
}

static double *tail_of(size_t n) {
    const size_t most = n * (n + 1) / 2;
    double *tail = malloc((most + 1) * sizeof *tail);
    for (size_t w = 0; tail && w <= most; w++) // by symmetry
        tail[w] = ed_signed_rank_at_most(n, most - w);
    return tail;
}

int main(int argc, char **argv) {
    static const double alphas[] = {
        0.05,      0.02,      0.01,      0.01 / 2,  0.01 / 3,  0.01 / 4,  0.01 / 5,   0.01 / 6,   0.01 / 7,
        0.01 / 8,  0.01 / 9,  0.01 / 10, 0.01 / 12, 0.01 / 14, 0.01 / 16, 0.01 / 18,  0.01 / 20,  0.01 / 24,
        0.01 / 28, 0.01 / 32, 0.01 / 40, 0.01 / 48, 0.01 / 64, 0.01 / 96, 0.01 / 128, 0.01 / 192, 0.01 / 256};
    const size_t trials = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    double *tails[ED_LOOKS], *kept = malloc((size_t)((double)trials * KEPT_SHARE + 1000) * sizeof *kept);
    size_t n_kept = 0;
    struct ed_random random;
    ed_random_init(&random, seed);
    for (size_t look = 0; look < ED_LOOKS; look++)
        if (!(tails[look] = tail_of(ed_look_pairs(look))))
            return 1;
    for (size_t i = 0; kept && i < trials; i++) {
        const double p = smallest_p(&random, tails);
        if (p <= 0.014 && n_kept < (size_t)((double)trials * KEPT_SHARE + 1000))
            kept[n_kept++] = p;
    }
    if (!kept)
        return 1;
    qsort(kept, n_kept, sizeof *kept, by_value);
    printf("// %zu trials, seed %llu\n// alpha, nominal p, chance of a rejection, its standard error\n",
           trials, (unsigned long long)seed);
    for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++) {
        // The largest p that so many trials stay at or below, two standard errors kept back; equal values
        // belong together.
        const double asked = alphas[a] * (double)trials, least = asked - 2 * sqrt(asked);
        size_t most = least > 0 ? (size_t)least : 0, last = most < n_kept ? most : n_kept - 1;
        while (last > 0 && kept[last] <= kept[last - 1])
            last--;
        const double nominal = last ? kept[last - 1] : 0, share = (double)last / (double)trials;
        // Rounded up by less than the next possible p is away.
        printf("{%.10g, %.7g}, // %.6g +- %.2g\n", alphas[a], nominal * (1 + 1e-6), share,
               sqrt(share * (1 - share) / (double)trials));
    }
    static const double round_ones[] = {0.00258, 0.01343};
    for (size_t r = 0; r < 2; r++) {
        size_t below = 0;
        while (below < n_kept && kept[below] <= round_ones[r])
            below++;
        const double share = (double)below / (double)trials;
        printf("// nominal %.5f: chance %.6g +- %.2g\n", round_ones[r], share,
               sqrt(share * (1 - share) / (double)trials));
    }
    for (size_t look = 0; look < ED_LOOKS; look++)
        free(tails[look]);
    free(kept);
    return 0;
}
