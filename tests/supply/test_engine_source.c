// SPDX-License-Identifier: Apache-2.0
// Builds that a script makes (client "source"), from the list to the store; and what the files of a build say
// against its row (devices/engine_abi.h). An adapter of this program stands for an engine's library.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "devices/engine_abi.h"
#include "devices/engine_add.h"
#include "devices/engines_file.h"

#define SCRIPT "deps/engine-e.sh"
#define SOURCE(target) \
    "{\"target\":\"" target "\",\"libc\":\"2.27\",\"client\":\"source\",\"package\":\"" SCRIPT "\""
#define LIST(build) \
    "{\"engines\":[{\"name\":\"e\",\"version\":\"1.0\",\"licence\":\"MIT\",\"builds\":[" build "]}]}"
static const char list[] = LIST(SOURCE(ED_TARGET) "}," SOURCE("linux-other") "}");
static const char manifests[] = "[{\"name\":\"e\",\"summary\":\"s\",\"abi\":2,\"versions\":\">=1\","
                                "\"needs_model\":true,\"library\":\"null.so*\","
                                "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}],\"options\":[]}]";

static char room[ED_PATH_BYTES], made[ED_PATH_BYTES], store[ED_PATH_BYTES], file[ED_PATH_BYTES];

static int set_up(void **state) {
    char name[] = P_tmpdir "/edgedyno-test-XXXXXX", path[ED_PATH_BYTES];
    struct ed_buffer library;
    (void)state;
    ed_buffer_init(&library, 16u << 20);
    const bool ok =
        mkdtemp(name) && !ed_path_real(room, name, NULL) && !ed_path_join(made, room, "made", NULL) &&
        !ed_path_join(store, room, "store", NULL) && !ed_path_join(file, room, "engines.json", NULL) &&
        !ed_path_make(made, 0755, NULL) && !ed_path_join(path, made, "null.so", NULL) &&
        !ed_path_read(ED_TEST_ADAPTERS_DIR "/null.so", 16u << 20, &library, NULL) &&
        !ed_path_write_atomic(path, library.data, library.size, 0644, NULL) &&
        !ed_path_join(path, made, "LICENSE", NULL) && !ed_path_write_atomic(path, "free\n", 5, 0644, NULL) &&
        !ed_path_write_atomic(file, list, sizeof list - 1, 0644, NULL);
    ed_buffer_release(&library);
    return ok ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    return ed_path_remove(room, NULL) ? -1 : 0;
}

static void load(struct ed_engines *engines, const struct ed_catalogue *catalogue) {
    const struct ed_engines_places places = {.engines_file = file, .store = store};
    struct ed_error err = {0};
    if (ed_engines_load(engines, catalogue, &places, &err))
        fail_msg("%s: %s", err.where, err.message);
    assert_int_equal(engines->n, 2);
}

static void test_made_by_a_script(void **state) {
    const struct ed_log log = {0};
    struct ed_engine_add add = {.directory = made, .version = "1.0", .target = ED_TARGET};
    struct ed_catalogue catalogue;
    struct ed_engines engines;
    struct ed_error err = {0};
    char id[130];
    (void)state;
    assert_int_equal(ed_catalogue_parse(&catalogue, "test", manifests, sizeof manifests - 1, &err), ED_OK);
    load(&engines, &catalogue);
    assert_int_equal(engines.builds[0].state, ED_ENGINE_UNAVAILABLE);
    assert_non_null(strstr(engines.builds[0].reason, SCRIPT " " ED_TARGET " DIR"));
    assert_non_null(strstr(engines.builds[0].reason, "engines add e DIR --as 1.0 --target " ED_TARGET "`"));
    assert_int_equal(ed_engines_fetch(&engines, &engines.builds[0], NULL, NULL, NULL, &err),
                     ED_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, SCRIPT));
    // What it made takes the place of the row, for that target alone; and again.
    for (int i = 0; i < 2; i++) {
        if (ed_engines_add(&engines, &catalogue, &add, &log, id, &err))
            fail_msg("%s: %s", err.where, err.message);
        assert_string_equal(id, "e@1.0");
        ed_engines_release(&engines);
        load(&engines, &catalogue);
        assert_int_equal(engines.builds[0].state, ED_ENGINE_PRESENT);
        assert_true(engines.builds[0].added && !engines.builds[0].source);
        assert_int_equal(engines.builds[0].n_files, 1);
        assert_int_equal(engines.builds[1].state, ED_ENGINE_UNAVAILABLE);
    }
    // A version that a package has stays the package's.
    engines.builds[1].source = false;
    add.target = "linux-third";
    assert_int_equal(ed_engines_add(&engines, &catalogue, &add, &log, id, &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "choose another name"));
    ed_engines_release(&engines);
    ed_catalogue_release(&catalogue);
}

static void test_rows_that_are_wrong(void **state) {
    static const struct {
        const char *text, *words;
    } rows[] = {
        {LIST(SOURCE("t") ",\"files\":[]}"), "has no \"files\""},
        {LIST("{\"target\":\"t\",\"client\":\"source\",\"package\":\"../x.sh\"}"), "the path of a script"},
        {LIST("{\"target\":\"t\",\"client\":\"source\",\"package\":\"deps/../x.sh\"}"),
         "the path of a script"},
        {LIST("{\"target\":\"t\",\"client\":\"source\",\"package\":\"a; b\"}"), "the path of a script"},
        {LIST("{\"target\":\"t\",\"packages\":[{\"client\":\"source\",\"package\":\"a\"},{\"client\":"
              "\"source\","
              "\"package\":\"b\"}]}"),
         "without other packages"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_engines engines;
        struct ed_error err = {0};
        assert_int_equal(ed_engines_parse(&engines, "test", rows[i].text, strlen(rows[i].text), &err),
                         ED_ERR_USAGE);
        if (!strstr(err.message, rows[i].words))
            fail_msg("row %zu: %s", i, err.message);
    }
}

static void test_what_the_files_say(void **state) {
    struct ed_engine_file files[] = {{.name = "null.so", .library = true}, {.name = "LICENSE"}};
    struct ed_engine_build build = {.id = "e@1.0", .target = ED_TARGET, .files = files, .n_files = 2};
    struct ed_error err = {0};
    (void)state;
    snprintf(build.libc, sizeof build.libc, "2.60");
    assert_int_equal(ed_engine_abi_check(&build, made, NULL, &err), ED_OK);
    // It says no floor, so none is held against it.
    build.libc[0] = '\0';
    assert_int_equal(ed_engine_abi_check(&build, made, NULL, &err), ED_OK);
    snprintf(build.libc, sizeof build.libc, "2.1");
    assert_int_equal(ed_engine_abi_check(&build, made, NULL, &err), ED_ERR_VERSION);
    assert_non_null(strstr(err.message, "but engines.json says 2.1 for e@1.0"));
    snprintf(build.target, sizeof build.target, "linux-armv7");
    assert_int_equal(ed_engine_abi_check(&build, made, NULL, &err), ED_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "not for linux-armv7"));
    assert_true(ed_engine_abi_public("libneuralnetworks.so") && ed_engine_abi_public("liblog.so"));
    assert_false(ed_engine_abi_public("libcutils.so"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made_by_a_script, set_up, tear_down),
        cmocka_unit_test(test_rows_that_are_wrong),
        cmocka_unit_test_setup_teardown(test_what_the_files_say, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
