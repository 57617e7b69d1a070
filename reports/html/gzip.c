// SPDX-License-Identifier: Apache-2.0
// Packs a file that the page carries: records repeat themselves, some forty times over.
#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "reports/html/page.h"

#define PIECE_BYTES 16384
#define AS_GZIP 16 // on top of the window's bits
#define UNKNOWN_SYSTEM 255

void ed_html_gzip(struct ed_buffer *out, const char *bytes, size_t n) {
    unsigned char piece[PIECE_BYTES];
    // No time and no system in the header: the same bytes give the same file.
    gz_header header = {.os = UNKNOWN_SYSTEM};
    z_stream z = {0};
    int state = deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + AS_GZIP, MAX_MEM_LEVEL,
                             Z_DEFAULT_STRATEGY);
    if (state == Z_OK)
        state = deflateSetHeader(&z, &header);
    while (state == Z_OK) {
        if (z.avail_in == 0 && n > 0) {
            const size_t part = n < INT_MAX ? n : INT_MAX;
            z.next_in = (const Bytef *)bytes;
            z.avail_in = (uInt)part;
            bytes += part;
            n -= part;
        }
        z.next_out = piece;
        z.avail_out = sizeof piece;
        state = deflate(&z, n > 0 ? Z_NO_FLUSH : Z_FINISH);
        ed_buffer_append(out, piece, sizeof piece - z.avail_out);
        // It asks for more room with Z_BUF_ERROR where the piece was filled to the brim.
        state = state == Z_BUF_ERROR ? Z_OK : state;
    }
    out->no_memory = out->no_memory || state != Z_STREAM_END;
    deflateEnd(&z);
}
