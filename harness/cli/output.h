// SPDX-License-Identifier: Apache-2.0
// --format and --export: which formats go where, and --sort and --group: in which order. Checked before
// anything is measured, so that a mistyped format costs nothing.
#ifndef EDGEDYNO_HARNESS_CLI_OUTPUT_H
#define EDGEDYNO_HARNESS_CLI_OUTPUT_H

#include "base/buffer.h"
#include "harness/campaign.h"
#include "harness/cli/cli.h"
#include "reports/order.h"

#define ED_OUTPUT_FORMATS_MAX 32

struct ed_output_format {
    const char *name, *suffix; // ".md"; "" where files of it have no ending of their own
    bool directory;            // several files: an export names a directory
};

struct ed_output_export {
    const char *format;
    const char *path; // "-": standard output
    bool directory;   // `path` is one, for a format of several files
};

struct ed_output {
    struct ed_output_format formats[ED_OUTPUT_FORMATS_MAX];
    size_t n_formats;
    const char *format;               // of standard output; NULL: an export took its place
    struct ed_output_export *exports; // owned
    size_t n_exports;
    char **texts; // owned; what the exports' paths lie in
    size_t n_texts;
    struct ed_order order;
    const char *block; // of --block; NULL: all
    bool files_only;   // what another report will take the place of: single files, not standard output
};

// Where one rendering goes.
struct ed_output_target {
    const char *format;
    const char *directory; // of a format that writes several files; NULL for any other
    int columns;           // 0: no limit
    bool colour;
    const char *path; // "-": standard output
};
typedef enum ed_status (*ed_output_render)(const void *context, const struct ed_output_target *target,
                                           struct ed_buffer *out, struct ed_error *err);

// `of_reports`: the formats of the registry of reports, else table and json. ED_ERR_USAGE for an unknown
// format (with the nearest), a file that no format is known for, a directory that does not exist, a key of
// --sort or --group that there is not.
enum ed_status ed_output_parse(struct ed_output *output, const struct ed_arguments *arguments,
                               bool of_reports, struct ed_error *err);
// The same for formats of a command's own; several rows of one name are one format with several endings.
enum ed_status ed_output_parse_among(struct ed_output *output, const struct ed_arguments *arguments,
                                     const struct ed_output_format *formats, size_t n, struct ed_error *err);
// ED_ERR_USAGE where the format "choice" was asked for: of commands that measure without choosing.
enum ed_status ed_output_check_choice(const struct ed_output *output, struct ed_error *err);
void ed_output_release(struct ed_output *output);
// Files are written whole or not at all. Returns the exit status; errors are told.
int ed_output_write(const struct ed_output *output, const struct ed_cli *cli, ed_output_render render,
                    const void *context);

// A campaign's records in the format of a report; for ed_output_write with this context.
struct ed_output_campaign {
    const struct ed_campaign *campaign;
    const struct ed_records *records;
    const struct ed_order *order;
    const char *block;
};
enum ed_status ed_output_render_campaign(const void *context, const struct ed_output_target *target,
                                         struct ed_buffer *out, struct ed_error *err);

#endif
