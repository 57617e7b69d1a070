// SPDX-License-Identifier: Apache-2.0
// Parsing by option tables (edgedyno/option.h): command lines and KEY=VALUE options.
#ifndef EDGEDYNO_BASE_OPTIONS_H
#define EDGEDYNO_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/option.h"

// Several tables are searched in order (a command's own, the measuring flags, the global ones).
struct ed_option_set {
    const struct ed_option *const *tables;
    const size_t *counts;
    size_t n_tables;
};

// One value given on the command line, borrowed from argv.
struct ed_option_value {
    const struct ed_option *option;
    const char *text; // "" for a flag
};

struct ed_arguments {
    struct ed_option_value *values;
    size_t n_values;
    const char **operands; // what is no flag, in order
    size_t n_operands;
};

// GNU habits: --name VALUE, --name=VALUE, -x VALUE, -xVALUE, bundled flags -qv, options anywhere, "--" ends
// them, "-" is an operand. A table row whose name has two or three letters also matches with one dash (-ngl
// 0). Every value is checked against its row (type, range, words). Errors are ED_ERR_USAGE and name the
// nearest flag; a non-repeatable option given twice is an error. Long names are not abbreviated (scripts
// would break when a flag is added). argv[0] is the command's own name and is skipped. On failure `arguments`
// is empty.
enum ed_status ed_arguments_parse(struct ed_arguments *arguments, const struct ed_option_set *set, int argc,
                                  const char *const *argv, struct ed_error *err);
void ed_arguments_release(struct ed_arguments *arguments);
// Last value of `name`, or NULL where it was not given.
const char *ed_arguments_get(const struct ed_arguments *arguments, const char *name);
bool ed_arguments_has(const struct ed_arguments *arguments, const char *name);

// Checks one text against a row; `where` is "--threads" or "option intra_op".
enum ed_status ed_option_check(const struct ed_option *option, const char *where, const char *text,
                               struct ed_error *err);

// "1,2,8" and ranges "1-8", "1-8*2" (1 2 4 8), "1-8+3" (1 4 7). At most `capacity` values, else ED_ERR_LIMIT;
// duplicates are kept once.
enum ed_status ed_options_int_list(const char *text, const char *where, int64_t min, int64_t max,
                                   int64_t *values, size_t capacity, size_t *n, struct ed_error *err);
// Splits at commas; empty parts are an error. *parts is one allocation that holds pointers and text (free).
enum ed_status ed_options_list(const char *text, const char *where, char ***parts, size_t *n,
                               struct ed_error *err);

#endif
