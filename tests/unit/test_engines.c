// SPDX-License-Identifier: Apache-2.0
// devices/engines: engines.json and the store.
#include "tests/unit/engines_place.h"

#include "devices/client.h"
#include "devices/store.h"
#include "devices/version_range.h"

#define FILES                                                               \
    "\"files\":[{\"member\":\"m\",\"name\":\"libe.so\",\"sha256\":\"" ZEROS \
    "\",\"bytes\":3,\"library\":true}]"
#define CLIENT                                                                                       \
    "\"client\":\"pip\",\"package\":\"e==1\",\"python\":\"3.11\",\"platforms\":[\"any\"],\"archive_" \
    "sha256\":\"" ZEROS "\""
#define ENGINE(version, builds) \
    "{\"name\":\"e\",\"version\":\"" version "\",\"licence\":\"MIT\",\"builds\":[" builds "]}"
#define LIST(engines) "{\"engines\":[" engines "]}"
#define WITH(rest) LIST(ENGINE("1", "{\"target\":\"t\"," rest "}"))
#define WITH_FILE(rest) WITH(CLIENT ",\"files\":[{\"member\":\"m\"," rest "}]")
#define BUILD(target) "{\"target\":\"" target "\"," CLIENT "," FILES "}"

static void test_version_ranges(void **state) {
    (void)state;
    assert_true(ed_version_compare("1.10", "1.9.2") > 0);
    assert_true(ed_version_compare("1.27", "1.27.0") == 0);
    assert_true(ed_version_compare("2", "10") < 0);
    assert_true(ed_version_in_range("1.27.0", ">=1.17"));
    assert_false(ed_version_in_range("1.16.9", ">=1.17"));
    assert_true(ed_version_in_range("2.9", ">=1, <3"));
    assert_false(ed_version_in_range("3.0", ">=1,<3"));
    assert_true(ed_version_in_range("3", ">2"));
    assert_false(ed_version_in_range("2", ">2"));
    assert_true(ed_version_in_range("2.0", "==2"));
    assert_true(ed_version_in_range("mybuild", ">=9"));
    assert_false(ed_version_in_range("1", "1"));
}

static void test_refusals(void **state) {
    static const struct {
        const char *text, *where, *message;
    } rows[] = {
        {"{}", "/engines", "array"},
        {"{\"engine\":[]}", "/engine", "engines"},
        {LIST(ENGINE("1", "")), "/engines/0/builds", "empty"},
        {LIST(ENGINE("../1", BUILD("t"))), "/engines/0/version", "letters"},
        {LIST(ENGINE("1@2", BUILD("t"))), "/engines/0", "'@'"},
        {LIST(ENGINE("1", BUILD("t") "," BUILD("t"))), "/engines/0/builds/1", "twice"},
        {LIST(ENGINE("1", BUILD("t")) "," ENGINE("1", BUILD("t"))), "/engines/1/builds/0", "twice"},
        {LIST(ENGINE("1", BUILD("a/b"))), "/builds/0/target", "letters"},
        {WITH("\"zzz\":1"), "/builds/0/zzz", "unknown key"},
        {WITH("\"archive_sha\":1"), "/builds/0/archive_sha", "did you mean"},
        {WITH("\"client\":\"cpan\""), "/builds/0/client", "expected pip"},
        {WITH("\"client\":\"pip\",\"package\":\"--index-url=x\""), "/builds/0/package", "version"},
        {WITH("\"client\":\"pip\",\"package\":\"e>=1\""), "/builds/0/package", "version"},
        {WITH(CLIENT ",\"libc\":\"glibc 2.27\"," FILES), "/builds/0/libc", "such as \"2.27\""},
        {WITH(CLIENT ",\"files\":[]"), "/builds/0/files", "1 to"},
        {WITH(CLIENT ",\"archive_bytes\":0," FILES), "/builds/0/archive_bytes", "whole number from 1"},
        {WITH(CLIENT ",\"archive_bytes\":1e30," FILES), "/builds/0/archive_bytes", "whole number from 1"},
        {WITH("\"client\":\"dir\",\"package\":\"/x\",\"archive_bytes\":7," FILES), "/builds/0",
         "brings no archive"},
        {WITH_FILE("\"name\":\"..\",\"sha256\":\"" ZEROS "\",\"bytes\":1"), "/files/0/name", "letters"},
        {WITH_FILE("\"name\":\"n\",\"sha256\":\"00\",\"bytes\":1"), "/files/0/sha256", "SHA-256"},
        {WITH_FILE("\"name\":\"n\",\"sha256\":\"" ZEROS "\",\"bytes\":0"), "/files/0/bytes",
         "whole number from 1"},
        {WITH_FILE("\"name\":\"n\",\"sha256\":\"" ZEROS "\",\"bytes\":1"), "/builds/0", "exactly one"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_engines engines;
        struct ed_error err = {0};
        assert_int_equal(ed_engines_parse(&engines, "test", rows[i].text, strlen(rows[i].text), &err),
                         ED_ERR_USAGE);
        if (!strstr(err.where, rows[i].where) ||
            !(strstr(err.message, rows[i].message) || strstr(rows[i].where, "bytes")))
            fail_msg("row %zu: %s: %s", i, err.where, err.message);
        assert_int_equal(engines.n, 0);
        assert_null(engines.builds);
    }
}

static void test_the_list_of_this_program(void **state) {
    struct ed_engines engines;
    struct ed_catalogue catalogue;
    struct ed_engines_places places = {.store = "relative/store"};
    const struct ed_engine_build *build = NULL;
    struct ed_error err = {0};
    (void)state;
    // Whoever runs the tests may have a list of his own.
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    assert_int_equal(ed_catalogue_load(&catalogue, &err), ED_OK);
    assert_int_equal(ed_engines_load(&engines, &catalogue, &places, &err), ED_OK);
    assert_int_equal(engines.store[0], '/');
    assert_int_equal(ed_engines_find(&engines, "onnxruntime", "1.27.0", "linux-x86_64", &build, &err), ED_OK);
    assert_string_equal(build->package, "onnxruntime==1.27.0");
    assert_string_equal(build->packages[0].platforms[1], "manylinux_2_27_x86_64");
    assert_int_equal(build->state, ED_ENGINE_FETCHABLE);
    assert_int_equal(ed_engines_find(&engines, "null", NULL, ED_TARGET, &build, &err), ED_OK);
    assert_int_equal(build->state, ED_ENGINE_PRESENT);
    assert_string_equal(build->directory, "");
    ed_engines_release(&engines);
    ed_engines_release(&engines);
    ed_catalogue_release(&catalogue);
}

static void test_store_by_environment(void **state) {
    struct fixture *fixture = *state;
    struct ed_engines engines;
    struct ed_error err = {0};
    char file[ED_PATH_BYTES];
    struct ed_engines_places places = {.engines_file = file};
    write_file(fixture, "engines.json", "{\"engines\":[" ENGINE("1", BUILD("t")) "]}");
    path_in(file, fixture, "engines.json");
    setenv("EDGEDYNO_ENGINE_STORE", fixture->directory, 1);
    assert_int_equal(ed_engines_load(&engines, &fixture->catalogue, &places, &err), ED_OK);
    assert_string_equal(engines.store, fixture->directory);
    ed_engines_release(&engines);
    unsetenv("EDGEDYNO_ENGINE_STORE");
    setenv("XDG_DATA_HOME", "/x", 1);
    assert_int_equal(ed_engines_load(&engines, &fixture->catalogue, &places, &err), ED_OK);
    assert_string_equal(engines.store, "/x/edgedyno/engines");
    ed_engines_release(&engines);
}

static void test_states(void **state) {
    struct fixture *fixture = *state;
    static const char json[] =
        "{\"engines\":[" ENGINE("1", BUILD(ED_TARGET) "," BUILD("linux-other")) "," ENGINE(
            "2",
            BUILD(ED_TARGET)) "," ENGINE("3",
                                         BUILD(ED_TARGET)) ",{\"name\":\"f\",\"version\":\"1\",\"licence\":"
                                                           "\"MIT\",\"builds\":[" BUILD(ED_TARGET) "]}]}";
    struct ed_engines engines;
    struct ed_error err = {0};
    char path[ED_PATH_BYTES];
    write_file(fixture, "lib/" ED_TARGET "/adapters/e.so", "");
    write_file(fixture, "lib/linux-third/adapters/builtin.so", "");
    write_file(fixture, "store/e@1/" ED_TARGET "/libe.so", "abc");
    write_file(fixture, "store/e@2/" ED_TARGET "/libe.so", "ab");
    assert_int_equal(load(&engines, fixture, json, &err), ED_OK);
    assert_int_equal(engines.n, 7);
    assert_int_equal(engines.builds[0].state, ED_ENGINE_PRESENT);
    assert_string_equal(engines.builds[0].reason, "");
    assert_ptr_equal(engines.builds[0].manifest, &fixture->catalogue.manifests[0]);
    path_in(path, fixture, "store/e@1/" ED_TARGET "/libe.so");
    assert_string_equal(engines.builds[0].library, path);
    path_in(path, fixture, "lib/" ED_TARGET "/adapters/e.so");
    assert_string_equal(engines.builds[0].adapter, path);
    assert_int_equal(engines.builds[1].state, ED_ENGINE_UNAVAILABLE);
    assert_non_null(strstr(engines.builds[1].reason, "not built for linux-other"));
    assert_int_equal(engines.builds[2].state, ED_ENGINE_FETCHABLE);
    assert_non_null(strstr(engines.builds[2].reason, "has 2 bytes instead of 3"));
    assert_int_equal(engines.builds[3].state, ED_ENGINE_UNAVAILABLE);
    assert_non_null(strstr(engines.builds[3].reason, "versions >=1,<3"));
    assert_int_equal(engines.builds[4].state, ED_ENGINE_UNAVAILABLE);
    assert_non_null(strstr(engines.builds[4].reason, "no adapter 'f'"));
    assert_null(engines.builds[4].manifest);
    assert_string_equal(engines.builds[5].id, "builtin@2");
    assert_string_equal(engines.builds[5].target, ED_TARGET);
    assert_int_equal(engines.builds[5].state, ED_ENGINE_UNAVAILABLE);
    assert_string_equal(engines.builds[6].target, "linux-third");
    assert_int_equal(engines.builds[6].state, ED_ENGINE_PRESENT);
    ed_engines_release(&engines);
}

static void test_find(void **state) {
    struct fixture *fixture = *state;
    static const char json[] = "{\"engines\":[" ENGINE("2", BUILD("t1") "," BUILD("t2")) "," ENGINE(
        "1", BUILD("t1") "," BUILD("t3")) "]}";
    static const struct {
        const char *name, *version, *target, *message;
    } misses[] = {
        {"bultin", NULL, "t1", "did you mean 'builtin'"},
        {"zzzzzzz", NULL, "t1", "there are: e, builtin"},
        {"e", "3", "t1", "there are: 2, 1"},
        {"e", "2", "t3", "builds for: t1, t2"},
        {"e", NULL, "t9", "builds for: t1, t2, t3"},
    };
    const struct ed_engine_build *build = NULL;
    struct ed_engines engines;
    struct ed_error err = {0};
    assert_int_equal(load(&engines, fixture, json, &err), ED_OK);
    assert_int_equal(ed_engines_find(&engines, "e", NULL, "t1", &build, &err), ED_OK);
    assert_string_equal(build->id, "e@2");
    assert_int_equal(ed_engines_find(&engines, "e", "", "t3", &build, &err), ED_OK);
    assert_string_equal(build->id, "e@1");
    assert_int_equal(ed_engines_find(&engines, "e", "1", "t1", &build, &err), ED_OK);
    assert_string_equal(build->id, "e@1");
    for (size_t i = 0; i < sizeof misses / sizeof misses[0]; i++) {
        assert_int_equal(
            ed_engines_find(&engines, misses[i].name, misses[i].version, misses[i].target, &build, &err),
            ED_ERR_NOT_FOUND);
        assert_null(build);
        assert_non_null(strstr(err.message, misses[i].message));
    }
    ed_engines_release(&engines);
}

static void test_rooms(void **state) {
    struct fixture *fixture = *state;
    struct ed_store_room first, second, third;
    struct ed_error err = {0};
    char path[ED_PATH_BYTES];
    // One that was left has a lock that nobody holds, or has none yet.
    write_file(fixture, ".fetch-1-dead00/lock", "");
    write_file(fixture, ".fetch-1-dead00/download/x.whl", "x");
    write_file(fixture, ".fetch-1-dead01/x", "x");
    write_file(fixture, "keep/x", "x");
    assert_int_equal(ed_store_room_open(&first, fixture->directory, &err), ED_OK);
    path_in(path, fixture, ".fetch-1-dead00");
    assert_false(ed_path_exists(path));
    path_in(path, fixture, ".fetch-1-dead01");
    assert_false(ed_path_exists(path));
    path_in(path, fixture, "keep/x");
    assert_true(ed_path_exists(path));
    // One in use stays.
    assert_int_equal(ed_store_room_open(&second, fixture->directory, &err), ED_OK);
    assert_true(ed_path_is_directory(first.path));
    ed_store_room_close(&first);
    ed_store_room_close(&second);
    ed_store_room_close(&second);
    assert_int_equal(ed_store_room_open(&third, "/proc/nowhere", &err), ED_ERR_NOT_FOUND);
    ed_store_room_close(&third);
}

static void test_python_and_pip_missing(void **state) {
    struct fixture *fixture = *state;
    char fake[ED_PATH_BYTES];
    const char *const none[] = {"/nonexistent/python3", NULL}, *const without[] = {"/nonexistent/python3",
                                                                                   fake, NULL};
    const char *const *candidates = none;
    struct ed_error err = {0};
    write_file(fixture, "python3", "#!/bin/sh\nexit 9\n");
    path_in(fake, fixture, "python3");
    assert_int_equal(chmod(fake, 0755), 0);
    assert_int_equal(ed_python_find(&candidates, "pip", &err), ED_ERR_NO_PROGRAM);
    assert_non_null(strstr(err.message, "apt-get install python3 python3-pip"));
    candidates = without;
    assert_int_equal(ed_python_find(&candidates, "pip", &err), ED_ERR_NO_PROGRAM);
    assert_string_equal(err.where, fake);
    assert_non_null(strstr(err.message, "apt-get install python3-pip"));
    write_file(fixture, "python3", "#!/bin/sh\necho broken >&2\nexit 1\n");
    assert_int_equal(chmod(fake, 0755), 0);
    candidates = without;
    assert_int_equal(ed_python_find(&candidates, "pip", &err), ED_ERR_NO_PROGRAM);
    assert_non_null(strstr(err.message, "it said: broken"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_ranges),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_the_list_of_this_program),
        cmocka_unit_test_setup_teardown(test_store_by_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_states, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_find, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rooms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_python_and_pip_missing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
