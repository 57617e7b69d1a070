// SPDX-License-Identifier: Apache-2.0
// A short command over SSH, and the question whether it ran at all: the shell there answers 127 and 126 for a
// program that is missing or cannot be run, but a program may end with these numbers too.
#include "base/clock.h"
#include "devices/process.h"
#include "devices/ssh/channel.h"
#include "devices/ssh/signals.h"
#include "devices/words.h"

#define ANSWER_BYTES 4096

// RFC 4254 names, and what Linux has besides.
int ed_ssh_signal_number(const char *name) {
    static const struct {
        const char *name;
        int number;
    } rows[] = {{"HUP", 1},   {"INT", 2},   {"QUIT", 3},  {"ILL", 4},   {"TRAP", 5},  {"ABRT", 6},
                {"BUS", 7},   {"FPE", 8},   {"KILL", 9},  {"USR1", 10}, {"SEGV", 11}, {"USR2", 12},
                {"PIPE", 13}, {"ALRM", 14}, {"TERM", 15}, {"XCPU", 24}, {"XFSZ", 25}, {"SYS", 31}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].number;
    return ED_SSH_SIGNAL_UNNAMED;
}

const char *ed_ssh_said(char text[ED_SSH_SAID_BYTES], const struct ed_spawn_result *result) {
    ed_words_said(text, result->err_out ? result->err_out : "");
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';
    return text;
}

void ed_ssh_script_init(struct ed_ssh_script *script, const char *text, const char *const *arguments) {
    size_t n = 0;
    script->argv[n++] = "/bin/sh";
    script->argv[n++] = "-c";
    script->argv[n++] = text;
    script->argv[n++] = "sh";
    for (size_t i = 0; arguments && arguments[i] && i < ED_SSH_SCRIPT_ARGUMENTS; i++)
        script->argv[n++] = arguments[i];
    script->argv[n] = NULL;
}

static void let_end(struct ed_ssh_command *command, int64_t deadline_ns) {
    int64_t until_ns = ed_clock_monotonic_ns() + ED_SSH_DRAIN_NS;
    uint64_t mark;
    if (until_ns > deadline_ns)
        until_ns = deadline_ns;
    do
        mark = ed_ssh_mark(command->link);
    while (!ed_ssh_command_drain(command) && ed_clock_monotonic_ns() < until_ns &&
           ed_ssh_poll(command->link, mark, until_ns));
}

static enum ed_status run(struct ed_ssh_link *link, const struct ed_spawn_args *args, const char *what,
                          struct ed_spawn_result *out, struct ed_error *err) {
    struct ed_ssh_command command;
    ed_ssh_watch(link, true);
    enum ed_status status =
        ed_ssh_command_start(&command, link, args->argv, args->out_limit_bytes, what, args->deadline_ns, err);
    if (!status)
        status = ed_ssh_command_finish(&command, args->input, args->input_bytes, args->deadline_ns, out, err);
    ed_ssh_watch(link, false);
    if (status == ED_ERR_LIMIT)
        let_end(&command, args->deadline_ns);
    ed_ssh_command_release(&command);
    return status;
}

// csh ends with 1 and these words.
static bool may_be_missing(const char *program, const struct ed_spawn_result *result) {
    if (result->exit_code == 127 || result->exit_code == 126)
        return true;
    return result->exit_code == 1 && strstr(result->err_out, program) &&
           (strstr(result->err_out, "ommand not found") || strstr(result->err_out, "Permission denied"));
}

// A shell that could not start it writes a line that names it, after a name of its own: where the line begins
// with the program's name, it is the program that speaks.
static bool shell_complains(const char *program, const char *text) {
    static const char *const words[] = {"not found",        "o such file",      "annot exec",
                                        "ermission denied", "xec format error", "ot executable",
                                        "nknown command"};
    char line[1024];
    while (*text) {
        size_t n = strcspn(text, "\r\n");
        const char *named;
        snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
        named = strstr(line, program);
        for (size_t i = 0; named && named > line && i < sizeof words / sizeof words[0]; i++)
            if (strstr(line, words[i]))
                return true;
        text += n + (text[n] != '\0');
    }
    return false;
}

// What stands between a shell and the program: asked only where its exit status may mean that.
static enum ed_status judge_missing(struct ed_ssh_link *link, const struct ed_spawn_args *args,
                                    struct ed_spawn_result *result, struct ed_error *err) {
    static const char text[] =
        "if [ ! -e \"$1\" ]; then echo missing; elif [ -d \"$1\" ]; then echo directory; "
        "elif [ ! -x \"$1\" ]; then echo forbidden; else echo fine; fi";
    const char *program = args->argv[0];
    struct ed_spawn_result answer;
    struct ed_ssh_script script;
    struct ed_spawn_args question = {
        .argv = script.argv, .out_limit_bytes = ANSWER_BYTES, .deadline_ns = args->deadline_ns};
    char said[ED_SSH_SAID_BYTES];
    enum ed_status status;
    ed_ssh_script_init(&script, text, (const char *const[]){program, NULL});
    ed_spawn_result_init(&answer);
    status = run(link, &question, "look for a program", &answer, err);
    if (status)
        return status;
    ed_ssh_said(said, result);
    // The last word: a login script may have written before it.
    if (answer.exit_code == 0 && strstr(answer.out, "missing\n"))
        status = ed_fail(err, ED_ERR_NO_PROGRAM, link->name, "%.300s does not exist there", program);
    else if (answer.exit_code == 0 && strstr(answer.out, "directory\n"))
        status = ed_fail(err, ED_ERR_NO_PROGRAM, link->name, "%.300s is a directory there", program);
    else if (answer.exit_code == 0 && strstr(answer.out, "forbidden\n"))
        status = ed_fail(
            err, ED_ERR_NO_PROGRAM, link->name,
            "%.300s may not be executed there; is its file system mounted noexec, or its mode wrong%s",
            program, said);
    else if (shell_complains(program, result->err_out))
        status = ed_fail(
            err, ED_ERR_NO_PROGRAM, link->name,
            "%.300s cannot be run there: it is built for another system, or its interpreter or loader "
            "does not exist%s",
            program, said);
    ed_spawn_result_release(&answer);
    return status;
}

enum ed_status ed_ssh_run(struct ed_ssh_link *link, const struct ed_spawn_args *args,
                          struct ed_spawn_result *out, struct ed_error *err) {
    char what[160];
    enum ed_status status;
    ed_spawn_result_init(out);
    if (!args->argv || !args->argv[0] || args->argv[0][0] != '/')
        return ed_fail(err, ED_ERR_INTERNAL, link->name, "a program must be named by its absolute path");
    if (args->deadline_ns <= ed_clock_monotonic_ns())
        return ed_fail(err, ED_ERR_TIMEOUT, link->name, "no time was left to run %.300s", args->argv[0]);
    snprintf(what, sizeof what, "run %s", args->argv[0]);
    status = run(link, args, what, out, err);
    if (!status && may_be_missing(args->argv[0], out)) {
        status = judge_missing(link, args, out, err);
        if (status)
            ed_spawn_result_release(out);
    }
    return status;
}
