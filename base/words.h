// SPDX-License-Identifier: Apache-2.0
// The word error rate of a transcript: the least number of words to be replaced, left out or put in that
// turns the reference into the hypothesis, over the words of the reference (Levenshtein's distance over
// words). Both texts are normalised first, so that spelling counts and typography does not:
//   - Letters are made small: ASCII, Latin with its accents, Greek, Cyrillic, Armenian. Nothing else is folded:
//     a composed letter is not its decomposed form, and numbers are not spelled out.
//   - White space, punctuation and symbols part words. An apostrophe (', U+2019, U+02BC) between two
//     characters of a word belongs to it and is made "'"; so does a full stop or comma between two digits.
//     Marks that show nothing (soft hyphen, joiners, byte order mark) are left out.
//   - Each ideograph, hiragana and katakana letter is a word of its own: these scripts have no spaces.
//   - Each byte that is not UTF-8 counts as the character U+FFFD, which belongs to a word.
// What stands in brackets ("[music]") counts as any other text.
#ifndef EDGEDYNO_BASE_WORDS_H
#define EDGEDYNO_BASE_WORDS_H

#include <stddef.h>

#include "edgedyno/error.h"

#define ED_WORDS_TEXT_MAX_BYTES (1u << 20)
#define ED_WORDS_MAX 16384

// Of all ways with the least number of errors, that with the most substitutions is counted, so that the parts
// are defined; deletions less insertions are reference_words less hypothesis_words.
struct ed_words_errors {
    size_t substitutions, deletions, insertions;
    size_t reference_words, hypothesis_words;
};

// Needs no terminating NUL; a NUL inside parts words. Time is the product of both numbers of words, memory
// proportional to the texts. ED_ERR_LIMIT beyond the limits above, ED_ERR_NO_MEMORY; *out is then all zero.
enum ed_status ed_words_error_rate(const char *reference, size_t reference_bytes, const char *hypothesis,
                                   size_t hypothesis_bytes, struct ed_words_errors *out,
                                   struct ed_error *err);

// The same in a text: words parted by one space each, terminated. The caller frees it; NULL without memory.
char *ed_words_normalised(const char *text, size_t bytes);

// Errors over words of the reference: 0 is perfect, more than 1 is possible. -1 where the reference has no
// words. Over many texts: add up the members first.
static inline double ed_words_rate(const struct ed_words_errors *errors) {
    const size_t wrong = errors->substitutions + errors->deletions + errors->insertions;
    return errors->reference_words ? (double)wrong / (double)errors->reference_words : -1.0;
}

#endif
