// SPDX-License-Identifier: Apache-2.0
// edgedyno-runner: the program on the device. Short commands for the controller; `worker` is for the
// supervisor alone.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "edgedyno/wire.h"
#include "runners/commands.h"
#include "runners/reply.h"
#include "runners/worker.h"

#define ROW(name, type, unit, fallback, min, max, help) \
    { name, 0, type, unit, fallback, min, max, "", help, 0 }

static const struct ed_option none[] = {{0}};
static const struct ed_option start_options[] = {
    ROW("work", ED_OPTION_PATH, "DIR", "", 0, 0, "work directory of this device"),
};
static const struct ed_option job_options[] = {
    ROW("work", ED_OPTION_PATH, "DIR", "", 0, 0, "work directory of this device"),
    ROW("job", ED_OPTION_TEXT, "ID", "", 0, 0, "the job"),
};
static const struct ed_option read_options[] = {
    ROW("work", ED_OPTION_PATH, "DIR", "", 0, 0, "work directory of this device"),
    ROW("job", ED_OPTION_TEXT, "ID", "", 0, 0, "the job"),
    ROW("file", ED_OPTION_TEXT, "NAME", "", 0, 0, "journal.jsonl, samples.bin, runner.log or outputs/NAME"),
    ROW("from", ED_OPTION_INT, "BYTE", "", 0, 9007199254740992.0, "where to begin"),
    ROW("max", ED_OPTION_INT, "BYTES", "", 1, ED_WIRE_READ_MAX_BYTES, "how many bytes at the most"),
};
static const struct ed_option survey_options[] = {
    ROW("adapter", ED_OPTION_PATH, "FILE", "", 0, 0, "the adapter's shared object"),
};
static const struct ed_option survey_more[] = {
    ROW("engine-dir", ED_OPTION_PATH, "DIR", "", 0, 0, "directory of the engine build"),
    ROW("library", ED_OPTION_PATH, "FILE", "", 0, 0, "library of the engine"),
    {"environment", 0, ED_OPTION_PAIR, "NAME=VALUE", "", 0, 0, "", "environment of the engine",
     ED_OPTION_REPEATABLE},
};

// `required` options must be given; `more` may be.
static const struct command {
    const char *name;
    enum ed_status (*run)(const struct ed_arguments *, const char *, struct ed_error *);
    const struct ed_option *required, *more;
    size_t n_required, n_more;
    const char *help;
} commands[] = {
    {"version", ed_command_version, none, none, 0, 0, "versions of the runner and its wire"},
    {"hardware", ed_command_hardware, none, none, 0, 0, "what this device is"},
    {"survey", ed_command_survey, survey_options, survey_more, 1, 3, "what an engine build offers here"},
    {"work", ed_command_work, start_options, none, 1, 0, "which job runs in a work directory"},
    {"start", ed_command_start, start_options, none, 1, 0, "start the job on standard input and detach"},
    {"status", ed_command_status, job_options, none, 2, 0, "how far a job is"},
    {"read", ed_command_read, read_options, none, 5, 0, "bytes of a job's file"},
    {"stop", ed_command_stop, job_options, none, 2, 0, "end a job after killing its worker"},
    {"forget", ed_command_forget, job_options, none, 2, 0, "remove an ended job's files"},
};

static int usage(FILE *to) {
    fprintf(to, "usage: edgedyno-runner COMMAND [OPTION...]\n\nThe part of edgedyno that runs on a device; "
                "edgedyno calls it.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        fprintf(to, "  %-9s", commands[i].name);
        for (size_t k = 0; k < commands[i].n_required; k++)
            fprintf(to, " --%s %s", commands[i].required[k].name, commands[i].required[k].unit);
        for (size_t k = 0; k < commands[i].n_more; k++)
            fprintf(to, " [--%s %s]", commands[i].more[k].name, commands[i].more[k].unit);
        fprintf(to, "\n            %s\n", commands[i].help);
    }
    return to == stdout ? 0 : 2;
}

static int run_command(const struct command *command, int argc, char **argv, const char *program) {
    const struct ed_option *tables[] = {command->required, command->more};
    const size_t counts[] = {command->n_required, command->n_more};
    const struct ed_option_set set = {tables, counts, 2};
    struct ed_arguments arguments = {0};
    struct ed_error failure = {0};
    enum ed_status status = ed_arguments_parse(&arguments, &set, argc, (const char *const *)argv, &failure);
    for (size_t i = 0; status == ED_OK && i < command->n_required; i++)
        if (!ed_arguments_has(&arguments, command->required[i].name))
            status = ed_fail(&failure, ED_ERR_USAGE, NULL, "%s needs --%s %s", command->name,
                             command->required[i].name, command->required[i].unit);
    if (status == ED_OK && arguments.n_operands)
        status = ed_fail(&failure, ED_ERR_USAGE, NULL, "%s takes no '%.80s'", command->name,
                         arguments.operands[0]);
    bool wrong_usage = status != ED_OK;
    if (status == ED_OK)
        status = command->run(&arguments, program, &failure);
    if (status != ED_OK)
        ed_reply_error(STDOUT_FILENO, &failure);
    ed_arguments_release(&arguments);
    return status == ED_OK ? 0 : wrong_usage ? 2 : 1;
}

int main(int argc, char **argv) {
    char program[ED_PATH_BYTES];
    struct ed_error failure = {0};
    if (argc < 2)
        return usage(stderr);
    if (!strcmp(argv[1], "worker"))
        return ed_worker_main();
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return usage(stdout);
    if (ed_path_self(program, &failure) != ED_OK) {
        ed_reply_error(STDOUT_FILENO, &failure);
        return 1;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(argv[1], commands[i].name))
            return run_command(&commands[i], argc - 1, argv + 1, program);
    ed_fail(&failure, ED_ERR_USAGE, NULL, "'%.40s' is no command of this runner (version %s, wire %s)",
            argv[1], ED_VERSION, ED_WIRE_VERSION);
    ed_reply_error(STDOUT_FILENO, &failure);
    return 2;
}
