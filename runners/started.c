// SPDX-License-Identifier: Apache-2.0
// How this program was started.
#include "runners/started.h"

#include <string.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

// /proc/self/cmdline shows what was given to exec: through a loader, its own name and options come first,
// while main's argv begins with the program. Arguments beyond this many bytes are of no interest here.
#define LINE_BYTES (3 * ED_PATH_BYTES)
#define LINE_MAX_BYTES (4u << 20) // the kernel allows no more by default

struct words {
    char text[LINE_BYTES];
    const char *at[16];
    size_t n;
};

static void split(struct words *words, size_t bytes) {
    words->n = 0;
    for (size_t from = 0; from < bytes && words->n < sizeof words->at / sizeof *words->at;) {
        const size_t n = strnlen(words->text + from, bytes - from);
        // A last one that was cut is none.
        if (from + n == bytes)
            break;
        words->at[words->n++] = words->text + from;
        from += n + 1;
    }
}

static bool takes_value(const char *option) {
    static const char *const options[] = {
        "--library-path",         "--preload",          "--argv0", "--audit", "--inhibit-rpath",
        "--glibc-hwcaps-prepend", "--glibc-hwcaps-mask"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (!strcmp(option, options[i]))
            return true;
    return false;
}

// The word that is the program; 0 where it was started directly. No command of this program begins with
// --library-path.
static size_t find_program(const struct words *words, const char **library_path, const char *argv0) {
    size_t i = 1;
    while (i < words->n && (takes_value(words->at[i]) || !strcmp(words->at[i], "--inhibit-cache"))) {
        const bool value = takes_value(words->at[i]);
        if (!strcmp(words->at[i], "--library-path") && i + 1 < words->n)
            *library_path = words->at[i + 1];
        i += value ? 2 : 1;
    }
    if (i > 1)
        return i < words->n ? i : 0;
    // A loader without options: main sees another first word than exec was given.
    for (size_t k = 1; argv0 && words->n && strcmp(argv0, words->at[0]) && k < words->n; k++)
        if (!strcmp(argv0, words->at[k]))
            return k;
    return 0;
}

static void read_libc(char *text, size_t bytes) {
#if defined(__GLIBC__)
    snprintf(text, bytes, "%s", gnu_get_libc_version());
#elif defined(__BIONIC__) || defined(__ANDROID__)
    snprintf(text, bytes, "bionic");
#else
    snprintf(text, bytes, "unknown");
#endif
}

enum ed_status ed_started_find(struct ed_started *started, const char *argv0, struct ed_error *err) {
    static const char line[] = "/proc/self/cmdline";
    struct ed_buffer text;
    struct words words;
    const char *library_path = "";
    memset(started, 0, sizeof *started);
    read_libc(started->libc, sizeof started->libc);
    ed_buffer_init(&text, LINE_MAX_BYTES);
    enum ed_status status = ed_path_read(line, LINE_MAX_BYTES, &text, err);
    if (status == ED_OK) {
        const size_t n = text.size < sizeof words.text ? text.size : sizeof words.text;
        memcpy(words.text, ed_buffer_text(&text), n);
        split(&words, n);
    }
    ed_buffer_release(&text);
    if (status != ED_OK)
        return status;
    const size_t program = find_program(&words, &library_path, argv0);
    if (!program)
        return ed_path_self(started->program, err);
    status = ed_path_self(started->loader, err);
    if (status != ED_OK)
        return status;
    // The working directory is another one later on.
    if (words.at[program][0] != '/' || (library_path[0] && library_path[0] != '/') ||
        strlen(library_path) >= sizeof started->library_path ||
        strlen(words.at[program]) >= sizeof started->program)
        return ed_fail(
            err, ED_ERR_USAGE, words.at[program],
            "a runner that is started through a loader needs absolute paths, its own and --library-path");
    snprintf(started->program, sizeof started->program, "%s", words.at[program]);
    snprintf(started->library_path, sizeof started->library_path, "%s", library_path);
    if (!ed_path_exists(started->program))
        return ed_fail(err, ED_ERR_NOT_FOUND, started->program,
                       "the running program was removed or replaced; start it again");
    return ED_OK;
}
