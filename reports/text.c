// SPDX-License-Identifier: Apache-2.0
// Safe text, its width, and numbers, independent of the locale.
#include "reports/text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

struct range {
    uint32_t first, last;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

static uint32_t code_point(const char *text, size_t length) {
    const unsigned char *b = (const unsigned char *)text;
    static const unsigned char first_bits[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t c = b[0] & first_bits[length];
    for (size_t i = 1; i < length; i++)
        c = c << 6 | (b[i] & 0x3F);
    return c;
}

// Soft hyphen, zero-width and bidirectional controls, line separators, tags, interlinear marks: they hide or
// reorder what follows.
static bool is_deceptive(uint32_t c) {
    static const struct range ranges[] = {{0xAD, 0xAD},     {0x61C, 0x61C},    {0x115F, 0x1160},
                                          {0x180E, 0x180E}, {0x200B, 0x200F},  {0x2028, 0x202E},
                                          {0x2060, 0x206F}, {0x3164, 0x3164},  {0xFEFF, 0xFEFF},
                                          {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}};
    return c >= 0xAD && in_ranges(c, ranges, sizeof ranges / sizeof ranges[0]);
}

// A subset of Unicode's East Asian Width W and F and of its default emoji.
static bool is_wide(uint32_t c) {
    static const struct range ranges[] = {
        {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},  {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    return c >= 0x1100 && in_ranges(c, ranges, sizeof ranges / sizeof ranges[0]);
}

static bool is_combining(uint32_t c) {
    static const struct range ranges[] = {
        {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},   {0x64B, 0x65F},
        {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
    return c >= 0x300 && in_ranges(c, ranges, sizeof ranges / sizeof ranges[0]);
}

void ed_text_visible(struct ed_buffer *out, const char *text, size_t max) {
    size_t left = strnlen(text, max);
    while (left > 0) {
        size_t n = ed_utf8_length(text, left);
        if (n == 0) {
            ed_buffer_printf(out, "\\x%02x", (unsigned char)*text);
            n = 1;
        } else if (ed_utf8_is_control(text, n)) {
            ed_buffer_printf(out, "\\x%02x", (unsigned)code_point(text, n));
        } else if (is_deceptive(code_point(text, n))) {
            ed_buffer_printf(out, "\\u%04x", (unsigned)code_point(text, n));
        } else {
            ed_buffer_append(out, text, n);
        }
        text += n;
        left -= n;
    }
}

void ed_text_valid(struct ed_buffer *out, const char *text, size_t max) {
    size_t left = strnlen(text, max);
    while (left > 0) {
        size_t n = ed_utf8_length(text, left);
        if (n == 0)
            ed_buffer_text_append(out, "\xEF\xBF\xBD");
        else
            ed_buffer_append(out, text, n);
        n = n ? n : 1;
        text += n;
        left -= n;
    }
}

void ed_text_markdown(struct ed_buffer *out, const char *text) {
    struct ed_buffer visible;
    ed_buffer_init(&visible, ED_REPORT_MAX_BYTES);
    ed_text_visible(&visible, text, strlen(text));
    out->no_memory = out->no_memory || visible.no_memory;
    for (const char *p = ed_buffer_text(&visible); *p; p++) {
        if (*p == '<')
            ed_buffer_text_append(out, "&lt;");
        else if (*p == '>')
            ed_buffer_text_append(out, "&gt;");
        else if (*p == '&')
            ed_buffer_text_append(out, "&amp;");
        else if (*p == '@' || *p == '#') // a name must not notify a person or link to a ticket
            ed_buffer_printf(out, "&#%d;", *p);
        else if (strchr("|`*_[]\\~!$", *p))
            ed_buffer_printf(out, "\\%c", *p);
        else
            ed_buffer_append(out, p, 1);
    }
    ed_buffer_release(&visible);
}

static size_t character_width(uint32_t c) {
    return is_combining(c) ? 0 : is_wide(c) ? 2 : 1;
}

// Columns of the character at `text`, and its bytes.
static size_t step(const char *text, size_t left, size_t *bytes) {
    *bytes = ed_utf8_length(text, left);
    if (*bytes == 0) {
        *bytes = 1;
        return 1;
    }
    return character_width(code_point(text, *bytes));
}

size_t ed_text_width_n(const char *text, size_t bytes) {
    size_t width = 0, n;
    for (size_t left = strnlen(text, bytes); left > 0; left -= n, text += n)
        width += step(text, left, &n);
    return width;
}

size_t ed_text_width(const char *text) {
    return ed_text_width_n(text, strlen(text));
}

size_t ed_text_prefix(const char *text, size_t width) {
    size_t used = 0, n, bytes = 0, left = strlen(text);
    while (left > 0) {
        size_t w = step(text + bytes, left, &n);
        if (used + w > width)
            break;
        used += w;
        bytes += n;
        left -= n;
    }
    return bytes;
}

void ed_text_fixed(char *out, size_t bytes, double value, int decimals, bool up) {
    static const double scales[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
    decimals = decimals < 0 ? 0 : decimals > 6 ? 6 : decimals;
    double scaled = fabs(value) * scales[decimals];
    if (!(scaled < 1e18)) { // also NaN
        snprintf(out, bytes, "%.0f", value);
        return;
    }
    // A value such as 0.3 is a little above 0.3 in binary: rounding up must not see that.
    unsigned long long whole = (unsigned long long)(up ? ceil(scaled * (1 - 1e-12)) : round(scaled));
    unsigned long long scale = (unsigned long long)scales[decimals];
    const char *sign = value < 0 && whole != 0 ? "-" : "";
    if (decimals == 0)
        snprintf(out, bytes, "%s%llu", sign, whole);
    else
        snprintf(out, bytes, "%s%llu.%0*llu", sign, whole / scale, decimals, whole % scale);
}

void ed_text_repeat(struct ed_buffer *out, char c, size_t n) {
    while (n-- > 0)
        ed_buffer_append(out, &c, 1);
}

enum ed_status ed_sink_flush(const struct ed_sink *sink, struct ed_buffer *buffer, const char *what,
                             struct ed_error *err) {
    enum ed_status status = ed_buffer_status(buffer, what, err);
    if (status == ED_OK && buffer->size > 0)
        status = sink->write(sink->context, ed_buffer_text(buffer), buffer->size, err);
    ed_buffer_clear(buffer);
    return status;
}
