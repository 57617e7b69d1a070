// SPDX-License-Identifier: Apache-2.0
// Put before every source by tests/lint/tidy.py. The analyzer does not look into functions with variable
// arguments, and so believes that ed_fail might return ED_OK; told by its value that it does not, it follows
// no path on which a failure counts as success.
#ifndef EDGEDYNO_TESTS_LINT_ANALYZER_H
#define EDGEDYNO_TESTS_LINT_ANALYZER_H

#include "edgedyno/error.h"

#define ed_fail(err, code, ...) ((void)(ed_fail)(err, code, __VA_ARGS__), (enum ed_status)(code))
#define ed_fail_errno(err, code, ...) ((void)(ed_fail_errno)(err, code, __VA_ARGS__), (enum ed_status)(code))

#endif
