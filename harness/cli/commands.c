// SPDX-License-Identifier: Apache-2.0
// The table of commands.
#include <string.h>

#include "harness/cli/cli.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// One line a command, in the order of help.
// clang-format off
static const struct ed_cli_command *const commands[] = {
    &ed_cli_run,
    &ed_cli_gate,
    &ed_cli_tune,
    &ed_cli_fit,
    &ed_cli_compare,
    &ed_cli_report,
    &ed_cli_history,
    &ed_cli_baseline,
    &ed_cli_data,
    &ed_cli_devices,
    &ed_cli_engines,
    &ed_cli_quantize,
    &ed_cli_help,
    &ed_cli_version,
};
static const char *const names[] = {
    "run",
    "gate",
    "tune",
    "fit",
    "compare",
    "report",
    "history",
    "baseline",
    "data",
    "devices",
    "engines",
    "quantize",
    "help",
    "version",
    NULL,
};
// clang-format on
_Static_assert(COUNT(names) == COUNT(commands) + 1, "each command has its name");

const struct ed_cli_command *const *ed_cli_commands(size_t *n) {
    *n = COUNT(commands);
    return commands;
}

const struct ed_cli_command *ed_cli_command_find(const char *name) {
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

const char *const *ed_cli_command_names(void) {
    return names;
}
