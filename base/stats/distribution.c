// SPDX-License-Identifier: Apache-2.0
// Distribution functions; see the header for the sources.
#include "base/stats/distribution.h"

#include <math.h>
#include <stdbool.h>

#define LOG_2PI 1.8378770664093454836
#define SUM_EPSILON 1e-17
#define FRACTION_EPSILON 1e-15
#define FRACTION_TERMS 100000
#define BISECTIONS 400

// ln x! minus Stirling's approximation of it, for real x > 0 (DLMF 5.11.1).
static double stirling_error(double x) {
    if (x < 16.0) {
        int sign;
        return lgamma_r(x + 1.0, &sign) - (x + 0.5) * log(x) + x - 0.5 * LOG_2PI;
    }
    double r = 1.0 / (x * x);
    return (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r / 1188)))) / x;
}

// Loader's deviance x ln(x/m) + m - x. Near x = m the three terms cancel, so a series in (x-m)/(x+m) stands
// in.
static double deviance(double x, double m) {
    double d = x - m;
    if (fabs(d) >= 0.1 * (x + m)) {
        return x * log(x / m) - d;
    }
    double v = d / (x + m);
    double sum = d * v;
    double power = 2.0 * x * v;
    for (int odd = 3; odd < 1000; odd += 2) {
        power *= v * v;
        double next = sum + power / odd;
        if (next == sum) {
            break;
        }
        sum = next;
    }
    return sum;
}

// ln of Gamma(n+1) / (Gamma(x+1) Gamma(n-x+1)) p^x q^(n-x), real 0 <= x <= n, 0 < p < 1, q = 1 - p.
static double log_binomial_term(double x, double n, double p, double q) {
    if (x <= 0.0) {
        return n * (p < 0.5 ? log1p(-p) : log(q));
    }
    if (x >= n) {
        return n * (q < 0.5 ? log1p(-q) : log(p));
    }
    double y = n - x;
    return stirling_error(n) - stirling_error(x) - stirling_error(y) - deviance(x, n * p) -
           deviance(y, n * q) + 0.5 * (log(n / (x * y)) - LOG_2PI);
}

// P(X <= k) for k below the mean, where the terms fall from k to 0.
static double sum_down(int64_t n, double p, double q, int64_t k) {
    double term = 1.0;
    double total = 1.0;
    for (int64_t i = k; i > 0 && term > SUM_EPSILON * total; i--) {
        term *= (double)i * q / ((double)(n - i + 1) * p);
        total += term;
    }
    return exp(log_binomial_term((double)k, (double)n, p, q)) * total;
}

static bool binomial_arguments_bad(int64_t n, double p) {
    return n < 0 || !(p >= 0.0 && p <= 1.0);
}

double ed_binomial_at_most(int64_t n, double p, int64_t k) {
    if (binomial_arguments_bad(n, p)) {
        return NAN;
    }
    if (k < 0) {
        return 0.0;
    }
    if (k >= n || p == 0.0) {
        return 1.0;
    }
    if (p == 1.0) {
        return 0.0;
    }
    if ((double)k < (double)n * p) {
        return sum_down(n, p, 1.0 - p, k);
    }
    return 1.0 - sum_down(n, 1.0 - p, p, n - k - 1);
}

double ed_binomial_at_least(int64_t n, double p, int64_t k) {
    if (binomial_arguments_bad(n, p)) {
        return NAN;
    }
    if (k <= 0) {
        return 1.0;
    }
    if (k > n || p == 0.0) {
        return 0.0;
    }
    if (p == 1.0) {
        return 1.0;
    }
    if ((double)k > (double)n * p) {
        return sum_down(n, 1.0 - p, p, n - k);
    }
    return 1.0 - sum_down(n, p, 1.0 - p, k - 1);
}

double ed_normal_at_most(double z) {
    return 0.5 * erfc(-z * M_SQRT1_2);
}

double ed_normal_quantile(double p) {
    if (!(p >= 0.0 && p <= 1.0)) {
        return NAN;
    }
    if (p == 0.0 || p == 1.0) {
        return p == 0.0 ? -INFINITY : INFINITY;
    }
    double tail = p < 0.5 ? p : 1.0 - p;
    double low = -40.0;
    double high = 0.0;
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = 0.5 * (low + high);
        if (middle <= low || middle >= high) {
            break;
        }
        *(ed_normal_at_most(middle) < tail ? &low : &high) = middle;
    }
    return p < 0.5 ? high : -high;
}

// The continued fraction of I_x(a, b), evaluated by Lentz's method; converges fast for x < (a+1)/(a+b+2).
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1.0;
    double d = 1.0 - (a + b) * x / (a + 1.0);
    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m < FRACTION_TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        double step = 1.0;
        for (int half = 0; half < 2; half++) {
            double coefficient = half == 0 ? even : odd;
            d = 1.0 + coefficient * d;
            c = 1.0 + coefficient / c;
            d = 1.0 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            step = c * d;
            f *= step;
        }
        if (fabs(step - 1.0) < FRACTION_EPSILON) {
            break;
        }
    }
    return f;
}

// I_x(a, b) with y = 1 - x given apart, so that neither loses digits near its end.
static double beta_of(double a, double b, double x, double y) {
    if (x <= 0.0 || y <= 0.0) {
        return x <= 0.0 ? 0.0 : 1.0;
    }
    double front = exp(log_binomial_term(a, a + b, x, y)) * (a / (a + b)) * b;
    if (x < (a + 1.0) / (a + b + 2.0)) {
        return front * beta_fraction(a, b, x) / a;
    }
    return 1.0 - front * beta_fraction(b, a, y) / b;
}

double ed_beta_regularized(double a, double b, double x) {
    if (!(a > 0.0 && b > 0.0 && x >= 0.0 && x <= 1.0) || isinf(a) || isinf(b)) {
        return NAN;
    }
    return beta_of(a, b, x, 1.0 - x);
}

// P(T > t) for t >= 0.
static double student_tail(double t, double df) {
    double square = t * t;
    if (isinf(square)) {
        return 0.0;
    }
    return 0.5 * beta_of(0.5 * df, 0.5, df / (df + square), square / (df + square));
}

double ed_student_at_most(double t, double df) {
    if (isnan(t) || !(df > 0.0) || isinf(df)) {
        return NAN;
    }
    return t < 0.0 ? student_tail(-t, df) : 1.0 - student_tail(t, df);
}

double ed_student_quantile(double p, double df) {
    if (!(p > 0.0 && p < 1.0) || !(df > 0.0) || isinf(df)) {
        return NAN;
    }
    double tail = p < 0.5 ? p : 1.0 - p;
    double low = 0.0;
    double high = 1.0;
    while (student_tail(high, df) > tail && high < 1e150) {
        low = high;
        high *= 2.0;
    }
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = 0.5 * (low + high);
        if (middle <= low || middle >= high) {
            break;
        }
        *(student_tail(middle, df) > tail ? &low : &high) = middle;
    }
    double t = tail == 0.5 ? 0.0 : high;
    return p < 0.5 ? -t : t;
}
