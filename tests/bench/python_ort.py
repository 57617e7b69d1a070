# SPDX-License-Identifier: Apache-2.0
"""The engine's own Python binding, timed the way its users do: time.perf_counter_ns around session.run in a loop.

    python_ort.py MODEL INPUT.npy INFERENCES SAMPLES

SAMPLES receives int64 nanoseconds. Needs numpy and onnxruntime.
"""

import sys
import time

import numpy as np
import onnxruntime

WARMUP_MIN = 42  # inferences, and
WARMUP_NS = 250_000_000  # at least this long: the least that edgedyno's rule takes


def main():
    model, image, n, path = sys.argv[1], np.load(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: image}
    samples = np.full(n, -1, np.int64)
    begin, done = time.perf_counter_ns(), 0
    while done < WARMUP_MIN or time.perf_counter_ns() - begin < WARMUP_NS:
        session.run(None, feed)
        done += 1
    for i in range(n):
        before = time.perf_counter_ns()
        session.run(None, feed)
        samples[i] = time.perf_counter_ns() - before
    samples.tofile(path)


if __name__ == "__main__":
    main()
