// SPDX-License-Identifier: Apache-2.0
// Words of an engine, made fit for a message: on one line, and short enough.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_TEXT_H
#define EDGEDYNO_BACKENDS_ADAPTER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// Copies `words`. Control characters become spaces, several spaces one; spaces and full stops at the end go.
// What is too long loses its middle: engines begin with a source line and end with the reason.
static inline void ed_adapter_text(char *text, size_t bytes, const char *words) {
    static const char gap[] = " ... ";
    const size_t length = strlen(words), head = bytes / 4;
    size_t n = 0, from = 0;
    for (; from < length && n + 1 < bytes; from++) {
        if (length >= bytes && n == head) {
            memcpy(text + n, gap, sizeof gap - 1);
            n += sizeof gap - 1;
            from = length - (bytes - 1 - n);
        }
        const char c = (unsigned char)words[from] < ' ' || words[from] == 0x7f ? ' ' : words[from];
        if (c != ' ' || (n && text[n - 1] != ' '))
            text[n++] = c;
    }
    while (n && (text[n - 1] == ' ' || text[n - 1] == '.'))
        n--;
    text[n] = 0;
}

// Takes `directory` and the slash behind it out of `text`, wherever they stand: of a path into the engine's
// own build the name is what tells.
static inline void ed_adapter_text_without(char *text, const char *directory) {
    const size_t n = strlen(directory);
    for (char *at = text; n && (at = strstr(at, directory)) != NULL;)
        if (at[n] == '/')
            memmove(at, at + n + 1, strlen(at + n + 1) + 1);
        else
            at += n;
}

// Adds the first line of `words` to those that `text` has, with "; " between. The newest matter most: what
// does not fit pushes the others out.
static inline void ed_adapter_text_add(char *text, size_t bytes, const char *words) {
    const size_t n = strcspn(words, "\n");
    size_t used = strlen(text);
    if (!n)
        return;
    if (used + n + sizeof "; " > bytes)
        used = 0;
    snprintf(text + used, bytes - used, "%s%.*s", used ? "; " : "", (int)n, words);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
}

// Whether a library's version is that release: "v0.5.0", "0.5.0" and "0.5.0-dirty" are, "0.5.01" and
// "0.5.0.1" are not.
static inline bool ed_adapter_is_release(const char *version, const char *release) {
    const size_t n = strlen(release);
    version += *version == 'v';
    return !strncmp(version, release, n) && (version[n] < '0' || version[n] > '9') && version[n] != '.';
}

#endif
