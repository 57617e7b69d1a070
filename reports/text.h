// SPDX-License-Identifier: Apache-2.0
// Text that is safe where it goes (terminal, Markdown), its width, numbers with fixed decimals, and writing
// to a sink. No function here depends on the locale.
#ifndef EDGEDYNO_REPORTS_TEXT_H
#define EDGEDYNO_REPORTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "edgedyno/report.h"

#define ED_REPORT_MAX_BYTES ((size_t)1 << 30)

// Appends at most `max` bytes of `text` (stops at NUL) so that a terminal shows and never obeys it: control
// characters and bytes that are not UTF-8 become \xNN, characters that reorder or hide text (bidirectional
// controls, zero width) \uNNNN.
void ed_text_visible(struct ed_buffer *out, const char *text, size_t max);
// Appends visible text with everything escaped that Markdown or HTML would obey.
void ed_text_markdown(struct ed_buffer *out, const char *text);
// Appends text with every malformed byte replaced by U+FFFD.
void ed_text_valid(struct ed_buffer *out, const char *text, size_t max);
// Terminal columns of visible UTF-8: wide East Asian characters and emoji count two, combining ones none.
size_t ed_text_width(const char *text);
// As ed_text_width for the first `bytes`.
size_t ed_text_width_n(const char *text, size_t bytes);
// Bytes of the longest prefix of at most `width` columns.
size_t ed_text_prefix(const char *text, size_t width);
// `value` with 0..6 decimals; `up` rounds away from zero instead of to nearest. "-0" never appears.
void ed_text_fixed(char *out, size_t bytes, double value, int decimals, bool up);
// Appends `n` times the character `c`.
void ed_text_repeat(struct ed_buffer *out, char c, size_t n);
// Writes what `buffer` holds and empties it.
enum ed_status ed_sink_flush(const struct ed_sink *sink, struct ed_buffer *buffer, const char *what,
                             struct ed_error *err);

#endif
