// SPDX-License-Identifier: Apache-2.0
// Base64.
#include "devices/ssh/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool ed_base64_decode(unsigned char *out, size_t out_bytes, size_t *n, const char *text, size_t text_bytes) {
    uint32_t bits = 0;
    int held = 0;
    *n = 0;
    for (int i = 0; i < 2 && text_bytes > 0 && text[text_bytes - 1] == '='; i++)
        text_bytes--;
    if (text_bytes % 4 == 1)
        return false;
    for (size_t i = 0; i < text_bytes; i++) {
        int value = digit(text[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffffff;
        held += 6;
        if (held < 8)
            continue;
        if (*n == out_bytes)
            return false;
        held -= 8;
        out[(*n)++] = (unsigned char)(bits >> held);
    }
    return true;
}

void ed_base64_encode(char *out, const unsigned char *bytes, size_t n, bool padded) {
    for (size_t i = 0; i < n; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;
        size_t left = n - i;
        if (left > 1)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (left > 2)
            bits |= bytes[i + 2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        if (left > 1 || padded)
            *out++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        if (left > 2 || padded)
            *out++ = left > 2 ? alphabet[bits & 63] : '=';
    }
    *out = '\0';
}
