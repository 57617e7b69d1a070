# SPDX-License-Identifier: Apache-2.0
"""Small .npy files without numpy."""

import ast
import struct


def write_npy(path, dtype, shape, values):
    """`dtype` as numpy writes it: '<f4' or '<i8'."""
    header = repr({"descr": dtype, "fortran_order": False, "shape": tuple(shape)})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    code = {"<f4": "f", "<i8": "q"}[dtype]
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin1"))
        file.write(struct.pack(f"<{len(values)}{code}", *values))


def read_npy(path):
    """(dtype, shape, values) of a file of version 1 in C order."""
    raw = path.read_bytes()
    (size,) = struct.unpack_from("<H", raw, 8)
    header = ast.literal_eval(raw[10 : 10 + size].decode("latin1"))
    code = {"<f4": "f", "<i8": "q", "<i4": "i"}[header["descr"]]
    count = (len(raw) - 10 - size) // struct.calcsize(code)
    return header["descr"], header["shape"], struct.unpack_from(f"<{count}{code}", raw, 10 + size)
