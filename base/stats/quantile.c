// SPDX-License-Identifier: Apache-2.0
// Nearest-rank quantiles; see the header.
#include "base/stats/quantile.h"

#include <stdlib.h>
#include <string.h>

#include "base/stats/distribution.h"

#define EARLY_STOPPING_TAIL 0.01

size_t ed_quantile_rank(size_t n, uint32_t num, uint32_t den) {
    if (n == 0 || den == 0 || num > den) {
        return 0;
    }
    // n = whole * den + rest, so n * num / den needs no product above 64 bits.
    uint64_t whole = (uint64_t)n / den;
    uint64_t rest = (uint64_t)n % den;
    uint64_t rank = whole * num + (rest * num + den - 1) / den;
    return rank == 0 ? 1 : (size_t)rank;
}

static void swap(int64_t *a, int64_t *b) {
    int64_t t = *a;
    *a = *b;
    *b = t;
}

static int64_t middle_of(int64_t a, int64_t b, int64_t c) {
    if (a > b) {
        swap(&a, &b);
    }
    if (b > c) {
        b = c;
    }
    return a > b ? a : b;
}

int64_t ed_quantile_select_rank(int64_t *values_ns, size_t n, size_t rank) {
    size_t low = 0;
    size_t high = n - 1;
    size_t wanted = rank - 1;
    uint64_t state = 0x9e3779b97f4a7c15u;
    while (low < high) {
        // Pivots at scattered places: no order that a clock or a replayed trace makes on its own is a bad
        // one.
        int64_t candidate[3];
        for (int i = 0; i < 3; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            candidate[i] = values_ns[low + (size_t)((state >> 33) % (high - low + 1))];
        }
        int64_t pivot = middle_of(candidate[0], candidate[1], candidate[2]);
        // Three parts (below, equal, above): many equal samples are common where the clock is coarse.
        size_t below = low;
        size_t above = high + 1;
        for (size_t i = low; i < above;) {
            if (values_ns[i] < pivot) {
                swap(&values_ns[i++], &values_ns[below++]);
            } else if (values_ns[i] > pivot) {
                swap(&values_ns[i], &values_ns[--above]);
            } else {
                i++;
            }
        }
        if (wanted < below) {
            high = below - 1;
        } else if (wanted >= above) {
            low = above;
        } else {
            return pivot;
        }
    }
    return values_ns[wanted];
}

bool ed_quantile_select(const int64_t *samples_ns, size_t n, uint32_t num, uint32_t den, int64_t *scratch_ns,
                        int64_t *out_ns) {
    size_t rank = ed_quantile_rank(n, num, den);
    if (rank == 0) {
        return false;
    }
    if (scratch_ns != samples_ns) {
        memcpy(scratch_ns, samples_ns, n * sizeof(*scratch_ns));
    }
    *out_ns = ed_quantile_select_rank(scratch_ns, n, rank);
    return true;
}

bool ed_quantile_sorted(const int64_t *sorted_ns, size_t n, uint32_t num, uint32_t den, int64_t *out_ns) {
    size_t rank = ed_quantile_rank(n, num, den);
    if (rank == 0) {
        return false;
    }
    *out_ns = sorted_ns[rank - 1];
    return true;
}

bool ed_quantile_median(const int64_t *samples_ns, size_t n, int64_t *scratch_ns, int64_t *out_ns) {
    return ed_quantile_select(samples_ns, n, 1, 2, scratch_ns, out_ns);
}

static int compare_ns(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

void ed_quantile_sort(int64_t *values_ns, size_t n) {
    if (n > 1) {
        qsort(values_ns, n, sizeof(*values_ns), compare_ns);
    }
}

uint64_t ed_quantile_min_samples(uint32_t num, uint32_t den) {
    if (den == 0 || num >= den) {
        return 0;
    }
    if (num <= den - num) {
        return 1;
    }
    double above = (double)(den - num) / (double)den;
    int64_t few = 1;
    int64_t enough = 2;
    while (ed_binomial_at_most(enough, above, 1) > EARLY_STOPPING_TAIL) {
        few = enough;
        enough *= 2;
    }
    while (enough - few > 1) {
        int64_t middle = few + (enough - few) / 2;
        *(ed_binomial_at_most(middle, above, 1) > EARLY_STOPPING_TAIL ? &few : &enough) = middle;
    }
    return (uint64_t)enough;
}
