// SPDX-License-Identifier: Apache-2.0
// Opening the engine's libraries, its thread pool, and its words when something fails.
#include <dlfcn.h>
#include <string.h>

#include "backends/adapter_text.h"
#include "backends/adapter_words.h"
#include "backends/executorch/et.h"

void et_words_begin(struct et_state *et) {
    et->words_from = ed_adapter_words_mark();
}

static const char *error_name(uint32_t error) {
    static const struct {
        uint32_t error;
        const char *name;
    } names[] = {{0x01, "internal error"},
                 {0x02, "invalid state"},
                 {0x10, "not supported"},
                 {0x11, "not implemented"},
                 {0x12, "invalid argument"},
                 {0x13, "invalid type"},
                 {0x14, "operator missing"},
                 {0x20, "not found"},
                 {0x21, "memory allocation failed"},
                 {0x22, "access failed"},
                 {0x23, "invalid program"},
                 {0x24, "invalid external data"},
                 {0x25, "out of resources"},
                 {0x30, "delegate of an incompatible version"},
                 {0x31, "delegate without memory"},
                 {0x32, "invalid delegate handle"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    return "error";
}

enum ed_status et_check(const struct et_state *et, uint32_t error, const char *doing, struct ed_error *err) {
    char lines[2048], text[640];
    if (!error)
        return ED_OK;
    ed_adapter_words_since(et->words_from, "E ", lines, sizeof lines);
    ed_adapter_text(text, sizeof text, lines);
    return ed_fail(err, ED_ERR_REFUSED, NULL, "ExecuTorch, %s: error 0x%x (%s)%s%s", doing, error,
                   error_name(error), text[0] ? ": " : "", text);
}

static enum ed_status open_library(const char *path, void **library, struct ed_error *err) {
    *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*library)
        return ED_OK;
    const char *words = dlerror();
    return ed_fail(err, ED_ERR_REFUSED, path, "the library cannot be opened: %s",
                   words ? words : "no reason given");
}

enum ed_status et_library_open(struct et_state *et, const struct ed_open_args *args, struct ed_error *err) {
    static const char *const names[] = {
#define ET_NAME(result, name, parameters, symbol) (symbol),
        ET_FUNCTIONS(ET_NAME)
#undef ET_NAME
    };
    void **const places[] = {
#define ET_PLACE(result, name, parameters, symbol) (void **)(void *)&et->api.name,
        ET_FUNCTIONS(ET_PLACE)
#undef ET_PLACE
    };
    if (!args->engine_library || args->engine_library[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "the engine build has no libexecutorch.so; add one with `edgedyno engines add`");
    enum ed_status status = open_library(args->engine_library, &et->library, err);
    if (status)
        return status;
    snprintf(et->directory, sizeof et->directory, "%s", args->engine_dir);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!(*places[i] = dlsym(et->library, names[i])))
            return ed_fail(err, i ? ED_ERR_VERSION : ED_ERR_REFUSED, args->engine_library,
                           i ? "the library is not of ExecuTorch " ET_VERSION
                               ": it has no function %s; use a build of "
                               "that release"
                             : "this is no ExecuTorch library: it has no function %s",
                           names[i]);
    et->api.runtime_init();
    return ED_OK;
}

static enum ed_status library_path(const struct et_state *et, const char *name, char *path,
                                   struct ed_error *err) {
    char file[96];
    snprintf(file, sizeof file, "libexecutorch_%.64s.so", name);
    return ed_path_join(path, et->directory, file, err);
}

bool et_library_has(const struct et_state *et, const char *name) {
    char path[ED_PATH_BYTES];
    return library_path(et, name, path, NULL) == ED_OK && ed_path_exists(path);
}

enum ed_status et_library_more(struct et_state *et, const char *name, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    void *library = NULL;
    const size_t used = strlen(et->opened);
    enum ed_status status = library_path(et, name, path, err);
    if (!status)
        status = open_library(path, &library, err);
    if (!status)
        snprintf(et->opened + used, sizeof et->opened - used, "%s%s", used ? ", " : "", name);
    return status;
}

// The pool is one for the process, and made with a thread for every processor when it is first asked for.
enum ed_status et_library_threads(struct et_state *et, int threads, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    void *library = NULL;
    et->threads = 0;
    if (!et_library_has(et, "threadpool"))
        return threads > 1 ? ed_fail(err, ED_ERR_UNSUPPORTED, "-t",
                                     "this build of ExecuTorch has no pool of threads; it runs on one")
                           : ED_OK;
    enum ed_status status = library_path(et, "threadpool", path, err);
    if (!status)
        status = open_library(path, &library, err);
    if (status)
        return status;
    void *(*get)(void) = NULL;
    bool (*reset)(void *, uint32_t) = NULL;
    size_t (*count)(const void *) = NULL;
    *(void **)(void *)&get = dlsym(library, ET_POOL_GET);
    *(void **)(void *)&reset = dlsym(library, ET_POOL_RESET);
    *(void **)(void *)&count = dlsym(library, ET_POOL_THREADS);
    if (!get || !reset || !count)
        return ed_fail(err, ED_ERR_VERSION, path,
                       "the pool of threads is not that of ExecuTorch " ET_VERSION);
    void *pool = get();
    if (!pool || (threads && !reset(pool, (uint32_t)threads)) || (threads && count(pool) != (size_t)threads))
        return ed_fail(err, ED_ERR_REFUSED, "-t", "ExecuTorch does not make a pool of %d threads", threads);
    et->threads = (int)count(pool);
    return ED_OK;
}
