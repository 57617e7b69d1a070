// SPDX-License-Identifier: Apache-2.0
// base/words: what a word is, and the errors of a transcript against every possible alignment.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/words.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct ed_words_errors compare(const char *reference, const char *hypothesis) {
    struct ed_words_errors errors;
    struct ed_error err = {0};
    assert_int_equal(
        ed_words_error_rate(reference, strlen(reference), hypothesis, strlen(hypothesis), &errors, &err),
        ED_OK);
    return errors;
}

static void test_normalised(void **state) {
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", ""},
        {" \t\r\n", ""},
        {"...!? -- \xe2\x80\x94", ""},
        {"Hello, World!", "hello world"},
        {"  a  b\tc\nd ", "a b c d"},
        {"twenty-one", "twenty one"},
        {"Don't 'quote' dogs' rock'n'roll", "don't quote dogs rock'n'roll"},
        {"it\xe2\x80\x99s l\xca\xbchomme", "it's l'homme"},
        {"a''b", "a b"},
        {"3.5 1,000 v1. 2,b .5 1..2", "3.5 1,000 v1 2 b 5 1 2"},
        {"\xc3\x89T\xc3\x89 \xc3\x97 \xc3\x9e\xc3\xbf\xc5\xb8", "\xc3\xa9t\xc3\xa9 \xc3\xbe\xc3\xbf\xc3\xbf"},
        {"\xc4\x80\xc4\xb9\xc5\x8a\xc5\xbd \xc4\xb0\xc4\xb1",
         "\xc4\x81\xc4\xba\xc5\x8b\xc5\xbe \xc4\xb0\xc4\xb1"},
        // Greek with its final sigma, Cyrillic, Armenian, Vietnamese
        {"\xce\x9f\xce\x94\xce\x9f\xce\xa3 \xce\x86\xce\x88\xce\x8c\xce\x8e\xce\x8f \xcf\x82",
         "\xce\xbf\xce\xb4\xce\xbf\xcf\x83 \xce\xac\xce\xad\xcf\x8c\xcf\x8d\xcf\x8e \xcf\x83"},
        {"\xd0\x81\xd0\x96\xd0\xaf \xd0\x84\xd0\x87", "\xd1\x91\xd0\xb6\xd1\x8f \xd1\x94\xd1\x97"},
        {"\xd2\x90\xd3\x81\xd3\x90\xd3\x80", "\xd2\x91\xd3\x82\xd3\x91\xd3\x8f"},
        {"\xd4\xb1\xd5\x96", "\xd5\xa1\xd6\x86"},
        {"VI\xe1\xbb\x86T", "vi\xe1\xbb\x87t"},
        // soft hyphen, zero width joiner, byte order mark
        {"\xef\xbb\xbf"
         "co\xc2\xad"
         "op \xe2\x80\x8d",
         "coop"},
        {"don\xc2\xad'\xc2\xadt", "don't"},
        {"\xc2\xab"
         "Oui\xc2\xa0\xc2\xbb, \xc2\xa1no!",
         "oui no"},
        {"\xe2\x99\xaa la \xf0\x9f\x8e\xb5", "la"},
        // ideographs and kana by themselves, full width punctuation, and letters beside them
        {"\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8cWorld\xe4\xb8\xad",
         "\xe4\xbd\xa0 \xe5\xa5\xbd world \xe4\xb8\xad"},
        {"\xe3\x81\x82\xe3\x83\xbc\xe3\x82\xa2\xe3\x80\x82", "\xe3\x81\x82 \xe3\x83\xbc \xe3\x82\xa2"},
        // not UTF-8: a stray byte, a surrogate, a character cut short
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"caf\xc3", "caf\xef\xbf\xbd"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *words = ed_words_normalised(rows[i].text, strlen(rows[i].text));
        assert_non_null(words);
        assert_string_equal(words, rows[i].words);
        char *again = ed_words_normalised(words, strlen(words));
        assert_string_equal(again, words);
        free(again);
        free(words);
    }
    char *words = ed_words_normalised("a\0b", 3);
    assert_string_equal(words, "a b");
    free(words);
}

static void test_known(void **state) {
    static const struct {
        const char *reference, *hypothesis;
        size_t s, d, i, words;
    } rows[] = {
        {"", "", 0, 0, 0, 0},
        {"", "one two", 0, 0, 2, 0},
        {"one two three", "", 0, 3, 0, 3},
        {"the cat sat on the mat", "The cat sat, on the mat.", 0, 0, 0, 6},
        {"the cat sat on the mat", "the cat sit on mat", 1, 1, 0, 6},
        {"the cat sat on the mat", "on the mat the cat sat", 6, 0, 0, 6},
        {"a b c d", "b c d e", 0, 1, 1, 4},
        {"a b", "b a", 2, 0, 0, 2},
        {"a b c", "a x b c y", 0, 0, 2, 3},
        {"a", "b c d", 1, 0, 2, 1},
    };
    (void)state;
    for (size_t k = 0; k < COUNT(rows); k++) {
        const struct ed_words_errors errors = compare(rows[k].reference, rows[k].hypothesis);
        assert_int_equal(errors.substitutions, rows[k].s);
        assert_int_equal(errors.deletions, rows[k].d);
        assert_int_equal(errors.insertions, rows[k].i);
        assert_int_equal(errors.reference_words, rows[k].words);
    }
    struct ed_words_errors errors = compare("a b c d", "a x c");
    assert_true(ed_words_rate(&errors) == 0.5);
    errors = compare("", "a");
    assert_true(ed_words_rate(&errors) == -1.0);
    errors = compare("a", "b c d");
    assert_true(ed_words_rate(&errors) == 3.0);
}

// Tries every way of walking through both texts.
static void try_all(const char *a, const char *b, struct ed_words_errors now, struct ed_words_errors *best) {
    if (!*a && !*b) {
        const size_t all = now.substitutions + now.deletions + now.insertions;
        const size_t known = best->substitutions + best->deletions + best->insertions;
        if (all < known || (all == known && now.substitutions > best->substitutions))
            *best = now;
        return;
    }
    if (*a && *b) {
        struct ed_words_errors next = now;
        next.substitutions += *a != *b;
        try_all(a + 1, b + 1, next, best);
    }
    if (*a) {
        struct ed_words_errors next = now;
        next.deletions++;
        try_all(a + 1, b, next, best);
    }
    if (*b) {
        struct ed_words_errors next = now;
        next.insertions++;
        try_all(a, b + 1, next, best);
    }
}

static void random_text(struct ed_random *random, char *letters, char *text) {
    const size_t n = ed_random_below(random, 7);
    for (size_t i = 0; i < n; i++) {
        letters[i] = (char)('a' + ed_random_below(random, 3));
        text[2 * i] = letters[i];
        text[2 * i + 1] = ' ';
    }
    letters[n] = text[2 * n] = 0;
}

static void test_against_all_alignments(void **state) {
    struct ed_random random;
    (void)state;
    ed_random_init(&random, 20260101);
    for (size_t round = 0; round < 1500; round++) {
        char a[8], b[8], a_text[16], b_text[16];
        struct ed_words_errors best = {.substitutions = 100};
        random_text(&random, a, a_text);
        random_text(&random, b, b_text);
        try_all(a, b, (struct ed_words_errors){0}, &best);
        const struct ed_words_errors errors = compare(a_text, b_text), back = compare(b_text, a_text);
        assert_int_equal(errors.substitutions, best.substitutions);
        assert_int_equal(errors.deletions, best.deletions);
        assert_int_equal(errors.insertions, best.insertions);
        assert_int_equal(errors.reference_words, strlen(a));
        assert_int_equal(errors.hypothesis_words, strlen(b));
        assert_int_equal(back.substitutions, errors.substitutions);
        assert_int_equal(back.deletions, errors.insertions);
        assert_int_equal(back.insertions, errors.deletions);
    }
}

static void test_limits(void **state) {
    struct ed_words_errors errors;
    struct ed_error err = {0};
    char *text = malloc(ED_WORDS_TEXT_MAX_BYTES + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', ED_WORDS_TEXT_MAX_BYTES + 1);
    assert_int_equal(ed_words_error_rate(text, ED_WORDS_TEXT_MAX_BYTES, "x", 1, &errors, &err), ED_OK);
    assert_int_equal(errors.substitutions, 1);
    assert_int_equal(ed_words_error_rate("x", 1, text, ED_WORDS_TEXT_MAX_BYTES + 1, &errors, &err),
                     ED_ERR_LIMIT);
    assert_non_null(strstr(err.message, "hypothesis"));
    assert_int_equal(errors.reference_words, 0);
    for (size_t i = 0; i < 2 * ED_WORDS_MAX + 2; i++)
        text[i] = i % 2 ? ' ' : 'y';
    assert_int_equal(ed_words_error_rate(text, 2 * ED_WORDS_MAX, "y", 1, &errors, &err), ED_OK);
    assert_int_equal(errors.deletions, ED_WORDS_MAX - 1);
    assert_int_equal(ed_words_error_rate(text, 2 * ED_WORDS_MAX + 2, "y", 1, &errors, &err), ED_ERR_LIMIT);
    assert_non_null(strstr(err.message, "reference has 16385 words"));
    // The longest that bytes can become: each of them three, and nothing beyond the memory that was taken.
    memset(text, 0xff, 4096);
    char *words = ed_words_normalised(text, 4096);
    assert_int_equal(strlen(words), 3 * 4096);
    free(words);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalised),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_against_all_alignments),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
