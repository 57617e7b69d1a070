// SPDX-License-Identifier: Apache-2.0
// `edgedyno help`: help of a command, and everything that is generated from the tables.
#include "base/nearest.h"
#include "devices/inventory.h"
#include "harness/cli/help.h"
#include "harness/suite.h"
#include "reports/choice.h"
#include "reports/schema.h"

#include <string.h>

static enum ed_status generate(const struct ed_arguments *arguments, struct ed_buffer *out, bool *done,
                               struct ed_error *err) {
    const char *shell = ed_arguments_get(arguments, "completion"),
               *schema = ed_arguments_get(arguments, "schema");
    int asked = ed_arguments_has(arguments, "man") + ed_arguments_has(arguments, "reference") +
                (shell != NULL) + (schema != NULL);
    *done = asked > 0;
    if (asked > 1)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "--man, --reference, --completion and --schema exclude each other");
    if (asked && arguments->n_operands)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "no command may stand beside --man, --reference, --completion or --schema");
    if (ed_arguments_has(arguments, "man"))
        ed_cli_manual(out);
    else if (ed_arguments_has(arguments, "reference"))
        return ed_cli_reference(out, err);
    else if (shell && strcmp(shell, "bash") == 0)
        ed_cli_completion_bash(out);
    else if (shell)
        ed_cli_completion_zsh(out);
    else if (schema && strcmp(schema, "suite") == 0)
        ed_suite_schema(out);
    else if (schema && strcmp(schema, "devices") == 0)
        ed_inventory_schema(out);
    else if (schema && strcmp(schema, "choice") == 0)
        ed_choice_schema(out);
    else if (schema)
        ed_report_schema(out);
    return ED_OK;
}

static int help_of_word(struct ed_cli *cli, const char *word) {
    const struct ed_cli_command *command = ed_cli_command_find(word);
    const char *near = ed_nearest(word, ed_cli_command_names());
    if (command)
        return ed_cli_help_command(cli, command);
    if (near)
        return ed_cli_usage(cli, "'%.80s' is no command; did you mean `edgedyno help %s`?", word, near);
    return ed_cli_usage(cli, "'%.80s' is no command; `edgedyno help` lists them", word);
}

static int help(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_error err = {0};
    struct ed_buffer out;
    bool done = false;
    int code;
    ed_buffer_init(&out, ED_CLI_TEXT_MAX_BYTES);
    if (generate(arguments, &out, &done, &err) != ED_OK)
        code = ed_cli_fail(cli, &err);
    else if (done)
        code = ed_cli_print_buffer(cli, &out);
    else if (ed_arguments_has(arguments, "help"))
        code = ed_cli_help_command(cli, &ed_cli_help);
    else if (arguments->n_operands > 1)
        code = ed_cli_usage(cli, "help takes one command, and %zu were given", arguments->n_operands);
    else if (arguments->n_operands == 1)
        code = help_of_word(cli, arguments->operands[0]);
    else
        code = ed_cli_help_command(cli, NULL);
    ed_buffer_release(&out);
    return code;
}

static const char *const usages[] = {"[COMMAND]", "--man | --reference | --completion SHELL | --schema FILE",
                                     NULL};
static const char *const notes[] = {
    "Explains the program or one command, or prints what is generated from its tables.", NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno help run", "the flags of `run`"},
    {"edgedyno help --completion bash > ~/.local/share/bash-completion/completions/edgedyno",
     "complete commands and flags in bash"},
    {"edgedyno help --schema suite > suite.schema.json", "let an editor check suites"},
};

const struct ed_cli_command ed_cli_help = {
    .name = "help",
    .summary = "explain a command; manual, reference, completion, schemas",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_help, &ed_options_general},
    .n_groups = 2,
    .run = help,
};
