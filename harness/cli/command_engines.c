// SPDX-License-Identifier: Apache-2.0
// `edgedyno engines`: which engine builds there are and what they offer; `engines fetch` brings one.
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "harness/cli/output.h"
#include "harness/cli/survey.h"

static const char *const subcommands[] = {"fetch", NULL};
static const char *const later[] = {"add", "check", NULL};

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

// The build is looked up among constant ones and changed by the fetch; its place in the list is the same.
static struct ed_engine_build *own_build(struct ed_resources *resources,
                                         const struct ed_engine_build *build) {
    return &resources->engines.builds[build - resources->engines.builds];
}

static int fetch(struct ed_cli *cli, struct ed_resources *resources, const char *operand) {
    const char *target = ed_arguments_get(cli->arguments, "target");
    const char *at = strchr(operand, '@');
    const struct ed_engine_build *found = NULL;
    struct ed_error err = {0};
    char name[64];
    if (at && !at[1])
        return ed_cli_usage(
            cli, "'%.80s' has no version behind the @; leave out the @ for the first of engines.json",
            operand);
    if (strchr(operand, '/'))
        return ed_cli_usage(cli, "'%.80s': a build has all its backends; write NAME or NAME@VERSION",
                            operand);
    snprintf(name, sizeof name, "%.*s", (int)(at && at - operand < 63 ? at - operand : 63), operand);
    enum ed_status status = ed_engines_find(&resources->engines, name, at ? at + 1 : NULL,
                                            target ? target : ED_TARGET, &found, &err);
    if (status)
        return ed_cli_fail(cli, &err);
    if (!found->n_packages) {
        ed_log_line(&cli->log, ED_LOG_INFO, "%s is built in; there is nothing to fetch", found->id);
        return ED_EXIT_PASS;
    }
    bool brought = false;
    struct ed_engine_build *build = own_build(resources, found);
    // Also where it is present: the files' digests are taken again.
    status = ed_engines_fetch(&resources->engines, build, &cli->log, &brought, &err);
    if (status)
        return ed_cli_fail(cli, &err);
    ed_log_line(&cli->log, ED_LOG_INFO, "%s for %s %s in %s", build->id, build->target,
                brought ? "is present now" : "is already present", build->directory);
    return ED_EXIT_PASS;
}

static int engines(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_output output = {0};
    struct ed_resources resources = {0};
    struct ed_error err = {0};
    const char *word = arguments->n_operands ? arguments->operands[0] : NULL;
    const char *near = word ? ed_nearest(word, subcommands) : NULL;
    bool fetches = word && strcmp(word, "fetch") == 0;
    int code;
    for (size_t i = 0; word && later[i]; i++)
        if (strcmp(word, later[i]) == 0)
            return ed_cli_usage(
                cli, "'engines %s' is not part of this version; `edgedyno help engines` lists what is", word);
    if (word && !fetches)
        return near ? ed_cli_usage(cli, "engines takes no '%.80s'; did you mean `edgedyno engines %s`?", word,
                                   near)
                    : ed_cli_usage(cli,
                                   "engines takes no '%.80s'; to bring a build: edgedyno engines fetch NAME",
                                   word);
    if (fetches && arguments->n_operands != 2)
        return ed_cli_usage(cli,
                            "engines fetch takes one NAME or NAME@VERSION; `edgedyno engines` lists them");
    static const char *const of_list[] = {"device", "format", "export"};
    for (size_t i = 0; fetches && i < sizeof of_list / sizeof of_list[0]; i++)
        if (ed_arguments_has(arguments, of_list[i]))
            return ed_cli_usage(cli, "--%s does not go with `engines fetch`", of_list[i]);
    enum ed_status status = ed_options_check_habits(arguments, &err);
    if (!status)
        status = ed_output_parse(&output, arguments, false, &err);
    if (!status)
        status = ed_resources_load(&resources, cli, &err);
    if (status)
        code = ed_cli_fail(cli, &err);
    else
        code = fetches ? fetch(cli, &resources, arguments->operands[1]) : list(cli, &resources, &output);
    ed_resources_release(&resources);
    ed_output_release(&output);
    return code;
}

static const char *const usages[] = {"[OPTION...]", "fetch [--target TARGET] NAME[@VERSION]", NULL};
static const char *const notes[] = {"Lists every engine build with its backends. A build that is present is "
                                    "asked on the device what it offers there: ready, simulated (a "
                                    "simulator or a software GPU, whose times are no speed), or not here, "
                                    "with the reason. One that is absent is listed by its manifest. Listed "
                                    "are the builds for this machine and for the devices; --target '*' "
                                    "lists all.",
                                    "`fetch` brings a build into the store with its package client and "
                                    "checks every digest; a version that is not given is the first of "
                                    "engines.json.",
                                    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno engines", "builds and backends on this machine"},
    {"edgedyno engines --target '*'", "builds for every kind of device"},
    {"edgedyno engines fetch --target linux-aarch64 onnxruntime", "bring the build for a Raspberry Pi"},
    {"edgedyno engines fetch onnxruntime", "bring the first version that engines.json lists"},
};

const struct ed_cli_command ed_cli_engines = {
    .name = "engines",
    .summary = "list engine builds and their backends; fetch a build",
    .usages = usages,
    .words = subcommands,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_engines, &ed_options_list_output, &ed_options_fleet},
    .n_groups = 3,
    .run = engines,
};
