// SPDX-License-Identifier: Apache-2.0
// What the formats for people show: the records as a grid of texts. Columns that are equal in every row
// become words of one line above ("device local"), figures share one unit a column, and what does not fit is
// left out by rank.
#ifndef EDGEDYNO_REPORTS_VIEW_H
#define EDGEDYNO_REPORTS_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "edgedyno/report.h"
#include "reports/scale.h"

#define ED_VIEW_COLUMNS_MAX 64

struct ed_view_column {
    const char *head;
    const char *unit; // "" for texts
    int field;        // enum ed_result_index; -1 for a column made of several
    bool identity, figure, speed;
    int rank; // the highest is left out first when the width does not suffice; 0 stays
    bool left_out;
    size_t width; // of head, unit and cells
    char **cells; // n_rows, owned; figures are padded to one width, texts are not
};

enum ed_view_style {
    ED_VIEW_NARROW, // the columns that fit 80
    ED_VIEW_WIDE,   // all columns, intervals as a half-width
    ED_VIEW_FULL,   // all columns, intervals with both ends
};

struct ed_view {
    enum ed_view_style style;
    size_t n_rows, n_columns;
    const struct ed_result *const *rows; // borrowed
    const int *groups;                   // borrowed: keys whose rows stand together
    size_t n_groups;
    struct ed_view_column columns[ED_VIEW_COLUMNS_MAX];
    struct ed_buffer constants; // what is equal in every row, separated by " · "; visible text
    // Of each row: a row above it is of the same case on the same device (its tasks share blocks), or of the
    // same device. Owned.
    struct ed_view_again {
        bool of_case, device;
    } * again;
    bool has_spans; // some figure shows an interval
    bool engine_is_constant;
    bool scoped; // while columns are made: only rows whose energy is of `scope`
    int scope;
    bool no_memory;
};

// Init leaves something to release in any case. What `info` groups by has no column: ed_view_group_text is
// said above its rows. ED_ERR_NO_MEMORY.
enum ed_status ed_view_init(struct ed_view *view, const struct ed_report_info *info,
                            const struct ed_result *const *rows, size_t n_rows, enum ed_view_style style,
                            struct ed_error *err);
void ed_view_release(struct ed_view *view);
// For ed_view_init: fills `again`. False: no memory.
bool ed_view_again_fill(struct ed_view *view);

// Leaves columns out, by rank, and then shortens identity texts (with …) until a line takes at most `width`,
// where `fixed` of it is used by the caller and columns are `gap` apart. *shortened says whether texts were
// cut.
enum ed_status ed_view_fit(struct ed_view *view, size_t width, size_t fixed, size_t gap, bool *shortened,
                           struct ed_error *err);
// Cuts the middle out of a text that is wider than `width`; the text is replaced. False: no memory.
bool ed_view_cut(char **text, size_t width);
// Width of one line as it is.
size_t ed_view_width(const struct ed_view *view, size_t gap);
// Whether a group begins with this row; never where nothing is grouped. Then its words: "device pixel-7a ·
// threads 4".
bool ed_view_group_begins(const struct ed_view *view, size_t row);
void ed_view_group_text(const struct ed_view *view, size_t row, struct ed_buffer *out);

// Its metric is not shown in percent: decibels, nats, a perplexity, a score (reports/metric_unit.h).
bool ed_view_no_share(const struct ed_result *result);
// How a figure is called and scaled, also one that no table has a column for. False where the key is no
// figure.
struct ed_view_figure {
    const char *head;
    enum ed_scale_kind kind;
    int digits;
    bool speed; // not to be used where ed_view_speed_usable says so
};
bool ed_view_figure(int field, struct ed_view_figure *out);
// Likewise of a record with this accuracy_metric (NULL: none).
bool ed_view_figure_of(int field, const char *metric, struct ed_view_figure *out);
// The row ran to its end, so that its figures are shown.
bool ed_view_ran(const struct ed_result *result);
// The row's outcome in place of figures: "crashed in load, 3 blocks ok"; false where the outcome is ok.
bool ed_view_outcome(const struct ed_result *result, struct ed_buffer *out);
// False where the speed of this row is not to be used; *why is then a sentence.
bool ed_view_speed_usable(const struct ed_result *result, const char **why);

#endif
