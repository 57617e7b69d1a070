# SPDX-License-Identifier: Apache-2.0
"""OpenVINO by the real program: where it ran and in which precision, threads, properties, and what is refused in whose words."""

import json
import unittest

from engine import DIGITS, SOURCE, EngineTest

FP32 = DIGITS / "models" / "digits-fp32.onnx"
ENGINE = "openvino@2026.4.1"
DEVICES = {"cpu": "CPU", "auto": "AUTO", "hetero": "HETERO"}


class OpenVino(EngineTest):
    def detail(self, evidence):
        return dict(part.split("=", 1) for part in evidence["placement"]["detail"].split("; "))

    def test_placement_and_precision_are_told(self):
        for backend, name in DEVICES.items():
            with self.subTest(backend=backend):
                record, evidence = self.measure_short(FP32, f"{ENGINE}/{backend}", "-o", "devices=CPU")
                self.assertEqual((record["outcome"], record["engine_version"]), ("ok", "2026.4.1"))
                self.assertEqual(record["placed_ops_share"], 1)
                self.assertTrue(evidence["placement"]["proven"])
                (place,) = evidence["placement"]["places"]
                self.assertEqual((place["name"], place["processor"]), (name, "cpu"))
                detail = self.detail(evidence)
                self.assertEqual(detail["EXECUTION_DEVICES"], "CPU")
                self.assertEqual(detail["INFERENCE_PRECISION_HINT"], "f32")
                self.assertEqual(detail["INFERENCE_NUM_THREADS"], "1")

    def test_a_precision_that_the_processor_lacks_is_refused(self):
        # Which it has differs from processor to processor; what it does not take must never look like what was asked.
        for precision in ("bf16", "f16"):
            with self.subTest(precision=precision):
                arguments = (FP32, f"{ENGINE}/cpu", "-o", f"inference_precision={precision}")
                record, evidence = self.measure_short(*arguments)
                if record["outcome"] == "ok":
                    self.assertEqual(self.detail(evidence)["INFERENCE_PRECISION_HINT"], precision)
                    continue
                self.assertIn(f"{precision} was asked for", self.refusal(*arguments))
                record, evidence = self.measure_short(*arguments, "--allow-fallback")
                self.assertEqual(record["outcome"], "ok")
                self.assertNotEqual(self.detail(evidence)["INFERENCE_PRECISION_HINT"], precision)

    def test_threads_are_what_was_asked(self):
        self.assertIn("4096 threads were asked for", self.refusal(FP32, f"{ENGINE}/cpu", "-t", "4096"))

    def test_properties(self):
        record, _ = self.measure_short(FP32, f"{ENGINE}/cpu", "-o", "property.ENABLE_CPU_PINNING=NO")
        self.assertEqual(record["outcome"], "ok")
        for option, words in (
            ("property.ENABLE_CPU_PINING=NO", "did you mean 'ENABLE_CPU_PINNING'"),
            ("property.ENABLE_CPU_PINNING=SIDEWAYS", "Wrong value SIDEWAYS"),
            ("property.INFERENCE_NUM_THREADS=2", "is set by -t"),
            ("devices=GPU", "is not one device of the backend cpu"),
        ):
            with self.subTest(option=option):
                self.assertIn(words, self.refusal(FP32, f"{ENGINE}/cpu", "-o", option))
        # AUTO itself takes any property in silence.
        self.assertIn("no property 'NO_SUCH'", self.refusal(FP32, f"{ENGINE}/auto", "-o", "property.NO_SUCH=1"))

    def test_a_device_that_is_not_here(self):
        rows = self.run_program("engines", "--format", "json")
        (build,) = (row for row in json.loads(rows.stdout)["engines"] if row["id"] == ENGINE and row["surveyed"])
        survey = {row["backend"]: row for row in build["backends"]}
        self.assertEqual(list(survey), ["cpu", "gpu", "npu", "auto", "hetero"])
        self.assertTrue(survey["cpu"]["available"])
        missing = [name for name in ("gpu", "npu") if not survey[name]["available"]]
        for backend in missing:
            with self.subTest(backend=backend):
                # What is missing, and no path into the store.
                self.assertNotIn("/", survey[backend]["reason"])
                done = self.run_program("run", FP32, "--on", f"{ENGINE}/{backend}", "-r", 1)
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"does not offer '{backend}'", done.stderr)
                # By way of AUTO it is not found out before the model is loaded.
                words = self.refusal(FP32, f"{ENGINE}/auto", "-o", f"devices={backend.upper()}")
                self.assertIn("OpenVINO 2026.4.1, ", words)

    def test_models_that_it_does_not_open(self):
        onnx = SOURCE / "tests" / "fixtures" / "onnx"
        self.assertIn("reading the model", self.refusal(onnx / "unknown_operator.onnx", f"{ENGINE}/cpu"))
        self.assertIn("reading the model", self.refusal(onnx / "truncated.onnx", f"{ENGINE}/cpu"))
        lonely = self.room / "lonely.xml"
        lonely.write_bytes((DIGITS / "models" / "digits-fp32.xml").read_bytes())
        self.assertIn("OpenVINO 2026.4.1, ", self.refusal(lonely, f"{ENGINE}/cpu"))
        both = [DIGITS / "models" / "digits-fp32.xml", DIGITS / "models" / "digits-fp32.bin"]
        self.assertEqual(self.measure_short(both, f"{ENGINE}/cpu")[0]["outcome"], "ok")


if __name__ == "__main__":
    unittest.main()
