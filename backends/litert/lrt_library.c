// SPDX-License-Identifier: Apache-2.0
// Opening the engine's library: functions, version, and its words when something fails.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backends/adapter_text.h"
#include "backends/adapter_words.h"
#include "backends/litert/lrt.h"

void lrt_words_begin(struct lrt_state *lrt) {
    lrt->words_from = ed_adapter_words_mark();
}

int lrt_words_divert(struct lrt_state *lrt) {
    const int kept = ed_adapter_words_mark() < 0 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
    const int memory = kept >= 0 ? (int)syscall(SYS_memfd_create, "words", 1u) : -1;
    if (memory >= 0)
        dup2(memory, STDERR_FILENO);
    else if (kept >= 0)
        close(kept);
    if (memory >= 0)
        close(memory);
    lrt_words_begin(lrt);
    return memory >= 0 ? kept : -1;
}

void lrt_words_restore(int kept) {
    char block[4096];
    ssize_t got = 0;
    if (kept < 0)
        return;
    for (off_t at = 0; (got = pread(STDERR_FILENO, block, sizeof block, at)) > 0; at += got)
        if (write(kept, block, (size_t)got) != got)
            break;
    dup2(kept, STDERR_FILENO);
    close(kept);
}

static const char *status_name(int status) {
    static const struct {
        int status;
        const char *name;
    } names[] = {{1, "invalid argument"},
                 {2, "out of memory"},
                 {3, "runtime failure"},
                 {4, "missing input"},
                 {5, "unsupported"},
                 {6, "not found"},
                 {8, "wrong version"},
                 {9, "unknown error"},
                 {500, "file cannot be read"},
                 {501, "invalid flatbuffer"},
                 {502, "library cannot be loaded"},
                 {503, "serialization"},
                 {504, "compilation"},
                 {4000, "unsupported runtime version"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == status)
            return names[i].name;
    return "error";
}

enum ed_status lrt_check(const struct lrt_state *lrt, int status, const char *doing, struct ed_error *err) {
    static const char *const marks[] = {"ERROR: ", "WARNING: "};
    char lines[4096] = "", text[640];
    if (!status)
        return ED_OK;
    for (size_t i = 0; i < sizeof marks / sizeof *marks && !lines[0]; i++)
        ed_adapter_words_since(lrt->words_from, marks[i], lines, sizeof lines);
    ed_adapter_text(text, sizeof text, lines);
    return ed_fail(err, ED_ERR_REFUSED, NULL, "LiteRT %s, %s: status %d (%s)%s%s", lrt->version, doing,
                   status, status_name(status), text[0] ? ": " : "", text);
}

static enum ed_status find_functions(struct lrt_state *lrt, const char *path, struct ed_error *err) {
    static const char *const names[] = {
#define LRT_NAME(result, name, parameters) "LiteRt" #name,
        LRT_FUNCTIONS(LRT_NAME)
#undef LRT_NAME
    };
    void **const places[] = {
#define LRT_PLACE(result, name, parameters) (void **)(void *)&lrt->api.name,
        LRT_FUNCTIONS(LRT_PLACE)
#undef LRT_PLACE
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!(*places[i] = dlsym(lrt->library, names[i])))
            return ed_fail(err, i ? ED_ERR_VERSION : ED_ERR_REFUSED, path,
                           i ? "the library has no function %s, which the adapter needs; use a later release"
                             : "this is no LiteRT library: it has no function %s",
                           names[i]);
    // Not used: 2.1.0 does not have it, and takes some of the others with other parameters.
    if (!dlsym(lrt->library, "LiteRtGetProfileSummary"))
        return ed_fail(err, ED_ERR_VERSION, path,
                       "the library is older than LiteRT 2.1.3; use a later release");
    lrt->api.CreateModelFromFile = dlsym(lrt->library, "LiteRtCreateModelFromFile");
    lrt->api.CreateModelFromBuffer = dlsym(lrt->library, "LiteRtCreateModelFromBuffer");
    if (!lrt->api.CreateModelFromFile || !lrt->api.CreateModelFromBuffer)
        return ed_fail(err, ED_ERR_VERSION, path, "the library cannot make a model; use a later release");
    lrt->api.model_takes_environment = dlsym(lrt->library, "LiteRtCreateModelFromFd") != NULL;
    *(void **)(void *)&lrt->api.CompiledModelIsNonCpuFullyAccelerated =
        dlsym(lrt->library, "LiteRtCompiledModelIsNonCpuFullyAccelerated");
    return ED_OK;
}

enum ed_status lrt_library_open(struct lrt_state *lrt, const char *path, struct ed_error *err) {
    if (!path || path[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "the engine build has no libLiteRt.so; add one with `edgedyno engines add`");
    lrt->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!lrt->library) {
        const char *words = dlerror();
        return ed_fail(err, ED_ERR_REFUSED, path, "the library cannot be opened: %s",
                       words ? words : "no reason given");
    }
    enum ed_status status = find_functions(lrt, path, err);
    // The library does not tell its version; what it has shows between which releases it lies.
    snprintf(lrt->version, sizeof lrt->version, "%s",
             lrt->api.CompiledModelIsNonCpuFullyAccelerated ? "2.3 or later"
             : lrt->api.model_takes_environment             ? "2.1.6 to 2.2"
                                                            : "2.1.3 to 2.1.5");
    return status;
}

int lrt_model_from_file(const struct lrt_state *lrt, const char *path, lrt_handle *model) {
    if (lrt->api.model_takes_environment)
        return ((int (*)(lrt_handle, const char *, lrt_handle *))lrt->api.CreateModelFromFile)(
            lrt->environment, path, model);
    return ((int (*)(const char *, lrt_handle *))lrt->api.CreateModelFromFile)(path, model);
}

int lrt_model_from_buffer(const struct lrt_state *lrt, const void *bytes, size_t n, lrt_handle *model) {
    if (lrt->api.model_takes_environment)
        return ((int (*)(lrt_handle, const void *, size_t, lrt_handle *))lrt->api.CreateModelFromBuffer)(
            lrt->environment, bytes, n, model);
    return ((int (*)(const void *, size_t, lrt_handle *))lrt->api.CreateModelFromBuffer)(bytes, n, model);
}
