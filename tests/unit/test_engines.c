// SPDX-License-Identifier: Apache-2.0
// devices/engines: engines.json, the store, and real fetches of a small wheel by the real pip, from a
// directory instead of an index.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/client.h"
#include "devices/engines_file.h"
#include "devices/process.h"
#include "devices/store.h"
#include "devices/version_range.h"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
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

static const char manifests[] = "[{\"name\":\"e\",\"summary\":\"s\",\"abi\":2,\"versions\":\">=1,<3\","
                                "\"needs_model\":true,\"library\":\"libe.so*\","
                                "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}],\"options\":[]},"
                                "{\"name\":\"builtin\",\"summary\":\"s\",\"abi\":2,\"versions\":\">=2\","
                                "\"needs_model\":false,\"library\":\"\","
                                "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}],\"options\":[]}]";

struct fixture {
    char directory[ED_PATH_BYTES];
    struct ed_catalogue catalogue;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char made[] = P_tmpdir "/edgedyno-test-XXXXXX";
    if (!fixture || !mkdtemp(made) || ed_path_real(fixture->directory, made, NULL) ||
        ed_catalogue_parse(&fixture->catalogue, "test", manifests, sizeof manifests - 1, NULL))
        return -1;
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    ed_catalogue_release(&fixture->catalogue);
    ed_path_remove(fixture->directory, NULL);
    free(fixture);
    return 0;
}

static void path_in(char path[ED_PATH_BYTES], const struct fixture *fixture, const char *name) {
    assert_int_equal(ed_path_join(path, fixture->directory, name, NULL), ED_OK);
}

static void write_file(const struct fixture *fixture, const char *name, const char *text) {
    char path[ED_PATH_BYTES], parent[ED_PATH_BYTES];
    path_in(path, fixture, name);
    ed_path_directory(parent, path);
    assert_int_equal(ed_path_make(parent, 0755, NULL), ED_OK);
    assert_int_equal(ed_path_write_atomic(path, text, strlen(text), 0644, NULL), ED_OK);
}

// Loads `json` with the store and the libraries of the fixture.
static enum ed_status load(struct ed_engines *engines, const struct fixture *fixture, const char *json,
                           struct ed_error *err) {
    char file[ED_PATH_BYTES], store[ED_PATH_BYTES], libraries[ED_PATH_BYTES];
    struct ed_engines_places places = {.engines_file = file, .store = store, .library_dir = libraries};
    write_file(fixture, "engines.json", json);
    path_in(file, fixture, "engines.json");
    path_in(store, fixture, "store");
    path_in(libraries, fixture, "lib");
    return ed_engines_load(engines, &fixture->catalogue, &places, err);
}

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
        cmocka_unit_test(test_version_ranges),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_the_list_of_this_program),
        cmocka_unit_test_setup_teardown(test_store_by_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_states, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_find, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rooms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_python_and_pip_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fetch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fetch_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated_package, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
