// SPDX-License-Identifier: Apache-2.0
// The nearest known word to a mistyped one, by Damerau-Levenshtein distance (adjacent transposition counts
// one).
#ifndef EDGEDYNO_BASE_NEAREST_H
#define EDGEDYNO_BASE_NEAREST_H

#include <stddef.h>

// `known` is NULL-terminated. Returns the nearest within a third of the word's length (at least 1, at most 3;
// case ignored), or a word of which `word` is a prefix of at least three letters, or NULL where nothing is
// near. Borrowed from `known`. Words longer than 64 bytes are never near.
const char *ed_nearest(const char *word, const char *const *known);
size_t ed_edit_distance(const char *a, const char *b);

#endif
