// SPDX-License-Identifier: Apache-2.0
// Opening the engine's library: version, functions, and its words when something fails.
#include <dlfcn.h>

#include "backends/adapter_text.h"
#include "backends/openvino/ov.h"

void ov_words(const struct ov_state *ov, int status, char *text, size_t bytes) {
    static const char from[] = "Exception from ";
    char whole[4096];
    const char *words = ov->api.get_last_err_msg ? ov->api.get_last_err_msg() : NULL;
    if (!words || !words[0])
        words = ov->api.get_error_info(status);
    // Lines of where it was thrown stand before the reason.
    for (const char *line; words && !strncmp(words, from, sizeof from - 1) && (line = strchr(words, '\n'));)
        words = line + 1;
    ed_adapter_text(whole, sizeof whole, words && words[0] ? words : "no reason given");
    ed_adapter_text_without(whole, ov->directory);
    ed_adapter_text(text, bytes, whole);
}

enum ed_status ov_check(const struct ov_state *ov, int status, const char *doing, struct ed_error *err) {
    char words[768];
    if (!status)
        return ED_OK;
    ov_words(ov, status, words, sizeof words);
    return ed_fail(err, ED_ERR_REFUSED, NULL, "OpenVINO %s, %s: %s", ov->version, doing, words);
}

static enum ed_status find_functions(struct ov_state *ov, const char *path, struct ed_error *err) {
    static const char *const names[] = {
#define OV_NAME(result, name, parameters) "ov_" #name,
        OV_FUNCTIONS(OV_NAME)
#undef OV_NAME
    };
    void **const places[] = {
#define OV_PLACE(result, name, parameters) (void **)(void *)&ov->api.name,
        OV_FUNCTIONS(OV_PLACE)
#undef OV_PLACE
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!(*places[i] = dlsym(ov->library, names[i])))
            return ed_fail(err, i ? ED_ERR_VERSION : ED_ERR_REFUSED, path,
                           i ? "the library has no function %s, which the adapter needs; use a later release"
                             : "this is no OpenVINO library: it has no function %s",
                           names[i]);
    *(void **)(void *)&ov->api.get_last_err_msg = dlsym(ov->library, "ov_get_last_err_msg");
    return ED_OK;
}

enum ed_status ov_library_open(struct ov_state *ov, const char *path, struct ed_error *err) {
    struct ov_version version = {0};
    if (!path || path[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "the engine build has no libopenvino_c.so*; add one with `edgedyno engines add`");
    ed_path_directory(ov->directory, path);
    ov->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!ov->library) {
        const char *words = dlerror();
        return ed_fail(err, ED_ERR_REFUSED, path, "the library cannot be opened: %s",
                       words ? words : "no reason given");
    }
    enum ed_status status = find_functions(ov, path, err);
    if (!status)
        status = ov_check(ov, ov->api.get_openvino_version(&version), "asking for its version", err);
    if (status)
        return status;
    // "2026.4.1-22982-0123456789a-releases/2026/4": the release is what stands before the first hyphen.
    const char *number = version.build_number ? version.build_number : "";
    snprintf(ov->version, sizeof ov->version, "%.*s", (int)strcspn(number, "-"), number);
    ov->api.version_free(&version);
    return ED_OK;
}
