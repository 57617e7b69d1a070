// SPDX-License-Identifier: Apache-2.0
// Reading the timeline of a device.
#include "harness/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "edgedyno/probe.h"

#define CHANNELS_MAX 4096
#define MOST 9e18
#define CLOCKS_NS 1000 // between the readings of two clocks at a mark
#define MOMENTS 8

// Borrowed text for people and other programs' formats: what is not printable does not come in.
static void take_text(const struct ed_json_at *at, const char *key, char *out, size_t bytes) {
    const char *text = "";
    ed_json_opt_text(at, key, &text, NULL);
    snprintf(out, bytes, "%s", text);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';
}

static int64_t take_number(const struct ed_json_at *at, const char *key) {
    int64_t value = 0;
    ed_json_opt_int(at, key, 0, INT64_C(1) << 53, &value, NULL);
    return value;
}

enum ed_status ed_timeline_channels_load(struct ed_timeline_channels *channels,
                                         const struct ed_blocks *blocks, size_t job, struct ed_error *err) {
    memset(channels, 0, sizeof *channels);
    if (job >= blocks->n_jobs)
        return ED_OK;
    const struct ed_json_at root = ed_json_root(&blocks->jobs[job]), list = ed_json_member(&root, "channels");
    size_t n = ed_json_count(&list);
    n = n < CHANNELS_MAX ? n : CHANNELS_MAX;
    channels->items = calloc(n + 1, sizeof *channels->items);
    if (!channels->items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the channels of a device");
    for (struct ed_json_at at = ed_json_element(&list, 0); at.value && channels->n < n;
         at = ed_json_next(&at)) {
        struct ed_timeline_channel *channel = &channels->items[channels->n++];
        char kind[16];
        take_text(&at, "id", channel->id, sizeof channel->id);
        take_text(&at, "quantity", channel->quantity, sizeof channel->quantity);
        take_text(&at, "unit", channel->unit, sizeof channel->unit);
        take_text(&at, "scope", channel->scope, sizeof channel->scope);
        take_text(&at, "reason", channel->reason, sizeof channel->reason);
        take_text(&at, "kind", kind, sizeof kind);
        channel->counter = !strcmp(kind, "counter");
        ed_json_opt_bool(&at, "available", &channel->available, NULL);
        channel->wrap = take_number(&at, "wrap");
        channel->resolution = take_number(&at, "resolution");
        channel->update_ns = take_number(&at, "update_ns");
        channel->period_ns = take_number(&at, "period_ns");
    }
    return ED_OK;
}

void ed_timeline_channels_release(struct ed_timeline_channels *channels) {
    free(channels->items);
    memset(channels, 0, sizeof *channels);
}

size_t ed_timeline_channel_find(const struct ed_timeline_channels *channels, const char *id) {
    for (size_t i = 0; i < channels->n; i++)
        if (!strcmp(channels->items[i].id, id))
            return i;
    return SIZE_MAX;
}

// A moment on two clocks.
struct moment {
    double raw, monotonic;
};

static double clock_of(const struct ed_json_at *at, const char *key) {
    double value = 0;
    ed_json_opt_real(at, key, 0, MOST, &value, NULL);
    return value;
}

static struct moment moment_of(const struct ed_json_at *at) {
    return (struct moment){clock_of(at, "raw_ns"), clock_of(at, "monotonic_ns")};
}

// From the raw clock to the monotonic one, between the two moments around. The two differ in rate by at most
// some hundred millionths, so what is beyond the moments is right as well.
static double on_monotonic(const struct moment *moments, size_t n, double raw) {
    size_t i = 1;
    while (i + 1 < n && moments[i].raw < raw)
        i++;
    if (n < 2 || moments[i].raw <= moments[i - 1].raw)
        return n ? moments[0].monotonic + raw - moments[0].raw : 0;
    const double rate =
        (moments[i].monotonic - moments[i - 1].monotonic) / (moments[i].raw - moments[i - 1].raw);
    return moments[i - 1].monotonic + (raw - moments[i - 1].raw) * rate;
}

static struct ed_timeline_span span_of(double begin, double end) {
    if (!(begin > 0 && end > begin && end < MOST))
        return (struct ed_timeline_span){0, 0};
    return (struct ed_timeline_span){(int64_t)begin, (int64_t)end};
}

static struct ed_timeline_span idle_of(const struct ed_json_at *root, const char *key) {
    const struct ed_json_at at = ed_json_member(root, key);
    return span_of(clock_of(&at, "begin_ns"), clock_of(&at, "end_ns"));
}

void ed_timeline_times(const struct ed_blocks *blocks, size_t block, struct ed_timeline_times *times) {
    static const char *const words[] = {
#define MARK_WORD(name, word) word,
        ED_MARKS(MARK_WORD)
#undef MARK_WORD
    };
    const struct ed_json_at root = ed_json_root(&blocks->documents[block]),
                            started = ed_json_member(&root, "started"),
                            ended = ed_json_member(&root, "ended"), timed = ed_json_member(&root, "timed"),
                            list = ed_json_member(&root, "marks");
    struct moment moments[MOMENTS] = {moment_of(&started)}, end = moment_of(&ended);
    double at[ED_BLOCK_MARKS] = {0};
    size_t n = 1;
    memset(times, 0, sizeof *times);
    for (struct ed_json_at mark = ed_json_element(&list, 0); mark.value && n + 1 < MOMENTS;
         mark = ed_json_next(&mark)) {
        const struct moment moment = moment_of(&mark);
        const char *word = "";
        ed_json_opt_text(&mark, "at", &word, NULL);
        if (moment.raw <= moments[n - 1].raw || moment.monotonic <= moments[n - 1].monotonic)
            continue;
        for (size_t m = 0; m < ED_BLOCK_MARKS; m++)
            if (!strcmp(word, words[m]))
                at[m] = moment.monotonic;
        moments[n++] = moment;
    }
    if (end.raw > moments[n - 1].raw && end.monotonic > moments[n - 1].monotonic)
        moments[n++] = end;
    times->block = span_of(moments[0].monotonic, end.monotonic);
    times->idle_before = idle_of(&root, "idle_before");
    times->idle_after = idle_of(&root, "idle_after");
    times->sync_ns = CLOCKS_NS;
    const double begin_raw = clock_of(&timed, "begin_raw_ns"), end_raw = clock_of(&timed, "end_raw_ns");
    if (begin_raw > 0 && end_raw > begin_raw && moments[0].raw > 0)
        times->timed = span_of(on_monotonic(moments, n, begin_raw), on_monotonic(moments, n, end_raw));
    // A window outside of its block is a lie.
    if (times->timed.begin_ns < times->block.begin_ns || times->timed.end_ns > times->block.end_ns)
        times->timed = (struct ed_timeline_span){0, 0};
    times->phases[0] = span_of(moments[0].monotonic, at[ED_BLOCK_BEFORE_LOAD]);
    times->phases[1] = span_of(at[ED_BLOCK_BEFORE_LOAD], at[ED_BLOCK_AFTER_LOAD]);
    times->phases[2] = span_of(at[ED_BLOCK_AFTER_LOAD], at[ED_BLOCK_AFTER_WARMUP]);
    times->phases[3] = times->timed;
    times->phases[4] = span_of(at[ED_BLOCK_AFTER_TIMED], at[ED_BLOCK_AFTER_UNLOAD]);
    times->phases[5] = span_of(at[ED_BLOCK_AFTER_UNLOAD], end.monotonic);
}

struct ed_energy_reading *ed_timeline_readings(const struct ed_block *block, size_t channel, size_t *n) {
    size_t count = 0;
    *n = 0;
    for (size_t i = 0; i < block->n_readings; i++)
        count += block->readings[i].channel == channel;
    struct ed_energy_reading *readings = count ? calloc(count, sizeof *readings) : NULL;
    for (size_t i = 0; readings && i < block->n_readings; i++) {
        const struct ed_timeline_record *record = &block->readings[i];
        // Later arithmetic is on differences: what no clock shows would overflow them.
        if (record->channel != channel || record->monotonic_ns < 0 || record->monotonic_ns > INT64_MAX / 2)
            continue;
        readings[(*n)++] = (struct ed_energy_reading){
            .at_ns = record->monotonic_ns, .spread_ns = record->spread_ns, .value = record->value};
    }
    return readings;
}
