// SPDX-License-Identifier: Apache-2.0
// `edgedyno engines`: which engine builds there are and what they offer; `engines fetch` brings one.
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "harness/cli/command_engines.h"
#include "harness/cli/survey.h"

static const char *const subcommands[] = {"fetch", "add", "check", NULL};

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    enum ed_status status = ED_OK;
    if (strcmp(target->format, "json") == 0) {
        struct ed_json_writer json;
        ed_json_writer_init(&json, out, true);
        ed_survey_json(context, &json);
        ed_buffer_append(out, "\n", 1);
    } else {
        struct ed_grid grid;
        ed_survey_table(context, &grid);
        status = ed_grid_print(&grid, target->columns, out, err);
        ed_grid_release(&grid);
    }
    return status;
}

static int list(struct ed_cli *cli, const struct ed_resources *resources, const struct ed_output *output) {
    struct ed_survey_list found = {0};
    struct ed_error err = {0};
    size_t *devices = NULL, n = 0;
    int code;
    enum ed_status status = ed_resources_select(resources, cli, &devices, &n, &err);
    if (!status)
        status = ed_survey_run(&found, resources, devices, n, ed_arguments_get(cli->arguments, "target"), cli,
                               &err);
    if (!status && !found.n)
        status =
            ed_fail(&err, ED_ERR_NOT_FOUND, ed_arguments_get(cli->arguments, "target"),
                    "no engine build is for a target like this; `edgedyno engines --target '*'` lists all");
    if (status)
        code = ed_cli_fail(cli, &err);
    else
        code = ed_cli_exit_combine(found.failed ? ED_EXIT_DEVICE : ED_EXIT_PASS,
                                   ed_output_write(output, cli, render, &found));
    ed_survey_release(&found);
    free(devices);
    return code;
}

static const struct word {
    const char *name;
    int (*run)(struct ed_cli *cli, struct ed_resources *resources, const struct ed_output *output);
    size_t operands_min, operands_max; // without the word itself
    const char *usage;                 // what is said where they are not so many
    const char *not_with[5];           // flags
} words[] = {
    {"fetch",
     ed_engines_command_fetch,
     1,
     SIZE_MAX,
     "engines fetch takes NAME or NAME@VERSION, one or more; `edgedyno engines` lists them",
     {"device", "format", "export", "as", "adapter"}},
    {"add",
     ed_engines_command_add,
     1,
     2,
     "engines add takes [ENGINE] DIR --as NAME",
     {"device", "format", "export", NULL}},
    {"check",
     ed_engines_command_check,
     1,
     SIZE_MAX,
     "engines check takes NAME[@VERSION][/BACKEND], and the files of a model behind it",
     {"device", "target", "as", NULL}},
    {"", NULL, 0, 0, "", {"as", NULL}},
};

static int check_usage(const struct ed_cli *cli, const struct word *word) {
    const struct ed_arguments *arguments = cli->arguments;
    const size_t n = arguments->n_operands ? arguments->n_operands - 1 : 0;
    if (n < word->operands_min || n > word->operands_max)
        return ed_cli_usage(cli, "%s", word->usage);
    for (size_t i = 0; i < sizeof word->not_with / sizeof word->not_with[0] && word->not_with[i]; i++)
        if (ed_arguments_has(arguments, word->not_with[i]))
            return ed_cli_usage(cli, "--%s does not go with `engines%s%s`", word->not_with[i],
                                word->name[0] ? " " : "", word->name);
    return ED_EXIT_PASS;
}

static int engines(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_output output = {0};
    struct ed_resources resources = {0};
    struct ed_error err = {0};
    const char *given = arguments->n_operands ? arguments->operands[0] : "";
    const struct word *word = words;
    while (word->run && strcmp(word->name, given) != 0)
        word++;
    if (given[0] && !word->run) {
        const char *near = ed_nearest(given, subcommands);
        return near ? ed_cli_usage(cli, "engines takes no '%.80s'; did you mean `edgedyno engines %s`?",
                                   given, near)
                    : ed_cli_usage(cli,
                                   "engines takes no '%.80s'; to bring a build: edgedyno engines fetch NAME",
                                   given);
    }
    int code = check_usage(cli, word);
    if (code)
        return code;
    enum ed_status status = ed_options_check_habits(arguments, &err);
    if (!status)
        status = ed_output_parse(&output, arguments, false, &err);
    if (!status)
        status = ed_resources_load(&resources, cli, &err);
    if (status)
        code = ed_cli_fail(cli, &err);
    else
        code = word->run ? word->run(cli, &resources, &output) : list(cli, &resources, &output);
    ed_resources_release(&resources);
    ed_output_release(&output);
    return code;
}

static const char *const usages[] = {"[OPTION...]", "fetch [--target TARGET] NAME[@VERSION]...",
                                     "add [--target TARGET] [ENGINE] DIR --as NAME",
                                     "check [--adapter FILE] NAME[@VERSION][/BACKEND] [MODEL]", NULL};
static const char *const notes[] = {
    "Lists every engine build with its backends. A build that is present is asked on the device what it "
    "offers there: ready, "
    "simulated (a simulator or a software GPU, whose times are no speed), or not here, with the reason. One "
    "that is absent is "
    "listed by its manifest: fetchable, or no, with the reason. Listed are the builds for this machine and "
    "for the devices; "
    "--target '*' lists all.",
    "`fetch` brings builds into the store with their package clients (pip, npm, Maven, apt) and checks every "
    "digest; a version "
    "that is not given is the first of engines.json. NAME and VERSION may be patterns: 'onnxruntime@*'.",
    "`add` copies a build of your own into the store: the shared libraries of DIR, or of its lib or lib64. "
    "It is used as "
    "ENGINE@NAME, such as --on onnxruntime@mybuild; adding it again replaces it.",
    "`check` runs the conformance checks of adapters against an engine, each in a process of its own, and "
    "says what passes, what "
    "fails and what does not apply. Exit status 1: one failed.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno engines", "builds and backends on this machine"},
    {"edgedyno engines --target '*'", "builds for every kind of device"},
    {"edgedyno engines fetch --target linux-aarch64 onnxruntime", "bring the build for a Raspberry Pi"},
    {"edgedyno engines fetch 'onnxruntime@*'", "bring every version of an engine"},
    {"edgedyno engines add ~/onnxruntime/build/Release --as mybuild", "take a build of your own"},
    {"edgedyno engines check onnxruntime@mybuild model.onnx", "try it"},
};

const struct ed_cli_command ed_cli_engines = {
    .name = "engines",
    .summary = "list engine builds and their backends; fetch, add or check a build",
    .usages = usages,
    .words = subcommands,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_engines, &ed_options_list_output, &ed_options_fleet},
    .n_groups = 3,
    .run = engines,
};
