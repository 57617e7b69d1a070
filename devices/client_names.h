// SPDX-License-Identifier: Apache-2.0
// Parts of package names. Each becomes an argument of a program: it begins with a letter or a digit, so that
// it is no option.
#ifndef EDGEDYNO_DEVICES_CLIENT_NAMES_H
#define EDGEDYNO_DEVICES_CLIENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool ed_client_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The first `bytes` of `text`: letters, digits and the characters of `more`.
static inline bool ed_client_word(const char *text, size_t bytes, const char *more) {
    if (bytes == 0 || bytes > 127 || !ed_client_alphanumeric(text[0]))
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (!ed_client_alphanumeric(text[i]) && (!text[i] || !strchr(more, text[i])))
            return false;
    return true;
}

// A whole version, not a range or a tag that moves.
static inline bool ed_client_version(const char *text, size_t bytes) {
    return ed_client_word(text, bytes, ".+!_-") && text[0] >= '0' && text[0] <= '9';
}

#endif
