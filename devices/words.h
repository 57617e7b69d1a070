// SPDX-License-Identifier: Apache-2.0
// The last thing that a program said, for the end of a message.
#ifndef EDGEDYNO_DEVICES_WORDS_H
#define EDGEDYNO_DEVICES_WORDS_H

#include <stdio.h>
#include <string.h>

#define ED_WORDS_BYTES 256

// Writes "; it said: LINE" with the last line of `output` that is not blank, or "" where there is none.
// Returns `text`.
static inline const char *ed_words_said(char text[ED_WORDS_BYTES], const char *output) {
    size_t end = strlen(output), begin;
    while (end > 0 && strchr(" \t\r\n", output[end - 1]))
        end--;
    begin = end;
    while (begin > 0 && !strchr("\r\n", output[begin - 1]))
        begin--;
    text[0] = '\0';
    if (end > begin)
        snprintf(text, ED_WORDS_BYTES, "; it said: %.*s", (int)(end - begin < 200 ? end - begin : 200),
                 output + begin);
    return text;
}

#endif
