// SPDX-License-Identifier: Apache-2.0
// `edgedyno engines add`: a build of the user's own into the store.
#include "devices/engine_add.h"
#include "harness/cli/command_engines.h"

int ed_engines_command_add(struct ed_cli *cli, struct ed_resources *resources,
                           const struct ed_output *output) {
    const struct ed_arguments *arguments = cli->arguments;
    const char *target = ed_arguments_get(arguments, "target");
    const bool named = arguments->n_operands == 3;
    const struct ed_engine_add add = {
        .engine = named ? arguments->operands[1] : NULL,
        .directory = arguments->operands[named ? 2 : 1],
        .version = ed_arguments_get(arguments, "as"),
        .target = target ? target : ED_TARGET,
    };
    struct ed_error err = {0};
    char id[130];
    (void)output;
    if (!add.version)
        return ed_cli_usage(cli, "engines add needs --as NAME: what the build is called, as in --on "
                                 "onnxruntime@NAME");
    enum ed_status status =
        ed_engines_add(&resources->engines, &resources->catalogue, &add, &cli->log, id, &err);
    if (status)
        return ed_cli_fail(cli, &err);
    ed_log_line(&cli->log, ED_LOG_INFO, "%s for %s is in the store; `edgedyno engines check %s` tries it", id,
                add.target, id);
    return ED_EXIT_PASS;
}
