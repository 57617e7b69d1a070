// SPDX-License-Identifier: Apache-2.0
// What the formats of a timeline share: each block of each device once, whatever the number of records that
// stand on it, then each device's channels.
#ifndef EDGEDYNO_REPORTS_TRACED_H
#define EDGEDYNO_REPORTS_TRACED_H

#include "edgedyno/report.h"

struct ed_traced {
    const struct ed_report_info *info;
    const struct ed_result **results; // by block
    const struct ed_report_block *blocks;
    size_t n, capacity;
};

struct ed_traced_span {
    const char *name;
    int64_t begin_ns, end_ns;
};
#define ED_TRACED_SPANS 4

void ed_traced_begin(struct ed_traced *traced, const struct ed_report_info *info);
// Takes the record's blocks that are not there yet.
enum ed_status ed_traced_record(struct ed_traced *traced, const struct ed_result *result,
                                struct ed_error *err);
void ed_traced_release(struct ed_traced *traced);
// Phases of a block that are known: "load", "warm-up", "timed", "rest of the block". Returns their number.
size_t ed_traced_spans(const struct ed_report_block *block, struct ed_traced_span spans[ED_TRACED_SPANS]);
// A device of the records, in their order; NULL behind the last.
const char *ed_traced_device(const struct ed_traced *traced, size_t index);
// Its channels; none where the campaign has none.
enum ed_status ed_traced_channels(const struct ed_traced *traced, const char *device,
                                  const struct ed_report_channel **channels, size_t *n, struct ed_error *err);

// Inferences a second of one stretch of a block's timed window.
struct ed_traced_speed {
    int64_t begin_ns, end_ns; // as the spans
    double per_s;
};
#define ED_TRACED_SPEED_NS INT64_C(1000000000) // of a stretch; the last one is what is left
// Stretch number `i`; begins with *state zeroed, and is asked in order. False: there are no more, or none at
// all, since the block's inferences do not fill its window one after the other (arrivals, several streams).
struct ed_traced_speed_state {
    size_t sample;  // that is begun
    double used_ns; // of it, in stretches before
};
bool ed_traced_speed(const struct ed_report_block *block, size_t i, struct ed_traced_speed_state *state,
                     struct ed_traced_speed *out);

#endif
