// SPDX-License-Identifier: Apache-2.0
// A folder of files for the tests of suites, made before them and removed behind them.
#ifndef EDGEDYNO_TESTS_UNIT_SUITE_PLACE_H
#define EDGEDYNO_TESTS_UNIT_SUITE_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/path.h"
#include "harness/suite.h"

#ifndef ED_TEST_FIXTURES
#define ED_TEST_FIXTURES "tests/fixtures"
#endif
#ifndef ED_TEST_EXAMPLES
#define ED_TEST_EXAMPLES "examples"
#endif
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define VARIANT "{\"name\": \"v\", \"file\": \"a.onnx\"}"
#define MODELS "\"models\": [{\"name\": \"m\", \"variants\": [" VARIANT "]}]"

// A folder with the files that the fixtures name; the process works in it.
struct place {
    char folder[64], start[ED_PATH_BYTES], fixtures[ED_PATH_BYTES], examples[ED_PATH_BYTES];
};

static inline void file_write(const char *name, const char *text) {
    struct ed_error err = {0};
    if (ed_path_write_atomic(name, text, strlen(text), 0644, &err))
        fail_msg("%s: %s", err.where, err.message);
}

static inline int place_make(void **state) {
    static const char *const files[] = {"a.onnx", "b.onnx",        "x.npy",
                                        "y.npy",  "folder/a.onnx", "other/folder/a.onnx"};
    struct place *place = calloc(1, sizeof *place);
    struct ed_error err = {0};
    assert_non_null(place);
    assert_int_equal(ed_path_real(place->fixtures, ED_TEST_FIXTURES, &err), ED_OK);
    assert_int_equal(ed_path_real(place->examples, ED_TEST_EXAMPLES, &err), ED_OK);
    assert_non_null(getcwd(place->start, sizeof place->start));
    snprintf(place->folder, sizeof place->folder, "%s/suite.XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(place->folder));
    assert_int_equal(chdir(place->folder), 0);
    assert_int_equal(ed_path_make("other/folder", 0755, &err), ED_OK);
    assert_int_equal(ed_path_make("folder", 0755, &err), ED_OK);
    for (size_t i = 0; i < COUNT(files); i++)
        file_write(files[i], "x");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(symlink("a.onnx", "link.onnx"), 0);
    *state = place;
    return 0;
}

static inline int place_remove(void **state) {
    struct place *place = *state;
    struct ed_error err = {0};
    assert_int_equal(chdir(place->start), 0);
    assert_int_equal(ed_path_remove(place->folder, &err), ED_OK);
    free(place);
    return 0;
}

static inline enum ed_status parse(const struct place *place, struct ed_suite *suite, const char *text,
                                   struct ed_error *err) {
    memset(err, 0, sizeof *err);
    return ed_suite_parse(suite, "s.json", place->folder, text, strlen(text), err);
}

static inline void parse_good(const struct place *place, struct ed_suite *suite, const char *text) {
    struct ed_error err;
    if (parse(place, suite, text, &err))
        fail_msg("%s: %s: %s", text, err.where, err.message);
}

static inline void assert_in_folder(const struct place *place, const char *path, const char *name) {
    char wanted[ED_PATH_BYTES];
    struct ed_error err = {0};
    assert_int_equal(ed_path_join(wanted, place->folder, name, &err), ED_OK);
    assert_string_equal(path, wanted);
}

static inline void assert_zero(const struct ed_suite *suite) {
    struct ed_suite zero;
    memset(&zero, 0, sizeof zero);
    assert_memory_equal(suite, &zero, sizeof zero);
}

#endif
