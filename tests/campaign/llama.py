# SPDX-License-Identifier: Apache-2.0
"""llama.cpp, the real engine, through the whole program: a newcomer's command, lists of options, what a record says of it, refusals.

    llama.py
    llama.py vulkan    the build for Vulkan where no driver is found; status 77: it is not here
"""

import os
import pathlib
import sys

from campaign import TARGET, Room, check, finish

TINY = pathlib.Path(os.environ["ED_SOURCE_DIR"]) / "examples" / "tiny-llm" / "tiny-f16.gguf"
SHORT = ("-r", "1", "--format", "json")


def newcomer(room):
    records = room.run("run", TINY, "-p", "200", "-n", "6", "-t", "1", "-ngl", "0", "-ub", "8,200", *SHORT).expect(0).json()["records"]
    found = [(r["options"], r["workload"]) for r in records]
    expected = [(f"gpu_layers=0 ubatch={n}", w) for n in (8, 200) for w in ("pp200", "tg6")]
    check(found == expected, "cases", found)
    for record in records:
        check(record["outcome"] == "ok" and record["engine"] == "llama.cpp", "it ran", record["reasons"])
        check(record["engine_version"].startswith("0.5.0"), "the engine's own version", record["engine_version"])
        check(record["placement_observed"] == "cpu: 2 of 2 layers (CPU)", "where it ran", record["placement_observed"])
        check(record["placed_ops_share"] == 1 and record["simulated"] is False, "all of it", record["placed_ops_share"])
        for key in ("kv_cache_bytes", "compute_buffer_bytes", "weights_bytes"):
            check(record[key] and record[key] > 0, f"{key} is {record[key]}")
        prompt = record["workload"] == "pp200"
        for key in ("prefill_tokens_per_s", "time_to_first_token_ns"):
            check((record[key] is not None) == prompt, f"{key} of {record['workload']} is {record[key]}")
        for key in ("decode_tokens_per_s", "inter_token_p50_ns"):
            check((record[key] is not None) != prompt, f"{key} of {record['workload']} is {record[key]}")
        check(not any(r["code"] == "not_deterministic" for r in record["reasons"]), "it repeats", record["reasons"])
    sizes = {r["options"]: r["compute_buffer_bytes"] for r in records if r["workload"] == "pp200"}
    check(len(set(sizes.values())) == 2, "a larger ubatch needs a larger buffer", sizes)


def profile(room):
    """Operators of what the case times: the output's product once for a prompt, once for each generated token."""
    for record in room.run("run", TINY, "-p", "32", "-n", "4", "--profile", *SHORT).expect(0).json()["records"]:
        text = next((r["text"] for r in record["reasons"] if r["code"] == "profiled"), "")
        check("in 5 runs; a profiled run took" in text, "what the profile cost", record["reasons"])
        ops = {(op["name"], op["op"]): op for op in record.get("ops", [])}
        output = ops.get(("result_output", "MUL_MAT"), {})
        check(output.get("calls") == 5 * (4 if record["workload"] == "tg4" else 1), "calls of the output's product", output)
        check(output.get("processor") == "cpu" and output.get("total_ns", 0) > 0, "its time", output)
        check(not any(op in ("VIEW", "RESHAPE", "PERMUTE") for _, op in ops), "views are no operators", sorted(ops))


def refused(room):
    room.run("run", TINY, "-ngl", "99", "-p", "8", "-n", "0", *SHORT).expect(2, "no layers elsewhere")
    room.run("run", TINY, "-ctk", "f17", "-p", "8").expect(2, "f17")
    room.run("run", TINY, "--on", "llama.cpp/vulkan", "-p", "8").expect(2, "does not offer 'vulkan'")
    cut = room.path / "cut.gguf"
    cut.write_bytes(TINY.read_bytes()[:100_000])
    record = room.run("run", cut, "-p", "8", "-n", "0", *SHORT).expect(4).json()["records"][0]
    check(record["outcome"] == "refused", "half a file", record["outcome"])
    check(any("does not load it" in r["text"] for r in record["reasons"]), "in the engine's words", record["reasons"])
    # More than the model was made for is no error of the engine: it says so in its log, and goes on.
    room.run("run", TINY, "-p", "8", "-n", "0", "--depth", "700", *SHORT).expect(0)


def vulkan_absent(room):
    """A reason, and no run on the CPU in the GPU's name, whatever is allowed; the CPU of the same build is unharmed."""
    build = "llama.cpp@0.5.0-vulkan"
    store = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    if not os.path.isdir(os.path.join(store, "edgedyno", "engines", build, TARGET)):
        print(f"{build} is not here")
        sys.exit(1 if os.environ.get("EDGEDYNO_TESTS_FETCHED") else 77)
    room.environment.update(VK_ICD_FILENAMES="/dev/null", VK_DRIVER_FILES="/dev/null")
    offers = next(e for e in room.run("engines", "--format", "json").json()["engines"] if e["id"] == build)
    vulkan = next(b for b in offers["backends"] if b["backend"] == "vulkan")
    check(vulkan["available"] is False and vulkan["reason"], "why it is not there", vulkan)
    for words in ((), ("--allow-fallback",), ("-ngl", "99")):
        room.run("run", TINY, "--on", f"{build}/vulkan", "-p", "8", "-n", "0", *words, *SHORT).expect(2, "does not offer 'vulkan'")
    (record,) = room.run("run", TINY, "--on", f"{build}/cpu", "-p", "8", "-n", "0", *SHORT).expect(0).json()["records"]
    check(record["placement_observed"] == "cpu: 2 of 2 layers (CPU)" and record["placed_ops_share"] == 1, "the CPU beside it", record)


with Room(fetched_engines=True) as room:
    if "vulkan" in sys.argv[1:]:
        vulkan_absent(room)
    else:
        newcomer(room)
        profile(room)
        refused(room)
finish("llama.cpp")
