// SPDX-License-Identifier: Apache-2.0
// The list of borrowed records that a format keeps which needs all of them before its first byte.
#ifndef EDGEDYNO_REPORTS_RECORDS_H
#define EDGEDYNO_REPORTS_RECORDS_H

#include <stdlib.h>

#include "edgedyno/report.h"

struct ed_records {
    const struct ed_report_info *info;
    const struct ed_sink *sink;
    const struct ed_result **items;
    size_t n, capacity;
};

// Hooks of a report whose state is a struct ed_records; the report's `end` calls ed_records_release last.
static inline enum ed_status ed_records_begin(void *state, const struct ed_report_info *info,
                                              const struct ed_sink *sink, struct ed_error *err) {
    struct ed_records *records = state;
    (void)err;
    *records = (struct ed_records){.info = info, .sink = sink};
    return ED_OK;
}

static inline enum ed_status ed_records_add(void *state, const struct ed_result *result,
                                            struct ed_error *err) {
    struct ed_records *records = state;
    if (records->n == records->capacity) {
        size_t capacity = records->capacity ? 2 * records->capacity : 32;
        const struct ed_result **grown = realloc(records->items, capacity * sizeof *grown);
        if (!grown)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for %zu records", capacity);
        records->items = grown;
        records->capacity = capacity;
    }
    records->items[records->n++] = result;
    return ED_OK;
}

static inline void ed_records_release(struct ed_records *records) {
    free(records->items);
    *records = (struct ed_records){0};
}

#endif
