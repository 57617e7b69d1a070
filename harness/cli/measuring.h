// SPDX-License-Identifier: Apache-2.0
// What the commands that measure share: their flags, Ctrl-C, progress, and the report at the end.
#ifndef EDGEDYNO_HARNESS_CLI_MEASURING_H
#define EDGEDYNO_HARNESS_CLI_MEASURING_H

#include "harness/cli/resources.h"
#include "harness/cli/show.h"
#include "harness/measure.h"

struct ed_measuring {
    struct ed_measure_args args;
    struct ed_transport_context transport;
    const char *resume; // --resume DIR; NULL: a new campaign
};

// Flags that do not go together, before anything is opened.
enum ed_status ed_measuring_check(const struct ed_arguments *arguments, struct ed_error *err);
// The struct stays where it is from then on.
enum ed_status ed_measuring_fill(struct ed_measuring *measuring, struct ed_cli *cli,
                                 const struct ed_resources *resources, struct ed_error *err);
// --dry-run. Both return the exit status.
int ed_measuring_plan(const struct ed_cli *cli, const struct ed_measuring *measuring,
                      const struct ed_suite *suite);
// Measures, or resumes where `suite` is NULL, with progress and Ctrl-C; `directory` is the campaign's, and
// that to be resumed. ED_ERR_CANCELLED after Ctrl-C.
enum ed_status ed_measuring_measure(struct ed_cli *cli, struct ed_measuring *measuring,
                                    const struct ed_suite *suite, char directory[ED_PATH_BYTES],
                                    bool *finished, struct ed_error *err);
// How that ended, for whoever reports it.
struct ed_measuring_end {
    int code;      // of measuring alone: 0, or what the failure that was told comes to
    bool shows;    // there is a campaign of this run
    bool finished; // nothing is left to resume
    int64_t elapsed_ns;
};
// Measures (or resumes); `directory` is that of the campaign, "" where none was made. Failures are told.
void ed_measuring_do(struct ed_cli *cli, struct ed_measuring *measuring, const struct ed_suite *suite,
                     char directory[ED_PATH_BYTES], struct ed_measuring_end *end);
// Reports it, and says what a person may do next. Returns the exit status of both.
int ed_measuring_show(const struct ed_cli *cli, const struct ed_output *output, const char *directory,
                      const struct ed_measuring_end *end);
// Both.
int ed_measuring_run(struct ed_cli *cli, struct ed_measuring *measuring, const struct ed_suite *suite,
                     const struct ed_output *output, char directory[ED_PATH_BYTES]);

#endif
