# SPDX-License-Identifier: Apache-2.0
"""Campaigns on several devices at once: what comes back is whole, and what it is on the controller's machine."""

import os
import pathlib
import sys

from campaigns import SOURCE, Controller, least
from checks import check, equal, need_root, new_rig, run_all, skip

DIGITS = SOURCE / "examples/digits/suite.json"


def objects(rig, name):
    """Name -> inode and time of what the device keeps."""
    base = f"{rig.record(name)['home']}/.local/state/edgedyno/work/objects"
    listed = rig.sh(name, f"cd {base} && stat -c '%n %i %Z' *").stdout.split("\n")
    return {line.split()[0]: line.split()[1:] for line in listed if line}


def scripted():
    """Laptop, pi and a pi far away at once, with local beside them."""
    with new_rig() as rig:
        rig.up("laptop:laptop", "pi:pi", "far:pi,delay=50ms,loss=1%")
        controller = Controller(rig)
        controller.scripted_suite(blocks=3)
        names = ["local", "laptop", "pi", "far"]
        controller.run("run", "-d", ",".join(names), "--out", "first", "suite.json", code=(0, 3))
        controller.check_whole("first", names, least())
        records = controller.records("first")
        equal(sorted({record["device"] for record in records}), sorted(names), "every device is in the report")
        equal(len(records), 2 * len(names), "a record for each device and variant")
        equal({record["outcome"] for record in records}, {"ok"}, "outcomes")
        equal({record["blocks"] for record in records}, {3}, "blocks")
        before = {name: objects(rig, name) for name in names[1:]}
        controller.run("run", "-d", ",".join(names[1:]), "--out", "second", "suite.json", code=(0, 3))
        controller.check_whole("second", names[1:], least())
        for name in names[1:]:
            equal(objects(rig, name), before[name], f"{name}: the second run pushed nothing")
            left = rig.sh(name, "ps ax | grep -c '[e]dgedyno-runner'", check=False).stdout.strip()
            equal(left, "0", f"{name}: no runner is left")


def digits():
    """Real ONNX Runtime on laptop and pi: the outputs and the accuracy are the local ones, bit for bit."""
    with new_rig() as rig:
        rig.up("laptop:laptop", "pi:pi")
        controller = Controller(rig)
        controller.link_engines("linux-x86_64")
        names = ["local", "laptop", "pi"]
        controller.run("run", "-d", ",".join(names), "-r", "1", "--on-invalid", "mark", "--out", "out", DIGITS, code=(0, 3, 5))
        controller.check_whole("out", names)
        check_accuracy(controller.records("out"), names)
        check_outputs(controller.folder / "out/devices", names)


def check_accuracy(records, names):
    by = {(record["device"], record["variant"]): record for record in records}
    for variant in ("fp32", "int8"):
        local = by[("local", variant)]
        check(
            local["accuracy_value"] is not None and local["accuracy_value"] > 0.98,
            f"{variant}: local",
            local["accuracy_value"],
        )
        for name in names[1:]:
            got = by.get((name, variant))
            if not check(got is not None and got["outcome"] == "ok", f"{name}/{variant}: a result", got):
                continue
            for key in ("accuracy_metric", "accuracy_value", "accuracy_reference", "accuracy_drop", "accuracy_verdict"):
                equal(got[key], local[key], f"{name}/{variant}: {key}")
            equal(got["model_sha256"], local["model_sha256"], f"{name}/{variant}: the model")
            equal(got["placed_ops_share"], 1, f"{name}/{variant}: all on the CPU")


def check_outputs(devices, names):
    def tree(name):
        base = devices / name / "outputs"
        return sorted(path.relative_to(base) for path in base.rglob("*") if path.is_file())

    files = tree("local")
    check(len(files) > 0, "local has outputs")
    for name in names[1:]:
        equal(len(tree(name)), len(files), f"{name}: as many outputs")
    sizes = {name: sorted((devices / name / "outputs" / path).stat().st_size for path in tree(name)) for name in names}
    for name in names[1:]:
        equal(sizes[name], sizes["local"], f"{name}: outputs of the same size")
    # Files are named by block; blocks come in random order, so that content is compared as a set.
    local = {(devices / "local/outputs" / path).read_bytes() for path in files}
    for name in names[1:]:
        got = {(devices / name / "outputs" / path).read_bytes() for path in tree(name)}
        check(got == local, f"{name}: the outputs are not the local ones, bit for bit")


def pack(target):
    """The folder of what is pushed to devices of the target; None where this build has none."""
    library = pathlib.Path(os.environ["ED_TEST_RUNNER"]).parents[1]
    for folder in (library / "packs" / target, library / target):
        if (folder / "edgedyno-runner").exists():
            return folder
    return None


def arm64():
    """The aarch64 runner in a guest, with the scripted engine."""
    if pack("linux-aarch64") is None:
        skip("this build has no runner for linux-aarch64")
    with new_rig() as rig:
        rig.up("pi:pi64")
        controller = Controller(rig)
        controller.scripted_suite(blocks=2, variants=("a",))
        controller.run("run", "-d", "pi", "--out", "out", "suite.json", code=(0, 3))
        controller.check_whole("out", ["pi"], least())
        equal({record["target"] for record in controller.records("out")}, {"linux-aarch64"}, "the target")
        check_emulated(controller)


def check_emulated(controller, names=("pi",)):
    """Times of an emulated processor are void, and said to be no speed."""
    for record in controller.records("out"):
        if record["device"] in names:
            equal(record["simulated"], True, f"{record['device']} is emulated")
            codes = {reason["code"] for reason in record["reasons"]}
            check("invalid_emulator" in codes, "its times are void", codes)


def arm64_digits():
    """Real ONNX Runtime in the guest: slow, and as right as on the controller's own machine."""
    if pack("linux-aarch64") is None:
        skip("this build has no runner for linux-aarch64")
    with new_rig() as rig:
        rig.up("pi:pi64,mem=2GiB")
        controller = Controller(rig)
        controller.link_engines("linux-x86_64", "linux-aarch64")
        names = ["local", "pi"]
        controller.run("run", "-d", ",".join(names), "-r", "1", "--on-invalid", "mark", "--out", "out", DIGITS, code=(0, 3, 5))
        controller.check_whole("out", names)
        check_accuracy(controller.records("out"), names)
        check_emulated(controller)


def armv7():
    """The armv7 runner under qemu-user, with the scripted engine; test_engines_arm.py has a real one."""
    if pack("linux-armv7") is None:
        skip("this build has no runner for linux-armv7")
    with new_rig() as rig:
        rig.up("pi:pi32")
        controller = Controller(rig)
        controller.scripted_suite(blocks=2, variants=("a",))
        controller.run("run", "-d", "pi", "--out", "out", "suite.json", code=(0, 3))
        controller.check_whole("out", ["pi"], least())
        check_emulated(controller)


def other_libc():
    """A phone, and devices with musl or no libc, by the pack's own."""
    if not (pack("linux-x86_64") / "libc").is_dir():
        skip("this build's pack has no libc of its own")
    with new_rig() as rig:
        rig.up("phone:phone", "musl:musl", "bare:bare")
        controller = Controller(rig)
        controller.scripted_suite(blocks=2, variants=("a",))
        names = ["phone", "musl", "bare"]
        controller.run("run", "-d", ",".join(names), "--out", "out", "suite.json", code=(0, 3))
        controller.check_whole("out", names, least())
        for record in controller.records("out"):
            check(record["libc"], f"{record['device']}: the report says whose libc it was", record["libc"])


def loopback():
    """Without root: the caller's own sshd."""
    with new_rig() as rig:
        rig.up("me:sshd")
        controller = Controller(rig)
        controller.scripted_suite(blocks=2, variants=("a",))
        controller.run("run", "-d", "me", "--out", "out", "suite.json", code=(0, 3))
        controller.check_whole("out", ["me"], least())


TESTS = (scripted, digits, arm64, arm64_digits, armv7, other_libc)

if __name__ == "__main__":
    chosen = sys.argv[1:]
    if chosen == ["loopback"]:
        run_all((loopback,), [])
    need_root()
    run_all(TESTS, chosen)
