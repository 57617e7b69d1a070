#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes stats_oracles.inc: values that the C statistics are tested against, computed another way.

Binomial, normal, t and beta come from SciPy. Tango's interval is made from its definition: the likelihood of
the paired table is maximised numerically under the constraint p10 - p01 = d, and the roots of the score
statistic are bracketed; no closed form of the C code is used. Needs scipy, numpy and statsmodels.

    python3 make_stats_oracles.py > stats_oracles.inc
"""
import math

import numpy
import scipy
import statsmodels
from scipy import optimize, special, stats
from statsmodels.stats.contingency_tables import mcnemar


def c_double(x):
    return repr(float(x))


def table(name, columns, rows):
    print(f"static const struct {{ {columns} }} {name}[] = {{")
    for row in rows:
        print("    {" + ", ".join(c_double(v) if isinstance(v, float) else str(v) for v in row) + "},")
    print("};\n")


def binomial_rows():
    for n in (1, 2, 7, 50, 100, 1000, 20000, 1000000):
        for p in (0.001, 0.1, 0.5, 0.9, 0.99, 0.999):
            sd = math.sqrt(n * p * (1 - p))
            places = {int(round(n * p + z * sd)) for z in (-6, -2, -0.5, 0, 0.5, 2, 6)}
            for k in sorted(places):
                if 0 <= k <= n:
                    at_most, at_least = stats.binom.cdf(k, n, p), stats.binom.sf(k - 1, n, p)
                    yield (n, float(p), k, float(at_most), float(at_least))


def interval_rows():
    """Ranks found by walking over all of them with SciPy's cdf."""
    for n in (5, 6, 7, 10, 20, 44, 64, 100, 130, 368, 369, 459, 662, 1000, 10000):
        for p in (0.5, 0.9, 0.95, 0.99):
            for confidence in (0.9, 0.95, 0.99):
                tail = (1 - confidence) / 2
                ranks = numpy.arange(1, n + 1)
                low = ranks[stats.binom.cdf(ranks - 1, n, p) <= tail]
                high = ranks[stats.binom.sf(ranks - 1, n, p) <= tail]
                ends = (int(low[-1]) if len(low) else 0, int(high[0]) if len(high) else 0)
                yield (n, float(p), float(confidence)) + ends


def student_rows():
    for df in (1.0, 2.0, 3.0, 5.5, 9.0, 30.0, 199.0, 4999.0, 1e6):
        for p in (1e-6, 0.005, 0.025, 0.05, 0.3, 0.5, 0.9, 0.975, 0.995):
            t = float(stats.t.ppf(p, df))
            yield (df, p, t)


def student_cdf_rows():
    for df in (1.0, 2.5, 10.0, 100.0, 1e5):
        for t in (-30.0, -3.0, -1.0, -1e-3, 0.0, 0.2, 2.0, 8.0):
            yield (df, t, float(stats.t.cdf(t, df)))


def beta_rows():
    for a in (0.5, 1.0, 3.7, 50.0, 2000.0):
        for b in (0.5, 2.0, 12.5, 900.0):
            for x in (1e-4, 0.1, 0.5, 0.7, 0.999):
                value = float(special.betainc(a, b, x))
                if value > 1e-280:
                    yield (a, b, x, value)


def constrained_q(n, b, c, d):
    """The c-share that maximises the likelihood at p10 = q + d, p01 = q, the rest 1 - 2 q - d."""
    low, high = max(0.0, -d), (1 - d) / 2

    def negative(q):
        total = 0.0
        for count, share in ((b, q + d), (c, q), (n - b - c, 1 - 2 * q - d)):
            if count:
                if share <= 0:
                    return math.inf
                total -= count * math.log(share)
        return total

    if high - low < 1e-15:
        return low
    # The likelihood is log-concave in q: a bounded search, then the ends, which it cannot reach.
    best = optimize.minimize_scalar(negative, bounds=(low, high), method="bounded", options={"xatol": 1e-14})
    candidates = [best.x, low, high]
    return min(candidates, key=negative)


def score(n, b, c, d):
    variance = 2 * constrained_q(n, b, c, d) + d * (1 - d)
    distance = (b - c) / n - d
    if variance <= 1e-13:
        return math.copysign(math.inf, distance) if abs(distance) > 1e-13 else 0.0
    return math.sqrt(n) * distance / math.sqrt(variance)


def tango(n, b, c, confidence):
    z = stats.norm.ppf(0.5 + confidence / 2)
    drop = (b - c) / n

    def root(target, inside, end):
        if abs(score(n, b, c, end)) <= z:
            return end
        for _ in range(200):
            middle = (inside + end) / 2
            if abs(score(n, b, c, middle)) <= z:
                inside = middle
            else:
                end = middle
        return inside

    return root(z, drop, -1.0), root(-z, drop, 1.0)


def tango_rows():
    cases = [
        (1, 0, 0), (1, 1, 0), (1, 0, 1), (10, 0, 0), (10, 10, 0), (10, 0, 10), (10, 5, 5), (12, 3, 0),
        (12, 0, 3), (44, 0, 1), (44, 1, 0), (44, 0, 5), (44, 2, 9), (100, 7, 3), (100, 3, 7),
        (100, 50, 50), (100, 99, 1),
        (368, 0, 0), (500, 25, 25), (1000, 30, 20), (1000, 60, 20), (5000, 130, 120),
        (50000, 1300, 1200),
    ]
    for n, b, c in cases:
        for confidence in (0.9, 0.95, 0.99):
            low, high = tango(n, b, c, confidence)
            yield (n, b, c, confidence, float(low), float(high))


def mcnemar_rows():
    for b, c in ((0, 0), (1, 0), (0, 6), (5, 5), (7, 3), (20, 41), (130, 100), (1300, 1200)):
        p = 1.0 if b + c == 0 else mcnemar([[10, b], [c, 10]], exact=True).pvalue
        yield (b, c, float(p))


def main():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Made by tests/unit/oracles/make_stats_oracles.py with")
    print(f"// SciPy {scipy.__version__}, NumPy {numpy.__version__}, statsmodels {statsmodels.__version__}.")
    print("// clang-format off")
    print("// Each test uses some of the tables.")
    print('#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored "-Wunused-const-variable"\n')
    table("oracle_binomial", "int64_t n; double p; int64_t k; double at_most; double at_least;",
          binomial_rows())
    table("oracle_interval", "size_t n; double p; double confidence; size_t low; size_t high;",
          interval_rows())
    shares = (1e-300, 1e-12, 1e-4, 0.005, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999)
    table("oracle_normal", "double p; double z;", ((p, float(stats.norm.ppf(p))) for p in shares))
    table("oracle_student", "double df; double p; double t;", student_rows())
    table("oracle_student_cdf", "double df; double t; double p;", student_cdf_rows())
    table("oracle_beta", "double a; double b; double x; double value;", beta_rows())
    table("oracle_tango",
          "uint64_t n; uint64_t b; uint64_t c; double confidence; double low; double high;", tango_rows())
    table("oracle_mcnemar", "uint64_t b; uint64_t c; double p;", mcnemar_rows())
    reference = [0.81, 0.9, 0.4, 0.77, 0.93, 0.12, 0.66, 0.58]
    candidate = [0.79, 0.91, 0.35, 0.7, 0.93, 0.15, 0.6, 0.51]
    interval = stats.ttest_rel(reference, candidate).confidence_interval(0.95)
    print(f"static const double oracle_paired_reference[] = {{{', '.join(map(c_double, reference))}}};")
    print(f"static const double oracle_paired_candidate[] = {{{', '.join(map(c_double, candidate))}}};")
    print(f"static const double oracle_paired_low = {c_double(interval.low)};")
    print(f"static const double oracle_paired_high = {c_double(interval.high)};")
    values = [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]
    print(f"static const double oracle_moments_sd = {c_double(numpy.std(values, ddof=1))};")
    print("#pragma GCC diagnostic pop\n// clang-format on")


if __name__ == "__main__":
    main()
