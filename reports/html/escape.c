// SPDX-License-Identifier: Apache-2.0
// Escaping for HTML.
#include "reports/html/escape.h"

#include <string.h>

#include "reports/text.h"

void ed_html_escape(struct ed_buffer *out, const char *text, size_t max) {
    struct ed_buffer visible;
    ed_buffer_init(&visible, ED_REPORT_MAX_BYTES);
    ed_text_visible(&visible, text, max);
    out->no_memory = out->no_memory || visible.no_memory;
    for (const char *p = ed_buffer_text(&visible); *p; p++) {
        switch (*p) {
        case '<':
            ed_buffer_text_append(out, "&lt;");
            break;
        case '>':
            ed_buffer_text_append(out, "&gt;");
            break;
        case '&':
            ed_buffer_text_append(out, "&amp;");
            break;
        case '"':
            ed_buffer_text_append(out, "&quot;");
            break;
        case '\'':
            ed_buffer_text_append(out, "&#39;");
            break;
        default:
            ed_buffer_append(out, p, 1);
        }
    }
    ed_buffer_release(&visible);
}

void ed_html_percent(struct ed_buffer *out, const char *bytes, size_t n) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~,:;=()/@!*";
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)bytes[i];
        const char coded[3] = {'%', hex[c >> 4], hex[c & 15]};
        if (c && strchr(plain, c))
            ed_buffer_append(out, &bytes[i], 1);
        else
            ed_buffer_append(out, coded, 3);
    }
}

void ed_html_base64(struct ed_buffer *out, const unsigned char *bytes, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const unsigned b1 = i + 1 < n ? bytes[i + 1] : 0, b2 = i + 2 < n ? bytes[i + 2] : 0;
        const unsigned word = (unsigned)bytes[i] << 16 | b1 << 8 | b2;
        const char four[4] = {digits[word >> 18], digits[word >> 12 & 63],
                              (char)(i + 1 < n ? digits[word >> 6 & 63] : '='),
                              (char)(i + 2 < n ? digits[word & 63] : '=')};
        ed_buffer_append(out, four, 4);
    }
}
