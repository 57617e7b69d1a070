// SPDX-License-Identifier: Apache-2.0
// The option tables of the program: the single source of parsing, help, man page, completion and reference.
#ifndef EDGEDYNO_HARNESS_CLI_OPTIONS_H
#define EDGEDYNO_HARNESS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/options.h"

struct ed_option_group {
    const char *title; // of the section in help
    const struct ed_option *options;
    size_t n;
};

extern const struct ed_option_group ed_options_measuring, ed_options_fit, ed_options_gate, ed_options_tune,
    ed_options_devices, ed_options_engines, ed_options_quantize, ed_options_history, ed_options_data,
    ed_options_help;
extern const struct ed_option_group ed_options_report; // --block
extern const struct ed_option_group ed_options_report_output, ed_options_list_output,
    ed_options_history_output, ed_options_compare_output;                 // --format, --export
extern const struct ed_option_group ed_options_general, ed_options_fleet; // -q -v -h; the same and --devices

// Words that the option takes, separated by '|', appended to `out`; nothing where any text may stand. The
// formats of reports come from their registry.
void ed_options_words(const struct ed_option *option, struct ed_buffer *out);
// Word for its value in help: "N,...", "" for a flag.
const char *ed_options_value_name(const struct ed_option *option);
// Whether the value is a file or a directory.
bool ed_options_takes_directory(const struct ed_option *option);

// Habits from llama-bench that would be misread: "-o md" (there the format), "-d 512" (there the depth).
// ED_ERR_USAGE with what to write.
enum ed_status ed_options_check_habits(const struct ed_arguments *arguments, struct ed_error *err);

#endif
