// SPDX-License-Identifier: Apache-2.0
// Outliers against a moving window; see the header.
#include "base/stats/outlier.h"

#include <math.h>
#include <string.h>

#include "base/stats/quantile.h"

#define BAND 3.0

// The first position whose value is not below `value`.
static size_t position_of(const int64_t *sorted, size_t n, int64_t value) {
    size_t low = 0;
    while (n > 0) {
        size_t half = n / 2;
        if (sorted[low + half] < value) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

static void replace(int64_t *sorted, size_t n, int64_t old_value, int64_t new_value) {
    size_t from = position_of(sorted, n, old_value);
    memmove(sorted + from, sorted + from + 1, (n - 1 - from) * sizeof(*sorted));
    size_t to = position_of(sorted, n - 1, new_value);
    memmove(sorted + to + 1, sorted + to, (n - 1 - to) * sizeof(*sorted));
    sorted[to] = new_value;
}

size_t ed_outlier_mark(const int64_t *samples_ns, size_t n, uint8_t *outlier) {
    int64_t window[ED_OUTLIER_WINDOW];
    size_t size = n < ED_OUTLIER_WINDOW ? n : ED_OUTLIER_WINDOW;
    size_t middle = ed_quantile_rank(size, 1, 2);
    size_t lower = ed_quantile_rank(size, 1, 10);
    size_t upper = ed_quantile_rank(size, 9, 10);
    size_t start = 0;
    size_t count = 0;
    if (n == 0) {
        return 0;
    }
    memcpy(window, samples_ns, size * sizeof(*window));
    ed_quantile_sort(window, size);
    for (size_t i = 0; i < n; i++) {
        if (i > start + size / 2 && start + size < n) {
            replace(window, size, samples_ns[start], samples_ns[start + size]);
            start++;
        }
        // In double: a difference of two unchecked int64 may overflow.
        double band = BAND * ((double)window[upper - 1] - (double)window[lower - 1]);
        outlier[i] = fabs((double)samples_ns[i] - (double)window[middle - 1]) > band;
        count += outlier[i];
    }
    return count;
}
