// SPDX-License-Identifier: Apache-2.0
// Comparisons with the best.
#include "base/stats/best.h"

#include <math.h>

#include "base/stats/signed_rank.h"

double ed_best_tail(size_t k, double alpha) {
    return k < 2 ? 0 : alpha / (2 * (double)(k - 1));
}

size_t ed_best_rounds(size_t k, double alpha) {
    size_t n = 0;
    // All signs alike is the rarest outcome.
    for (double p = 1; k >= 2 && p > ed_best_tail(k, alpha) && n < ED_SIGNED_RANK_MAX; p /= 2)
        n++;
    return n;
}

void ed_best_compare(const double *a, const double *b, size_t n, double tail,
                     struct ed_best_difference *out) {
    double x[ED_SIGNED_RANK_MAX];
    struct ed_shift_estimate estimate = {0};
    *out = (struct ed_best_difference){.value = NAN, .low = NAN, .high = NAN};
    for (size_t r = 0; r < n && out->rounds < ED_SIGNED_RANK_MAX; r++)
        if (isfinite(a[r]) && isfinite(b[r]))
            x[out->rounds++] = b[r] - a[r];
    if (!out->rounds || !(tail > 0 && tail < 0.5) ||
        !ed_shift_estimate(x, out->rounds, tail, tail, &estimate))
        return;
    out->value = estimate.value;
    out->has_low_high = estimate.has_low_high;
    if (estimate.has_low_high) {
        out->low = estimate.low;
        out->high = estimate.high;
    }
}

void ed_best_set(const double *values, size_t k, size_t n, double alpha, bool *in_set) {
    const double tail = ed_best_tail(k, alpha);
    for (size_t j = 0; j < k; j++) {
        in_set[j] = true;
        for (size_t i = 0; i < k && in_set[j]; i++) {
            struct ed_best_difference worse;
            if (i == j)
                continue;
            ed_best_compare(values + i * n, values + j * n, n, tail, &worse);
            in_set[j] = !(worse.has_low_high && worse.low > 0);
        }
    }
}
