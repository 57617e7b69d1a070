# SPDX-License-Identifier: Apache-2.0
"""Each lint program, on small made trees: silent where all is well, and with the right finding for each thing that can be wrong."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import addresses
import binaries
import docs_words
import file_sizes
import include_direction
import licence_lines
import manifests

SPDX = "SPDX-License-Identifier: Apache-2.0"


class Tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def file(self, path, text=""):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def finds(self, module, *expected):
        """Exactly these findings, each named by a part of its words."""
        found = module.findings(self.root)
        self.assertEqual(len(found), len(expected), found)
        for part in expected:
            self.assertTrue(any(part in finding for finding in found), f"{part!r} is not in {found}")


class IncludeDirection(Tree):
    def setUp(self):
        super().setUp()
        self.file("include/edgedyno/a.h", '#include "edgedyno/b.h"\n')
        self.file("include/edgedyno/b.h")
        for folder in ("base", "backends/one", "backends/two", "probes", "runners", "devices", "reports", "harness", "tests"):
            self.file(f"{folder}/x.h", '#include "edgedyno/a.h"\n')
        self.file("backends/common.h")

    def includes(self, path, *names):
        self.file(path, "".join(f'#include "{name}"\n' for name in names))

    def test_the_right_way(self):
        self.includes("base/y.c", "base/x.h", "edgedyno/a.h")
        self.includes("backends/one/y.c", "backends/one/x.h", "backends/common.h", "base/x.h", "one_manifest.h")
        self.includes("probes/y.c", "probes/x.h", "base/x.h")
        self.includes("runners/y.c", "runners/x.h", "probes/x.h", "backends/common.h", "base/x.h", "edgedyno/b.h")
        self.includes("devices/y.c", "devices/x.h", "base/x.h")
        self.includes("reports/y.c", "reports/x.h", "base/x.h")
        self.includes("harness/y.c", "harness/x.h", "devices/x.h", "reports/x.h", "base/x.h")
        self.includes("tests/y.c", *(f"{f}/x.h" for f in ("runners", "harness", "devices", "reports", "probes", "tests")))
        self.finds(include_direction)

    def test_every_wrong_way(self):
        wrong = {
            "include": ["base", "runners", "harness"],
            "base": ["backends/one", "probes", "runners", "devices", "reports", "harness", "tests"],
            "backends/one": ["probes", "runners", "devices", "reports", "harness", "tests"],
            "probes": ["backends/one", "runners", "devices", "reports", "harness", "tests"],
            "runners": ["devices", "reports", "harness", "tests"],
            "devices": ["backends/one", "probes", "runners", "reports", "harness", "tests"],
            "reports": ["backends/one", "probes", "runners", "devices", "harness", "tests"],
            "harness": ["backends/one", "probes", "runners", "tests"],
        }
        for folder, targets in wrong.items():
            for target in targets:
                with self.subTest(folder=folder, target=target):
                    self.includes(f"{folder}/y.c", f"{target}/x.h")
                    self.finds(include_direction, "looks the wrong way")
            (self.root / folder / "y.c").unlink()

    def test_hidden_forms(self):
        for text, part in [
            (' # include "harness/x.h"\n', "looks the wrong way"),
            ('#include <harness/x.h>\n', "write it in quotes"),
            ('#include "../harness/x.h"\n', "not written from the root"),
            ('#include "x.h"\n', "not written from the root"),
            ('#include "base/none.h"\n', "does not exist"),
            ('#include "one_manifest.h"\n', "not written from the root"),
        ]:
            with self.subTest(text=text):
                self.file("base/y.c", text)
                self.finds(include_direction, part)

    def test_another_adapter(self):
        self.includes("backends/one/y.c", "backends/two/x.h")
        self.finds(include_direction, "of another adapter")

    def test_a_new_folder_has_no_rule(self):
        self.includes("extras/y.c", "base/x.h")
        self.finds(include_direction, "for which there is no rule")

    def test_an_empty_tree_is_no_success(self):
        for path in self.root.rglob("*.h"):
            path.unlink()
        self.finds(include_direction, "no #include was found")


class FileSizes(Tree):
    def test_limit(self):
        self.file("base/fits.c", "\n" * 500)
        self.file("tests/oracles.inc", "\n" * 900)
        self.file("data/long.json", "\n" * 5000)
        self.finds(file_sizes)
        self.file("base/long.c", "\n" * 501)
        self.file("tests/long.py", "\n" * 900)
        self.finds(file_sizes, "base/long.c: 501 lines", "tests/long.py: 900 lines")


class LicenceLines(Tree):
    def test_lines(self):
        self.file("base/a.c", f"// {SPDX}\n")
        self.file("run.sh", f"#!/bin/bash\n# {SPDX}\n")
        self.file("data.json", "{}\n")
        self.finds(licence_lines)
        self.file("base/b.c", f"// Something\n// {SPDX}\n")
        self.file("base/empty.h")
        self.file("base/CMakeLists.txt", "project(x)\n")
        self.finds(licence_lines, "base/b.c", "base/empty.h", "base/CMakeLists.txt")


class Addresses(Tree):
    def test_hosts(self):
        self.file("ok.md", "See https://doi.org/10.1/x and https://json-schema.org/draft/2020-12/schema.\n")
        (self.root / "binary.npy").write_bytes(b"\0https:" + b"//mirror.example")
        self.finds(addresses)
        self.file("note.md", "fine\nfrom https:" + "//mirror.example/file\n")
        self.finds(addresses, "not among the addresses")
        self.assertIn("note.md:2:", addresses.findings(self.root)[0])


class Manifests(Tree):
    GOOD = {
        "name": "one", "summary": "s", "abi": 2, "versions": ">=1", "needs_model": True, "formats": [".onnx"], "library": "",
        "backends": [{"name": "cpu", "processor": "cpu"}], "environment": [], "libc_floor": "", "network": False,
        "extra_files": [], "options": [{"name": "level", "type": "word", "default": "a", "words": "a|b", "help": "what"}],
    }

    def make(self, source='ed_adapter_option(args, "level");', build="ed_add_adapter(one one.c)\n", **changes):
        manifest = {key: value for key, value in (self.GOOD | changes).items() if value is not ...}
        self.file("backends/one/manifest.json", json.dumps(manifest))
        self.file("backends/one/one.c", source)
        self.file("backends/CMakeLists.txt", build)

    def test_good(self):
        self.make()
        self.finds(manifests)
        self.make(option_prefix="ep.")
        self.finds(manifests)

    def test_bad(self):
        option = self.GOOD["options"][0]
        for changes, *parts in [
            ({"summary": ...}, "lacks the key summary"),
            ({"network": 0}, "network is not true or false"),
            ({"surprise": 1}, "unknown key surprise"),
            ({"name": "two"}, "its name is two"),
            ({"formats": ["onnx"]}, "is no ending"),
            ({"formats": []}, "disagree"),
            ({"backends": []}, "has no backend"),
            ({"backends": [{"name": "cpu", "processor": "dsp"}]}, "a backend is not"),
            ({"options": [option, option]}, "is there twice"),
            ({"options": [option | {"default": "c"}]}, "is none of a|b"),
            ({"options": [option | {"type": "text"}]}, "a word has 'words'"),
            ({"options": [option | {"min": 1}]}, "come together"),
            ({"options": [option | {"help": "What."}]}, "full stop"),
            ({"options": [option | {"extra": 1}]}, "unknown keys: extra"),
            ({"options": []}, "is not in the manifest"),
            ({"source": ""}, "is read nowhere"),
            ({"build": "# nothing\n"}, "does not build it"),
        ]:
            with self.subTest(changes=changes):
                self.make(**changes)
                self.finds(manifests, *parts)

    def test_no_manifest(self):
        self.make()
        self.file("backends/two/two.c")
        self.finds(manifests, "backends/two: has no manifest.json")


class DocsWords(Tree):
    REFERENCE = """# Reference
### `edgedyno run`
| `--on ENGINE,...` | x |
| `-r, --blocks N` | x |
| `-h, --help` | x |
### `edgedyno report`
| `--format FORMAT` | x |
## Result keys
| `latency_p50_ns` | x |
| `accuracy_drop` | x |
"""

    def found(self, text):
        self.file("docs/page.md", text)
        return docs_words.findings(self.root, docs_words.Reference(self.REFERENCE))

    def test_good(self):
        text = """Use `edgedyno run --on null -r 20`, or `--format`. `latency_p50_ns` has `latency_p50_ns_low`.
```
edgedyno run model.onnx --on onnxruntime/cpu \\
    --blocks 3 | grep --color x
cmake --preset release
./bootstrap run -- -r 6
```
"""
        self.assertEqual(self.found(text), [])

    def test_bad(self):
        for text, part in [
            ("`edgedyno measure`", "no command 'measure'"),
            ("`edgedyno run --format x`", "'edgedyno run' has no flag --format"),
            ("`edgedyno report -r 3`", "'edgedyno report' has no flag -r"),
            ("`--nothing`", "no command has the flag --nothing"),
            ("`latency_p51_ns`", "'latency_p51_ns' is no key of a result"),
            ("limit accuracy_dropp <= 1 %", "'accuracy_dropp' is no key of a result"),
            ("```\n$ edgedyno run x \\\n   --wrong\n```", "'edgedyno run' has no flag --wrong"),
        ]:
            with self.subTest(text=text):
                found = self.found(text + "\n")
                self.assertEqual(len(found), 1, found)
                self.assertIn(part, found[0])


class Binaries(Tree):
    def library(self, source, *flags):
        place = self.root / "lib/edgedyno/t/adapters/one.so"
        place.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", place, *flags], input=source.encode(), check=True)
        runner = place.parents[1] / "edgedyno-runner"
        subprocess.run(["cc", "-x", "c", "-", "-o", runner], input=b"int main(void) { return 0; }", check=True)

    def test_real_files(self):
        self.library("int ed_adapter_entry(void) { return 1; }")
        self.finds(binaries)
        self.library("int ed_adapter_entry(void) { return 1; } int leaked_name(void) { return 2; } int leaked_data = 3;")
        self.finds(binaries, "one.so: exports leaked_name", "one.so: exports leaked_data")
        self.library("static int x(void) { return 1; } int (*unused)(void) = x;", "-fvisibility=hidden")
        self.finds(binaries, "does not export ed_adapter_entry")

    def test_libraries(self):
        self.assertEqual(list(binaries.judge_needed(["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"])), [])
        self.assertEqual(list(binaries.judge_needed(["libc.so.6", "libhwloc.so.15"])), ["needs libhwloc.so.15"])
        self.assertEqual(list(binaries.judge_needed(["libstdc++.so.6", "libc.so.6"])), ["needs libstdc++.so.6"])
        self.assertEqual(list(binaries.judge_needed(["libubsan.so.1", "libstdc++.so.6", "libc.so.6"])), [])
        self.assertEqual(list(binaries.judge_needed(["libasan.so.8", "libc.so.6", "libz.so.1"])), ["needs libz.so.1"])

    def test_nothing_built(self):
        self.finds(binaries, "is it built?")


if __name__ == "__main__":
    unittest.main()
