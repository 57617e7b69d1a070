// SPDX-License-Identifier: Apache-2.0
// The rank-sum test's interval.
#include "base/stats/rank_sum.h"

#include <math.h>
#include <stdlib.h>

#include "base/stats/distribution.h"
#include "base/stats/reals.h"

// Chances of U = 0 .. n * m, by the generating function: the product over i of (1 - q^(m+i)) / (1 - q^i),
// over the number of partitions. Divided factor by factor, so that nothing overflows. NULL: no memory.
static double *chances(size_t n, size_t m) {
    const size_t last = n * m;
    double *p = calloc(last + 1, sizeof *p);
    if (!p)
        return NULL;
    p[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        const size_t top = m + i;
        // Times 1 - q^top from above, then by 1 - q^i from below; the degree stays within i * m.
        for (size_t u = last; u >= top; u--)
            p[u] -= p[u - top];
        for (size_t u = i; u <= last; u++)
            p[u] += p[u - i];
        const double ways = (double)top / (double)i;
        for (size_t u = 0; u <= last; u++)
            p[u] /= ways;
    }
    return p;
}

double ed_rank_sum_at_most(size_t n, size_t m, size_t u) {
    if (n < 1 || m < 1 || n > ED_RANK_SUM_EXACT_MAX || m > ED_RANK_SUM_EXACT_MAX)
        return NAN;
    if (u >= n * m)
        return 1;
    double *p = chances(n < m ? n : m, n < m ? m : n);
    double sum = p ? 0 : NAN;
    for (size_t i = 0; p && i <= u; i++)
        sum += p[i];
    free(p);
    return sum;
}

// The largest c with P(U <= c - 1) <= tail; 0: none. The interval is from the c-th difference to the c-th
// last.
static size_t cut(size_t n, size_t m, double tail) {
    size_t c = 0;
    if (n <= ED_RANK_SUM_EXACT_MAX && m <= ED_RANK_SUM_EXACT_MAX) {
        double *p = chances(n < m ? n : m, n < m ? m : n);
        double sum = 0;
        while (p && c < n * m && (sum += p[c]) <= tail)
            c++;
        free(p);
        return c;
    }
    const double mean = (double)n * (double)m / 2;
    const double sd = sqrt((double)n * (double)m * (double)(n + m + 1) / 12);
    const double at = mean - 0.5 + ed_normal_quantile(tail) * sd;
    return at > 0 ? (size_t)at : 0;
}

bool ed_rank_sum_shift(const double *a, size_t n_a, const double *b, size_t n_b, double tail,
                       struct ed_rank_sum_shift *out) {
    const size_t n = n_a * n_b;
    if (!n_a || !n_b || n_a > ED_RANK_SUM_MAX || n_b > ED_RANK_SUM_MAX || !(tail > 0 && tail < 0.5))
        return false;
    double *differences = malloc(n * sizeof *differences);
    bool finite = differences != NULL;
    for (size_t i = 0; finite && i < n; i++) {
        differences[i] = b[i % n_b] - a[i / n_b];
        finite = isfinite(differences[i]);
    }
    if (finite) {
        ed_reals_sort(differences, n);
        const size_t c = cut(n_a, n_b, tail);
        out->value = ed_reals_midpoint(differences, n);
        out->has_low_high = c > 0;
        out->low = c ? differences[c - 1] : NAN;
        out->high = c ? differences[n - c] : NAN;
    }
    free(differences);
    return finite;
}
