#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's Python binding as a program that edgedyno measures; docs/servers.md has the questions."""
import json, sys, numpy, onnxruntime  # noqa: E401

def describe(tensors):
    return [{"name": t.name, "dtype": "float32", "shape": [d or "n" for d in t.shape]} for t in tensors]

for line in sys.stdin:
    ask, answer = json.loads(line), {"ok": True}
    try:
        if ask["do"] == "hello":
            answer |= {"protocol": 1, "name": "ONNX Runtime by Python", "version": onnxruntime.__version__}
        elif ask["do"] == "load":
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = ask["threads"]
            session = onnxruntime.InferenceSession(ask["model"][0], options, ["CPUExecutionProvider"])
            answer |= {"inputs": describe(session.get_inputs()), "outputs": describe(session.get_outputs())}
        elif ask["do"] == "bind":
            inputs = {name: numpy.load(path) for name, path in ask["inputs"].items()}
        elif ask["do"] == "run":
            results = session.run(None, inputs)
        elif ask["do"] == "outputs":
            for tensor, value in zip(session.get_outputs(), results):
                numpy.save(ask["files"][tensor.name], value)
    except Exception as error:
        answer = {"ok": False, "error": str(error)}
    print(json.dumps(answer), flush=True)
