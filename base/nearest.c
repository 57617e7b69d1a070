// SPDX-License-Identifier: Apache-2.0
// The nearest known word, by the optimal string alignment form of the Damerau-Levenshtein distance (no part
// of a word is edited twice).
#include "base/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_BYTES 64

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// false where the word is too long.
static bool fold(char out[WORD_BYTES + 1], const char *word) {
    size_t n = strnlen(word, WORD_BYTES + 1);
    if (n > WORD_BYTES)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = lower(word[i]);
    out[n] = '\0';
    return true;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t ed_edit_distance(const char *a, const char *b) {
    // Three rows suffice: a transposition looks back two.
    size_t rows[3][WORD_BYTES + 1];
    size_t *before = rows[0], *previous = rows[1], *current = rows[2];
    size_t a_bytes = strnlen(a, WORD_BYTES + 1), b_bytes = strnlen(b, WORD_BYTES + 1);
    if (a_bytes > WORD_BYTES || b_bytes > WORD_BYTES)
        return strcmp(a, b) == 0 ? 0 : SIZE_MAX;
    for (size_t j = 0; j <= b_bytes; j++)
        before[j] = previous[j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t *spare = before;
        current[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t best = previous[j - 1] + (a[i - 1] != b[j - 1]);
            best = least(best, least(previous[j], current[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, before[j - 2] + 1);
            current[j] = best;
        }
        before = previous;
        previous = current;
        current = spare;
    }
    return previous[b_bytes];
}

const char *ed_nearest(const char *word, const char *const *known) {
    char wanted[WORD_BYTES + 1] = "", candidate[WORD_BYTES + 1] = "";
    const char *best = NULL, *prefixed = NULL;
    size_t bytes, limit, best_distance = SIZE_MAX;
    if (!word || !fold(wanted, word))
        return NULL;
    bytes = strlen(wanted);
    limit = bytes / 3 < 1 ? 1 : least(bytes / 3, 3);
    for (size_t i = 0; known[i]; i++) {
        size_t distance;
        if (!fold(candidate, known[i]))
            continue;
        distance = ed_edit_distance(wanted, candidate);
        // A word with every letter replaced ("x" for "n") has nothing in common with it.
        if (distance <= limit && distance < bytes && distance < best_distance) {
            best = known[i];
            best_distance = distance;
        }
        if (!prefixed && bytes >= 3 && strncmp(wanted, candidate, bytes) == 0)
            prefixed = known[i];
    }
    return best ? best : prefixed;
}
