// SPDX-License-Identifier: Apache-2.0
// One UTF-8 character: its length and whether a terminal would obey it instead of showing it.
#ifndef EDGEDYNO_BASE_UTF8_H
#define EDGEDYNO_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

// Bytes of the well-formed character (RFC 3629: shortest form, no surrogates, at most U+10FFFF) at the start
// of `bytes`, of which `n` may be read: 1..4, or 0 where there is none.
static inline size_t ed_utf8_length(const void *bytes, size_t n) {
    const unsigned char *b = bytes;
    unsigned char low = 0x80, high = 0xBF;
    size_t length;
    if (n == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    if (b[0] < 0xC2 || b[0] > 0xF4)
        return 0;
    length = b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
    if (n < length)
        return 0;
    if (b[0] == 0xE0)
        low = 0xA0;
    else if (b[0] == 0xED)
        high = 0x9F;
    else if (b[0] == 0xF0)
        low = 0x90;
    else if (b[0] == 0xF4)
        high = 0x8F;
    if (b[1] < low || b[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (b[i] < 0x80 || b[i] > 0xBF)
            return 0;
    return length;
}

// U+0000..U+001F, U+007F and U+0080..U+009F (C2 80..C2 9F); `length` from ed_utf8_length.
static inline bool ed_utf8_is_control(const void *bytes, size_t length) {
    const unsigned char *b = bytes;
    return (length == 1 && (b[0] < 0x20 || b[0] == 0x7F)) || (length == 2 && b[0] == 0xC2 && b[1] < 0xA0);
}

#endif
