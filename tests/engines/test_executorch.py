# SPDX-License-Identifier: Apache-2.0
"""ExecuTorch by the real program: threads, methods, placement by operator, and what is refused in whose words."""

import json
import random
import unittest
from pathlib import Path

from engine import DIGITS, SOURCE, EngineTest

MODELS = DIGITS / "models"
SMALL = SOURCE / "tests" / "fixtures" / "pte"


class ExecuTorch(EngineTest):
    def patched(self, source, *changes):
        """A copy of `source` in which texts became others of the same length."""
        content = Path(source).read_bytes()
        for old, new in changes:
            self.assertEqual(len(old), len(new))
            self.assertIn(old, content)
            content = content.replace(old, new)
        path = self.room / "patched.pte"
        path.write_bytes(content)
        return path

    def places(self, evidence):
        return {place["name"]: place for place in evidence["placement"]["places"]}

    def test_threads_and_memory(self):
        for threads in (1, 3):
            with self.subTest(threads=threads):
                record, evidence = self.measure_short(MODELS / "digits-fp32.pte", "executorch/xnnpack", "-t", threads)
                self.assertEqual((record["outcome"], record["placed_ops_share"]), ("ok", 1))
                self.assertIn(f"{threads} threads", evidence["placement"]["detail"])
                self.assertEqual(evidence["threads_seen"], threads)
                self.assertGreater(record["arena_bytes"], 0)

    def test_placement_by_operator(self):
        record, evidence = self.measure_short(MODELS / "digits-fp32.pte", "executorch/xnnpack")
        self.assertEqual(record["placed_ops_share"], 1)
        self.assertEqual(list(self.places(evidence)), ["XnnpackBackend"])
        self.assertIn("Conv2d", self.places(evidence)["XnnpackBackend"]["operators"])
        self.assertGreaterEqual(evidence["placement"]["total"], 7)
        record, evidence = self.measure_short(MODELS / "digits-fp32-kernels.pte", "executorch/optimized")
        self.assertEqual(record["placed_ops_share"], 1)
        self.assertEqual(list(self.places(evidence)), ["optimized"])
        self.assertIn("aten::convolution.out", self.places(evidence)["optimized"]["operators"])

    def test_a_placement_short_of_what_was_asked(self):
        """A program without a delegate that is asked to run on one; one with some of it; one with a delegate that is asked
        to run on kernels alone. Each fails its placement, and names what ran elsewhere."""
        cases = (
            (MODELS / "digits-fp32-kernels.pte", "xnnpack", 0, "aten::convolution.out"),
            (MODELS / "digits-fp32.pte", "optimized", 0, "Conv2d"),
            (SMALL / "mixed.pte", "xnnpack", None, "aten::cumsum.out"),
        )
        for model, backend, share, named in cases:
            with self.subTest(model=model.name, backend=backend):
                record, _ = self.measure_short(model, f"executorch/{backend}")
                self.assertEqual(record["outcome"], "ok")
                (reason,) = (row for row in record["reasons"] if row["code"] == "placement_short")
                self.assertIn(named, reason["text"])
                self.assertLess(record["placed_ops_share"], 1)
                if share is None:
                    self.assertGreater(record["placed_ops_share"], 0)
                else:
                    self.assertEqual(record["placed_ops_share"], share)
        record, _ = self.measure_short(SMALL / "mixed.pte", "executorch/xnnpack", "--allow-fallback")
        self.assertEqual([row["code"] for row in record["reasons"] if row["key"] == "placement_observed"], ["fallback_allowed"])
        record, _ = self.measure_short(SMALL / "mixed.pte", "executorch/cpu")
        self.assertEqual(record["placed_ops_share"], 1)

    def test_methods(self):
        for option, method in (((), "forward"), (("-o", "method=second"), "second")):
            _, evidence = self.measure_short(SMALL / "methods.pte", "executorch/cpu", *option)
            self.assertIn(f"method {method};", evidence["placement"]["detail"])
        words = self.refusal(SMALL / "methods.pte", "executorch/cpu", "-o", "method=third")
        self.assertIn("no method 'third'; it has forward, second", words)

    def test_backends_that_are_not_here(self):
        rows = self.run_program("engines", "--format", "json")
        (found,) = (row for row in json.loads(rows.stdout)["engines"] if row["id"] == "executorch@1.5.1" and row["surveyed"])
        survey = {row["backend"]: row for row in found["backends"]}
        self.assertEqual(list(survey), ["cpu", "xnnpack", "optimized", "portable", "qnn", "openvino"])
        for backend in ("cpu", "xnnpack", "optimized"):
            self.assertTrue(survey[backend]["available"], survey[backend])
        self.assertIn("portable kernels on their own are not in it", survey["portable"]["reason"])
        for backend in (name for name in survey if not survey[name]["available"]):
            with self.subTest(backend=backend):
                self.assertTrue(survey[backend]["reason"])
                done = self.run_program("run", MODELS / "digits-fp32.pte", "--on", f"executorch/{backend}", "-r", 1)
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"does not offer '{backend}'", done.stderr)

    def test_programs_that_it_does_not_run(self):
        operator = self.patched(SMALL / "methods.pte", (b"aten::relu", b"aten::rely"))
        words = self.refusal(operator, "executorch/cpu")
        self.assertIn("operator missing", words)
        self.assertIn("aten::rely", words)
        delegate = self.patched(SMALL / "mixed.pte", (b"XnnpackBackend", b"XnnpackBackenx"))
        words = self.refusal(delegate, "executorch/cpu")
        self.assertIn("XnnpackBackenx is not registered", words)

    def test_damaged_programs_end_as_results(self):
        """Cut short and with bytes changed: the block ends in a result, whatever the engine makes of it, and the job goes on."""
        whole = (MODELS / "digits-fp32.pte").read_bytes()
        chance = random.Random(5)
        variants = []
        for i in range(12):
            content = bytearray(whole[: chance.randrange(1, len(whole))] if i % 3 == 0 else whole)
            for _ in range(0 if i % 3 == 0 else 40):
                # Most of the file is weights; what is read first lies in front.
                content[chance.randrange(min(len(content), 4096 if i % 3 == 1 else len(content)))] = chance.randrange(256)
            path = self.room / f"damaged-{i}.pte"
            path.write_bytes(content)
            variants.append({"name": f"v{i}", "file": str(path)})
        variants.append({"name": "whole", "file": str(MODELS / "digits-fp32.pte")})
        suite = self.room / "damaged.json"
        suite.write_text(json.dumps({"models": [{"name": "m", "variants": variants}], "on": ["executorch/cpu"],
                                     "block": {"inferences": 5}}))
        _, records, _ = self.measure(suite)
        self.assertEqual(len(records), len(variants))
        for record in records[:-1]:
            self.assertIn(record["outcome"], ("ok", "refused", "crashed", "timeout"), record)
        self.assertEqual([record["outcome"] for record in records[:-1:3]], ["refused"] * 4)
        self.assertEqual(records[-1]["outcome"], "ok")


if __name__ == "__main__":
    unittest.main()
