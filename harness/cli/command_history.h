// SPDX-License-Identifier: Apache-2.0
// What the files of `edgedyno history` share.
#ifndef EDGEDYNO_HARNESS_CLI_COMMAND_HISTORY_H
#define EDGEDYNO_HARNESS_CLI_COMMAND_HISTORY_H

#include "harness/cli/output.h"
#include "harness/history/trend.h"

#define ED_HISTORY_FIELDS_MAX 64

struct ed_history_view {
    struct ed_history history;
    struct ed_trends trends;
    const char *along; // NULL: by start
    int fields[ED_HISTORY_FIELDS_MAX];
    size_t n_fields;
    bool asked; // --metric: all of these fields, not the first one that there is
};

// Renderers for ed_output_write; the context is a struct ed_history_view.
enum ed_status ed_history_render_list(const void *context, const struct ed_output_target *target,
                                      struct ed_buffer *out, struct ed_error *err);
enum ed_status ed_history_render_trend(const void *context, const struct ed_output_target *target,
                                       struct ed_buffer *out, struct ed_error *err);
// A figure of every series: PNG where the target's file ends so, else SVG.
enum ed_status ed_history_render_plot(const struct ed_history_view *view,
                                      const struct ed_output_target *target, struct ed_buffer *out,
                                      struct ed_error *err);
// "1.23 ms", on one scale for all values from `low` to `high` in size.
void ed_history_figure(char *text, size_t bytes, const struct ed_trend_series *series, double value,
                       double low, double high);
// Of a task: its metric, which decides the unit. NULL: no task.
const char *ed_history_metric(const struct ed_trend_series *series);

#endif
