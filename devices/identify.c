// SPDX-License-Identifier: Apache-2.0
// Asking a device what it is, by its own shell.
#include "devices/identify.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "devices/identify_script.h"

#define NO_SHELL 127

static int64_t real_us(void) {
    return ed_clock_read_ns(CLOCK_REALTIME) / 1000;
}

static bool says(const struct ed_spawn_result *result, const char *words) {
    return (result->out && strcasestr(result->out, words)) ||
           (result->err_out && strcasestr(result->err_out, words));
}

// cmd.exe and PowerShell in English, and their names in any language.
static bool is_windows(const struct ed_spawn_result *result) {
    static const char *const words[] = {"is not recognized as",
                                        "cannot find the path specified",
                                        "CommandNotFoundException",
                                        "FullyQualifiedErrorId",
                                        "Microsoft Windows",
                                        "ParserError",
                                        "operable program or batch file"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (says(result, words[i]))
            return true;
    return false;
}

// The first line that has anything to say, made safe to show.
static void excerpt(const struct ed_spawn_result *result, char *text, size_t bytes) {
    const char *from = result->err_out && result->err_out[0] ? result->err_out
                       : result->out                         ? result->out
                                                             : "";
    size_t n = 0;
    from += strspn(from, " \t\r\n");
    for (; from[n] && from[n] != '\n' && from[n] != '\r' && n < bytes - 1; n++)
        text[n] = isprint((unsigned char)from[n]) ? from[n] : '?';
    text[n] = '\0';
}

static enum ed_status no_answer(const char *id, const struct ed_spawn_result *result, struct ed_error *err) {
    char text[200];
    excerpt(result, text, sizeof text);
    if (is_windows(result))
        return ed_fail(err, ED_ERR_UNSUPPORTED, id,
                       "it runs Windows, for which there is no target; install WSL 2 there, start an SSH "
                       "server inside it, "
                       "and add that: edgedyno devices add ssh://USER@HOST:PORT");
    if (says(result, "This account is currently not available") || says(result, "nologin"))
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, id,
            "this user has no login shell there; log in as another user, or give this one /bin/sh");
    return ed_fail(err, ED_ERR_UNSUPPORTED, id,
                   "it did not run a POSIX shell (exit status %d%s%s); a device needs /bin/sh, and a user "
                   "who may run it",
                   result->exit_code, text[0] ? ": " : "", text);
}

// *answered: the shell ran the script.
static enum ed_status ask(const struct ed_transport *transport, void *state, const char *shell,
                          const char *work_dir, struct ed_spawn_result *result, int64_t *asked_us,
                          int64_t deadline_ns, bool *answered, struct ed_error *err) {
    const char *const argv[] = {shell, "-s", "--", work_dir, NULL};
    const struct ed_spawn_args args = {.argv = argv,
                                       .input = ed_identify_script,
                                       .input_bytes = strlen(ed_identify_script),
                                       .out_limit_bytes = ED_IDENTIFY_OUT_MAX_BYTES,
                                       .deadline_ns = deadline_ns};
    const int64_t before = real_us();
    ed_spawn_result_init(result);
    enum ed_status status = transport->spawn(state, &args, result, err);
    *asked_us = before + (real_us() - before) / 2;
    *answered = status == ED_OK && result->out && strstr(result->out, ED_IDENTIFY_BEGIN);
    return status;
}

static void release(struct ed_spawn_result *result) {
    free(result->out);
    free(result->err_out);
    ed_spawn_result_init(result);
}

enum ed_status ed_identify(const struct ed_transport *transport, void *state, const char *id,
                           const char *work_dir, struct ed_identity *out, int64_t deadline_ns,
                           struct ed_error *err) {
    static const char *const shells[] = {"/bin/sh", "/system/bin/sh"};
    // Before Android 10 there was no /bin.
    const bool phone = strcmp(transport->name, "adb") == 0;
    const char *directory = work_dir ? work_dir : "";
    struct ed_spawn_result result;
    enum ed_status status = ED_OK;
    bool answered = false;
    int64_t asked_us = 0;
    memset(out, 0, sizeof *out);
    ed_spawn_result_init(&result);
    if (directory[0] && (directory[0] != '/' || strchr(directory, '\\')))
        return ed_fail(err, ED_ERR_USAGE, id,
                       "its work_dir \"%.200s\" is not an absolute path without backslashes", directory);
    for (size_t i = 0; i < 2 && !answered; i++) {
        release(&result);
        status = ask(transport, state, shells[phone ? 1 - i : i], directory, &result, &asked_us, deadline_ns,
                     &answered, err);
        if (status == ED_OK ? result.exit_code != NO_SHELL : status != ED_ERR_NO_PROGRAM)
            break;
    }
    if (status == ED_ERR_NO_PROGRAM || (status == ED_OK && !answered))
        status = no_answer(id, &result, err);
    else if (status == ED_OK)
        status = ed_identify_parse(id, result.out, result.out_bytes, asked_us, out, err);
    release(&result);
    return status;
}
