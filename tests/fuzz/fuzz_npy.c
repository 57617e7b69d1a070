// SPDX-License-Identifier: Apache-2.0
// Fuzzes the .npy header parser, and checks what it promises of every header that it takes.
#include <stdint.h>
#include <stdlib.h>

#include "base/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(int holds) {
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct ed_npy npy = {0}, again = {0};
    struct ed_error err = {0};
    size_t offset = 0, header_bytes = 0;
    char header[1024];

    if (ed_npy_parse_header(&npy, bytes, n, &offset, "fuzz", &err)) {
        require(err.message[0] != '\0' && npy.dtype == ED_DTYPE_NONE && offset == 0);
        return 0;
    }
    size_t element = ed_dtype_bytes(npy.dtype);
    require(element > 0 && offset <= n && offset % element == 0);
    require(npy.rank <= ED_TENSOR_RANK_MAX && npy.count >= 0 && npy.bytes == (size_t)npy.count * element);
    // What was understood can be written and understood again.
    require(ed_npy_header(header, &header_bytes, npy.dtype, npy.rank, npy.shape, &err) == ED_OK);
    require(header_bytes <= sizeof header && header_bytes % 64 == 0);
    require(ed_npy_parse_header(&again, header, header_bytes, &offset, "fuzz", &err) == ED_OK);
    require(again.dtype == npy.dtype && again.rank == npy.rank && again.count == npy.count &&
            offset == header_bytes);
    for (uint32_t i = 0; i < npy.rank; i++)
        require(again.shape[i] == npy.shape[i]);
    return 0;
}
