// SPDX-License-Identifier: Apache-2.0
// How a text begins and ends. Bytes are compared; an empty beginning or ending fits any text.
#ifndef EDGEDYNO_BASE_AFFIX_H
#define EDGEDYNO_BASE_AFFIX_H

#include <stdbool.h>
#include <string.h>

static inline bool ed_affix_begins(const char *text, const char *beginning) {
    return !strncmp(text, beginning, strlen(beginning));
}

static inline bool ed_affix_ends(const char *text, const char *ending) {
    const size_t n = strlen(text), m = strlen(ending);
    return n >= m && !strcmp(text + n - m, ending);
}

#endif
