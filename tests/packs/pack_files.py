#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What lies in a pack: pack_files.py PACK TARGET OTHER_FILE

Every file is of the target's processor, nothing of ours needs a newer C library than 2.27 nor another library than the C
library, the runner is small enough for a slow link, adapters show their one symbol, and pack.json says what is so.
OTHER_FILE is a program of this machine's compiler: the floor that is read of it shows that reading works.
"""
import json
import os
import pathlib
import re
import sys
import unittest

import elf

FLOOR = "2.27"
RUNNER_BYTES = 2 << 20
MACHINES = {"linux-x86_64": ("ELF64", "Advanced Micro Devices X86-64"), "linux-aarch64": ("ELF64", "AArch64"),
            "linux-armv7": ("ELF32", "ARM")}
C_LIBRARY = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2"}
pack, target, other = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]


class Pack(unittest.TestCase):
    def setUp(self):
        self.runner = pack / "edgedyno-runner"
        self.adapters = sorted((pack / "adapters").glob("*"))
        self.ours = [self.runner, *self.adapters]
        self.about = json.loads((pack / "pack.json").read_text())
        self.loader = self.about["libc"]["loader"]

    def test_what_is_there(self):
        self.assertEqual({p.name for p in pack.iterdir()}, {"edgedyno-runner", "adapters", "libc", "pack.json"})
        backends = pathlib.Path(os.environ["ED_SOURCE_DIR"], "backends").glob("*/manifest.json")
        self.assertEqual({p.name for p in self.adapters}, {f"{manifest.parent.name}.so" for manifest in backends})
        self.assertTrue({"libgcc_s.so.1", "libstdc++.so.6", self.loader} | C_LIBRARY <=
                        {p.name for p in (pack / "libc").iterdir()})
        for path in [*self.ours, *(pack / "libc").iterdir()]:
            self.assertTrue(path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o100, path)
            self.assertEqual(elf.machine(path), MACHINES[target], path)

    def test_floor(self):
        for path in self.ours:
            highest = elf.highest_glibc(path)
            self.assertIsNotNone(highest, path)
            self.assertLessEqual(elf.number(highest), elf.number(FLOOR), f"{path} needs glibc {highest}")
            self.assertLessEqual(set(elf.needed(path)), C_LIBRARY | {self.loader}, path)
        self.assertGreater(elf.number(elf.highest_glibc(other)), elf.number(FLOOR))

    def test_pack_json(self):
        floors = [elf.highest_glibc(path) for path in self.ours]
        self.assertEqual(set(self.about), {"target", "libc_floor", "libc"})
        self.assertEqual(self.about["target"], target)
        self.assertEqual(self.about["libc_floor"], max(floors, key=elf.number))
        self.assertEqual(set(self.about["libc"]), {"version", "loader"})
        said = re.search(rb"GNU C Library .* release version ([0-9.]+[0-9])", (pack / "libc/libc.so.6").read_bytes())
        self.assertEqual(self.about["libc"]["version"], said.group(1).decode())

    def test_the_stated_floor(self):
        page = pathlib.Path(os.environ["ED_SOURCE_DIR"], "docs/packs.md").read_text()
        stated = re.search(rf"^\| `{target}` \|.*\| glibc ([0-9.]+) \|$", page, re.M)
        self.assertEqual(stated.group(1), self.about["libc_floor"])

    def test_the_engines_of_the_libc_need_nothing_else(self):
        there = {p.name for p in (pack / "libc").iterdir()}
        for path in (pack / "libc").iterdir():
            self.assertLessEqual(set(elf.needed(path)), there, path)

    def test_adapters_show_one_symbol(self):
        for path in self.adapters:
            self.assertEqual(elf.exports(path), {"ed_adapter_entry"}, path)

    def test_size(self):
        self.assertLess(self.runner.stat().st_size, RUNNER_BYTES)
        sections = elf.readelf("--sections", self.runner)
        self.assertNotIn(".symtab", sections)
        self.assertNotIn(".debug_info", sections)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
