// SPDX-License-Identifier: Apache-2.0
// What `run` and `report` share: a campaign's directory to reports, and names for people.
#ifndef EDGEDYNO_HARNESS_CLI_SHOW_H
#define EDGEDYNO_HARNESS_CLI_SHOW_H

#include "harness/cli/output.h"

// Loads the campaign, judges its records and writes the reports; warnings and errors are told. Returns the
// exit status by the records, and *any says whether there was a record to show. `only_if_any` leaves out
// reports without a record. `elapsed_ns` is what the run took, for the line of totals that several devices
// get; below zero there is no such line.
int ed_show_campaign(const struct ed_cli *cli, const struct ed_output *output, const char *directory,
                     bool only_if_any, int64_t elapsed_ns, bool *any);
// `path` as one word of a shell, quoted where that is needed.
void ed_show_quote(char *out, size_t bytes, const char *path);
// ED_OK where `path` is a directory with a campaign; else ED_ERR_NOT_FOUND that names the newest of ./runs,
// if there is one.
enum ed_status ed_show_check_campaign(const char *path, struct ed_error *err);
// Fails with `what`, and the newest campaign.
enum ed_status ed_show_no_campaign(const char *where, const char *what, struct ed_error *err);

#endif
