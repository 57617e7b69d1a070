// SPDX-License-Identifier: Apache-2.0
// A folder with an engines.json, a store and libraries for the tests of engine builds, made before them and
// removed behind them.
#ifndef EDGEDYNO_TESTS_UNIT_ENGINES_PLACE_H
#define EDGEDYNO_TESTS_UNIT_ENGINES_PLACE_H

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

#include "base/path.h"
#include "devices/engines_file.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

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

static inline int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char made[] = P_tmpdir "/edgedyno-test-XXXXXX";
    if (!fixture || !mkdtemp(made) || ed_path_real(fixture->directory, made, NULL) ||
        ed_catalogue_parse(&fixture->catalogue, "test", manifests, sizeof manifests - 1, NULL))
        return -1;
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state) {
    struct fixture *fixture = *state;
    ed_catalogue_release(&fixture->catalogue);
    ed_path_remove(fixture->directory, NULL);
    free(fixture);
    return 0;
}

static inline void path_in(char path[ED_PATH_BYTES], const struct fixture *fixture, const char *name) {
    assert_int_equal(ed_path_join(path, fixture->directory, name, NULL), ED_OK);
}

static inline void write_file(const struct fixture *fixture, const char *name, const char *text) {
    char path[ED_PATH_BYTES], parent[ED_PATH_BYTES];
    path_in(path, fixture, name);
    ed_path_directory(parent, path);
    assert_int_equal(ed_path_make(parent, 0755, NULL), ED_OK);
    assert_int_equal(ed_path_write_atomic(path, text, strlen(text), 0644, NULL), ED_OK);
}

// Loads `json` with the store and the libraries of the fixture.
static inline enum ed_status load(struct ed_engines *engines, const struct fixture *fixture, const char *json,
                                  struct ed_error *err) {
    char file[ED_PATH_BYTES], store[ED_PATH_BYTES], libraries[ED_PATH_BYTES];
    struct ed_engines_places places = {.engines_file = file, .store = store, .library_dir = libraries};
    write_file(fixture, "engines.json", json);
    path_in(file, fixture, "engines.json");
    path_in(store, fixture, "store");
    path_in(libraries, fixture, "lib");
    return ed_engines_load(engines, &fixture->catalogue, &places, err);
}

#endif
