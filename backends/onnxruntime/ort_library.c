// SPDX-License-Identifier: Apache-2.0
// Opening the engine's library: version and function table; looking for texts in a library.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/onnxruntime/ort.h"

#define SCAN_BYTES (1u << 20)

bool ort_version_parse(struct ort_version *version, const char *text) {
    unsigned *const numbers[] = {&version->major, &version->minor, &version->patch};
    memset(version, 0, sizeof *version);
    snprintf(version->text, sizeof version->text, "%s", text ? text : "");
    const char *at = version->text;
    for (int i = 0; i < 3; i++) {
        size_t digits = strspn(at, "0123456789");
        if (!digits || digits > 4 || (i < 2 && at[digits] != '.'))
            return false;
        *numbers[i] = (unsigned)strtoul(at, NULL, 10);
        at += digits + (i < 2);
    }
    version->release = !*at;
    return true;
}

void ort_text_cut(char *text, size_t bytes, const char *words) {
    static const char gap[] = " ... ";
    size_t length = strlen(words), head = bytes / 4;
    if (length < bytes) {
        memcpy(text, words, length + 1);
        return;
    }
    size_t tail = bytes - 1 - head - (sizeof gap - 1);
    memcpy(text, words, head);
    memcpy(text + head, gap, sizeof gap - 1);
    memcpy(text + head + sizeof gap - 1, words + length - tail, tail + 1);
}

static void text_clean(char *text) {
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = ' ';
    while (length && (text[length - 1] == ' ' || text[length - 1] == '.'))
        text[--length] = 0;
}

void ort_log_line(void *context, int level, const char *category, const char *id, const char *place,
                  const char *text) {
    struct ort_log *log = context;
    (void)category, (void)id;
    fprintf(stderr, "onnxruntime: %s: %s\n", place ? place : "", text ? text : "");
    // Two threads that fail at once: one line is enough.
    if (level < ORT_LOGGING_ERROR || !text || atomic_flag_test_and_set(&log->busy))
        return;
    ort_text_cut(log->text, sizeof log->text, text);
    text_clean(log->text);
    atomic_flag_clear(&log->busy);
}

bool ort_check_text(struct ort_state *ort, struct ort_status *status, char *text, size_t bytes) {
    char logged[sizeof ort->log.text] = "";
    if (!atomic_flag_test_and_set(&ort->log.busy)) {
        memcpy(logged, ort->log.text, sizeof logged);
        ort->log.text[0] = 0;
        atomic_flag_clear(&ort->log.busy);
    }
    if (!status)
        return true;
    const char *words = ort_get_error_message(ort->api, status);
    ort_text_cut(text, bytes, words ? words : "no reason given");
    ort_release_status(ort->api, status);
    text_clean(text);
    size_t used = strlen(text);
    if (logged[0] && !strstr(text, logged) && bytes - used > 64) {
        used += (size_t)snprintf(text + used, bytes - used, "; its log: ");
        ort_text_cut(text + used, bytes - used, logged);
    }
    return false;
}

enum ed_status ort_check(struct ort_state *ort, struct ort_status *status, const char *doing,
                         struct ed_error *err) {
    char words[896];
    if (ort_check_text(ort, status, words, sizeof words))
        return ED_OK;
    return ed_fail(err, ED_ERR_REFUSED, NULL, "ONNX Runtime %s, %s: %s", ort->version.text, doing, words);
}

enum ed_status ort_library_open(struct ort_state *ort, const char *path, struct ed_error *err) {
    if (!path || path[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "the engine build has no libonnxruntime.so*; add one with `edgedyno engines add`");
    if (strlen(path) >= sizeof ort->path)
        return ed_fail(err, ED_ERR_LIMIT, path, "the path is too long");
    memcpy(ort->path, path, strlen(path) + 1);
    ort->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!ort->library) {
        const char *words = dlerror();
        return ed_fail(err, ED_ERR_REFUSED, path, "the library cannot be opened: %s",
                       words ? words : "no reason given");
    }
    const struct ort_api_base *(*get_base)(void);
    *(void **)&get_base = dlsym(ort->library, "OrtGetApiBase");
    if (!get_base)
        return ed_fail(err, ED_ERR_REFUSED, path,
                       "this is no ONNX Runtime library: it has no function OrtGetApiBase");
    const struct ort_api_base *base = get_base();
    if (!base || !base->get_api || !base->get_version_string)
        return ed_fail(err, ED_ERR_REFUSED, path, "the library's OrtGetApiBase gives no interface");
    if (!ort_version_parse(&ort->version, base->get_version_string()))
        return ed_fail(err, ED_ERR_REFUSED, path, "the library's version '%s' is not understood",
                       ort->version.text);
    if (ort->version.major != 1 || ort->version.minor < ORT_VERSION_MIN)
        return ed_fail(err, ED_ERR_VERSION, path,
                       "the library is ONNX Runtime %s; the adapter serves 1.%u and later versions 1.x; use "
                       "another engine build",
                       ort->version.text, ORT_VERSION_MIN);
    // Asking for more than the engine has makes it print; a snapshot is only asked for what all have.
    uint32_t version = ort->version.minor < ORT_VERSION_USED ? ort->version.minor : ORT_VERSION_USED;
    if (!ort->version.release)
        version = ORT_VERSION_MIN;
    for (; version >= ORT_VERSION_MIN && !ort->api; version--) {
        ort->api = base->get_api(version);
        ort->api_version = version;
    }
    if (!ort->api)
        return ed_fail(err, ED_ERR_VERSION, path, "ONNX Runtime %s does not offer interface version %u",
                       ort->version.text, ORT_VERSION_MIN);
    return ED_OK;
}

// A hit must end there: otherwise a longer key would stand for a shorter one.
static bool holds_text(const char *buffer, size_t bytes, const char *text) {
    const size_t length = strlen(text);
    const char *at = buffer;
    while ((at = memmem(at, bytes - (size_t)(at - buffer), text, length + 1))) {
        if (at > buffer && (!at[-1] || at[-1] == '.'))
            return true;
        at++;
    }
    return false;
}

// Marks the whole pieces of eight bytes that occur.
static uint32_t find_pieces(const char *buffer, size_t bytes, const char *text) {
    uint32_t found = 0;
    for (size_t i = 0; i < strlen(text) / 8 && i < 32; i++)
        if (memmem(buffer, bytes, text + i * 8, 8))
            found |= UINT32_C(1) << i;
    return found;
}

enum ed_status ort_library_has(const char *path, const char *text, bool pieces, bool *found,
                               struct ed_error *err) {
    enum ed_status status = ED_OK;
    const size_t n_pieces = strlen(text) / 8 < 32 ? strlen(text) / 8 : 32;
    const uint32_t all = n_pieces == 32 ? UINT32_MAX : (UINT32_C(1) << n_pieces) - 1;
    uint32_t seen = 0;
    size_t kept = 0;
    ssize_t got = 0;
    char *buffer = malloc(SCAN_BYTES);
    *found = false;
    // Read, not mapped: pages of a mapping would count as the engine's memory.
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!buffer || fd < 0) {
        status = ed_fail_errno(err, ED_ERR_IO, path, "the library cannot be read: %m");
        goto out;
    }
    while (!*found && (got = read(fd, buffer + kept, SCAN_BYTES - kept)) > 0) {
        const size_t filled = kept + (size_t)got;
        *found = holds_text(buffer, filled, text);
        if (pieces)
            seen |= find_pieces(buffer, filled, text);
        kept = filled < 256 ? filled : 256;
        memmove(buffer, buffer + filled - kept, kept);
    }
    *found = *found || (pieces && n_pieces && seen == all);
    if (got < 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "the library cannot be read: %m");
out:
    if (fd >= 0)
        close(fd);
    free(buffer);
    return status;
}
