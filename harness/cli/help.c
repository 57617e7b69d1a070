// SPDX-License-Identifier: Apache-2.0
// --help: short and long, wrapped to the terminal.
#include "harness/cli/help.h"

#include <string.h>

#include "reports/text.h"

#define WIDTH_MOST 100
#define WIDTH_LEAST 50
#define HELP_AT 28

const struct ed_cli_row ed_cli_exits[] = {
    {"0", "measured; every requirement passed, or there was none"},
    {"1", "a requirement failed"},
    {"2", "wrong usage, suite, fleet file or configuration"},
    {"3", "a requirement could not be decided"},
    {"4", "a device or an engine failed"},
    {"5", "the state of the device makes the result invalid"},
    {"130", "stopped by Ctrl-C; --resume goes on"},
    {NULL, NULL},
};

const struct ed_cli_row ed_cli_files[] = {
    {"runs/START-ID/",
     "a campaign: what was planned, and every block as it was measured; reports are made from it alone"},
    {"devices.json", "the fleet; looked for in the current directory, then in $XDG_CONFIG_HOME/edgedyno"},
    {"$XDG_CONFIG_HOME/edgedyno/engines.json", "engine builds, instead of the list that is built in"},
    {"$XDG_DATA_HOME/edgedyno/engines/", "engine builds that are present"},
    {"$XDG_DATA_HOME/edgedyno/baselines/", "models and engine builds that `baseline set` keeps"},
    {"$XDG_STATE_HOME/edgedyno/history.sqlite", "the history of campaigns"},
    {"$XDG_STATE_HOME/edgedyno/work/", "work directory of the device local"},
    {"$XDG_CACHE_HOME/edgedyno/", "digests of files that have not changed since"},
    {NULL, NULL},
};

const struct ed_cli_row ed_cli_variables[] = {
    {"EDGEDYNO_ENGINE_STORE", "directory of the engine builds that are present"},
    {"XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_CACHE_HOME",
     "folders of the user; by default .config, .local/share, .local/state and .cache in HOME"},
    {"NO_COLOR", "where it is set and not empty, nothing is coloured"},
    {"TERM", "where it is \"dumb\", nothing is coloured or redrawn"},
    {"COLUMNS",
     "width of tables where standard output is no terminal; without it they are as wide as they need"},
    {NULL, NULL},
};

static void pad(struct ed_buffer *out, size_t n) {
    ed_text_repeat(out, ' ', n);
}

// `text` from column `at`, broken at spaces; further lines are indented by `indent`. Ends the line.
static void wrap(struct ed_buffer *out, const char *text, size_t at, size_t indent, size_t width) {
    bool first = true;
    while (*text) {
        size_t word = strcspn(text, " "), columns = ed_text_width_n(text, word);
        if (!first && at + 1 + columns > width) {
            ed_buffer_append(out, "\n", 1);
            pad(out, indent);
            at = indent;
            first = true;
        }
        if (!first)
            ed_buffer_append(out, " ", 1);
        ed_buffer_append(out, text, word);
        at += columns + !first;
        first = false;
        text += word;
        text += strspn(text, " ");
    }
    ed_buffer_append(out, "\n", 1);
}

static void row(struct ed_buffer *out, const char *left, const char *right, size_t at, size_t width) {
    size_t used = 2 + ed_text_width(left);
    pad(out, 2);
    ed_buffer_text_append(out, left);
    if (used + 2 > at) {
        ed_buffer_append(out, "\n", 1);
        used = 0;
    }
    pad(out, at - used);
    wrap(out, right, at, at, width);
}

void ed_cli_option_left(const struct ed_option *option, struct ed_buffer *out) {
    const char *value = ed_options_value_name(option);
    if (option->letter)
        ed_buffer_printf(out, "-%c, ", option->letter);
    ed_buffer_printf(out, "--%s%s%s", option->name, *value ? " " : "", value);
}

void ed_cli_option_help(const struct ed_option *option, struct ed_buffer *out) {
    struct ed_buffer words;
    ed_buffer_init(&words, 4096);
    ed_buffer_text_append(out, option->help);
    ed_options_words(option, &words);
    if (words.size) {
        ed_buffer_text_append(out, ": ");
        for (const char *p = ed_buffer_text(&words); *p; p++)
            ed_buffer_text_append(out, *p == '|' ? ", " : (char[]){*p, '\0'});
    }
    ed_buffer_release(&words);
    if (option->fallback[0])
        ed_buffer_printf(out, " (default: %s)", option->fallback);
    if (option->flags & ED_OPTION_REPEATABLE)
        ed_buffer_text_append(out, " (may be repeated)");
}

static void group_text(struct ed_buffer *out, const struct ed_option_group *group, size_t width) {
    struct ed_buffer left, right;
    ed_buffer_init(&left, 4096);
    ed_buffer_init(&right, 4096);
    ed_buffer_printf(out, "\n%s:\n", group->title);
    for (size_t i = 0; i < group->n; i++) {
        if (group->options[i].flags & ED_OPTION_HIDDEN)
            continue;
        ed_buffer_clear(&left);
        ed_buffer_clear(&right);
        if (!group->options[i].letter)
            ed_buffer_text_append(&left, "    ");
        ed_cli_option_left(&group->options[i], &left);
        ed_cli_option_help(&group->options[i], &right);
        row(out, ed_buffer_text(&left), ed_buffer_text(&right), HELP_AT, width);
    }
    ed_buffer_release(&left);
    ed_buffer_release(&right);
}

void ed_cli_help_short(struct ed_buffer *out) {
    size_t n;
    const struct ed_cli_command *const *commands = ed_cli_commands(&n);
    ed_buffer_text_append(out, "usage: edgedyno COMMAND [OPTION...] [OPERAND...]\n\n");
    for (size_t i = 0; i < n; i++)
        ed_buffer_printf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    ed_buffer_text_append(
        out, "\n`edgedyno help COMMAND` explains a command; `edgedyno help --man` is the manual.\n");
}

void ed_cli_help_text(struct ed_buffer *out, const struct ed_cli_command *command, size_t width) {
    for (size_t i = 0; command->usages[i]; i++)
        ed_buffer_printf(out, "%s edgedyno %s%s%s\n", i ? "      " : "usage:", command->name,
                         command->usages[i][0] ? " " : "", command->usages[i]);
    for (size_t i = 0; command->notes[i]; i++) {
        ed_buffer_append(out, "\n", 1);
        wrap(out, command->notes[i], 0, 0, width);
    }
    for (size_t i = 0; i < command->n_groups; i++)
        group_text(out, command->groups[i], width);
    if (command->n_examples)
        ed_buffer_text_append(out, "\nexamples:\n");
    for (size_t i = 0; i < command->n_examples; i++) {
        pad(out, 2);
        wrap(out, command->examples[i].what, 2, 2, width);
        ed_buffer_printf(out, "      %s\n", command->examples[i].command);
    }
}

static size_t help_width(const struct ed_cli *cli) {
    size_t width = cli->columns > 0 ? (size_t)cli->columns : 80;
    return width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : width;
}

int ed_cli_help_command(const struct ed_cli *cli, const struct ed_cli_command *command) {
    struct ed_buffer out;
    size_t width = help_width(cli);
    ed_buffer_init(&out, ED_CLI_TEXT_MAX_BYTES);
    if (command)
        ed_cli_help_text(&out, command, width);
    else {
        wrap(&out, "edgedyno " ED_CLI_SUMMARY ".", 0, 0, width);
        ed_buffer_append(&out, "\n", 1);
        ed_cli_help_short(&out);
        ed_buffer_text_append(&out, "\nexit status:\n");
        for (size_t i = 0; ed_cli_exits[i].name; i++)
            row(&out, ed_cli_exits[i].name, ed_cli_exits[i].what, 8, width);
    }
    int code = ed_cli_print_buffer(cli, &out);
    ed_buffer_release(&out);
    return code;
}
