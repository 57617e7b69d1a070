// SPDX-License-Identifier: Apache-2.0
// Text for HTML and for addresses that carry their data with them.
#ifndef EDGEDYNO_REPORTS_HTML_ESCAPE_H
#define EDGEDYNO_REPORTS_HTML_ESCAPE_H

#include "base/buffer.h"

// Appends at most `max` bytes of `text` (stops at NUL) as visible text, good between tags and in quoted
// attributes.
void ed_html_escape(struct ed_buffer *out, const char *text, size_t max);
// Appends bytes as the part of a data: address behind its comma.
void ed_html_percent(struct ed_buffer *out, const char *bytes, size_t n);
// Appends the base64 of `n` bytes.
void ed_html_base64(struct ed_buffer *out, const unsigned char *bytes, size_t n);

#endif
