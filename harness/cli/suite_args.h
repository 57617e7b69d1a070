// SPDX-License-Identifier: Apache-2.0
// A suite from the command line: operands and the flags that override it.
#ifndef EDGEDYNO_HARNESS_CLI_SUITE_ARGS_H
#define EDGEDYNO_HARNESS_CLI_SUITE_ARGS_H

#include "base/options.h"
#include "base/path.h"
#include "harness/suite.h"

// The suite is released on failure.
enum ed_status ed_suite_of_arguments(struct ed_suite *suite, const struct ed_arguments *arguments,
                                     struct ed_error *err);
// --resume goes by the frozen plan: ED_ERR_USAGE names an operand or a flag that would change it.
enum ed_status ed_suite_check_resume(const struct ed_arguments *arguments, struct ed_error *err);

#endif
