// SPDX-License-Identifier: Apache-2.0
// One figure of one case over campaigns, and where it changes. For finding out since when something is as it
// is, never for deciding whether a build may ship: campaigns of different days differ by more than the build.
#ifndef EDGEDYNO_HARNESS_HISTORY_TREND_H
#define EDGEDYNO_HARNESS_HISTORY_TREND_H

#include "harness/history/history.h"

#define ED_TREND_LEAST 4 // points of which a change may be told: a segment has two at least
#define ED_TREND_TEXT_BYTES 512

struct ed_trend_point {
    const struct ed_history_record *record;
    const struct ed_history_campaign *campaign;
    const struct ed_history_value *value;
    char place[136];  // the label's value; the start where it goes by time
    const char *mark; // why it takes no part in the search for changes; "" it does
    bool first;       // a new segment begins here
    size_t segment;   // of the series; that of the point before where there is a mark
};

struct ed_trend_segment {
    size_t n;
    double mean, sd; // sd 0 below two points
};

// A series: the same device, model, variant, engine, backend, threads, options, workload and metric of
// accuracy. Version and digests may differ, since their change is what is looked for; where a campaign holds
// several builds of the engine, each is a series of its own.
struct ed_trend_series {
    char words[ED_TREND_TEXT_BYTES]; // the case's words without what may differ
    const char *device;              // borrowed
    int field;
    struct ed_trend_point *points;
    size_t n;
    struct ed_trend_segment *segments;
    size_t n_segments;
    size_t left_out; // points without the label
    bool searched;   // false: too few points, or more than ED_CHANGEPOINT_MAX
};

struct ed_trends {
    struct ed_trend_series *items;
    size_t n;
};

// `fields`: of each series the first one that it has; or, with `each`, all of them. `along` NULL: by start; a
// label: by the first start with each of its values, then by start. Borrows `history` until the release.
enum ed_status ed_trends_make(struct ed_trends *trends, const struct ed_history *history, const int *fields,
                              size_t n_fields, bool each, const char *along, struct ed_error *err);
void ed_trends_release(struct ed_trends *trends);

#endif
