// SPDX-License-Identifier: Apache-2.0
// edgedyno: finds the command, parses its flags by its tables, calls it.
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/nearest.h"
#include "harness/cli/cli.h"
#include "harness/cli/help.h"

#define COLUMNS_LEAST 20
#define COLUMNS_MOST 10000

static void nothing(int signal_number) {
    (void)signal_number;
}

static int columns_of_environment(void) {
    const char *text = getenv("COLUMNS");
    char *end = NULL;
    long columns = text && text[0] ? strtol(text, &end, 10) : 0;
    return end && *end == '\0' && columns >= COLUMNS_LEAST && columns <= COLUMNS_MOST ? (int)columns : 0;
}

static bool obeys_colour(int fd) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no_color && no_color[0]) && term && term[0] && strcmp(term, "dumb") != 0;
}

static void find_terminal(struct ed_cli *cli) {
    struct winsize size = {0};
    cli->columns = columns_of_environment();
    if (isatty(STDOUT_FILENO)) {
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= COLUMNS_LEAST)
            cli->columns = size.ws_col;
        else if (!cli->columns)
            cli->columns = 80;
    }
    cli->colour = obeys_colour(STDOUT_FILENO);
    cli->colour_err = obeys_colour(STDERR_FILENO);
}

// PREFIX/bin/edgedyno -> PREFIX/lib/edgedyno. That it is there is asked where it is needed.
static void find_library_dir(struct ed_cli *cli) {
    char self[ED_PATH_BYTES], bin[ED_PATH_BYTES], prefix[ED_PATH_BYTES], path[ED_PATH_BYTES];
    if (ed_path_self(self, NULL) != ED_OK)
        return;
    ed_path_directory(bin, self);
    ed_path_directory(prefix, bin);
    if (ed_path_join(path, prefix, "lib/edgedyno", NULL) != ED_OK)
        return;
    if (ed_path_real(cli->library_dir, path, NULL) != ED_OK)
        memcpy(cli->library_dir, path, sizeof path);
}

static int unknown_command(const struct ed_cli *cli, const char *word) {
    const char *near = ed_nearest(word, ed_cli_command_names());
    if (word[0] == '-' && word[1])
        return ed_cli_usage(
            cli,
            "%.80s: flags follow the command: edgedyno COMMAND %.80s; `edgedyno help` lists the commands",
            word, word);
    if (near)
        return ed_cli_usage(cli, "'%.80s' is no command; did you mean `edgedyno %s`?", word, near);
    if (ed_path_exists(word))
        return ed_cli_usage(cli, "'%.200s' is a file, not a command; to measure it: edgedyno run %.200s",
                            word, word);
    return ed_cli_usage(cli, "'%.80s' is no command; `edgedyno help` lists them", word);
}

// --help is answered even where the rest of the line is wrong.
static bool asks_for_help(const struct ed_cli_command *command, int argc, const char *const *argv) {
    if (command == &ed_cli_help)
        return false;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

// Parses the flags behind the command and calls it.
static int parse_and_run(struct ed_cli *cli, struct ed_arguments *arguments, int argc,
                         const char *const *argv) {
    const struct ed_cli_command *command = cli->command;
    const struct ed_option *tables[ED_CLI_GROUPS_MAX];
    size_t counts[ED_CLI_GROUPS_MAX];
    const struct ed_option_set set = {tables, counts, command->n_groups};
    struct ed_error err = {0};
    for (size_t i = 0; i < command->n_groups; i++) {
        tables[i] = command->groups[i]->options;
        counts[i] = command->groups[i]->n;
    }
    if (ed_arguments_parse(arguments, &set, argc, argv, &err) != ED_OK)
        return ed_cli_fail(cli, &err);
    cli->quiet = ed_arguments_has(arguments, "quiet");
    if (cli->quiet && ed_arguments_has(arguments, "verbose"))
        return ed_cli_usage(cli, "--quiet and --verbose exclude each other");
    if (cli->quiet)
        cli->log.level = ED_LOG_ERROR;
    else if (ed_arguments_has(arguments, "verbose"))
        cli->log.level = ED_LOG_DETAIL;
    return command->run(cli);
}

static int run_command(struct ed_cli *cli, const struct ed_cli_command *command, int argc,
                       const char *const *argv) {
    struct ed_arguments arguments = {0};
    if (asks_for_help(command, argc, argv))
        return ed_cli_help_command(cli, command);
    cli->command = command;
    cli->arguments = &arguments;
    int code = parse_and_run(cli, &arguments, argc, argv);
    ed_arguments_release(&arguments);
    cli->arguments = NULL;
    return code;
}

// Standard streams that were closed would be taken by the first files that are opened.
static void open_standard_streams(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv) {
    struct ed_cli cli = {.log = {.program = "edgedyno", .level = ED_LOG_INFO}};
    // A handler, not SIG_IGN, since that would be inherited by every program that is started.
    const struct sigaction broken_pipe = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    open_standard_streams();
#ifdef __GLIBC__
    // A thread a device, all of which mostly wait: heaps of their own would cost more memory than they save
    // time.
    mallopt(M_ARENA_MAX, 1);
#endif
    sigaction(SIGPIPE, &broken_pipe, NULL);
    find_terminal(&cli);
    find_library_dir(&cli);
    if (argc < 2) {
        struct ed_error err = {0};
        struct ed_buffer text;
        ed_buffer_init(&text, 1u << 20);
        ed_cli_help_short(&text);
        ed_path_write_all(STDERR_FILENO, ed_buffer_text(&text), text.size, "standard error", &err);
        ed_buffer_release(&text);
        return ED_EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        word = "version";
    const struct ed_cli_command *command = ed_cli_command_find(word);
    if (!command)
        return unknown_command(&cli, word);
    return run_command(&cli, command, argc - 1, (const char *const *)argv + 1);
}
