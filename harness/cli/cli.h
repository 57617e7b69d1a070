// SPDX-License-Identifier: Apache-2.0
// The command line program: one row a command, from which dispatch, --help, man page, completion and
// reference are made.
#ifndef EDGEDYNO_HARNESS_CLI_CLI_H
#define EDGEDYNO_HARNESS_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/options.h"
#include "base/path.h"
#include "harness/cli/options.h"

#define ED_CLI_GROUPS_MAX 4

enum ed_exit {
    ED_EXIT_PASS = 0,
    ED_EXIT_FAIL = 1,
    ED_EXIT_USAGE = 2,
    ED_EXIT_INCONCLUSIVE = 3,
    ED_EXIT_DEVICE = 4,
    ED_EXIT_INVALID = 5,
    ED_EXIT_INTERRUPTED = 130,
};

// What a command finds when it is called. Everything is borrowed.
struct ed_cli {
    const struct ed_cli_command *command;
    const struct ed_arguments *arguments;
    struct ed_log log;
    bool quiet;
    char library_dir[ED_PATH_BYTES]; // PREFIX/lib/edgedyno, absolute
    int columns;                     // of standard output; 0: no limit
    bool colour;                     // standard output obeys colours
    bool colour_err;                 // standard error does
};

struct ed_cli_example {
    const char *command, *what;
};

struct ed_cli_command {
    const char *name, *summary;
    const char *const *usages; // NULL-terminated; what follows "edgedyno NAME"
    const char *const *words;  // subcommands, NULL-terminated; NULL where there are none
    const char *const *notes;  // paragraphs, NULL-terminated
    const struct ed_cli_example *examples;
    size_t n_examples;
    const struct ed_option_group *groups[ED_CLI_GROUPS_MAX];
    size_t n_groups;
    bool operand_is_file, operand_is_directory; // for completion
    int (*run)(struct ed_cli *cli);             // returns the exit status
};

// The table, in the order in which help lists it.
const struct ed_cli_command *const *ed_cli_commands(size_t *n);
const struct ed_cli_command *ed_cli_command_find(const char *name); // NULL: none
// Names of all commands, NULL-terminated.
const char *const *ed_cli_command_names(void);

extern const struct ed_cli_command ed_cli_run, ed_cli_gate, ed_cli_tune, ed_cli_fit, ed_cli_compare,
    ed_cli_devices, ed_cli_report, ed_cli_engines, ed_cli_quantize, ed_cli_history, ed_cli_baseline,
    ed_cli_data, ed_cli_help, ed_cli_version;

// Writes the error and returns the exit status for it: 2 where the user named or wrote something wrong,
// else 4.
int ed_cli_fail(const struct ed_cli *cli, const struct ed_error *err);
// The same with a message of its own and exit status 2.
__attribute__((format(printf, 2, 3))) int ed_cli_usage(const struct ed_cli *cli, const char *format, ...);
// Writes all of it to standard output. A reader that went away is fine: ED_ERR_CANCELLED, which nobody needs
// to be told.
enum ed_status ed_cli_print(const char *text, size_t bytes, struct ed_error *err);
// A buffer's text to standard output; returns the exit status.
int ed_cli_print_buffer(const struct ed_cli *cli, const struct ed_buffer *buffer);
// The graver of two exit statuses by the rule: the first of 130, 2, 1, 4, 5, 3.
int ed_cli_exit_combine(int a, int b);

#endif
