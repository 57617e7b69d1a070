# SPDX-License-Identifier: Apache-2.0
"""Does a controller that follows a job change what the job measures? The same job with the controller attached, and with the
link cut as soon as the job has begun."""

import array
import ast
import contextlib
import os
import struct
import sys

import pairs
import place as rig_place

BLOCKS = 4  # of which the first is not counted: the link may be cut while it runs
INFERENCES = 5000


def first_sample(source, target):
    """The first element of an .npy file along its first axis, as one of its own; no numpy is needed."""
    data = source.read_bytes()
    if data[:6] != b"\x93NUMPY" or data[6] != 1:
        raise rig_place.BenchError(f"{source} is no .npy file of version 1")
    (length,) = struct.unpack("<H", data[8:10])
    header = ast.literal_eval(data[10 : 10 + length].decode("latin-1"))
    rows = header["shape"][0]
    body = data[10 + length :]
    shape = (1, *header["shape"][1:])
    text = f"{{'descr': {header['descr']!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    text += " " * (-(10 + len(text) + 1) % 64) + "\n"
    target.write_bytes(data[:8] + struct.pack("<H", len(text)) + text.encode("latin-1") + body[: len(body) // rows])


class Link:
    """Cuts the link to a device when its job has begun, and mends it when that has ended. Looks at the job's journal from
    outside, in the same way whether it cuts or not."""

    def __init__(self, place, name, cuts):
        self.place, self.name, self.cuts = place, name, cuts
        self.jobs = place.path(name, place.home(name) + "/.local/state/edgedyno/work/jobs")
        self.before = set(self.list())
        self.journal, self.text, self.state = None, b"", "waiting"

    def list(self):
        with contextlib.suppress(FileNotFoundError):
            return [entry.name for entry in os.scandir(self.jobs)]
        return []

    def look(self, _out):
        if self.journal is None:
            new = set(self.list()) - self.before
            if not new:
                return
            self.journal = self.jobs / new.pop() / "journal.jsonl"
        with contextlib.suppress(FileNotFoundError):
            self.text = self.journal.read_bytes()
        if self.state == "waiting" and b'"type":"job"' in self.text:
            self.fault("cut")
            self.state = "begun"
        if self.state == "begun" and b'"type":"end"' in self.text:
            self.fault("mend")
            self.state = "ended"

    def fault(self, how):
        if self.cuts:
            self.place.rig.fault(self.name, "link", how)

    def close(self):
        if self.state == "begun":
            self.fault("mend")
        if self.state != "ended":
            raise rig_place.BenchError(f"the job on {self.name} was not seen from its begin to its end: {self.state}")


def block_medians(campaign, name):
    path = campaign.out / "devices" / name / "samples.bin"
    medians = []
    for line in campaign.blocks(name):
        samples = array.array("q")
        with open(path, "rb") as file:
            file.seek(line["samples"]["offset"])
            samples.frombytes(file.read(8 * line["samples"]["count"]))
        medians.append(pairs.nearest_rank(samples, 0.5))
    return medians


def measure(place, name, root, cpu, rounds, blocks=BLOCKS, inferences=INFERENCES):
    model = root / "examples/digits/models/digits-fp32.onnx"
    image = place.folder / "digit.npy"
    first_sample(root / "examples/digits/data/test_images.npy", image)
    variants = [{"name": "fp32", "file": str(model)}]
    suite = place.write("digits.json", {
        "name": "digits", "models": [{"name": "digits", "variants": variants, "inputs": {"image": str(image)}}],
        "on": ["onnxruntime/cpu"], "threads": [1], "blocks": blocks, "pin": str(cpu), "block": {"inferences": inferences},
    })  # fmt: skip

    def run(cuts):
        link = Link(place, name, cuts)
        try:
            campaign = place.campaign("-d", name, suite, during=link.look)
        finally:
            if link.state == "begun":
                link.fault("mend")
        link.close()
        return pairs.median(block_medians(campaign, name)[1:])

    print(f"bench: {name}: digits with and without a controller, {rounds} rounds", file=sys.stderr)
    run(False)  # pushes the engine
    figures = pairs.alternate({"cut": lambda: run(True), "attached": lambda: run(False), "cut again": lambda: run(True)}, rounds)
    return {
        "inferences": inferences,
        "blocks": blocks - 1,
        "medians_ns": figures,
        "ratios": {arm: pairs.ratio(figures[arm], figures["cut"]) for arm in ("attached", "cut again")},
    }
