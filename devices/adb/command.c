// SPDX-License-Identifier: Apache-2.0
// Commands and signals of the transport over adb.
#include <signal.h>
#include <stdlib.h>

#include "base/path.h"
#include "devices/adb/shell.h"
#include "devices/adb/state.h"

enum ed_status ed_adb_begin(const struct ed_adb_state *adb, const char *what, struct ed_error *err) {
    if (adb->serial[0])
        return ED_OK;
    return ed_fail(err, ED_ERR_INTERNAL, "adb", "cannot %s before it is connected", what);
}

enum ed_status ed_adb_run(struct ed_adb_state *adb, const char *line, ed_adb_take *take, void *context,
                          struct ed_buffer *err_text, int *exit_code, int64_t deadline_ns,
                          struct ed_error *err) {
    struct ed_adb_command command = {.serial = adb->serial,
                                     .who = adb->who,
                                     .line = line,
                                     .take = take,
                                     .context = context,
                                     .err_text = err_text,
                                     .deadline_ns = deadline_ns};
    return ed_adb_shell(&adb->server, &command, exit_code, err);
}

static enum ed_status take_text(void *context, const char *bytes, size_t n, bool *enough,
                                struct ed_error *err) {
    struct ed_buffer *text = context;
    (void)enough;
    ed_buffer_append(text, bytes, n);
    return ed_buffer_status(text, "a command's output", err);
}

enum ed_status ed_adb_take_nothing(void *context, const char *bytes, size_t n, bool *enough,
                                   struct ed_error *err) {
    (void)context, (void)bytes, (void)n, (void)enough, (void)err;
    return ED_OK;
}

// The shell's status 126 or 127 may be the program's own. It means a missing one where the shell says so of
// this very program ("PROGRAM: not found"), or where the device has no such program.
static enum ed_status check_program(struct ed_adb_state *adb, const char *program,
                                    const struct ed_spawn_result *result, int64_t deadline_ns,
                                    struct ed_error *err) {
    static const char *const phrases[] = {
        "not found",      "inaccessible or not found", "No such file", "can't execute",
        "cannot execute", "Permission denied",         "Exec format",  "not executable"};
    struct ed_buffer line, said;
    int code = 0;
    enum ed_status status;
    size_t n = strlen(program);
    for (const char *at = result->err_out; (at = strstr(at, program)); at += n)
        for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
            if (at[n] == ':' && at[n + 1] == ' ' && strncmp(at + n + 2, phrases[i], strlen(phrases[i])) == 0)
                return ed_fail(
                    err, ED_ERR_NO_PROGRAM, adb->who,
                    "%.300s cannot be run there: %.200s (a file that is there lacks its interpreter, is for "
                    "another machine, or lies on a file system mounted noexec)",
                    program, phrases[i]);
    ed_buffer_init(&line, ED_ADB_REQUEST_BYTES);
    ed_buffer_init(&said, ED_ADB_ERR_LIMIT_BYTES);
    ed_buffer_text_append(&line, "[ -f ");
    ed_adb_quote(&line, program);
    ed_buffer_text_append(&line, " ] && [ -x ");
    ed_adb_quote(&line, program);
    ed_buffer_text_append(&line, " ]");
    status = ed_buffer_status(&line, "a program's path", err);
    if (!status)
        status =
            ed_adb_run(adb, ed_buffer_text(&line), ed_adb_take_nothing, NULL, &said, &code, deadline_ns, err);
    ed_buffer_release(&line);
    ed_buffer_release(&said);
    if (!status && code == 1)
        status = ed_fail(err, ED_ERR_NO_PROGRAM, adb->who, "%.300s does not exist there, or cannot be run",
                         program);
    return status;
}

enum ed_status ed_adb_spawn(void *state, const struct ed_spawn_args *args, struct ed_spawn_result *out,
                            struct ed_error *err) {
    struct ed_adb_state *adb = state;
    struct ed_buffer line, text, err_text;
    enum ed_status status = ed_adb_begin(adb, "start a program", err);
    int code;
    ed_spawn_result_init(out);
    if (status)
        return status;
    if (!args->argv || !args->argv[0] || args->argv[0][0] != '/')
        return ed_fail(err, ED_ERR_INTERNAL, adb->who, "a program must be named by its absolute path");
    ed_buffer_init(&line, ED_ADB_REQUEST_BYTES);
    ed_buffer_init(&text, args->out_limit_bytes);
    ed_buffer_init(&err_text, ED_ADB_ERR_LIMIT_BYTES);
    // The shell is replaced, so that a hang-up reaches the program itself.
    ed_buffer_text_append(&line, "exec");
    for (const char *const *word = args->argv; *word; word++) {
        ed_buffer_text_append(&line, " ");
        ed_adb_quote(&line, *word);
    }
    status = ed_buffer_status(&line, "the arguments of a command by adb", err);
    if (!status) {
        struct ed_adb_command command = {.serial = adb->serial,
                                         .who = adb->who,
                                         .line = ed_buffer_text(&line),
                                         .input = args->input,
                                         .input_bytes = args->input_bytes,
                                         .take = take_text,
                                         .context = &text,
                                         .err_text = &err_text,
                                         .deadline_ns = args->deadline_ns};
        status = ed_adb_shell(&adb->server, &command, &code, err);
        if (status == ED_ERR_LIMIT && text.too_large)
            status = ed_fail(err, ED_ERR_LIMIT, adb->who, "%.300s wrote more than the limit of %zu bytes",
                             args->argv[0], args->out_limit_bytes);
    }
    if (!status) {
        // The daemon adds 128 to a signal's number, and nothing tells that from a program which ends with
        // such a status itself: 129 to 159 (SIGHUP to SIGSYS) are taken for signals.
        bool by_signal = code > 128 && code <= 128 + SIGSYS;
        out->exit_code = by_signal ? -1 : code;
        out->signal = by_signal ? code - 128 : 0;
        out->out = ed_buffer_detach(&text, &out->out_bytes);
        out->err_out = ed_buffer_detach(&err_text, &out->err_bytes);
        if (!out->out || !out->err_out)
            status = ed_fail(err, ED_ERR_NO_MEMORY, adb->who, "no memory for a command's output");
    }
    if (!status && (code == 126 || code == 127))
        status = check_program(adb, args->argv[0], out, args->deadline_ns, err);
    if (status) {
        free(out->out);
        free(out->err_out);
        ed_spawn_result_init(out);
    }
    ed_buffer_release(&line);
    ed_buffer_release(&text);
    ed_buffer_release(&err_text);
    return status;
}

enum ed_status ed_adb_kill(void *state, int64_t pid, int signal, int64_t deadline_ns, struct ed_error *err) {
    struct ed_adb_state *adb = state;
    struct ed_buffer said;
    char line[64];
    int code;
    enum ed_status status = ed_adb_begin(adb, "send a signal", err);
    if (status)
        return status;
    // 0 and below mean groups and everybody, and 1 is init.
    if (pid <= 1 || pid > INT32_MAX || signal < 0 || signal >= NSIG)
        return ed_fail(err, ED_ERR_INTERNAL, adb->who, "signal %d to process %lld is never sent", signal,
                       (long long)pid);
    ed_buffer_init(&said, ED_ADB_ERR_LIMIT_BYTES);
    snprintf(line, sizeof line, "kill -%d %lld", signal, (long long)pid);
    status = ed_adb_run(adb, line, ed_adb_take_nothing, NULL, &said, &code, deadline_ns, err);
    if (!status && code != 0 && strstr(ed_buffer_text(&said), "No such process"))
        status =
            ed_fail(err, ED_ERR_NOT_FOUND, adb->who, "process %lld does not exist any more", (long long)pid);
    else if (!status && code != 0)
        status = ed_fail(err, ED_ERR_IO, adb->who, "signal %d to process %lld: the device said: %.200s",
                         signal, (long long)pid, ed_buffer_text(&said));
    ed_buffer_release(&said);
    return status;
}
