# SPDX-License-Identifier: Apache-2.0
"""LiteRT by the real program, two releases: threads, signatures, placement, and what is refused in whose words."""

import json
import unittest

from engine import DIGITS, SOURCE, EngineTest

FP32 = DIGITS / "models" / "digits-fp32.tflite"
SMALL = SOURCE / "tests" / "fixtures" / "tflite"
BUILDS = ("litert@2.3.0", "litert@2.2.0")


class LiteRt(EngineTest):
    def test_threads_and_placement(self):
        for build in BUILDS:
            for threads in (1, 3):
                with self.subTest(build=build, threads=threads):
                    record, evidence = self.measure_short(FP32, f"{build}/cpu", "-t", threads)
                    self.assertEqual((record["outcome"], record["placed_ops_share"]), ("ok", 1))
                    self.assertTrue(evidence["placement"]["proven"])
                    self.assertIn("IsFullyAccelerated=1", evidence["placement"]["detail"])
                    # The engine ignores a key that it does not know: what counts is that they are there.
                    self.assertGreaterEqual(evidence["threads_seen"], threads)

    def test_signatures(self):
        for key, first in (("second", False), ("first", True)):
            with self.subTest(key=key):
                option = () if first else ("-o", f"signature={key}")
                record, evidence = self.measure_short(SMALL / "relu.tflite", "litert/cpu", *option)
                self.assertEqual(record["outcome"], "ok")
                self.assertIn(f"signature {key};", evidence["placement"]["detail"])
        words = self.refusal(SMALL / "relu.tflite", "litert/cpu", "-o", "signature=third")
        self.assertIn("no signature 'third'; it has first, second", words)

    def test_models_that_it_does_not_run(self):
        for build in BUILDS:
            with self.subTest(build=build):
                words = self.refusal(SMALL / "unknown_operator.tflite", f"{build}/cpu")
                self.assertIn("unresolved custom op: NoSuchOperator", words)
                self.assertIn("reading the model", self.refusal(SMALL / "truncated.tflite", f"{build}/cpu"))
        self.assertIn("and not gpu", self.refusal(FP32, "litert/cpu", "-o", "gpu_precision=f16"))

    def test_checks_of_the_cpu(self):
        """An option of the GPU is no check of the CPU; that the engine dies of some cut files is its own fault, and told."""
        done = self.run_program("engines", "check", "litert@2.3.0/cpu", FP32, "--format", "json")
        verdicts = {row["name"]: row["verdict"] for row in json.loads(done.stdout)["checks"]}
        self.assertEqual(verdicts["option"], "not applicable", done.stdout)
        self.assertLessEqual({name for name, verdict in verdicts.items() if verdict == "failed"}, {"load_truncated"}, done.stdout)

    def test_an_accelerator_that_is_not_here(self):
        rows = self.run_program("engines", "--format", "json")
        for build in BUILDS:
            (found,) = (row for row in json.loads(rows.stdout)["engines"] if row["id"] == build and row["surveyed"])
            survey = {row["backend"]: row for row in found["backends"]}
            self.assertEqual(list(survey), ["cpu", "gpu", "npu"])
            self.assertTrue(survey["cpu"]["available"])
            for backend in (name for name in ("gpu", "npu") if not survey[name]["available"]):
                with self.subTest(build=build, backend=backend):
                    # A GPU without a device is registered all the same; the engine's words say what is missing.
                    if backend == "gpu":
                        self.assertIn("WebGPU environment", survey[backend]["reason"])
                    done = self.run_program("run", FP32, "--on", f"{build}/{backend}", "-r", 1)
                    self.assertEqual(done.returncode, 2)
                    self.assertIn(f"does not offer '{backend}'", done.stderr)


if __name__ == "__main__":
    unittest.main()
