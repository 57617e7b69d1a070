# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime itself: models that it refuses, options, its profile, memory and placement; its plug-in for QNN on the simulator
of the NPU, and WebGPU where there is no GPU. A build that is not in the store is left out, unless tests/engines.txt names it.

    onnxruntime.py base       the first version, which every machine that tests has
    onnxruntime.py builds     other versions
    onnxruntime.py qnn
    onnxruntime.py webgpu

Status 77: the builds of that part are not here.
"""

import json
import os
import subprocess
import sys

import campaign
from campaign import RUNNER, SOURCE, TARGET, Device, Room, check, finish

ENGINE = "onnxruntime@1.27.0"
DIGITS = SOURCE / "examples" / "digits" / "models"
FIXTURES = SOURCE / "tests" / "fixtures" / "onnx"
SHORT = ("-r", "1", "--seed", "1")
BLOCK = {"min_time": "10 ms", "max_time": "50 ms", "min_inferences": 5}
SILENT = {"VK_ICD_FILENAMES": "/dev/null", "VK_DRIVER_FILES": "/dev/null"}


# --- a model by hand: protocol buffers of a few fields


def number(value):
    out = b""
    while True:
        value, low = value >> 7, value & 127
        out += bytes([low | (128 if value else 0)])
        if not value:
            return out


def field(index, value):
    if isinstance(value, int):
        return number(index << 3) + number(value)
    value = value.encode() if isinstance(value, str) else value
    return number(index << 3 | 2) + number(len(value)) + value


def huge_model(elements):
    """y = Relu(x), z = zeros of so many floats: a few bytes that ask for more memory than there is."""
    tensor_type = field(1, field(1, 1) + field(2, field(1, field(1, 4))))
    shape = field(1, 1) + field(2, 7) + field(8, "shape") + field(9, elements.to_bytes(8, "little"))
    graph = (
        field(1, field(1, "x") + field(2, "y") + field(4, "Relu"))
        + field(1, field(1, "shape") + field(2, "z") + field(4, "ConstantOfShape"))
        + field(2, "huge") + field(5, shape) + field(11, field(1, "x") + field(2, tensor_type))
        + field(12, field(1, "y") + field(2, tensor_type))
        + field(12, field(1, "z") + field(2, field(1, field(1, 1) + field(2, field(1, field(1, elements))))))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


# --- what the tests share


def present(engine):
    """Whether the build is in the store; one that tests/engines.txt names has to be."""
    store = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    here = os.path.isdir(os.path.join(store, "edgedyno", "engines", engine, TARGET))
    listed = SOURCE / "tests" / "engines.txt"
    names = {line.split()[0] for line in listed.read_text().splitlines() if line.split()} if listed.exists() else set()
    check(here or engine not in names, f"{engine} is not in the store, and tests/engines.txt names it")
    if not here:
        print(f"{engine}: not here, left out")
    return here


def reasons(record, code):
    return [r["text"] for r in record["reasons"] if r["code"] == code]


def measure(room, name, models, on, code, *words, **keys):
    """One short block a case; the records by model and engine build."""
    suite = room.suite(f"{name}.json", models, on=[on] if isinstance(on, str) else on, blocks=1, seed=1, block=BLOCK, **keys)
    ended = room.run("run", suite, "--out", room.path / name, "--format", "json", *words)
    ended.expect(code)
    return ended.json()["records"]


def refused(record, *texts):
    told = " ".join(reasons(record, "refused"))
    check(record["outcome"] == "refused", "it was not refused", record["model"], record["outcome"], record["reasons"][:3])
    for text in texts:
        check(text in told, f"{text!r} was expected of the engine", told)


# --- the first version


def test_models_that_it_refuses(room):
    """Each is a result with the engine's own words, and the campaign goes on."""
    (room.path / "huge.onnx").write_bytes(huge_model(1 << 50))
    bad = {name: {"a": str(FIXTURES / f"{name}.onnx")} for name in ("truncated", "random", "empty", "unknown_operator", "text")}
    records = measure(
        room, "bad", {**bad, "huge": {"a": str(room.path / "huge.onnx")}, "good": {"a": str(FIXTURES / "add.onnx")}}, f"{ENGINE}/cpu", 4
    )
    by_model = {record["model"]: record for record in records}
    check(by_model["good"]["outcome"] == "ok" and by_model["good"]["latency_p50_ns"], "the good one beside them", by_model["good"])
    for name in ("truncated", "random", "empty"):
        refused(by_model[name], "ONNX Runtime 1.27.0", "loading the model")
    refused(by_model["unknown_operator"], "ONNX Runtime 1.27.0", "NoSuchOperator")
    refused(by_model["text"], "text elements")
    refused(by_model["huge"], "ONNX Runtime 1.27.0", "llocat")


def test_libraries_that_are_none(room, old_library):
    """Through the runner, as a survey asks an engine."""
    adapter = RUNNER.parent / "adapters" / "onnxruntime.so"
    nonsense = room.write("libonnxruntime.so.9", "not a library")
    for library, texts in (
        (room.path / "missing.so", ("the library cannot be opened", "No such file")),
        (nonsense, ("the library cannot be opened", "file too short")),
        ("/proc/self/exe", ("the library cannot be opened",)),
        (old_library, ("ONNX Runtime 1.16.3", "serves 1.17 and later")),
        (adapter, ("no ONNX Runtime library",)),
    ):
        ended = subprocess.run(
            [RUNNER, "survey", "--adapter", adapter, "--engine-dir", room.path, "--library", library],
            capture_output=True, text=True, timeout=60,
        )
        reply = json.loads(ended.stdout)
        check(ended.returncode == 1 and reply["type"] == "error", "a survey of it succeeded", library, reply)
        for text in texts:
            check(text in reply["message"], f"{text!r} was expected", library, reply["message"])


def test_options(room):
    model = DIGITS / "digits-fp32.onnx"
    for option, texts in (
        ("session.intra_op.allow_spining=0", ("did you mean 'session.intra_op.allow_spinning'",)),
        ("session.intra_op.allow_spinning=perhaps", ("session.intra_op.allow_spinning",)),
        ("graph_optimization=sideways", ("sideways",)),
        ("session.no_such_key=1", ("no engine of this run has an option",)),
        ("htp_performance_mode=sideways", ("sideways",)),
    ):
        room.run("run", model, "--on", f"{ENGINE}/cpu", "-o", option, *SHORT).expect(2, *texts)
    # For a provider: the controller cannot know, the adapter does.
    for option, texts in (
        ("ep.anything=1", ("is for an execution provider; the backend cpu has none",)),
        ("backend_type=htp", ("is for an execution provider; the backend cpu has none",)),
    ):
        room.run("run", model, "--on", f"{ENGINE}/cpu", "-o", option, "--out", room.path / f"o-{option}", *SHORT).expect(2, *texts)
    records = measure(
        room, "options", {"digits": {"fp32": str(model)}}, f"{ENGINE}/cpu", 0,
        "-o", "session.intra_op.allow_spinning=0", "-o", "session.intra_op.spin_duration_us=10", "-o", "graph_optimization=disable",
    )
    # Without optimizations every node of the file is still there.
    check("12 of 12 nodes" in records[0]["placement_observed"], "an option without effect", records[0]["placement_observed"])


def check_profile(room, name, record, version):
    """Of the digits in fp32, whose kernels are known."""
    if not check("ops" in record, f"{version}: no profile", record["reasons"]):
        return
    kinds = {}
    for op in record["ops"]:
        kinds.setdefault(op["op"], []).append(op)
    block = next(b for b in Device(room.path / name).blocks() if b["pass"] == "profile" and b["case"] == record["wire_case"])
    runs = block["evidence"]["profile"]["runs"]
    check(len(kinds.get("Conv", [])) == 4 and len(kinds.get("Gemm", [])) == 1 and len(kinds.get("MaxPool", [])) == 2,
          f"{version}: the kernels", sorted((k, len(v)) for k, v in kinds.items()))
    check(all(op["calls"] == runs and op["processor"] == "cpu" for op in record["ops"]), f"{version}: each once a run", runs, record["ops"])
    check(abs(sum(op["share"] for op in record["ops"]) - 1) < 1e-6, f"{version}: shares")
    conv = sum(op["total_ns"] for op in kinds["Conv"])
    check(conv > sum(op["total_ns"] for op in kinds["Gemm"]), f"{version}: convolutions do not weigh most", record["ops"])
    # All operators together are shorter than the runs, and no small part of them.
    run_ns, total = block["evidence"]["profile"]["run_ns"] * runs, sum(op["total_ns"] for op in record["ops"])
    check(0.1 * run_ns < total < 1.5 * run_ns, f"{version}: operators and whole runs do not fit", total, run_ns)
    check(any("of the timed median" in text for text in reasons(record, "profiled")), f"{version}: no overhead", record["reasons"])


def with_cases(room, name, records):
    """Adds each record's id on the wire."""
    frozen = json.loads((room.path / name / "campaign.json").read_text())["devices"][0]["cases"]
    ids = {case["case"]: case["id"] for case in frozen}
    return [{**record, "wire_case": ids[record["case"]]} for record in records]


def check_builds(room, name, engines):
    records = with_cases(room, name, measure(
        room, name, {"digits": {"fp32": str(DIGITS / "digits-fp32.onnx")}}, [f"{e}/cpu" for e in engines], 0, "--profile"))
    check(len(records) == len(engines), "a record for each build", records)
    for engine, record in zip(engines, records):
        check(record["engine_version"] == engine.partition("@")[2].partition("-")[0], f"{engine}: its version", record["engine_version"])
        check(record["placement_observed"].startswith("cpu: 12 of 12 nodes") and record["placed_ops_share"] == 1,
              f"{engine}: where it ran", record["placement_observed"])
        check(record["arena_bytes"] and record["arena_bytes"] > 4096, f"{engine}: its arena", record["arena_bytes"])
        check(record["weights_bytes"] is None and record["simulated"] is False, f"{engine}: what it does not tell", record)
        check_profile(room, name, record, engine)
    left = [str(p) for p in room.path.rglob("ort-profile-*")]
    check(not left, "directories of profiles are left", left)


# --- other builds


def test_session_key_of_a_later_version(room):
    records = measure(room, "later", {"digits": {"fp32": str(DIGITS / "digits-fp32.onnx")}}, "onnxruntime@1.24.4/cpu", 4,
                      "-o", "session.intra_op.spin_duration_us=10")
    refused(records[0], "ONNX Runtime 1.24.4 does not know the session key session.intra_op.spin_duration_us")


def test_qnn(room):
    """The NPU is a simulator here; what is asked, offered and observed is real."""
    on, model = "onnxruntime@1.27.0-qnn/qnn", {"digits": {"int8": str(DIGITS / "digits-int8.onnx")}}
    plain = measure(room, "htp", model, on, 1)[0]
    check(plain["simulated"] is True and plain["speed_usable"] is False, "a simulator's times as speed", plain)
    check(plain["verdict"] == "fail" and plain["placement_asked"] == "npu", "fell back in part", plain)
    check("npu: 40 of 42 nodes (QNNExecutionProvider), cpu: 2 of 42 nodes" in plain["placement_observed"], "where", plain["placement_observed"])
    block = Device(room.path / "htp").blocks()[0]
    cpu = next(p for b in Device(room.path / "htp").blocks() if "placement" in b["evidence"]
               for p in b["evidence"]["placement"]["places"] if p["processor"] == "cpu")
    check(sorted(cpu["operators"].split(",")) == ["DequantizeLinear", "QuantizeLinear"], "what fell back", cpu, block["pass"])
    whole = measure(room, "whole", model, on, 0, "-o", "ep.offload_graph_io_quantization=0")[0]
    check(whole["placed_ops_share"] == 1 and whole["simulated"] is True, "all on the npu", whole["placement_observed"])
    # Its library for the CPU is not in the package: everything runs on the CPU, and the engine says nothing.
    cpu = measure(room, "cpu", model, on, 1, "-o", "backend_type=cpu")[0]
    check(cpu["verdict"] == "fail" and cpu["placed_ops_share"] == 0 and cpu["outcome"] == "ok", "a silent fallback", cpu)
    check(any("asked npu; cpu: 36 of 36" in text for text in reasons(cpu, "placement_short")), "why", cpu["reasons"])
    allowed = measure(room, "allowed", model, on, 0, "-o", "backend_type=cpu", "--allow-fallback")[0]
    check(allowed["verdict"] != "fail" and reasons(allowed, "fallback_allowed"), "a fallback that was allowed is shown", allowed["reasons"])
    forbidden = measure(room, "forbidden", model, on, 4, "-o", "backend_type=cpu", "-o", "session.disable_cpu_ep_fallback=1")[0]
    refused(forbidden, "explicitly disabled by the user")
    for option, texts in (
        ("backend_type=gpuu", ("gpuu",)),
        ("ep.backend_typ=htp", ("did you mean backend_type?",)),
        ("ep.no_such_thing=1", ("its library does not hold that text",)),
        ("preferredLayout=NHWC", ("is for WebGpuExecutionProvider, and not for QNNExecutionProvider",)),
    ):
        room.run("run", DIGITS / "digits-int8.onnx", "--on", on, "-o", option, "--out", room.path / f"q-{option}", *SHORT).expect(2, *texts)
    offers = next(e for e in room.run("engines", "--format", "json").json()["engines"] if e["id"] == "onnxruntime@1.27.0-qnn")
    qnn = next(b for b in offers["backends"] if b["backend"] == "qnn")
    check(qnn["simulated"] is True and qnn["processor"] == "npu" and "simulator" in qnn["device_name"], "what the survey says", qnn)


def test_webgpu_absent(room):
    """No driver of Vulkan is found: a reason, and no crash; the CPU of the same build is unharmed."""
    room.environment.update(SILENT)
    offers = next(e for e in room.run("engines", "--format", "json").json()["engines"] if e["id"] == "onnxruntime@1.27.0-webgpu")
    by_name = {b["backend"]: b for b in offers["backends"]}
    check(by_name["webgpu"]["available"] is False and "WebGPU needs" in by_name["webgpu"]["reason"], "the reason", by_name)
    model = {"digits": {"fp32": str(DIGITS / "digits-fp32.onnx")}}
    cpu = measure(room, "gpu-cpu", model, "onnxruntime@1.27.0-webgpu/cpu", 0)[0]
    check(cpu["outcome"] == "ok" and cpu["placed_ops_share"] == 1, "the CPU beside it", cpu)
    room.run("run", DIGITS / "digits-fp32.onnx", "--on", "onnxruntime@1.27.0-webgpu/webgpu", *SHORT).expect(2, "does not offer 'webgpu'")


part = sys.argv[1] if len(sys.argv) > 1 else "base"
with Room(fetched_engines=True) as shared:
    if part == "base":
        test_models_that_it_refuses(shared)
        test_libraries_that_are_none(shared, os.environ["ED_OLD_ORT"])
        test_options(shared)
        check_builds(shared, "base", [ENGINE])
    elif part == "builds":
        others = [e for e in ("onnxruntime@1.24.4", "onnxruntime@1.31.1") if present(e)]
        if not others and not campaign.failures:
            sys.exit(77)
        if others:
            check_builds(shared, "others", others)
        if "onnxruntime@1.24.4" in others:
            test_session_key_of_a_later_version(shared)
    elif present(f"{ENGINE}-{part}"):
        {"qnn": test_qnn, "webgpu": test_webgpu_absent}[part](shared)
    elif not campaign.failures:
        sys.exit(77)
finish(f"onnxruntime {part}")
