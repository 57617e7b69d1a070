# SPDX-License-Identifier: Apache-2.0
"""`edgedyno quantize` with the real engine: what it writes loads and runs, what is there is never touched, and nothing is left of a failure."""

import os
import pathlib
import shutil

from campaign import Room, check, finish

TINY = pathlib.Path(os.environ["ED_SOURCE_DIR"]) / "examples" / "tiny-llm" / "tiny-f16.gguf"


def names(room):
    return sorted(p.name for p in room.path.iterdir() if p.is_file())


with Room(fetched_engines=True) as room:
    model = room.path / "m-f16.gguf"
    shutil.copy(TINY, model)
    before = model.read_bytes()
    out = room.run("quantize", model, "Q8_0,Q4_K_M", "-t", "1").expect(0).out
    check(names(room) == ["m-Q4_K_M.gguf", "m-Q8_0.gguf", "m-f16.gguf"], "two files beside the model", names(room))
    check(out.count("KiB") == 2 and "m-Q8_0.gguf" in out, "names and sizes", out)
    sizes = [(room.path / n).stat().st_size for n in ("m-Q4_K_M.gguf", "m-Q8_0.gguf", "m-f16.gguf")]
    check(sizes[0] < sizes[1] < sizes[2] and model.read_bytes() == before, "each smaller than the one before", sizes)
    made = (room.path / "m-Q8_0.gguf").read_bytes()
    room.run("quantize", model, "Q5_0,Q8_0").expect(2, "exists already")
    check((room.path / "m-Q8_0.gguf").read_bytes() == made, "what is there is not touched")
    room.run("quantize", model, "Q9_X").expect(2, "makes no 'Q9_X'")
    # Told before the first is made, since each may take an hour.
    room.run("quantize", model, "Q5_1,Q4_KM").expect(2, "makes no 'Q4_KM', did you mean 'Q4_K_M'?")
    room.run("quantize", model, "Q5_1,q5_1").expect(2, "stands there twice")
    room.run("quantize", model, "../x").expect(2, "is no type")
    room.run("quantize", model).expect(2, "takes a model and types")
    room.run("quantize", room.path / "none.gguf", "Q8_0").expect(2, "none.gguf")
    room.run("quantize", model, "Q8_0", "--on", "onnxruntime").expect(2, "exists already")
    (room.path / "m-Q8_0.gguf").rename(room.path / "kept.gguf")
    room.run("quantize", model, "Q8_0", "--on", "scripted").expect(4, "makes no other forms")
    bad = room.write("bad.gguf", "no model at all")
    room.run("quantize", bad, "Q8_0").expect(4, "does not quantize it")
    check(names(room) == ["bad.gguf", "kept.gguf", "m-Q4_K_M.gguf", "m-f16.gguf"], "nothing is left of failures", names(room))
    (room.path / "kept.gguf").rename(room.path / "m-Q8_0.gguf")
    variants = {"f16": "m-f16.gguf", "q8": "m-Q8_0.gguf", "q4": "m-Q4_K_M.gguf"}
    room.suite("s.json", {"m": variants}, on=["llama.cpp"], blocks=1, prompt_tokens=[8], generate_tokens=[0])
    records = room.run("run", "s.json", "--format", "json").expect(0).json()["records"]
    weights = {r["variant"]: r["weights_bytes"] for r in records}
    check(weights["q4"] < weights["q8"] < weights["f16"], "the engine holds smaller weights", weights)
finish("quantize")
