// SPDX-License-Identifier: Apache-2.0
// Words for people on standard error, safe for a terminal.
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/utf8.h"

#define TEXT_BYTES 4096
#define CUT_MARK " [cut]"

static const char *level_word(enum ed_log_level level) {
    switch (level) {
    case ED_LOG_ERROR:
        return "error: ";
    case ED_LOG_WARNING:
        return "warning: ";
    case ED_LOG_INFO:
    case ED_LOG_DETAIL:
        break;
    }
    return "";
}

// Copies `text` and shows bytes that a terminal could obey, or that are no UTF-8, as \xNN. Returns the bytes
// written, at most four for each byte of `text`.
static size_t escape(char *out, const char *text) {
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0, n = strlen(text);
    while (n > 0) {
        size_t length = ed_utf8_length(text, n);
        bool plain = length > 0 && !ed_utf8_is_control(text, length);
        if (length == 0)
            length = 1;
        for (size_t i = 0; i < length; i++) {
            unsigned char byte = (unsigned char)text[i];
            if (plain) {
                out[at++] = (char)byte;
            } else {
                memcpy(out + at, "\\x", 2);
                out[at + 2] = digits[byte >> 4];
                out[at + 3] = digits[byte & 15];
                at += 4;
            }
        }
        text += length;
        n -= length;
    }
    return at;
}

static void write_line(const char *line, size_t n) {
    while (n > 0) {
        ssize_t written = write(STDERR_FILENO, line, n);
        if (written < 0 && errno == EINTR)
            continue;
        // Nobody is left to be told that standard error is closed.
        if (written <= 0)
            return;
        line += written;
        n -= (size_t)written;
    }
}

__attribute__((format(printf, 3, 0))) static void log_v(const struct ed_log *log, enum ed_log_level level,
                                                        const char *format, va_list args) {
    char text[TEXT_BYTES];
    char line[4 * TEXT_BYTES + 512];
    size_t used = 0;
    int kept_errno = errno, n;
    if (log->program)
        used = (size_t)snprintf(line, 256, "%.200s: ", log->program);
    used += (size_t)snprintf(line + used, 32, "%s", level_word(level));
    n = vsnprintf(text, sizeof text, format, args);
    if (n < 0)
        snprintf(text, sizeof text, "%s", format);
    used += escape(line + used, text);
    if (n >= (int)sizeof text) {
        memcpy(line + used, CUT_MARK, strlen(CUT_MARK));
        used += strlen(CUT_MARK);
    }
    line[used++] = '\n';
    if (log->before)
        log->before(log->context);
    write_line(line, used);
    if (log->after)
        log->after(log->context);
    errno = kept_errno;
}

void ed_log_line(const struct ed_log *log, enum ed_log_level level, const char *format, ...) {
    va_list args;
    if (!log || level > log->level)
        return;
    va_start(args, format);
    log_v(log, level, format, args);
    va_end(args);
}

void ed_log_error(const struct ed_log *log, const struct ed_error *err) {
    const char *message = err->message[0] ? err->message : ed_status_word(err->code);
    if (err->where[0])
        ed_log_line(log, ED_LOG_ERROR, "%s: %s", err->where, message);
    else
        ed_log_line(log, ED_LOG_ERROR, "%s", message);
}
