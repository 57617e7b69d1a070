// SPDX-License-Identifier: Apache-2.0
// edgedyno-runner: the program on the device. Short commands for the controller; `worker` is for the
// supervisor alone.
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edgedyno/wire.h"
#include "runners/commands.h"
#include "runners/reply.h"
#include "runners/started.h"
#include "runners/worker.h"

#define ROW(name, type, unit, fallback, min, max, help) \
    { name, 0, type, unit, fallback, min, max, "", help, 0 }

#define BYTES_MAX 9007199254740992.0 // 2^53
#define WORK ROW("work", ED_OPTION_PATH, "DIR", "", 0, 0, "work directory of this device")
#define TOKEN ROW("token", ED_OPTION_TEXT, "TOKEN", "", 0, 0, "the lease")

static const struct ed_option none[] = {{0}};
static const struct ed_option work_options[] = {WORK};
static const struct ed_option job_options[] = {
    WORK,
    ROW("job", ED_OPTION_TEXT, "ID", "", 0, 0, "the job"),
};
static const struct ed_option status_more[] = {
    TOKEN,
    ROW("extend-ns", ED_OPTION_INT, "NS", "", 1, BYTES_MAX, "how long the lease lasts at the least from now"),
};
static const struct ed_option stop_more[] = {
    ROW("by", ED_OPTION_TEXT, "TEXT", "", 0, 0, "who stops it"),
};
static const struct ed_option token_options[] = {WORK, TOKEN};
static const struct ed_option stage_options[] = {
    WORK,
    TOKEN,
    ROW("bytes", ED_OPTION_INT, "N", "", 0, BYTES_MAX, "size of the push"),
};
static const struct ed_option stage_more[] = {
    ROW("cache-max", ED_OPTION_INT, "N", "0", 0, BYTES_MAX, "bytes of all objects, 0 for any"),
    ROW("free-min", ED_OPTION_INT, "N", "0", 0, BYTES_MAX, "bytes that stay free on the disk"),
};
static const struct ed_option self_options[] = {
    WORK,
    ROW("sha256", ED_OPTION_TEXT, "HEX", "", 0, 0, "digest of this program"),
};
static const struct ed_option read_options[] = {
    WORK,
    ROW("job", ED_OPTION_TEXT, "ID", "", 0, 0, "the job"),
    ROW("file", ED_OPTION_TEXT, "NAME", "", 0, 0, "journal.jsonl, samples.bin, runner.log or outputs/NAME"),
    ROW("from", ED_OPTION_INT, "BYTE", "", 0, BYTES_MAX, "where to begin"),
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

static const struct ed_option probe_more[] = {
    ROW("papi", ED_OPTION_TEXT, "EVENT,...", "", 0, 0, "events to count, by PAPI's names"),
};
static const struct ed_option conformance_options[] = {
    ROW("adapter", ED_OPTION_PATH, "FILE", "", 0, 0, "the adapter's shared object"),
    ROW("manifest", ED_OPTION_PATH, "FILE", "", 0, 0, "its manifest"),
    ROW("backend", ED_OPTION_TEXT, "NAME", "", 0, 0, "what the model runs on"),
    ROW("scratch", ED_OPTION_PATH, "DIR", "", 0, 0, "a private directory, which stays as it becomes"),
};
static const struct ed_option conformance_more[] = {
    ROW("engine-dir", ED_OPTION_PATH, "DIR", "", 0, 0, "directory of the engine build"),
    ROW("library", ED_OPTION_PATH, "FILE", "", 0, 0, "library of the engine"),
    {"model", 0, ED_OPTION_PATH, "FILE", "", 0, 0, "", "file of a model that must run", ED_OPTION_REPEATABLE},
    ROW("needs-model", ED_OPTION_FLAG, "", "", 0, 0, "checks that load a model do not apply without one"),
    ROW("option-key", ED_OPTION_TEXT, "KEY", "", 0, 0, "an option of the adapter"),
    ROW("option-value", ED_OPTION_TEXT, "TEXT", "", 0, 0, "a value that it takes"),
    ROW("option-wrong", ED_OPTION_TEXT, "TEXT", "", 0, 0, "one that it must refuse"),
    {"environment", 0, ED_OPTION_PAIR, "NAME=VALUE", "", 0, 0, "", "environment of the engine",
     ED_OPTION_REPEATABLE},
};

static const struct ed_option convert_options[] = {
    ROW("adapter", ED_OPTION_PATH, "FILE", "", 0, 0, "the adapter's shared object"),
    ROW("model", ED_OPTION_PATH, "FILE", "", 0, 0, "the model, by its absolute path"),
    ROW("output", ED_OPTION_PATH, "FILE", "", 0, 0, "where the other form goes; must not exist"),
    ROW("type", ED_OPTION_TEXT, "TYPE", "", 0, 0, "the form, as the engine names it"),
};
static const struct ed_option convert_more[] = {
    ROW("engine-dir", ED_OPTION_PATH, "DIR", "", 0, 0, "directory of the engine build"),
    ROW("library", ED_OPTION_PATH, "FILE", "", 0, 0, "library of the engine"),
    ROW("threads", ED_OPTION_INT, "N", "0", 0, 4096, "threads, 0 for the engine's default"),
    ROW("check", ED_OPTION_FLAG, "", "", 0, 0, "write nothing: only whether the engine has the type"),
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
    {"convert", ed_command_convert, convert_options, convert_more, 4, 5, "write another form of a model"},
    {"work", ed_command_work, work_options, none, 1, 0, "which job runs in a work directory"},
    {"start", ed_command_start, work_options, none, 1, 0, "start the job on standard input and detach"},
    {"status", ed_command_status, job_options, status_more, 2, 2, "how far a job is"},
    {"read", ed_command_read, read_options, none, 5, 0, "bytes of a job's file"},
    {"stop", ed_command_stop, job_options, stop_more, 2, 1, "end a job after killing its worker"},
    {"forget", ed_command_forget, job_options, none, 2, 0, "remove an ended job's files"},
    {"lease", ed_command_lease, work_options, none, 1, 0, "take, renew, give up or show the device's lease"},
    {"have", ed_command_have, work_options, none, 1, 0, "what is missing of the sets on standard input"},
    {"stage", ed_command_stage, stage_options, stage_more, 3, 2, "make room and a place for a push"},
    {"adopt", ed_command_adopt, token_options, none, 2, 0, "check what was pushed and make sets of it"},
    {"sets", ed_command_sets, work_options, none, 1, 0, "what lies here"},
    {"clean", ed_command_clean, token_options, none, 2, 0, "remove sets, as standard input says"},
    {"restore", ed_command_restore, work_options, none, 1, 0, "put back what jobs left changed"},
    {"doctor", ed_command_doctor, work_options, none, 1, 0, "whether this device is fit"},
    {"probe", ed_command_probe, work_options, probe_more, 1, 1, "what every probe reads now"},
    {"snapshot", ed_command_snapshot, work_options, none, 1, 0, "what the probes would read, as lines"},
    {"conformance", ed_command_conformance, conformance_options, conformance_more, 4, 8,
     "whether an adapter obeys its contract"},
    {"adopt-self", ed_command_adopt_self, self_options, none, 2, 0, "put this program among the objects"},
};

static int usage(FILE *to) {
    fprintf(to, "usage: edgedyno-runner COMMAND [OPTION...]\n\nThe part of edgedyno that runs on a device; "
                "edgedyno calls it.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        fprintf(to, "  %-10s", commands[i].name);
        for (size_t k = 0; k < commands[i].n_required; k++)
            fprintf(to, " --%s %s", commands[i].required[k].name, commands[i].required[k].unit);
        for (size_t k = 0; k < commands[i].n_more; k++)
            fprintf(to, " [--%s %s]", commands[i].more[k].name, commands[i].more[k].unit);
        fprintf(to, "\n             %s\n", commands[i].help);
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
    struct ed_started started;
    struct ed_error failure = {0};
    if (argc < 2)
        return usage(stderr);
    // Whatever the shell had: files and directories are this user's alone.
    umask(077);
    if (!strcmp(argv[1], "worker"))
        return ed_worker_main();
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return usage(stdout);
    if (ed_started_find(&started, argv[0], &failure) != ED_OK) {
        ed_reply_error(STDOUT_FILENO, &failure);
        return 1;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(argv[1], commands[i].name))
            return run_command(&commands[i], argc - 1, argv + 1, started.program);
    ed_fail(&failure, ED_ERR_USAGE, NULL, "'%.40s' is no command of this runner (version %s, wire %s)",
            argv[1], ED_VERSION, ED_WIRE_VERSION);
    ed_reply_error(STDOUT_FILENO, &failure);
    return 2;
}
