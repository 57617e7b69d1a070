// SPDX-License-Identifier: Apache-2.0
// Real fetches of a small wheel into the store by the real pip, from a directory instead of an index.
#include "tests/unit/engines_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/digest.h"
#include "devices/client.h"
#include "devices/process.h"
#include "devices/store.h"

static const char make_wheel[] =
    "import sys, zipfile\n"
    "with zipfile.ZipFile(sys.argv[1], 'w') as z:\n"
    "    z.writestr('e/libe.so.1', 'library')\n"
    "    z.writestr('e/LICENSE', 'licence')\n"
    "    z.writestr('e/huge', 'x' * 100000)\n"
    "    z.writestr('../../evil', 'evil')\n"
    "    z.writestr('e-1.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: e\\nVersion: 1\\n')\n"
    "    z.writestr('e-1.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: "
    "py3-none-any\\n')\n"
    "    z.writestr('e-1.dist-info/RECORD', '')\n";

#define WHEEL "e-1-py3-none-any.whl"

// An engine e@1 whose wheel lies in links/, described by `json`. Skips where there is no Python with pip.
static void make_engine(const struct fixture *fixture, char *json, size_t bytes, const char *archive_digest,
                        const char *library_digest, int library_bytes, const char *member) {
    const char *const *candidates = ed_python_candidates();
    char links[ED_PATH_BYTES], wheel[ED_PATH_BYTES], hex[ED_DIGEST_HEX_BYTES], library[ED_DIGEST_HEX_BYTES],
        licence[ED_DIGEST_HEX_BYTES];
    struct ed_spawn_result result;
    struct ed_error err = {0};
    if (ed_python_find(&candidates, "pip", &err)) {
        print_message("%s\n", err.message);
        skip();
    }
    path_in(links, fixture, "links");
    path_in(wheel, fixture, "links/" WHEEL);
    assert_int_equal(ed_path_make(links, 0755, NULL), ED_OK);
    if (!ed_path_exists(wheel)) {
        const char *const argv[] = {*candidates, "-I", "-c", make_wheel, wheel, NULL};
        struct ed_spawn_args args = {.argv = argv, .out_limit_bytes = 4096};
        args.deadline_ns = ed_clock_monotonic_ns() + 60000000000ll;
        assert_int_equal(ed_process_run(&args, &result, &err), ED_OK);
        assert_int_equal(result.exit_code, 0);
        ed_spawn_result_release(&result);
    }
    setenv("PIP_NO_INDEX", "1", 1);
    setenv("PIP_FIND_LINKS", links, 1);
    unsetenv("PIP_CERT");
    assert_int_equal(ed_digest_file(hex, NULL, wheel, &err), ED_OK);
    ed_digest_bytes(library, "library", 7);
    ed_digest_bytes(licence, "licence", 7);
    snprintf(json, bytes,
             "{\"engines\":[{\"name\":\"e\",\"version\":\"1\",\"licence\":\"MIT\",\"builds\":[{\"target\":"
             "\"" ED_TARGET "\",\"client\":\"pip\",\"package\":\"e==1\",\"python\":\"3.11\",\"platforms\":["
             "\"any\"],\"archive_sha256\":\"%s\","
             "\"files\":[{\"member\":\"%s\",\"name\":\"libe.so.1\",\"sha256\":\"%s\",\"bytes\":%d,"
             "\"library\":true},"
             "{\"member\":\"e/LICENSE\",\"name\":\"LICENSE\",\"sha256\":\"%s\",\"bytes\":7}]}]}]}",
             archive_digest ? archive_digest : hex, member, library_digest ? library_digest : library,
             library_bytes, licence);
    write_file(fixture, "lib/" ED_TARGET "/adapters/e.so", "");
}

// What is in the store's directory, apart from its lock.
static int count_store(const struct fixture *fixture) {
    char store[ED_PATH_BYTES];
    struct dirent *entry;
    DIR *stream;
    int n = 0;
    path_in(store, fixture, "store");
    stream = opendir(store);
    assert_non_null(stream);
    while ((entry = readdir(stream)) != NULL)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
             strcmp(entry->d_name, ".lock") != 0;
    closedir(stream);
    return n;
}

static void test_fetch(void **state) {
    struct fixture *fixture = *state;
    struct ed_engines engines;
    struct ed_error err = {0};
    char json[2048], links[ED_PATH_BYTES], evil[ED_PATH_BYTES];
    make_engine(fixture, json, sizeof json, NULL, NULL, 7, "e/libe.so.1");
    assert_int_equal(load(&engines, fixture, json, &err), ED_OK);
    assert_int_equal(engines.builds[0].state, ED_ENGINE_FETCHABLE);
    if (ed_engines_fetch(&engines, &engines.builds[0], NULL, NULL, NULL, &err))
        fail_msg("%s: %s", err.where, err.message);
    assert_int_equal(engines.builds[0].state, ED_ENGINE_PRESENT);
    assert_int_equal(ed_engine_files_verify(&engines.builds[0], engines.builds[0].directory, &err), ED_OK);
    assert_int_equal(count_store(fixture), 1);
    path_in(evil, fixture, "evil");
    assert_false(ed_path_exists(evil));
    // It is there now, so nothing is asked for: the wheel may be gone.
    path_in(links, fixture, "links/" WHEEL);
    assert_int_equal(rename(links, evil), 0);
    assert_int_equal(ed_engines_fetch(&engines, &engines.builds[0], NULL, NULL, NULL, &err), ED_OK);
    // A file of the right size with other bytes is noticed, and put right once the wheel is back.
    write_file(fixture, "store/e@1/" ED_TARGET "/libe.so.1", "Library");
    assert_int_equal(ed_engines_fetch(&engines, &engines.builds[0], NULL, NULL, NULL, &err), ED_ERR_REFUSED);
    assert_int_equal(rename(evil, links), 0);
    assert_int_equal(ed_engines_fetch(&engines, &engines.builds[0], NULL, NULL, NULL, &err), ED_OK);
    assert_int_equal(ed_engine_files_verify(&engines.builds[0], engines.builds[0].directory, &err), ED_OK);
    ed_engines_release(&engines);
}

static void test_fetch_refuses(void **state) {
    struct fixture *fixture = *state;
    static const struct {
        const char *archive_digest, *library_digest;
        int library_bytes;
        const char *member;
        enum ed_status status;
        const char *message;
    } rows[] = {
        {ZEROS, NULL, 7, "e/libe.so.1", ED_ERR_VERSION, "engines.json says " ZEROS},
        {NULL, ZEROS, 7, "e/libe.so.1", ED_ERR_VERSION, "engines.json says " ZEROS},
        {NULL, NULL, 8, "e/libe.so.1", ED_ERR_IO, "smaller than 8 bytes"},
        {NULL, NULL, 6, "e/libe.so.1", ED_ERR_IO, "larger than 6 bytes"},
        {NULL, NULL, 7, "e/none", ED_ERR_IO, "no member e/none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_engines engines;
        struct ed_error err = {0};
        char json[2048];
        make_engine(fixture, json, sizeof json, rows[i].archive_digest, rows[i].library_digest,
                    rows[i].library_bytes, rows[i].member);
        assert_int_equal(load(&engines, fixture, json, &err), ED_OK);
        assert_int_equal(ed_engines_fetch(&engines, &engines.builds[0], NULL, NULL, NULL, &err),
                         rows[i].status);
        if (!strstr(err.message, rows[i].message))
            fail_msg("row %zu: %s", i, err.message);
        assert_int_equal(engines.builds[0].state, ED_ENGINE_FETCHABLE);
        assert_int_equal(count_store(fixture), 0);
        ed_engines_release(&engines);
    }
}

static void test_truncated_package(void **state) {
    struct fixture *fixture = *state;
    struct ed_engines engines;
    struct ed_error err = {0};
    char json[2048], wheel[ED_PATH_BYTES];
    make_engine(fixture, json, sizeof json, NULL, NULL, 7, "e/libe.so.1");
    path_in(wheel, fixture, "links/" WHEEL);
    assert_int_equal(truncate(wheel, 50000), 0);
    assert_int_equal(load(&engines, fixture, json, &err), ED_OK);
    assert_int_not_equal(ed_engines_fetch(&engines, &engines.builds[0], NULL, NULL, NULL, &err), ED_OK);
    assert_non_null(strstr(err.message, "it said: ERROR"));
    assert_int_equal(count_store(fixture), 0);
    ed_engines_release(&engines);
}

static void test_two_at_once(void **state) {
    struct fixture *fixture = *state;
    struct ed_engines engines;
    struct ed_error err = {0};
    char json[2048];
    pid_t pids[3];
    make_engine(fixture, json, sizeof json, NULL, NULL, 7, "e/libe.so.1");
    assert_int_equal(load(&engines, fixture, json, &err), ED_OK);
    for (size_t i = 0; i < 3; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(ed_engines_fetch(&engines, &engines.builds[0], NULL, NULL, NULL, &err) == ED_OK ? 0 : 1);
    }
    for (size_t i = 0; i < 3; i++) {
        int word = 0;
        assert_int_equal(waitpid(pids[i], &word, 0), pids[i]);
        assert_true(WIFEXITED(word));
        assert_int_equal(WEXITSTATUS(word), 0);
    }
    assert_int_equal(ed_engine_files_verify(&engines.builds[0], engines.builds[0].directory, &err), ED_OK);
    assert_int_equal(count_store(fixture), 1);
    ed_engines_release(&engines);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fetch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fetch_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated_package, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
