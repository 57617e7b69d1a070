// SPDX-License-Identifier: Apache-2.0
// base/json_read: values, paths, and the words for what is not accepted.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

static void test_paths(void **state) {
    struct ed_json_document document;
    struct ed_json_at root, models, first, file, none, deeper;
    char path[64], cut[8];
    (void)state;
    load(&document, "{\"models\":[{\"file\":\"m.onnx\",\"a/b~c\":1},2]}");
    root = ed_json_root(&document);
    models = ed_json_member(&root, "models");
    first = ed_json_element(&models, 0);
    file = ed_json_member(&first, "file");
    ed_json_path(&root, path, sizeof path);
    assert_string_equal(path, "/");
    ed_json_path(&file, path, sizeof path);
    assert_string_equal(path, "/models/0/file");
    ed_json_path(&file, cut, sizeof cut);
    assert_string_equal(cut, "/models");
    ed_json_path(&file, cut, 1);
    assert_string_equal(cut, "");
    none = ed_json_member(&first, "a/b~c");
    ed_json_path(&none, path, sizeof path);
    assert_string_equal(path, "/models/0/a~1b~0c");
    none = ed_json_element(&models, 2);
    assert_null(none.value);
    deeper = ed_json_member(&none, "x");
    assert_null(deeper.value);
    ed_json_path(&deeper, path, sizeof path);
    assert_string_equal(path, "/models/2/x");
    assert_int_equal(ed_json_count(&root), 1);
    assert_int_equal(ed_json_count(&models), 2);
    assert_int_equal(ed_json_count(&file), 0);
    assert_int_equal(ed_json_count(&none), 0);
    assert_null(ed_json_element(&root, 0).value);
    assert_null(ed_json_member(&models, "0").value);
    ed_json_document_release(&document);
}

static void test_long_names_and_paths_fit(void **state) {
    struct ed_json_document document;
    struct ed_error err = {0};
    struct ed_json_at root, member;
    char name[600], key[600];
    (void)state;
    memset(name, 'n', sizeof name);
    memcpy(name + sizeof name - 11, "/suite.json", 11);
    name[sizeof name - 1] = '\0';
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    assert_int_equal(ed_json_parse(&document, name, "{}", 2, &err), ED_OK);
    assert_int_equal(strlen(document.name), sizeof document.name - 1);
    assert_memory_equal(document.name, "...nnn", 6);
    root = ed_json_root(&document);
    member = ed_json_member(&root, "file");
    assert_int_equal(ed_json_fail(&member, &err, "%s", "x"), ED_ERR_USAGE);
    assert_int_equal(strlen(err.where), ED_ERROR_WHERE_BYTES - 1);
    assert_string_equal(err.where + strlen(err.where) - 17, "/suite.jso: /file");
    member = ed_json_member(&root, key);
    assert_int_equal(ed_json_fail(&member, &err, "%s", "x"), ED_ERR_USAGE);
    assert_non_null(strstr(err.where, ": /kkkk"));
    assert_int_equal(ed_json_fail(&member, NULL, "%s", "x"), ED_ERR_USAGE);
    ed_json_document_release(&document);
    assert_int_equal(ed_json_parse(&document, name, "?", 1, &err), ED_ERR_PARSE);
    assert_string_equal(err.where + strlen(err.where) - 4, ":1:1");
}

#define EXPECT(call, words_at, words)                            \
    do {                                                         \
        struct ed_error err = {0};                               \
        assert_int_equal(call, ED_ERR_USAGE);                    \
        assert_int_equal(err.code, ED_ERR_USAGE);                \
        assert_string_equal(err.where, "suite.json: " words_at); \
        assert_string_equal(err.message, words);                 \
    } while (0)

static const char values[] =
    "{\"text\":\"abc\",\"empty\":\"\",\"n\":5,\"half\":0.5,\"neg\":-3,\"yes\":true,\"null\":null,"
    "\"list\":[1,2],\"object\":{},\"max\":9007199254740991,\"beyond\":9007199254740992,"
    "\"rounded\":9007199254740993,\"min\":-9007199254740991,\"under\":-9007199254740992,\"big\":1e300,"
    "\"e\":1e3}";

static void test_integers(void **state) {
    struct ed_json_document document;
    struct ed_json_at root;
    int64_t value = 77;
    (void)state;
    load(&document, values);
    root = ed_json_root(&document);
    assert_int_equal(ed_json_get_int(&root, "n", 5, 5, &value, NULL), ED_OK);
    assert_int_equal(value, 5);
    assert_int_equal(ed_json_get_int(&root, "neg", INT64_MIN, -1, &value, NULL), ED_OK);
    assert_int_equal(value, -3);
    assert_int_equal(ed_json_get_int(&root, "e", INT64_MIN, INT64_MAX, &value, NULL), ED_OK);
    assert_int_equal(value, 1000);
    assert_int_equal(ed_json_get_int(&root, "max", INT64_MIN, INT64_MAX, &value, NULL), ED_OK);
    assert_true(value == INT64_C(9007199254740991));
    assert_int_equal(ed_json_get_int(&root, "min", INT64_MIN, INT64_MAX, &value, NULL), ED_OK);
    assert_true(value == INT64_C(-9007199254740991));
    value = 77;
    EXPECT(ed_json_get_int(&root, "beyond", INT64_MIN, INT64_MAX, &value, &err), "/beyond",
           "the number 9007199254740992 is beyond +-9007199254740991 (2^53 - 1), where JSON numbers stop "
           "being exact");
    // cJSON made 2^53 of 2^53 + 1.
    EXPECT(ed_json_get_int(&root, "rounded", INT64_MIN, INT64_MAX, &value, &err), "/rounded",
           "the number 9007199254740992 is beyond +-9007199254740991 (2^53 - 1), where JSON numbers stop "
           "being exact");
    EXPECT(ed_json_get_int(&root, "under", INT64_MIN, INT64_MAX, &value, &err), "/under",
           "the number -9007199254740992 is beyond +-9007199254740991 (2^53 - 1), where JSON numbers stop "
           "being exact");
    EXPECT(ed_json_get_int(&root, "big", 0, 9, &value, &err), "/big",
           "the number 1e+300 is beyond +-9007199254740991 (2^53 - 1), where JSON numbers stop being exact");
    EXPECT(ed_json_get_int(&root, "n", 6, 9, &value, &err), "/n",
           "expected a whole number from 6 to 9, found the number 5");
    EXPECT(ed_json_get_int(&root, "n", 1, 4, &value, &err), "/n",
           "expected a whole number from 1 to 4, found the number 5");
    EXPECT(ed_json_get_int(&root, "neg", 0, INT64_MAX, &value, &err), "/neg",
           "expected a whole number of at least 0, found the number -3");
    EXPECT(ed_json_get_int(&root, "n", INT64_MIN, 4, &value, &err), "/n",
           "expected a whole number of at most 4, found the number 5");
    EXPECT(ed_json_get_int(&root, "half", INT64_MIN, INT64_MAX, &value, &err), "/half",
           "expected a whole number, found the number 0.5");
    EXPECT(ed_json_get_int(&root, "text", 1, 2, &value, &err), "/text",
           "expected a whole number from 1 to 2, found the string \"abc\"");
    EXPECT(ed_json_get_int(&root, "none", 1, 2, &value, &err), "/none",
           "is missing; expected a whole number from 1 to 2");
    EXPECT(ed_json_get_int(&root, "null", 1, 2, &value, &err), "/null",
           "expected a whole number from 1 to 2, found null");
    assert_int_equal(value, 77);
    ed_json_document_release(&document);
}

static void test_text_real_bool(void **state) {
    struct ed_json_document document;
    struct ed_json_at root, list, element;
    const char *text = "kept";
    char copy[4] = "old";
    double real = 7;
    bool yes = false;
    (void)state;
    load(&document, values);
    root = ed_json_root(&document);
    assert_int_equal(ed_json_get_text(&root, "text", &text, NULL), ED_OK);
    assert_string_equal(text, "abc");
    assert_int_equal(ed_json_get_string(&root, "text", copy, 4, NULL), ED_OK);
    assert_string_equal(copy, "abc");
    memcpy(copy, "old", 4);
    EXPECT(ed_json_get_string(&root, "text", copy, 3, &err), "/text", "has 3 bytes; at most 2 are allowed");
    assert_string_equal(copy, "old");
    EXPECT(ed_json_get_text(&root, "empty", &text, &err), "/empty", "is empty; expected text");
    EXPECT(ed_json_get_text(&root, "n", &text, &err), "/n", "expected text in quotes, found the number 5");
    EXPECT(ed_json_get_text(&root, "list", &text, &err), "/list", "expected text in quotes, found an array");
    EXPECT(ed_json_get_text(&root, "object", &text, &err), "/object",
           "expected text in quotes, found an object");
    EXPECT(ed_json_get_bool(&root, "n", &yes, &err), "/n", "expected true or false, found the number 5");
    assert_false(yes);
    assert_int_equal(ed_json_get_bool(&root, "yes", &yes, NULL), ED_OK);
    assert_true(yes);
    EXPECT(ed_json_get_real(&root, "yes", 0, 1, &real, &err), "/yes",
           "expected a number from 0 to 1, found true");
    EXPECT(ed_json_get_real(&root, "n", 0, 1.5, &real, &err), "/n",
           "expected a number from 0 to 1.5, found the number 5");
    EXPECT(ed_json_get_real(&root, "neg", 0, INFINITY, &real, &err), "/neg",
           "expected a number of at least 0, found the number -3");
    EXPECT(ed_json_get_real(&root, "n", -DBL_MAX, 2, &real, &err), "/n",
           "expected a number of at most 2, found the number 5");
    assert_true(real == 7);
    assert_int_equal(ed_json_get_real(&root, "half", 0.5, 0.5, &real, NULL), ED_OK);
    assert_true(real == 0.5);
    list = ed_json_member(&root, "list");
    element = ed_json_element(&list, 1);
    EXPECT(ed_json_as_text(&element, &text, &err), "/list/1", "expected text in quotes, found the number 2");
    EXPECT(ed_json_expect_object(&list, &err), "/list", "expected an object, found an array");
    EXPECT(ed_json_expect_array(&root, &err), "/", "expected an array, found an object");
    EXPECT(ed_json_get_text(&list, "x", &text, &err), "/list", "expected an object, found an array");
    element = ed_json_element(&list, 9);
    EXPECT(ed_json_expect_object(&element, &err), "/list/9", "is missing; expected an object");
    assert_string_equal(text, "abc");
    ed_json_document_release(&document);
}

static void test_optional(void **state) {
    struct ed_json_document document;
    struct ed_json_at root, absent, list;
    const char *text = "kept";
    char copy[8] = "old";
    int64_t whole = 7;
    double real = 7;
    bool yes = true;
    (void)state;
    load(&document, values);
    root = ed_json_root(&document);
    absent = ed_json_member(&root, "absent");
    list = ed_json_member(&root, "list");
    for (int i = 0; i < 3; i++) {
        const struct ed_json_at *object = i == 2 ? &absent : &root;
        const char *key = i == 1 ? "null" : "none";
        struct ed_error err = {0};
        assert_int_equal(ed_json_opt_text(object, key, &text, &err), ED_OK);
        assert_int_equal(ed_json_opt_int(object, key, 0, 9, &whole, &err), ED_OK);
        assert_int_equal(ed_json_opt_real(object, key, 0, 9, &real, &err), ED_OK);
        assert_int_equal(ed_json_opt_bool(object, key, &yes, &err), ED_OK);
        assert_int_equal(ed_json_opt_string(object, key, copy, sizeof copy, &err), ED_OK);
        assert_int_equal(ed_json_opt_duration(object, key, &whole, &err), ED_OK);
        assert_int_equal(ed_json_opt_size(object, key, &whole, &err), ED_OK);
        assert_int_equal(ed_json_opt_share(object, key, &real, &err), ED_OK);
        assert_int_equal(err.code, ED_OK);
    }
    assert_string_equal(text, "kept");
    assert_string_equal(copy, "old");
    assert_true(whole == 7 && real == 7 && yes);
    // Present and wrong is an error, also where the object is no object.
    EXPECT(ed_json_opt_int(&root, "text", 0, 9, &whole, &err), "/text",
           "expected a whole number from 0 to 9, found the string \"abc\"");
    EXPECT(ed_json_opt_text(&root, "empty", &text, &err), "/empty", "is empty; expected text");
    EXPECT(ed_json_opt_bool(&list, "x", &yes, &err), "/list", "expected an object, found an array");
    EXPECT(ed_json_opt_string(&root, "n", copy, sizeof copy, &err), "/n",
           "expected text in quotes, found the number 5");
    assert_int_equal(ed_json_opt_int(&root, "n", 0, 9, &whole, NULL), ED_OK);
    assert_int_equal(ed_json_opt_real(&root, "half", 0, 9, &real, NULL), ED_OK);
    assert_int_equal(ed_json_opt_string(&root, "text", copy, sizeof copy, NULL), ED_OK);
    assert_true(whole == 5 && real == 0.5);
    assert_string_equal(copy, "abc");
    ed_json_document_release(&document);
}

static void test_units(void **state) {
    struct ed_json_document document;
    struct ed_json_at root;
    struct ed_error bad = {0};
    int64_t whole = 7;
    double share = 7;
    (void)state;
    load(&document, "{\"d\":\"5 ms\",\"s\":\"64 MiB\",\"p\":\"1 "
                    "%\",\"q\":0.01,\"bare\":5,\"word\":\"soon\",\"big\":5,\"t\":\"5\"}");
    root = ed_json_root(&document);
    assert_int_equal(ed_json_opt_duration(&root, "d", &whole, NULL), ED_OK);
    assert_int_equal(whole, 5000000);
    assert_int_equal(ed_json_opt_size(&root, "s", &whole, NULL), ED_OK);
    assert_int_equal(whole, 64 << 20);
    assert_int_equal(ed_json_opt_share(&root, "p", &share, NULL), ED_OK);
    assert_true(share == 0.01);
    share = 7;
    assert_int_equal(ed_json_opt_share(&root, "q", &share, NULL), ED_OK);
    assert_true(share == 0.01);
    EXPECT(ed_json_opt_duration(&root, "bare", &whole, &err), "/bare",
           "expected text with a unit such as \"5 ms\", found the number 5; write the unit");
    EXPECT(ed_json_opt_size(&root, "bare", &whole, &err), "/bare",
           "expected text with a unit such as \"64 MiB\", found the number 5; write the unit");
    assert_int_equal(ed_json_opt_duration(&root, "word", &whole, &bad), ED_ERR_USAGE);
    assert_string_equal(bad.where, "suite.json: /word");
    assert_non_null(strstr(bad.message, "soon"));
    assert_int_equal(ed_json_opt_size(&root, "t", &whole, &bad), ED_ERR_USAGE);
    assert_string_equal(bad.where, "suite.json: /t");
    assert_int_equal(ed_json_opt_share(&root, "big", &share, &bad), ED_ERR_USAGE);
    assert_string_equal(bad.where, "suite.json: /big");
    assert_int_equal(whole, 64 << 20);
    assert_true(share == 0.01);
    ed_json_document_release(&document);
}

static void test_known_keys(void **state) {
    static const char *const known[] = {"threads", "blocks", "models", NULL};
    static const char *const none[] = {NULL};
    static const char *many[202];
    struct ed_json_document document;
    struct ed_json_at root;
    struct ed_error long_list = {0};
    (void)state;
    load(&document, "{\"threads\":1,\"//\":\"words\",\"$schema\":\"x\",\"blocks\":1}");
    root = ed_json_root(&document);
    assert_int_equal(ed_json_known_keys(&root, known, NULL), ED_OK);
    EXPECT(ed_json_known_keys(&root, none, &err), "/threads", "unknown key; known here: none");
    ed_json_document_release(&document);
    load(&document, "{\"blocks\":1,\"treads\":1}");
    root = ed_json_root(&document);
    EXPECT(ed_json_known_keys(&root, known, &err), "/treads", "unknown key; did you mean \"threads\"?");
    ed_json_document_release(&document);
    load(&document, "{\"qqqq\":1}");
    root = ed_json_root(&document);
    EXPECT(ed_json_known_keys(&root, known, &err), "/qqqq",
           "unknown key; known here: threads, blocks, models");
    for (int i = 0; i < 200; i++)
        many[i] = "one-of-very-many-keys";
    assert_int_equal(ed_json_known_keys(&root, many, &long_list), ED_ERR_USAGE);
    assert_string_equal(long_list.message + strlen(long_list.message) - 5, ", ...");
    ed_json_document_release(&document);
    load(&document, "[]");
    root = ed_json_root(&document);
    EXPECT(ed_json_known_keys(&root, known, &err), "/", "expected an object, found an array");
    ed_json_document_release(&document);
}

static void test_shown_value_is_cut_between_characters(void **state) {
    struct ed_json_document document;
    struct ed_json_at root;
    int64_t value;
    (void)state;
    // 39 letters, then a character of two bytes that would be halved at 40.
    load(&document, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA9xyz\"");
    root = ed_json_root(&document);
    EXPECT(ed_json_as_int(&root, 0, 1, &value, &err), "/",
           "expected a whole number from 0 to 1, found the string "
           "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" (cut)");
    ed_json_document_release(&document);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),      cmocka_unit_test(test_long_names_and_paths_fit),
        cmocka_unit_test(test_integers),   cmocka_unit_test(test_text_real_bool),
        cmocka_unit_test(test_optional),   cmocka_unit_test(test_units),
        cmocka_unit_test(test_known_keys), cmocka_unit_test(test_shown_value_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
