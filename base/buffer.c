// SPDX-License-Identifier: Apache-2.0
// A growing byte buffer with a maximum.
#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void ed_buffer_init(struct ed_buffer *buffer, size_t max_bytes) {
    memset(buffer, 0, sizeof *buffer);
    // One byte is always kept for the NUL.
    buffer->max_bytes = max_bytes < SIZE_MAX / 2 ? max_bytes : SIZE_MAX / 2;
}

void ed_buffer_release(struct ed_buffer *buffer) {
    free(buffer->data);
    ed_buffer_init(buffer, buffer->max_bytes);
}

void ed_buffer_clear(struct ed_buffer *buffer) {
    buffer->size = 0;
    buffer->too_large = buffer->no_memory = false;
    if (buffer->data)
        buffer->data[0] = '\0';
}

// Makes room for n more bytes and the NUL; false sets the failed state.
static bool reserve(struct ed_buffer *buffer, size_t n) {
    size_t needed, capacity;
    char *data;
    if (buffer->too_large || buffer->no_memory)
        return false;
    if (n > buffer->max_bytes - buffer->size) {
        buffer->too_large = true;
        return false;
    }
    needed = buffer->size + n + 1;
    if (needed <= buffer->capacity)
        return true;
    capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > buffer->max_bytes + 1)
        capacity = buffer->max_bytes + 1;
    data = realloc(buffer->data, capacity);
    if (!data) {
        buffer->no_memory = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void ed_buffer_append(struct ed_buffer *buffer, const void *bytes, size_t n) {
    if (!reserve(buffer, n))
        return;
    if (n > 0)
        memcpy(buffer->data + buffer->size, bytes, n);
    buffer->size += n;
    buffer->data[buffer->size] = '\0';
}

void ed_buffer_text_append(struct ed_buffer *buffer, const char *text) {
    ed_buffer_append(buffer, text, strlen(text));
}

void ed_buffer_printf(struct ed_buffer *buffer, const char *format, ...) {
    va_list args, again;
    int n;
    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        buffer->too_large = true;
    else if (reserve(buffer, (size_t)n)) {
        vsnprintf(buffer->data + buffer->size, (size_t)n + 1, format, again);
        buffer->size += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

const char *ed_buffer_text(const struct ed_buffer *buffer) {
    return buffer->data ? buffer->data : "";
}

char *ed_buffer_detach(struct ed_buffer *buffer, size_t *size) {
    char *data;
    if (!reserve(buffer, 0))
        return NULL;
    buffer->data[buffer->size] = '\0';
    data = buffer->data;
    if (size)
        *size = buffer->size;
    ed_buffer_init(buffer, buffer->max_bytes);
    return data;
}

enum ed_status ed_buffer_status(const struct ed_buffer *buffer, const char *what, struct ed_error *err) {
    if (buffer->no_memory)
        return ed_fail(err, ED_ERR_NO_MEMORY, what, "no memory for more than %zu bytes", buffer->size);
    if (buffer->too_large)
        return ed_fail(err, ED_ERR_LIMIT, what, "larger than its limit of %zu bytes", buffer->max_bytes);
    return ED_OK;
}
