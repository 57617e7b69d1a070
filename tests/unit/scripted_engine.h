// SPDX-License-Identifier: Apache-2.0
// The scripted engine's adapter for the tests of it: opened as a worker opens it, in an empty directory.
// Included once in a program.
#ifndef EDGEDYNO_TESTS_SCRIPTED_ENGINE_H
#define EDGEDYNO_TESTS_SCRIPTED_ENGINE_H

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "edgedyno/backend.h"

#ifndef ED_TEST_ADAPTERS_DIR
#define ED_TEST_ADAPTERS_DIR "lib/edgedyno/adapters"
#endif

#define MIB (1L << 20)

static char home[64];
static const struct ed_backend *backend;

static int enter(void **state) {
    const char *given = getenv("EDGEDYNO_TEST_ADAPTERS");
    char path[ED_PATH_BYTES];
    ed_adapter_entry_fn entry;
    (void)state;
    snprintf(path, sizeof path, "%s/scripted.so", given ? given : ED_TEST_ADAPTERS_DIR);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        print_error("%s\n", dlerror());
        return -1;
    }
    *(void **)&entry = dlsym(library, ED_ADAPTER_ENTRY);
    if (!entry || entry(ED_BACKEND_ABI + 1) || !(backend = entry(ED_BACKEND_ABI)))
        return -1;
    snprintf(home, sizeof home, P_tmpdir "/edgedyno-scripted-XXXXXX");
    return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    return chdir("/") == 0 && ed_path_remove(home, NULL) == ED_OK ? 0 : -1;
}

// One engine: the state, what was opened, and the last error.
struct engine {
    void *state;
    struct ed_io *io;
    struct ed_error err;
};

static void engine_open(struct engine *engine, const char *directory) {
    memset(engine, 0, sizeof *engine);
    engine->state = calloc(1, backend->state_bytes);
    engine->io = calloc(1, sizeof *engine->io);
    assert_non_null(engine->state);
    assert_non_null(engine->io);
    struct ed_open_args args = {directory, "", home};
    if (backend->open(engine->state, &args, &engine->err))
        fail_msg("%s: %s", engine->err.where, engine->err.message);
}

static void engine_close(struct engine *engine) {
    backend->close(engine->state);
    free(engine->state);
    free(engine->io);
}

static void script_put(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

// Writes `text` as a script and loads it. `option` is "key=value" or NULL.
static enum ed_status engine_load(struct engine *engine, const char *text, const char *option,
                                  const char *on) {
    const char *files[] = {"script.json"};
    char key[64] = "";
    struct ed_option_given given = {key, ""};
    struct ed_load_args args = {.model_files = files, .n_model_files = 1, .backend = on, .options = &given};
    if (option) {
        snprintf(key, sizeof key, "%s", option);
        given.value = strchr(option, '=') + 1;
        *strchr(key, '=') = 0;
        args.n_options = 1;
    }
    script_put("script.json", text);
    return backend->load(engine->state, &args, &engine->err);
}

#endif
