// SPDX-License-Identifier: Apache-2.0
// Sorting and medians of real numbers; see the header.
#include "base/stats/reals.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void ed_reals_sort(double *values, size_t n) {
    if (n > 1)
        qsort(values, n, sizeof *values, by_value);
}

double ed_reals_median(double *values, size_t n) {
    ed_reals_sort(values, n);
    return n ? values[(n - 1) / 2] : NAN;
}

double ed_reals_midpoint(const double *sorted, size_t n) {
    if (!n)
        return NAN;
    return n % 2 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
}
