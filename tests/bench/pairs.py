# SPDX-License-Identifier: Apache-2.0
"""Paired arms: the same work by several programs in turn, and the ratio of their medians with its interval.

The order is A B C D, D C B A, and so on, so that a slow drift of the machine falls on all arms alike.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    value: float  # median over pairs of the ratio of the two medians
    low: float  # NaN where there are too few pairs
    high: float
    pairs: int


def nearest_rank(values, p):
    """The p-quantile by nearest rank, as edgedyno has it."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(p * len(ordered))) - 1]


def interval_ranks(n, confidence=0.95):
    """1-based ranks of the order statistics around the median, each tail at most half of what confidence leaves; None: n too small."""
    tail, below, low = (1 - confidence) / 2, 0.0, 0
    for k in range(n):
        below += math.comb(n, k) / 2**n  # P(Bin(n, 1/2) <= k)
        if below > tail:
            break
        low = k + 1
    return (low, n + 1 - low) if low > 0 else None


def median(values):
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def ratio(candidates, references):
    """Of two lists of the same length whose i-th elements were measured next to each other."""
    logs = sorted(math.log(c / r) for c, r in zip(candidates, references, strict=True))
    ranks = interval_ranks(len(logs))
    ends = [math.exp(logs[rank - 1]) for rank in ranks] if ranks else [math.nan, math.nan]
    return Ratio(math.exp(median(logs)), ends[0], ends[1], len(logs))


def order(arms, passes):
    """The arms of each pass, forwards and backwards in turn."""
    return [list(arms) if i % 2 == 0 else list(reversed(arms)) for i in range(passes)]


def alternate(arms, passes):
    """arms: {name: function without arguments that returns a figure}. {name: [figure of each pass]}."""
    figures = {name: [] for name in arms}
    for names in order(arms, passes):
        for name in names:
            figures[name].append(arms[name]())
    return figures
