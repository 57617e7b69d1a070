// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy format, versions 1.0 to 3.0, read by mapping the file: C order, little endian or single byte,
// no objects, no structures. Also writes version 1.0 headers.
#ifndef EDGEDYNO_BASE_NPY_H
#define EDGEDYNO_BASE_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "edgedyno/backend.h"
#include "edgedyno/error.h"

struct ed_npy {
    enum ed_dtype dtype;
    uint32_t rank; // 0: a scalar
    int64_t shape[ED_TENSOR_RANK_MAX];
    int64_t count;    // product of shape
    const void *data; // count * ed_dtype_bytes(dtype) bytes, aligned as the file has it (64)
    size_t bytes;
    void *mapping;
    size_t mapping_bytes;
};

// Parses a header in memory: used by ed_npy_open and by the fuzz target. On success *data_offset is where the
// data starts and `npy`'s dtype, rank, shape, count, bytes are set; data is not touched. All sizes are
// checked for overflow.
enum ed_status ed_npy_parse_header(struct ed_npy *npy, const void *bytes, size_t n, size_t *data_offset,
                                   const char *where, struct ed_error *err);
// Maps `path` read-only. A file shorter than its header says is an error with both sizes; trailing bytes are
// an error too. '<f4' '|b1' ...;
// '>' with more than one byte, Fortran order with rank above 1, and 'O' are refused with the NumPy call that
// converts.
enum ed_status ed_npy_open(struct ed_npy *npy, const char *path, struct ed_error *err);
void ed_npy_close(struct ed_npy *npy); // safe on a zeroed struct
// Writes a complete header (padded to 64) into `out`; *n is its size, at most 1024.
enum ed_status ed_npy_header(char out[1024], size_t *n, enum ed_dtype dtype, uint32_t rank,
                             const int64_t *shape, struct ed_error *err);

#endif
