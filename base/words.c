// SPDX-License-Identifier: Apache-2.0
// Words of a text, and how two texts differ in them.
#include "base/words.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"

#define REPLACEMENT 0xFFFDu
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

// What a character is to a word.
enum kind { KIND_PART, KIND_OWN, KIND_GAP, KIND_NOTHING };

struct range {
    uint32_t first, last;
};

// Neither letters nor digits. Blocks of symbols as a whole; single characters of mixed blocks.
static const struct range gaps[] = {
    {0x00, 0x2F},     {0x3A, 0x40},     {0x5B, 0x60},     {0x7B, 0xA9},       {0xAB, 0xAC},
    {0xAE, 0xB1},     {0xB4, 0xB4},     {0xB6, 0xB8},     {0xBB, 0xBB},       {0xBF, 0xBF},
    {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2C2, 0x2C5},   {0x2D2, 0x2DF},     {0x37E, 0x37E},
    {0x387, 0x387},   {0x55A, 0x55F},   {0x589, 0x58A},   {0x5BE, 0x5BE},     {0x5F3, 0x5F4},
    {0x60C, 0x60D},   {0x61B, 0x61B},   {0x61E, 0x61F},   {0x66A, 0x66D},     {0x6D4, 0x6D4},
    {0x964, 0x965},   {0x970, 0x970},   {0xE2F, 0xE2F},   {0xE4F, 0xE4F},     {0x1680, 0x1680},
    {0x2000, 0x200A}, {0x200E, 0x205F}, {0x20A0, 0x20CF}, {0x2190, 0x2BFF},   {0x3000, 0x3004},
    {0x3008, 0x3020}, {0x3030, 0x3030}, {0x303D, 0x303F}, {0x30A0, 0x30A0},   {0x30FB, 0x30FB},
    {0xFE10, 0xFE1F}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF0F}, {0xFF1A, 0xFF20},   {0xFF3B, 0xFF40},
    {0xFF5B, 0xFF65}, {0xFFE0, 0xFFEF}, {0xFFF9, 0xFFFC}, {0x1F000, 0x1FAFF},
};
static const struct range nothings[] = {
    {0xAD, 0xAD}, {0x200B, 0x200D}, {0x2060, 0x2064}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}};
static const struct range own_words[] = {
    {0x3005, 0x3007}, {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x30FC, 0x30FF}, {0x31F0, 0x31FF},
    {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0xFF66, 0xFF9D}, {0x20000, 0x3FFFF}};

static bool is_in(const struct range *ranges, size_t n, uint32_t character) {
    size_t low = 0;
    while (n > 0) {
        const size_t half = n / 2;
        if (ranges[low + half].last < character) {
            low += half + 1;
            n -= half + 1;
        } else if (ranges[low + half].first > character) {
            n = half;
        } else {
            return true;
        }
    }
    return false;
}

static enum kind kind_of(uint32_t character) {
    if (is_in(gaps, COUNT(gaps), character))
        return KIND_GAP;
    if (is_in(nothings, COUNT(nothings), character))
        return KIND_NOTHING;
    return is_in(own_words, COUNT(own_words), character) ? KIND_OWN : KIND_PART;
}

// Capital letters of alphabets in which every second character is one: even ones, but for three stretches.
static bool is_capital_of_pair(uint32_t c) {
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E) || (c >= 0x4C1 && c <= 0x4CE))
        return c % 2 == 1;
    return c % 2 == 0 &&
           ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177) ||
            (c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F) ||
            (c >= 0x1E00 && c <= 0x1E95) || (c >= 0x1EA0 && c <= 0x1EFF));
}

static uint32_t lower(uint32_t c) {
    static const struct {
        uint32_t first, last, up;
    } shifts[] = {
        {'A', 'Z', 32},     {0xC0, 0xD6, 32},   {0xD8, 0xDE, 32},   {0x386, 0x386, 38}, {0x388, 0x38A, 37},
        {0x38C, 0x38C, 64}, {0x38E, 0x38F, 63}, {0x391, 0x3A1, 32}, {0x3A3, 0x3AB, 32}, {0x3C2, 0x3C2, 1},
        {0x400, 0x40F, 80}, {0x410, 0x42F, 32}, {0x4C0, 0x4C0, 15}, {0x531, 0x556, 48},
    };
    for (size_t i = 0; i < COUNT(shifts) && shifts[i].first <= c; i++)
        if (c <= shifts[i].last)
            return c + shifts[i].up;
    if (c == 0x178)
        return 0xFF;
    return is_capital_of_pair(c) ? c + 1 : c;
}

// The character at the start of `text`; *length is how many bytes it takes.
static uint32_t read_character(const char *text, size_t bytes, size_t *length) {
    static const unsigned char lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *b = (const unsigned char *)text;
    *length = ed_utf8_length(text, bytes);
    if (!*length) {
        *length = 1;
        return REPLACEMENT;
    }
    uint32_t character = b[0] & lead[*length];
    for (size_t i = 1; i < *length; i++)
        character = character << 6 | (b[i] & 0x3Fu);
    return character;
}

static size_t write_character(char *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[length] | c);
    return length;
}

static bool is_digit(uint32_t c) {
    return c >= '0' && c <= '9';
}

// The next character that is anything to a word, 0 at the end.
static uint32_t look_ahead(const char *text, size_t bytes) {
    size_t length;
    for (size_t at = 0; at < bytes; at += length) {
        const uint32_t c = read_character(text + at, bytes - at, &length);
        if (kind_of(c) != KIND_NOTHING)
            return c;
    }
    return 0;
}

static bool is_apostrophe(uint32_t c) {
    return c == '\'' || c == 0x2019 || c == 0x2BC;
}

// Whether what would part words stands inside one: `before` is 0 where no word is open.
static bool is_inside(uint32_t c, uint32_t before, uint32_t after) {
    if (is_apostrophe(c))
        return before && kind_of(before) == KIND_PART && kind_of(after) == KIND_PART;
    return (c == '.' || c == ',') && is_digit(before) && is_digit(after);
}

char *ed_words_normalised(const char *text, size_t bytes) {
    // A byte that is not UTF-8 becomes three; one that is a word of its own gets a space.
    if (bytes > SIZE_MAX / 4 - 1)
        return NULL;
    char *out = malloc(bytes * 4 + 1);
    size_t used = 0, length;
    uint32_t before = 0; // the last character of the open word
    if (!out)
        return NULL;
    for (size_t at = 0; at < bytes; at += length) {
        uint32_t c = read_character(text + at, bytes - at, &length);
        enum kind kind = kind_of(c);
        if (kind == KIND_NOTHING)
            continue;
        if (kind == KIND_GAP || is_apostrophe(c)) {
            if (!is_inside(c, before, look_ahead(text + at + length, bytes - at - length))) {
                before = 0;
                continue;
            }
            kind = KIND_PART;
            c = is_apostrophe(c) ? '\'' : c;
        }
        if (used && (!before || kind == KIND_OWN || kind_of(before) == KIND_OWN))
            out[used++] = ' ';
        used += write_character(out + used, lower(c));
        before = c;
    }
    out[used] = 0;
    return out;
}

struct word {
    const char *text; // into the normalised text
    size_t bytes;
    uint64_t hash;
};

struct words {
    char *text;
    struct word *items;
    size_t n;
};

static enum ed_status split(const char *text, size_t bytes, const char *what, struct words *words,
                            struct ed_error *err) {
    if (bytes > ED_WORDS_TEXT_MAX_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the %s has %zu bytes; at most %u can be compared", what,
                       bytes, ED_WORDS_TEXT_MAX_BYTES);
    words->text = ed_words_normalised(text, bytes);
    if (!words->text)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the words of the %s", what);
    size_t n = words->text[0] ? 1 : 0;
    for (const char *c = words->text; *c; c++)
        n += *c == ' ';
    if (n > ED_WORDS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the %s has %zu words; at most %d can be compared", what, n,
                       ED_WORDS_MAX);
    words->items = calloc(n ? n : 1, sizeof *words->items);
    if (!words->items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the words of the %s", what);
    const char *at = words->text;
    for (words->n = 0; words->n < n; words->n++) {
        struct word *word = &words->items[words->n];
        *word = (struct word){.text = at, .bytes = strcspn(at, " "), .hash = 0xCBF29CE484222325u};
        for (size_t i = 0; i < word->bytes; i++)
            word->hash = (word->hash ^ (unsigned char)at[i]) * 0x100000001B3u;
        at += word->bytes + 1;
    }
    return ED_OK;
}

static void release(struct words *words) {
    free(words->items);
    free(words->text);
}

static bool is_same(const struct word *a, const struct word *b) {
    return a->hash == b->hash && a->bytes == b->bytes && !memcmp(a->text, b->text, a->bytes);
}

// A cost is ERROR for each error, less one for each that is a substitution: the least of them has the fewest
// errors and, among those, the most substitutions.
#define ERROR ((uint64_t)1 << 32)

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

// `row` has room for one cost more than `few` has words.
static uint64_t distance(const struct words *many, const struct words *few, uint64_t *row) {
    for (size_t j = 0; j <= few->n; j++)
        row[j] = j * ERROR;
    for (size_t i = 1; i <= many->n; i++) {
        uint64_t corner = row[0];
        row[0] = i * ERROR;
        for (size_t j = 1; j <= few->n; j++) {
            const uint64_t replaced =
                corner + (is_same(&many->items[i - 1], &few->items[j - 1]) ? 0 : ERROR - 1);
            corner = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + ERROR);
        }
    }
    return row[few->n];
}

enum ed_status ed_words_error_rate(const char *reference, size_t reference_bytes, const char *hypothesis,
                                   size_t hypothesis_bytes, struct ed_words_errors *out,
                                   struct ed_error *err) {
    struct words a = {0}, b = {0};
    uint64_t *row = NULL;
    *out = (struct ed_words_errors){0};
    enum ed_status status = split(reference, reference_bytes, "reference", &a, err);
    if (status == ED_OK)
        status = split(hypothesis, hypothesis_bytes, "hypothesis", &b, err);
    if (status != ED_OK)
        goto out;
    const bool longer = a.n >= b.n;
    row = calloc((longer ? b.n : a.n) + 1, sizeof *row);
    if (!row) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to compare %zu words with %zu", a.n, b.n);
        goto out;
    }
    const uint64_t cost = longer ? distance(&a, &b, row) : distance(&b, &a, row);
    // cost = errors * ERROR - substitutions, with fewer than ERROR substitutions.
    const uint64_t errors = (cost + ERROR - 1) / ERROR;
    const uint64_t replaced = errors * ERROR - cost, moved = errors - replaced;
    const size_t more = longer ? a.n - b.n : b.n - a.n;
    const size_t small = ((size_t)moved - more) / 2;
    *out = (struct ed_words_errors){.substitutions = (size_t)replaced,
                                    .deletions = longer ? small + more : small,
                                    .insertions = longer ? small : small + more,
                                    .reference_words = a.n,
                                    .hypothesis_words = b.n};
out:
    free(row);
    release(&a);
    release(&b);
    return status;
}
