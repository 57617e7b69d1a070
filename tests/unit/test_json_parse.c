// SPDX-License-Identifier: Apache-2.0
// ed_json_parse: what is no JSON and where it is wrong, limits, doubled keys, files.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json_read.h"

static enum ed_status parse(struct ed_json_document *document, const char *text, struct ed_error *err) {
    // A copy without a NUL behind it: reading beyond the end is seen by the sanitizer.
    size_t n = strlen(text);
    char *copy = malloc(n ? n : 1);
    enum ed_status status;
    assert_non_null(copy);
    memcpy(copy, text, n);
    status = ed_json_parse(document, "suite.json", copy, n, err);
    free(copy);
    return status;
}

static void load(struct ed_json_document *document, const char *text) {
    struct ed_error err = {0};
    if (parse(document, text, &err))
        fail_msg("%s: %s", err.where, err.message);
}

static void refuse_bytes(const char *text, size_t n, enum ed_status code, const char *where,
                         const char *words) {
    struct ed_json_document document;
    struct ed_error err = {0};
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, text, n);
    assert_int_equal(ed_json_parse(&document, "suite.json", copy, n, &err), code);
    free(copy);
    assert_int_equal(err.code, code);
    assert_string_equal(err.where, where);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
    assert_null(document.root);
    ed_json_document_release(&document);
}

static void test_syntax_errors_have_their_place(void **state) {
    static const struct {
        const char *text, *place, *words;
    } rows[] = {
        {"", "1:1", "expected a value, but the text ends here"},
        {" \n\n ", "3:2", "the text ends here"},
        {"{\n  \"a\": 1,\n}", "2:9", "a comma before '}'; remove it"},
        {"[1,2,]", "1:5", "a comma before ']'; remove it"},
        {"[1 2]", "1:4", "expected ',' or ']', found '2'"},
        {"{\"a\" 1}", "1:6", "':' after the key, found '1'"},
        {"{\"a\":}", "1:6", "expected a value, found '}'"},
        {"{a:1}", "1:2", "a key in double quotes, found 'a'"},
        {"{'a':1}", "1:2", "single quote"},
        {"{\"a\":1", "1:7", "the text ends here; is it cut off?"},
        {"{\n\"a\": \"x\n\"}", "2:6", "not closed on its line"},
        {"[\"abc", "1:2", "never closed"},
        {"{\"a\":1} x", "1:9", "nothing more after the value, found 'x'"},
        {"{}{}", "1:3", "nothing more after the value"},
        {"// words\n{}", "1:1", "JSON has no comments"},
        {"{\"a\":1 # one\n}", "1:8", "JSON has no comments"},
        {"01", "1:1", "start with a zero"},
        {"[-01]", "1:2", "start with a zero"},
        {"[+1]", "1:2", "expected a value, found '+'"},
        {"[.5]", "1:2", "expected a value, found '.'"},
        {"[1.]", "1:4", "a digit after the decimal point"},
        {"[1e]", "1:4", "a digit of the exponent"},
        {"[-]", "1:3", "expected a digit"},
        {"[0x10]", "1:3", "',' or ']', found 'x'"},
        {"[NaN]", "1:2", "write null"},
        {"[Infinity]", "1:2", "write null"},
        {"[1e999]", "1:2", "too large for a double"},
        {"[nul]", "1:2", "expected a value"},
        {"[truefalse]", "1:6", "',' or ']'"},
        {"[True]", "1:2", "expected a value"},
        {"[\"\\x41\"]", "1:3", "no escape of JSON"},
        {"[\"\\u12G4\"]", "1:3", "four hexadecimal digits"},
        {"[\"\\u12", "1:3", "four hexadecimal digits"},
        {"[\"a\\u0000b\"]", "1:4", "\\u0000 is not allowed"},
        {"[\"\\uD83D\"]", "1:3", "surrogate"},
        {"[\"\\uD83D\\u0041\"]", "1:3", "surrogate"},
        {"[\"\\uDE00\\uD83D\"]", "1:3", "surrogate"},
        {"[\"a\tb\"]", "1:4", "control character in a string; write \\u0009"},
        {"[\"\xC3\"]", "1:3", "0xC3 is no UTF-8"},
        {"[\"\xE4\"]", "1:3", "save the file as UTF-8"},
        {"[\"\xED\xA0\x80\"]", "1:3", "no UTF-8"},
        {"[\x01]", "1:2", "the byte 0x01"},
        {"[\xFF]", "1:2", "the byte 0xFF"},
        {"[\xC2\xA0]", "1:2", "expected a value, found '\xC2\xA0'"},
        {"{\r\n\"a\":\r\n?}", "3:1", "expected a value, found '?'"},
        {"\"\\", "1:3", "the text ends here"},
        {"]", "1:1", "expected a value, found ']'"},
        {"[1}", "1:3", "',' or ']', found '}'"},
        {"{\"a\":1,,}", "1:8", "a key in double quotes, found ','"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char where[64];
        snprintf(where, sizeof where, "suite.json:%s", rows[i].place);
        refuse_bytes(rows[i].text, strlen(rows[i].text), ED_ERR_PARSE, where, rows[i].words);
    }
}

static void test_nul_bytes(void **state) {
    (void)state;
    refuse_bytes("{}\0", 3, ED_ERR_PARSE, "suite.json:1:3", "the byte 0x00");
    refuse_bytes("[\"a\0b\"]", 7, ED_ERR_PARSE, "suite.json:1:4", "NUL is not allowed");
    refuse_bytes("[\"\\\0\"]", 6, ED_ERR_PARSE, "suite.json:1:3", "no escape");
    refuse_bytes("\0", 1, ED_ERR_PARSE, "suite.json:1:1", "the byte 0x00");
}

static void test_good_texts(void **state) {
    static const char *const rows[] = {"1",
                                       "-0",
                                       "0.5e-3",
                                       "1E+2",
                                       "null",
                                       " true\r\n\t",
                                       "\"\\ud83d\\ude00\\\"\\/\"",
                                       "[]",
                                       "{}",
                                       "[[],{}]",
                                       "{\"\":\"\"}",
                                       "123456789012345678901234567890",
                                       "1e-999"};
    struct ed_json_document document;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        load(&document, rows[i]);
        ed_json_document_release(&document);
    }
    ed_json_document_release(&document);
}

static void test_byte_order_mark(void **state) {
    struct ed_json_document document;
    (void)state;
    load(&document, "\xEF\xBB\xBF{}");
    assert_true(cJSON_IsObject(document.root));
    ed_json_document_release(&document);
    refuse_bytes("\xEF\xBB\xBF?", 4, ED_ERR_PARSE, "suite.json:1:1", "found '?'");
    refuse_bytes("\xEF\xBB\xBF\xEF\xBB\xBF{}", 8, ED_ERR_PARSE, "suite.json:1:1", "expected a value");
    refuse_bytes("\xEF\xBB\xBF", 3, ED_ERR_PARSE, "suite.json:1:1", "the text ends here");
}

static void test_depth(void **state) {
    char text[400000];
    struct ed_json_document document;
    (void)state;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = '\0';
    load(&document, text);
    ed_json_document_release(&document);
    // Many beside each other are not deep.
    text[0] = '[';
    for (size_t i = 0; i < 200; i++)
        memcpy(text + 1 + 5 * i, "[{}],", 5);
    memcpy(text + 1000, "]", 2);
    load(&document, text);
    ed_json_document_release(&document);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    refuse_bytes(text, 130, ED_ERR_LIMIT, "suite.json:1:65", "deeper than 64");
    memset(text, '[', sizeof text);
    refuse_bytes(text, sizeof text, ED_ERR_LIMIT, "suite.json:1:65", "deeper than 64");
    for (size_t i = 0; i + 5 <= sizeof text; i += 5)
        memcpy(text + i, "{\"a\":", 5);
    refuse_bytes(text, sizeof text, ED_ERR_LIMIT, "suite.json:1:321", "deeper than 64");
}

static void test_long_numbers(void **state) {
    char text[80];
    struct ed_json_document document;
    (void)state;
    memset(text, '1', sizeof text);
    text[63] = '\0';
    load(&document, text);
    assert_true(fabs(document.root->valuedouble / 1.1111111111111111e62 - 1) < 1e-15);
    ed_json_document_release(&document);
    text[63] = '1';
    refuse_bytes(text, 64, ED_ERR_LIMIT, "suite.json:1:1", "64 characters; at most 63");
}

static void test_doubled_keys(void **state) {
    struct ed_json_document document;
    char text[2000];
    size_t n;
    (void)state;
    refuse_bytes("{\"a\":1,\"b\":2,\"a\":1}", 19, ED_ERR_PARSE, "suite.json: /a", "stands twice");
    refuse_bytes("{\"models\":[{},{\"x/y\":{\"k\":1,\"\\u006b\":2}}]}", 42, ED_ERR_PARSE,
                 "suite.json: /models/1/x~1y/k", "stands twice");
    // More members than are compared pairwise.
    n = (size_t)snprintf(text, sizeof text, "{\"first\":0");
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ",\"k%d\":%d", i, i);
    snprintf(text + n, sizeof text - n, "}");
    load(&document, text);
    ed_json_document_release(&document);
    n += (size_t)snprintf(text + n, sizeof text - n, ",\"k57\":0}");
    refuse_bytes(text, n, ED_ERR_PARSE, "suite.json: /k57", "stands twice");
    // Case tells keys apart; comments may be repeated.
    load(&document, "{\"a\":1,\"A\":2,\"//\":1,\"//\":2,\"$x\":1,\"$x\":1}");
    ed_json_document_release(&document);
}

static void test_files(void **state) {
    char folder[] = P_tmpdir "/edgedyno-json-XXXXXX", path[300];
    struct ed_json_document document;
    struct ed_error err = {0};
    FILE *file;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/suite.json", folder);
    assert_int_equal(ed_json_parse_file(&document, path, 100, &err), ED_ERR_NOT_FOUND);
    assert_string_equal(err.where, path);
    assert_null(document.root);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"a\": [1, 2],\n \"b\": }", file);
    fclose(file);
    assert_int_equal(ed_json_parse_file(&document, path, 100, &err), ED_ERR_PARSE);
    assert_string_equal(err.where + strlen(folder), "/suite.json:2:7");
    assert_int_equal(ed_json_parse_file(&document, path, 10, &err), ED_ERR_LIMIT);
    assert_null(document.root);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"a\": [1, 2]}", file);
    fclose(file);
    assert_int_equal(ed_json_parse_file(&document, path, 13, &err), ED_OK);
    assert_string_equal(document.name, path);
    ed_json_document_release(&document);
    ed_json_document_release(&document);
    assert_int_equal(ed_json_parse_file(&document, folder, 100, &err), ED_ERR_IO);
    assert_non_null(strstr(err.message, "is a directory"));
    unlink(path);
    rmdir(folder);
}

// Every cut of a good text is refused or is JSON itself, and nothing is read beyond it.
static void test_every_cut(void **state) {
    static const char text[] =
        "{\"a\":[1,-2.5e+3,true,null,\"\\u00e9\\ud83d\\ude00\xC3\xA9\"],\"b\":{\"c\":false}}";
    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct ed_json_document document;
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, text, n);
        assert_int_equal(ed_json_parse(&document, "cut", copy, n, NULL), ED_ERR_PARSE);
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax_errors_have_their_place),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_good_texts),
        cmocka_unit_test(test_byte_order_mark),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_long_numbers),
        cmocka_unit_test(test_doubled_keys),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
