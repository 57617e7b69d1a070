// SPDX-License-Identifier: Apache-2.0
// A growing byte buffer with a maximum. Always terminated by a NUL that is not counted. Once an append fails,
// the buffer keeps its failed state and further appends do nothing, so that a writer checks once at the end
// with ed_buffer_status.
#ifndef EDGEDYNO_BASE_BUFFER_H
#define EDGEDYNO_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "edgedyno/error.h"

struct ed_buffer {
    char *data; // NULL until the first append; use ed_buffer_text
    size_t size, capacity, max_bytes;
    bool too_large, no_memory;
};

void ed_buffer_init(struct ed_buffer *buffer, size_t max_bytes);
void ed_buffer_release(struct ed_buffer *buffer); // safe on a zeroed struct, leaves it empty
void ed_buffer_clear(struct ed_buffer *buffer);   // size 0, failure forgotten, memory kept
void ed_buffer_append(struct ed_buffer *buffer, const void *bytes, size_t n);
void ed_buffer_text_append(struct ed_buffer *buffer, const char *text);
__attribute__((format(printf, 2, 3))) void ed_buffer_printf(struct ed_buffer *buffer, const char *format,
                                                            ...);
// Borrowed, never NULL.
const char *ed_buffer_text(const struct ed_buffer *buffer);
// Ownership goes to the caller (free); the buffer is empty again. NULL when it failed.
char *ed_buffer_detach(struct ed_buffer *buffer, size_t *size);
// ED_OK, ED_ERR_LIMIT or ED_ERR_NO_MEMORY; `what` names the content in the message.
enum ed_status ed_buffer_status(const struct ed_buffer *buffer, const char *what, struct ed_error *err);

#endif
