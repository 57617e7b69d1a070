#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of tests/fuzz/fuzz_npy.c into npy/ beside this script: headers by NumPy itself, without data.

    python3 make_npy_seeds.py
"""
import io
import os
import warnings

import numpy as np

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npy")
os.makedirs(folder, exist_ok=True)

arrays = {
    "float32": (np.zeros((2, 3), np.float32), (1, 0)),
    "scalar_bool": (np.zeros((), bool), (1, 0)),
    "rank8_int64": (np.zeros((1, 2, 1, 2, 1, 2, 1, 2), np.int64), (1, 0)),
    "empty_float16": (np.zeros((0, 7), np.float16), (1, 0)),
    "version2": (np.zeros(4, np.uint8), (2, 0)),
    "version3": (np.zeros(4, np.uint16), (3, 0)),
    "fortran": (np.zeros((2, 3), np.float64, order="F"), (1, 0)),
    "big_endian": (np.zeros(3, ">i4"), (1, 0)),
    "structured": (np.zeros(2, [("a", "<i4"), ("b", "<f4")]), (1, 0)),
    "rank9": (np.zeros((1,) * 9, np.int8), (1, 0)),
}
for name, (array, version) in arrays.items():
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(file, array, version=version)
    data = file.getvalue()
    with open(os.path.join(folder, name), "wb") as out:
        out.write(data[: len(data) - array.nbytes])
