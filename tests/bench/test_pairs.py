# SPDX-License-Identifier: Apache-2.0
"""The benchmark's statistics against values known from tables and by hand."""

import math
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import pairs


class Ranks(unittest.TestCase):
    def test_known(self):
        # Conover, Practical Nonparametric Statistics, table of the sign test: 95 % intervals of the median.
        for n, low in [(6, 1), (8, 1), (9, 2), (10, 2), (11, 2), (12, 3), (15, 4), (17, 5), (20, 6), (25, 8)]:
            self.assertEqual(pairs.interval_ranks(n), (low, n + 1 - low), n)

    def test_too_small(self):
        for n in range(6):
            self.assertIsNone(pairs.interval_ranks(n), n)


class Quantiles(unittest.TestCase):
    def test_nearest_rank(self):
        self.assertEqual(pairs.nearest_rank([5, 1, 4, 2], 0.5), 2)
        self.assertEqual(pairs.nearest_rank([5, 1, 4, 2, 3], 0.5), 3)
        self.assertEqual(pairs.nearest_rank(range(1, 101), 0.9), 90)
        self.assertEqual(pairs.nearest_rank([7], 0.5), 7)


class Ratios(unittest.TestCase):
    def test_drift_cancels(self):
        reference = [100.0 * 1.03**i for i in range(12)]
        got = pairs.ratio([1.25 * x for x in reference], reference)
        for value in (got.value, got.low, got.high):
            self.assertAlmostEqual(value, 1.25, 12)

    def test_ends_are_order_statistics(self):
        got = pairs.ratio([math.exp(k / 100) for k in range(1, 13)], [1.0] * 12)
        self.assertAlmostEqual(math.log(got.value), 0.065, 12)
        self.assertAlmostEqual(math.log(got.low), 0.03, 12)
        self.assertAlmostEqual(math.log(got.high), 0.10, 12)

    def test_few_pairs_have_no_interval(self):
        got = pairs.ratio([2.0, 2.0], [1.0, 1.0])
        self.assertEqual(got.value, 2.0)
        self.assertTrue(math.isnan(got.low) and math.isnan(got.high))

    def test_lengths_must_agree(self):
        with self.assertRaises(ValueError):
            pairs.ratio([1.0], [1.0, 2.0])


class Order(unittest.TestCase):
    def test_every_arm_stands_on_average_at_the_same_place(self):
        passes = pairs.order("ABCD", 4)
        self.assertEqual(["".join(names) for names in passes], ["ABCD", "DCBA", "ABCD", "DCBA"])
        flat = [name for names in passes for name in names]
        places = {name: sum(i for i, other in enumerate(flat) if other == name) for name in "ABCD"}
        self.assertEqual(len(set(places.values())), 1)

    def test_figures_keep_their_pass(self):
        count = iter(range(100))
        arms = {"a": lambda: next(count), "b": lambda: next(count)}
        self.assertEqual(pairs.alternate(arms, 2), {"a": [0, 3], "b": [1, 2]})


if __name__ == "__main__":
    unittest.main()
