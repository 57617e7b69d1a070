// SPDX-License-Identifier: Apache-2.0
// What `run`, `gate` and `tune` are alike in: words to a suite, --dry-run, --resume, and the report at the
// end.
#ifndef EDGEDYNO_HARNESS_CLI_MEASURED_H
#define EDGEDYNO_HARNESS_CLI_MEASURED_H

#include "harness/cli/measuring.h"

struct ed_measured_command;

// What a command holds while it measures.
struct ed_measured {
    const struct ed_measured_command *command;
    struct ed_output output;
    struct ed_resources resources;
    struct ed_measuring measuring;
    struct ed_suite suite; // of a resume: without models
    char directory[ED_PATH_BYTES];
};

// What each adds to that.
struct ed_measured_command {
    bool chooses;                          // has the format "choice"
    void (*begin)(struct ed_suite *suite); // before the words
    // Flags of its own; and the suite when all flags are in it.
    enum ed_status (*check)(const struct ed_arguments *arguments, struct ed_error *err);
    enum ed_status (*settle)(struct ed_suite *suite, const struct ed_arguments *arguments,
                             struct ed_error *err);
    int (*measure)(struct ed_cli *cli, struct ed_measured *measured); // and report; returns the exit status
};

// Of a command that has nothing to add.
void ed_measured_begin_plain(struct ed_suite *suite);
enum ed_status ed_measured_check_plain(const struct ed_arguments *arguments, struct ed_error *err);
enum ed_status ed_measured_settle_plain(struct ed_suite *suite, const struct ed_arguments *arguments,
                                        struct ed_error *err);
int ed_measured_measure_plain(struct ed_cli *cli, struct ed_measured *measured);

// The suite of `arguments`, settled; `suite` is initialised, and released after a failure.
enum ed_status ed_measured_suite(const struct ed_measured_command *command, struct ed_suite *suite,
                                 const struct ed_arguments *arguments, struct ed_error *err);
// The whole command; returns the exit status.
int ed_measured_run(struct ed_cli *cli, const struct ed_measured_command *command);

#endif
