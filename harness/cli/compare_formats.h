// SPDX-License-Identifier: Apache-2.0
// A comparison of campaigns as table, text (the same, without a limit of columns), Markdown, csv and JSON.
#ifndef EDGEDYNO_HARNESS_CLI_COMPARE_FORMATS_H
#define EDGEDYNO_HARNESS_CLI_COMPARE_FORMATS_H

#include "harness/cli/output.h"
#include "harness/compare.h"

enum ed_status ed_compare_formats(struct ed_output *output, const struct ed_arguments *arguments,
                                  struct ed_error *err);
// For ed_output_write; `context` is a struct ed_compare.
enum ed_status ed_compare_render(const void *context, const struct ed_output_target *target,
                                 struct ed_buffer *out, struct ed_error *err);

#endif
