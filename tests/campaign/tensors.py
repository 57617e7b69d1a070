# SPDX-License-Identifier: Apache-2.0
"""Small .npy files without numpy."""

import struct


def write_npy(path, dtype, shape, values):
    """`dtype` as numpy writes it: '<f4' or '<i8'."""
    header = repr({"descr": dtype, "fortran_order": False, "shape": tuple(shape)})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    code = {"<f4": "f", "<i8": "q"}[dtype]
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin1"))
        file.write(struct.pack(f"<{len(values)}{code}", *values))
