// SPDX-License-Identifier: Apache-2.0
// The timeline of a device as reports want it: one series a channel, over all blocks.
#include <stdlib.h>
#include <string.h>

#include "edgedyno/probe.h"
#include "harness/timeline.h"

#define NONE UINT32_MAX

// A series that grows; its texts lie behind it.
struct series {
    struct ed_timeline_channel channel;
    int64_t *at_ns, *values;
    size_t n, capacity;
};

struct making {
    struct series *series;
    size_t n, capacity;
};

static bool grow(struct series *series) {
    const size_t capacity = series->capacity ? series->capacity * 2 : 64;
    int64_t *at_ns = realloc(series->at_ns, capacity * sizeof *at_ns);
    if (at_ns)
        series->at_ns = at_ns;
    int64_t *values = at_ns ? realloc(series->values, capacity * sizeof *values) : NULL;
    if (!values)
        return false;
    series->values = values;
    series->capacity = capacity;
    return true;
}

// The series of a channel; NONE for lack of memory.
static uint32_t series_of(struct making *making, const struct ed_timeline_channel *channel) {
    for (size_t i = 0; i < making->n; i++)
        if (!strcmp(making->series[i].channel.id, channel->id) &&
            !strcmp(making->series[i].channel.quantity, channel->quantity) &&
            !strcmp(making->series[i].channel.unit, channel->unit))
            return (uint32_t)i;
    if (making->n == making->capacity) {
        const size_t capacity = making->capacity ? making->capacity * 2 : 64;
        struct series *more = realloc(making->series, capacity * sizeof *more);
        if (!more)
            return NONE;
        making->series = more;
        making->capacity = capacity;
    }
    making->series[making->n] = (struct series){.channel = *channel};
    return (uint32_t)making->n++;
}

static bool add_block(struct making *making, const struct ed_blocks *blocks, size_t b, int64_t started_ns,
                      const uint32_t *places, size_t n_places) {
    const struct ed_block *block = &blocks->items[b];
    struct ed_timeline_times times;
    ed_timeline_times(blocks, b, &times);
    for (size_t i = 0; i < block->n_readings && times.block.end_ns > 0; i++) {
        const struct ed_timeline_record *record = &block->readings[i];
        int64_t since_ns, at_ns;
        if (record->channel >= n_places || places[record->channel] == NONE || record->value == INT64_MIN ||
            __builtin_sub_overflow(record->monotonic_ns, times.block.begin_ns, &since_ns) ||
            __builtin_add_overflow(since_ns, started_ns, &at_ns))
            continue;
        struct series *series = &making->series[places[record->channel]];
        // Rising, whatever the device wrote.
        if (series->n && at_ns <= series->at_ns[series->n - 1])
            continue;
        if (series->n == series->capacity && !grow(series))
            return false;
        series->at_ns[series->n] = at_ns;
        series->values[series->n++] = record->value;
    }
    return true;
}

static bool add_job(struct making *making, const struct ed_blocks *blocks, size_t job,
                    const int64_t *started_ns, size_t only) {
    struct ed_timeline_channels channels;
    if (ed_timeline_channels_load(&channels, blocks, job, NULL) != ED_OK)
        return false;
    uint32_t *places = calloc(channels.n + 1, sizeof *places);
    bool fine = places != NULL;
    for (size_t i = 0; fine && i < channels.n; i++) {
        places[i] = channels.items[i].available ? series_of(making, &channels.items[i]) : NONE;
        fine = !channels.items[i].available || places[i] != NONE;
    }
    for (size_t b = 0; fine && b < blocks->n; b++)
        if (blocks->items[b].job == job && (only == SIZE_MAX || only == b))
            fine = add_block(making, blocks, b, started_ns[b], places, channels.n);
    free(places);
    ed_timeline_channels_release(&channels);
    return fine;
}

// Texts of a channel that outlive the list: one allocation, freed through `id`.
static bool hand_over(struct series *series, struct ed_report_channel *out) {
    struct ed_timeline_channel *kept = malloc(sizeof *kept);
    if (!kept)
        return false;
    *kept = series->channel;
    *out = (struct ed_report_channel){.id = kept->id,
                                      .quantity = kept->quantity,
                                      .unit = kept->unit,
                                      .scope = kept->scope,
                                      .n = series->n,
                                      .at_ns = series->at_ns,
                                      .values = series->values};
    series->at_ns = series->values = NULL;
    return true;
}

enum ed_status ed_timeline_channels(const struct ed_blocks *blocks, const int64_t *started_ns, size_t only,
                                    struct ed_report_channel **channels, size_t *n, struct ed_error *err) {
    struct making making = {0};
    bool fine = true;
    *n = 0;
    for (size_t job = 0; fine && job < blocks->n_jobs; job++)
        fine = add_job(&making, blocks, job, started_ns, only);
    *channels = fine ? calloc(making.n + 1, sizeof **channels) : NULL;
    fine = *channels != NULL;
    for (size_t i = 0; i < making.n; i++) {
        if (fine && making.series[i].n && (fine = hand_over(&making.series[i], &(*channels)[*n])))
            (*n)++;
        free(making.series[i].at_ns);
        free(making.series[i].values);
    }
    free(making.series);
    if (fine)
        return ED_OK;
    ed_timeline_channels_free(*channels, *n);
    *channels = NULL;
    *n = 0;
    return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the timeline of a device");
}

void ed_timeline_channels_free(struct ed_report_channel *channels, size_t n) {
    for (size_t i = 0; i < n; i++) {
        // The first member of the texts' own struct.
        free((void *)(uintptr_t)channels[i].id);
        free((void *)(uintptr_t)channels[i].at_ns);
        free((void *)(uintptr_t)channels[i].values);
    }
    free(channels);
}
