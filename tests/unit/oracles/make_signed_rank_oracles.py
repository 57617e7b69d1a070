#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes signed_rank_oracles.inc: p-values of SciPy's signed-rank test, and intervals by inverting that test point by point.

    python3 make_signed_rank_oracles.py > signed_rank_oracles.inc
"""
import numpy
import scipy
from scipy import stats

LARGEST = 64


def p_greater(x, shift=0.0):
    return float(stats.wilcoxon(x - shift, alternative="greater", method="exact").pvalue)


def p_less(x, shift=0.0):
    return float(stats.wilcoxon(x - shift, alternative="less", method="exact").pvalue)


def with_ties(x, alternative):
    """All sign patterns, zeros ranked and left out as Pratt has it."""
    result = stats.wilcoxon(
        x, alternative=alternative, zero_method="pratt", method=stats.PermutationMethod(n_resamples=2**20)
    )
    return float(result.pvalue)


def inverted(x, tail):
    """The closed interval of shifts that a test with this tail rejects on neither side."""
    walsh = numpy.sort([(x[i] + x[j]) / 2 for i in range(len(x)) for j in range(i, len(x))])
    middles = (walsh[1:] + walsh[:-1]) / 2
    # Between two neighbours nothing changes: a gap belongs to the interval, with its ends, where it is not rejected.
    low = [w for w, m in zip(walsh[:-1], middles) if p_greater(x, m) > tail]
    high = [w for w, m in zip(walsh[1:], middles) if p_less(x, m) > tail]
    outside = walsh[0] - 1, walsh[-1] + 1
    has = p_greater(x, outside[0]) <= tail and p_less(x, outside[1]) <= tail
    return float(numpy.median(walsh)), has, float(low[0]), float(high[-1])


def row(values):
    padded = ", ".join(repr(float(v)) for v in values)
    return f"{{{padded}}}"


def main():
    random = numpy.random.default_rng(20260101)
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Made by tests/unit/oracles/make_signed_rank_oracles.py with")
    print(f"// SciPy {scipy.__version__}, NumPy {numpy.__version__}.")
    print("// clang-format off")
    print(f"static const struct {{ size_t n; double x[{LARGEST}]; double greater, less; }} oracle_signed_rank[] = {{")
    for n in (1, 2, 5, 8, 12, 16, 24, 32, 48, 64):
        for shift in (-0.5, 0.0, 0.8):
            x = random.normal(shift, 1, n)
            print(f"    {{{n}, {row(x)}, {p_greater(x)!r}, {p_less(x)!r}}},")
    print("};\n")
    print(f"static const struct {{ size_t n; double x[{LARGEST}]; double greater, less; }} oracle_signed_rank_ties[] = {{")
    for n in (4, 6, 8, 10, 12):
        for shift in (-1, 0, 1):
            for spread in (1, 2, 4):
                x = random.integers(-spread, spread + 1, n) + shift
                if not x.any():
                    continue
                print(f"    {{{n}, {row(x)}, {with_ties(x, 'greater')!r}, {with_ties(x, 'less')!r}}},")
    print("};\n")
    print(
        f"static const struct {{ size_t n; double x[{LARGEST}]; double tail, value; bool has; double low, high; }} oracle_shift[] = {{"
    )
    for n in (5, 6, 8, 12, 16, 24):
        for tail in (0.00258, 0.01343, 0.025, 0.1):
            x = random.standard_t(3, n) + 0.3
            value, has, low, high = inverted(x, tail)
            print(f"    {{{n}, {row(x)}, {tail!r}, {value!r}, {str(bool(has)).lower()}, {low!r}, {high!r}}},")
    print("};\n// clang-format on")


if __name__ == "__main__":
    main()
