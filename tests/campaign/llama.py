# SPDX-License-Identifier: Apache-2.0
"""llama.cpp, the real engine, through the whole program: a newcomer's command, lists of options, what a record says of it, refusals."""

import os
import pathlib

from campaign import Room, check, finish

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


with Room(fetched_engines=True) as room:
    newcomer(room)
    profile(room)
    refused(room)
finish("llama.cpp")
