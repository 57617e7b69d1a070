// SPDX-License-Identifier: Apache-2.0
// devices/engines with packs: which adapter a build of each target gets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <unistd.h>

#include "devices/engines.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define BUILD(target)                                                                                       \
    "{\"target\":\"" target "\",\"client\":\"pip\",\"package\":\"e==1\",\"python\":\"3.11\",\"platforms\":" \
    "[\"any\"],\"archive_sha256\":\"" ZEROS "\",\"files\":[{\"member\":\"m\",\"name\":\"libe.so\","         \
    "\"sha256\":\"" ZEROS "\",\"bytes\":3,\"library\":true}]}"

static const char engines_json[] =
    "{\"engines\":[{\"name\":\"e\",\"version\":\"1\",\"licence\":\"MIT\",\"builds\":[" BUILD(
        ED_TARGET) "," BUILD("linux-other") "]}]}";
static const char manifests[] = "[{\"name\":\"e\",\"summary\":\"s\",\"abi\":2,\"versions\":\">=1\","
                                "\"needs_model\":true,\"library\":\"libe.so*\","
                                "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}],\"options\":[]},"
                                "{\"name\":\"builtin\",\"summary\":\"s\",\"abi\":2,\"versions\":\">=2\","
                                "\"needs_model\":false,\"library\":\"\","
                                "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}],\"options\":[]}]";

static char room[ED_PATH_BYTES];

static int set_up(void **state) {
    char made[] = P_tmpdir "/edgedyno-test-XXXXXX";
    (void)state;
    return !mkdtemp(made) || ed_path_real(room, made, NULL) ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    return ed_path_remove(room, NULL) ? -1 : 0;
}

static void path_in(char path[ED_PATH_BYTES], const char *name) {
    assert_int_equal(ed_path_join(path, room, name, NULL), ED_OK);
}

static void write_file(const char *name, const char *text) {
    char path[ED_PATH_BYTES], parent[ED_PATH_BYTES];
    path_in(path, name);
    ed_path_directory(parent, path);
    assert_int_equal(ed_path_make(parent, 0755, NULL), ED_OK);
    assert_int_equal(ed_path_write_atomic(path, text, strlen(text), 0644, NULL), ED_OK);
}

// The adapters of this machine's target are those of its own folder, another's those of its pack first; an
// engine without a library is there for every target with a pack.
static void test_adapters_of_packs(void **state) {
    static const char *const adapters[] = {"lib/" ED_TARGET "/adapters/e.so",
                                           "lib/packs/" ED_TARGET "/adapters/e.so",
                                           "lib/packs/" ED_TARGET "/adapters/builtin.so",
                                           "lib/packs/linux-other/adapters/e.so",
                                           "lib/linux-other/adapters/e.so",
                                           "lib/packs/linux-other/adapters/builtin.so",
                                           "lib/packs/packs/adapters/builtin.so"};
    char file[ED_PATH_BYTES], store[ED_PATH_BYTES], libraries[ED_PATH_BYTES], path[ED_PATH_BYTES];
    const struct ed_engines_places places = {.engines_file = file, .store = store, .library_dir = libraries};
    struct ed_catalogue catalogue;
    struct ed_engines engines;
    struct ed_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof adapters / sizeof *adapters; i++)
        write_file(adapters[i], "");
    write_file("engines.json", engines_json);
    path_in(file, "engines.json");
    path_in(store, "store");
    path_in(libraries, "lib");
    assert_int_equal(ed_catalogue_parse(&catalogue, "test", manifests, sizeof manifests - 1, &err), ED_OK);
    assert_int_equal(ed_engines_load(&engines, &catalogue, &places, &err), ED_OK);
    assert_int_equal(engines.n, 4);
    path_in(path, adapters[0]);
    assert_string_equal(engines.builds[0].adapter, path);
    path_in(path, adapters[3]);
    assert_string_equal(engines.builds[1].adapter, path);
    assert_int_equal(engines.builds[1].state, ED_ENGINE_FETCHABLE);
    assert_non_null(strstr(engines.builds[1].reason, "engines fetch e@1 --target linux-other"));
    assert_string_equal(engines.builds[2].target, ED_TARGET);
    assert_int_equal(engines.builds[2].state, ED_ENGINE_UNAVAILABLE);
    assert_non_null(strstr(engines.builds[2].reason, "docs/packs.md"));
    assert_string_equal(engines.builds[3].target, "linux-other");
    assert_int_equal(engines.builds[3].state, ED_ENGINE_PRESENT);
    path_in(path, adapters[5]);
    assert_string_equal(engines.builds[3].adapter, path);
    ed_engines_release(&engines);
    ed_catalogue_release(&catalogue);
}

// Every build of the program's own list says which C library it needs, as a version that can be compared.
static void test_floors_of_the_list(void **state) {
    struct ed_catalogue catalogue;
    struct ed_engines engines;
    struct ed_error err = {0};
    const struct ed_engine_build *build = NULL;
    const struct ed_engines_places places = {.store = room};
    (void)state;
    // Whoever runs the tests may have a list of his own.
    setenv("XDG_CONFIG_HOME", room, 1);
    assert_int_equal(ed_catalogue_load(&catalogue, &err), ED_OK);
    assert_int_equal(ed_engines_load(&engines, &catalogue, &places, &err), ED_OK);
    for (size_t i = 0; i < engines.n; i++)
        assert_true(!engines.builds[i].n_packages || strncmp(engines.builds[i].target, "android-", 8) == 0 ||
                    strspn(engines.builds[i].libc, "0123456789.") > 2);
    assert_int_equal(ed_engines_find(&engines, "onnxruntime", "1.27.0", "linux-aarch64", &build, &err),
                     ED_OK);
    assert_string_equal(build->packages[0].platforms[0], "manylinux_2_28_aarch64");
    assert_string_equal(build->libc, "2.27");
    ed_engines_release(&engines);
    ed_catalogue_release(&catalogue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_floors_of_the_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_adapters_of_packs, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
