// SPDX-License-Identifier: Apache-2.0
// Order-statistic intervals; see the header.
#include "base/stats/interval.h"

#include <stdbool.h>

#include "base/stats/distribution.h"

static bool arguments_bad(size_t n, double p, double tail) {
    return n > SIZE_MAX / 4 || !(p > 0.0 && p < 1.0) || !(tail > 0.0 && tail < 1.0);
}

size_t ed_interval_low_rank(size_t n, double p, double tail) {
    if (arguments_bad(n, p, tail)) {
        return 0;
    }
    // Rank `fits` satisfies the rule (0 always does), `exceeds` does not (P(Bin <= n) is 1).
    size_t fits = 0;
    size_t exceeds = n + 1;
    while (exceeds - fits > 1) {
        size_t middle = fits + (exceeds - fits) / 2;
        *(ed_binomial_at_most((int64_t)n, p, (int64_t)middle - 1) <= tail ? &fits : &exceeds) = middle;
    }
    return fits;
}

size_t ed_interval_high_rank(size_t n, double p, double tail) {
    if (arguments_bad(n, p, tail)) {
        return 0;
    }
    size_t exceeds = 0;
    size_t fits = n + 1;
    while (fits - exceeds > 1) {
        size_t middle = exceeds + (fits - exceeds) / 2;
        *(ed_binomial_at_least((int64_t)n, p, (int64_t)middle) <= tail ? &fits : &exceeds) = middle;
    }
    return fits <= n ? fits : 0;
}

enum ed_interval_status ed_interval_find(size_t n, double p, double confidence,
                                         struct ed_interval_ranks *out) {
    double tail = 0.5 * (1.0 - confidence);
    out->low = 0;
    out->high = 0;
    if (!(confidence > 0.0 && confidence < 1.0) || arguments_bad(n, p, tail)) {
        return ED_INTERVAL_BAD_ARGUMENT;
    }
    out->low = ed_interval_low_rank(n, p, tail);
    out->high = ed_interval_high_rank(n, p, tail);
    return out->low == 0 || out->high == 0 ? ED_INTERVAL_TOO_SMALL : ED_INTERVAL_OK;
}

enum ed_interval_status ed_interval_median(const int64_t *sorted, size_t n, double confidence, int64_t *low,
                                           int64_t *high) {
    struct ed_interval_ranks ranks;
    enum ed_interval_status status = ed_interval_find(n, 0.5, confidence, &ranks);
    if (status == ED_INTERVAL_OK && n < ED_INTERVAL_MIN_BLOCKS) {
        status = ED_INTERVAL_TOO_SMALL;
    }
    if (status == ED_INTERVAL_OK) {
        *low = sorted[ranks.low - 1];
        *high = sorted[ranks.high - 1];
    }
    return status;
}
