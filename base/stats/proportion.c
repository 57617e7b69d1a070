// SPDX-License-Identifier: Apache-2.0
// Paired comparison; see the header.
#include "base/stats/proportion.h"

#include <math.h>

#include "base/stats/distribution.h"
#include "base/stats/moments.h"

#define LARGEST_COUNT ((uint64_t)1 << 53)
#define BISECTIONS 200
#define EXACT_SAMPLES 1e6 // beyond, the incomplete beta function is not known to be exact

// What the score statistic needs, as shares: b and c over n.
struct shares {
    double b;
    double c;
};

static bool counts_bad(uint64_t n, uint64_t b, uint64_t c) {
    return n > LARGEST_COUNT || b > n || c > n - b;
}

// Variance of sqrt(n) times the observed drop if the true drop is d: 2 q + d (1 - d), with q the root of
// 2 q^2 + (-b - c + (2 - b + c) d) q - c d (1 - d) = 0 that maximises the likelihood (Tango 1998, over n).
static double constrained_variance(struct shares s, double d) {
    // The formula for -d with b and c exchanged is the same problem; d >= 0 keeps the root free of
    // cancellation.
    if (d < 0.0) {
        struct shares exchanged = {.b = s.c, .c = s.b};
        return constrained_variance(exchanged, -d);
    }
    double linear = -s.b - s.c + (2.0 - s.b + s.c) * d;
    double constant = -s.c * d * (1.0 - d);
    double root = sqrt(linear * linear - 8.0 * constant);
    double q = 0.0;
    if (linear <= 0.0) {
        q = (root - linear) / 4.0;
    } else {
        q = -2.0 * constant / (root + linear);
    }
    return 2.0 * q + d * (1.0 - d);
}

// Whether the true drop d is within z standard errors of the observed one.
static bool plausible(struct shares s, double n, double z, double d) {
    double distance = s.b - s.c - d;
    return n * distance * distance <= z * z * constrained_variance(s, d);
}

// Between a plausible drop and an end of the range, the last plausible one, rounded outwards.
static double outermost(struct shares s, double n, double z, double inside, double end) {
    if (plausible(s, n, z, end)) {
        return end;
    }
    double outside = end;
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = 0.5 * (inside + outside);
        if (fabs(outside - inside) < 1e-15 || middle == inside || middle == outside) {
            break;
        }
        *(plausible(s, n, z, middle) ? &inside : &outside) = middle;
    }
    return outside;
}

static double two_sided_z(double confidence) {
    return -ed_normal_quantile(0.5 * (1.0 - confidence));
}

enum ed_paired_status ed_proportion_drop(uint64_t n, uint64_t b, uint64_t c, double confidence,
                                         struct ed_paired_drop *out) {
    *out = (struct ed_paired_drop){.drop = NAN, .low = NAN, .high = NAN};
    if (counts_bad(n, b, c) || !(confidence > 0.0 && confidence < 1.0)) {
        return ED_PAIRED_BAD_ARGUMENT;
    }
    if (n == 0) {
        return ED_PAIRED_TOO_SMALL;
    }
    struct shares s = {.b = (double)b / (double)n, .c = (double)c / (double)n};
    double z = two_sided_z(confidence);
    out->drop = ((double)b - (double)c) / (double)n;
    out->low = outermost(s, (double)n, z, out->drop, -1.0);
    out->high = outermost(s, (double)n, z, out->drop, 1.0);
    return ED_PAIRED_OK;
}

double ed_proportion_mcnemar(uint64_t b, uint64_t c) {
    if (b > LARGEST_COUNT || c > LARGEST_COUNT) {
        return NAN;
    }
    uint64_t smaller = b < c ? b : c;
    return fmin(1.0, 2.0 * ed_binomial_at_most((int64_t)(b + c), 0.5, (int64_t)smaller));
}

// Whether k or more right of n have a chance above `tail` where the share is p. Neither need be whole.
static bool may_be_at_least(double n, double k, double p, double tail) {
    return k <= 0.0 || ed_beta_regularized(k, n - k + 1.0, p) > tail;
}

// The smallest share that k of n may come from: rounded down.
static double exact_low(double n, double k, double tail) {
    double below = 0.0, above = k / n;
    if (k <= 0.0) {
        return 0.0;
    }
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = 0.5 * (below + above);
        if (middle == below || middle == above) {
            break;
        }
        *(may_be_at_least(n, k, middle, tail) ? &above : &below) = middle;
    }
    return below;
}

enum ed_paired_status ed_proportion_exact(uint64_t n, uint64_t k, double confidence, double *low,
                                          double *high) {
    *low = *high = NAN;
    if (counts_bad(n, k, 0) || !(confidence > 0.0 && confidence < 1.0)) {
        return ED_PAIRED_BAD_ARGUMENT;
    }
    if (n == 0) {
        return ED_PAIRED_TOO_SMALL;
    }
    double tail = 0.5 * (1.0 - confidence);
    *low = exact_low((double)n, (double)k, tail);
    *high = 1.0 - exact_low((double)n, (double)(n - k), tail);
    return ED_PAIRED_OK;
}

uint64_t ed_proportion_exact_needed(uint64_t n, uint64_t k, double limit, bool below, double confidence) {
    if (n == 0 || counts_bad(n, k, 0) || !(confidence > 0.0 && confidence < 1.0) || !isfinite(limit)) {
        return 0;
    }
    // "At most" for k is "at least" for the others.
    double share = below ? (double)(n - k) / (double)n : (double)k / (double)n;
    double least = below ? 1.0 - limit : limit, tail = 0.5 * (1.0 - confidence), z = two_sided_z(confidence);
    if (least <= 0.0) {
        return 1;
    }
    if (share <= least) {
        return 0;
    }
    double normal = ceil(z * z * share * (1.0 - share) / ((share - least) * (share - least)));
    if (normal > EXACT_SAMPLES) {
        return normal > (double)LARGEST_COUNT ? 0 : (uint64_t)normal;
    }
    uint64_t few = 0, enough = 1;
    while (may_be_at_least((double)enough, share * (double)enough, least, tail)) {
        if (enough >= LARGEST_COUNT) {
            return 0;
        }
        few = enough;
        enough *= 2;
    }
    while (enough - few > 1) {
        uint64_t middle = few + (enough - few) / 2;
        *(may_be_at_least((double)middle, share * (double)middle, least, tail) ? &few : &enough) = middle;
    }
    return enough;
}

double ed_proportion_unseen(uint64_t n, double confidence) {
    return n == 0 || !(confidence > 0.0 && confidence < 1.0)
               ? NAN
               : -expm1(log(0.5 * (1.0 - confidence)) / (double)n);
}

enum ed_paired_status ed_paired_mean_drop(const double *reference, const double *candidate, size_t n,
                                          double confidence, struct ed_paired_drop *out) {
    struct ed_moments moments = {0};
    *out = (struct ed_paired_drop){.drop = NAN, .low = NAN, .high = NAN};
    if (!(confidence > 0.0 && confidence < 1.0)) {
        return ED_PAIRED_BAD_ARGUMENT;
    }
    for (size_t i = 0; i < n; i++) {
        double difference = reference[i] - candidate[i];
        if (!isfinite(difference)) {
            return ED_PAIRED_BAD_ARGUMENT;
        }
        ed_moments_add(&moments, difference);
    }
    if (n < 2) {
        return ED_PAIRED_TOO_SMALL;
    }
    double t = -ed_student_quantile(0.5 * (1.0 - confidence), (double)(n - 1));
    double half = t * ed_moments_sd(&moments) / sqrt((double)n);
    if (!isfinite(half)) {
        return ED_PAIRED_BAD_ARGUMENT;
    }
    out->drop = moments.mean;
    out->low = moments.mean - half;
    out->high = moments.mean + half;
    return ED_PAIRED_OK;
}

enum ed_noninferiority ed_noninferiority(double low, double high, double margin) {
    if (isnan(low) || isnan(high) || low > high) {
        return ED_NONINFERIORITY_INCONCLUSIVE;
    }
    if (high <= margin) {
        return ED_NONINFERIORITY_PASS;
    }
    return low > margin ? ED_NONINFERIORITY_FAIL : ED_NONINFERIORITY_INCONCLUSIVE;
}

uint64_t ed_proportion_needed(uint64_t n, uint64_t b, uint64_t c, double margin, double confidence) {
    if (n == 0 || counts_bad(n, b, c) || !(confidence > 0.0 && confidence < 1.0) || !(margin > -1.0)) {
        return 0;
    }
    struct shares s = {.b = (double)b / (double)n, .c = (double)c / (double)n};
    double distance = margin - ((double)b - (double)c) / (double)n;
    if (distance <= 0.0) {
        return 0;
    }
    if (margin >= 1.0) {
        return 1;
    }
    double z = two_sided_z(confidence);
    double samples = ceil(z * z * constrained_variance(s, margin) / (distance * distance));
    if (samples > (double)LARGEST_COUNT) {
        return 0;
    }
    return samples < 1.0 ? 1 : (uint64_t)samples;
}
