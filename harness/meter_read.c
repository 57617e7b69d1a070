// SPDX-License-Identifier: Apache-2.0
// The lines of an external meter, and what it told in a campaign.
#include "harness/meter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/stats/quantile.h"

#define SECOND_NS INT64_C(1000000000)
#define NOW_SPREAD_NS 10000000
#define NEAR_NS (900 * SECOND_NS)
#define DRIFT 50e-6 // of one clock against another, uncorrected
#define MOST_UW INT64_C(100000000000)

// A decimal number with at most `digits` behind the point (more are cut), times 10 to their power. *at goes
// behind it. No exponent, no locale.
static bool decimal(const char **at, const char *end, int digits, int64_t *out) {
    const char *p = *at;
    const bool negative = p < end && *p == '-';
    int64_t value = 0;
    int behind = -1;
    size_t seen = 0;
    for (p += negative || (p < end && *p == '+'); p < end; p++) {
        if (*p == '.' && behind < 0) {
            behind = 0;
            continue;
        }
        if (*p < '0' || *p > '9')
            break;
        seen++;
        if (behind >= digits)
            continue;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *p - '0', &value))
            return false;
        behind += behind >= 0;
    }
    for (behind = behind < 0 ? 0 : behind; behind < digits; behind++)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    *at = p;
    *out = negative ? -value : value;
    return seen > 0;
}

static const char *blanks(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

bool ed_meter_line(const char *line, size_t bytes, int64_t now_ns, struct ed_timeline_record *out) {
    const char *end = line + bytes, *at = blanks(line, end), *before;
    *out = (struct ed_timeline_record){.channel = ED_METER_POWER};
    if (end - at > 3 && !memcmp(at, "now", 3)) {
        out->monotonic_ns = now_ns;
        out->spread_ns = NOW_SPREAD_NS;
        at += 3;
    } else if (!decimal(&at, end, 9, &out->monotonic_ns)) {
        return false;
    }
    before = at;
    at = blanks(at, end);
    if (at == before || !decimal(&at, end, 6, &out->value) || blanks(at, end) != end)
        return false;
    if (out->monotonic_ns <= 0)
        return false;
    // A day off is another clock, or another unit.
    const int64_t off = out->monotonic_ns - now_ns;
    return off < 86400 * SECOND_NS && off > -86400 * SECOND_NS && out->value <= MOST_UW &&
           out->value >= -MOST_UW;
}

static int by_time(const void *a, const void *b) {
    const struct ed_timeline_record *x = a, *y = b;
    return x->monotonic_ns < y->monotonic_ns ? -1 : x->monotonic_ns > y->monotonic_ns;
}

static void load_words(struct ed_meter_data *data, const char *directory) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    ed_buffer_init(&text, 4096);
    if (ed_path_join(path, directory, ED_METER_WORDS, NULL) == ED_OK && ed_path_exists(path) &&
        ed_path_read(path, 4095, &text, NULL) == ED_OK)
        snprintf(data->why, sizeof data->why, "%.255s", ed_buffer_text(&text));
    for (char *c = data->why; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';
    ed_buffer_release(&text);
}

// The median of the first gaps between two powers: a meter has a rhythm.
static int64_t usual_gap(const struct ed_meter_data *data) {
    enum { GAPS = 255 };
    int64_t gaps[GAPS], last_ns = 0;
    size_t n = 0;
    for (size_t i = 0; i < data->n && n < GAPS; i++) {
        if (data->records[i].channel != ED_METER_POWER)
            continue;
        if (last_ns)
            gaps[n++] = data->records[i].monotonic_ns - last_ns;
        last_ns = data->records[i].monotonic_ns;
    }
    return n ? ed_quantile_select_rank(gaps, n, n / 2 + 1) : 0;
}

enum ed_status ed_meter_load(struct ed_meter_data *data, const char *directory, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer bytes;
    memset(data, 0, sizeof *data);
    load_words(data, directory);
    ed_buffer_init(&bytes, ED_METER_MAX_BYTES + 4096);
    if (ed_path_join(path, directory, ED_METER_FILE, NULL) != ED_OK || !ed_path_exists(path) ||
        ed_path_read(path, ED_METER_MAX_BYTES, &bytes, NULL) != ED_OK) {
        ed_buffer_release(&bytes);
        return ED_OK;
    }
    const size_t n = bytes.size / sizeof *data->records;
    data->records = calloc(n + 1, sizeof *data->records);
    if (!data->records) {
        ed_buffer_release(&bytes);
        return ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory for what a meter told");
    }
    for (size_t i = 0; i < n; i++) {
        struct ed_timeline_record record;
        memcpy(&record, ed_buffer_text(&bytes) + i * sizeof record, sizeof record);
        if (record.channel == ED_METER_GAIN && record.value >= 0 && record.value <= 1000)
            data->gain = (double)record.value * 1e-3;
        // Differences of two of them must not overflow.
        if (record.channel > ED_METER_CLOCK || record.monotonic_ns < 0 ||
            record.monotonic_ns > INT64_MAX / 2 || record.value > INT64_MAX / 2 ||
            record.value < -(INT64_MAX / 2))
            continue;
        data->has_power = data->has_power || record.channel == ED_METER_POWER;
        data->records[data->n++] = record;
    }
    ed_buffer_release(&bytes);
    qsort(data->records, data->n, sizeof *data->records, by_time);
    data->period_ns = usual_gap(data);
    return ED_OK;
}

void ed_meter_data_release(struct ed_meter_data *data) {
    free(data->records);
    memset(data, 0, sizeof *data);
}

// The reading of the device's clock by which it is best known there.
static const struct ed_timeline_record *clock_at(const struct ed_meter_data *data, int64_t begin_ns,
                                                 int64_t end_ns, double *u_ns) {
    const struct ed_timeline_record *best = NULL;
    for (size_t i = 0; i < data->n; i++) {
        const struct ed_timeline_record *record = &data->records[i];
        if (record->channel != ED_METER_CLOCK)
            continue;
        const int64_t distance = record->value < begin_ns ? begin_ns - record->value
                                 : record->value > end_ns ? record->value - end_ns
                                                          : 0;
        const double u = (double)record->spread_ns / sqrt(3) + DRIFT * (double)distance;
        if (distance <= NEAR_NS && (!best || u < *u_ns)) {
            best = record;
            *u_ns = u;
        }
    }
    return best;
}

struct ed_energy_reading *ed_meter_readings(const struct ed_meter_data *data, int64_t begin_ns,
                                            int64_t end_ns, size_t *n, double *sync_ns) {
    *n = 0;
    *sync_ns = 0;
    if (begin_ns < 0 || end_ns > INT64_MAX / 4)
        return NULL;
    const struct ed_timeline_record *clock = clock_at(data, begin_ns, end_ns, sync_ns);
    if (!clock)
        return NULL;
    const int64_t shift = clock->value - clock->monotonic_ns;
    size_t from = 0, to = data->n;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (data->records[middle].monotonic_ns + shift < begin_ns)
            from = middle + 1;
        else
            to = middle;
    }
    for (to = from; to < data->n && data->records[to].monotonic_ns + shift <= end_ns;)
        to++;
    struct ed_energy_reading *readings = calloc(to - from + 1, sizeof *readings);
    for (size_t i = from; readings && i < to; i++)
        if (data->records[i].channel == ED_METER_POWER)
            readings[(*n)++] = (struct ed_energy_reading){.at_ns = data->records[i].monotonic_ns + shift,
                                                          .spread_ns = data->records[i].spread_ns,
                                                          .value = data->records[i].value};
    return readings;
}
