// SPDX-License-Identifier: Apache-2.0
// The exact signed-rank distribution and the shift by Hodges and Lehmann.
#include "base/stats/signed_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/reals.h"

// Ranks are doubled, so that the mean of tied ranks is a whole number.
#define SUM_MAX ((size_t)ED_SIGNED_RANK_MAX * (ED_SIGNED_RANK_MAX + 1))
#define WALSH_MAX (SUM_MAX / 2)

struct signed_value {
    double magnitude;
    int sign;
};

static int by_magnitude(const void *a, const void *b) {
    const double x = ((const struct signed_value *)a)->magnitude,
                 y = ((const struct signed_value *)b)->magnitude;
    return (x > y) - (x < y);
}

// The chances of every doubled rank sum, each rank counted or not with chance 1/2. Returns the largest sum.
static size_t distribution(const size_t *ranks, size_t n, double *chances) {
    size_t most = 0;
    chances[0] = 1;
    for (size_t i = 0; i < n; i++) {
        const size_t rank = ranks[i];
        memset(chances + most + 1, 0, rank * sizeof *chances);
        most += rank;
        for (size_t sum = most + 1; sum-- > 0;)
            chances[sum] = 0.5 * (chances[sum] + (sum >= rank ? chances[sum - rank] : 0));
    }
    return most;
}

// P(at least) from the end that has the smaller terms, so that a small chance keeps its digits.
static double at_least(const double *chances, size_t most, size_t sum) {
    double p = 0;
    for (size_t k = most + 1; k-- > sum;)
        p += chances[k];
    return p < 1 ? p : 1;
}

static bool all_finite(const double *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

// Doubled mid-ranks of what is not zero, and the sum of those with sign `sign`.
static size_t rank(struct signed_value *values, size_t n, int sign, size_t *ranks, size_t *sum) {
    size_t used = 0;
    *sum = 0;
    qsort(values, n, sizeof *values, by_magnitude);
    for (size_t first = 0, last; first < n; first = last) {
        for (last = first + 1; last < n && values[last].magnitude <= values[first].magnitude; last++)
            ;
        for (size_t i = first; i < last; i++) {
            if (!values[i].sign)
                continue;
            ranks[used++] = first + 1 + last;
            if (values[i].sign == sign)
                *sum += first + 1 + last;
        }
    }
    return used;
}

static double one_sided(const double *x, size_t n, double shift, int sign) {
    struct signed_value values[ED_SIGNED_RANK_MAX];
    size_t ranks[ED_SIGNED_RANK_MAX], sum;
    double chances[SUM_MAX + 1];
    if (n > ED_SIGNED_RANK_MAX || !isfinite(shift) || !all_finite(x, n))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        const double difference = x[i] - shift;
        values[i] = (struct signed_value){fabs(difference), (difference > 0) - (difference < 0)};
    }
    const size_t used = rank(values, n, sign, ranks, &sum);
    const size_t most = distribution(ranks, used, chances);
    return at_least(chances, most, sum);
}

double ed_signed_rank_greater(const double *x, size_t n, double shift) {
    return one_sided(x, n, shift, 1);
}

double ed_signed_rank_less(const double *x, size_t n, double shift) {
    return one_sided(x, n, shift, -1);
}

// chances[w] for w = 0 .. n (n + 1) / 2, undoubled.
static size_t untied(size_t n, double *chances) {
    size_t ranks[ED_SIGNED_RANK_MAX];
    for (size_t i = 0; i < n; i++)
        ranks[i] = i + 1;
    return distribution(ranks, n, chances);
}

double ed_signed_rank_at_most(size_t n, size_t w) {
    double chances[WALSH_MAX + 1], p = 0;
    if (n > ED_SIGNED_RANK_MAX)
        return NAN;
    const size_t most = untied(n, chances);
    for (size_t k = 0; k <= w && k <= most; k++)
        p += chances[k];
    return p < 1 ? p : 1;
}

// The largest d with P(W+ <= d - 1) <= tail; 0: none.
static size_t interval_rank(const double *chances, size_t most, double tail) {
    double below = 0;
    size_t d = 0;
    while (d <= most && (below += chances[d]) <= tail)
        d++;
    return d;
}

bool ed_shift_estimate(const double *x, size_t n, double low_tail, double high_tail,
                       struct ed_shift_estimate *out) {
    double walsh[WALSH_MAX], chances[WALSH_MAX + 1];
    size_t m = 0;
    memset(out, 0, sizeof *out);
    if (n == 0 || n > ED_SIGNED_RANK_MAX || !all_finite(x, n))
        return false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            walsh[m++] = x[i] / 2 + x[j] / 2;
    ed_reals_sort(walsh, m);
    out->value = ed_reals_midpoint(walsh, m);
    const size_t most = untied(n, chances), low = interval_rank(chances, most, low_tail),
                 high = interval_rank(chances, most, high_tail);
    out->has_low_high = low > 0 && high > 0 && low_tail < 0.5 && high_tail < 0.5;
    out->low = out->has_low_high ? walsh[low - 1] : 0;
    out->high = out->has_low_high ? walsh[m - high] : 0;
    return true;
}
