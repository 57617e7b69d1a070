// SPDX-License-Identifier: Apache-2.0
// A sensor as its readings show it, and what it says of the windows of a block.
#include "harness/energy_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MIN 8

static int64_t divisor(int64_t a, int64_t b) {
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// The step in which values move, as the readings show it: what divides every change of them.
static void take_step(struct ed_energy_sensor *sensor, const struct ed_energy_reading *readings, size_t n) {
    int64_t step = 0, change;
    size_t changes = 0;
    const struct ed_energy_reading *last = NULL;
    for (size_t i = 0; i < n; i++) {
        if (readings[i].value == ED_ENERGY_NO_VALUE)
            continue;
        if (last && !__builtin_sub_overflow(readings[i].value, last->value, &change) && change &&
            change != INT64_MIN) {
            step = divisor(change < 0 ? -change : change, step);
            changes++;
        }
        last = &readings[i];
    }
    if (changes >= (sensor->kind == ED_ENERGY_STORE ? 1 : CHANGES_MIN) && (double)step > sensor->resolution)
        sensor->resolution = (double)step;
}

// What is left in a battery moves so seldom that every block is looked at: the smallest step of any.
static void take_store_step(const struct ed_energy_work *work, struct ed_energy_source *source) {
    struct ed_energy_sensor *sensor = &source->sensor;
    double least = 0;
    for (size_t b = 0; b < work->device->blocks->n; b++) {
        struct ed_energy_sensor one = *sensor;
        size_t n = 0;
        struct ed_energy_reading *readings = ed_energy_readings_of(work, b, source->ids[0], &n);
        one.resolution = 0;
        take_step(&one, readings, n);
        free(readings);
        if (one.resolution > 0 && (least == 0 || one.resolution < least))
            least = one.resolution;
    }
    sensor->resolution = least > sensor->resolution ? least : sensor->resolution;
}

void ed_energy_study(const struct ed_energy_work *work, struct ed_energy_source *source) {
    struct ed_energy_sensor *sensor = &source->sensor;
    const struct ed_blocks *blocks = work->device->blocks;
    size_t best = SIZE_MAX, n = 0;
    double volts = 0, n_volts = 0;
    for (size_t b = 0; b < blocks->n; b++) {
        if (!ed_energy_is_timed(work, b))
            continue;
        best = best == SIZE_MAX || blocks->items[b].n_readings > blocks->items[best].n_readings ? b : best;
        const struct ed_energy_seen voltage = ed_energy_look(work, b, source->voltage, true);
        volts += voltage.n ? voltage.mean * 1e-6 : 0;
        n_volts += voltage.n > 0;
    }
    if (best == SIZE_MAX)
        return;
    if (source->voltage[0])
        sensor->unit = n_volts > 0 ? 3600 * volts / n_volts : 0;
    struct ed_energy_reading *readings = ed_energy_readings_of(work, best, source->ids[0], &n);
    ed_energy_clean(sensor, readings, n);
    if (sensor->kind == ED_ENERGY_GAUGE)
        take_step(sensor, readings, n);
    else if (sensor->kind == ED_ENERGY_STORE)
        take_store_step(work, source);
    sensor->update_ns = ed_energy_update_ns(sensor, readings, n);
    if (!sensor->update_ns)
        sensor->update_ns = source->period_ns;
    free(readings);
}

// One window over all channels of the source. The worst status of them is the sum's.
static void window(const struct ed_energy_work *work, const struct ed_energy_source *source, size_t b,
                   struct ed_timeline_span span, double step_uw, struct ed_energy_part *sum) {
    memset(sum, 0, sizeof *sum);
    for (size_t k = 0; k < source->n_ids; k++) {
        struct ed_energy_part part;
        size_t n = 0;
        double sync_ns;
        struct ed_energy_reading *readings =
            ed_energy_readings_and_sync(work, b, source->ids[k], &n, &sync_ns);
        ed_energy_clean(&source->sensor, readings, n);
        ed_energy_window(&source->sensor, readings, n, span.begin_ns, span.end_ns,
                         hypot(work->times[b].sync_ns, sync_ns), step_uw, &part);
        free(readings);
        if (part.status != ED_ENERGY_OK) {
            *sum = (struct ed_energy_part){.status = part.status};
            return;
        }
        sum->energy_uj += part.energy_uj;
        sum->power_uw += part.power_uw;
        sum->variance += part.variance;
        sum->common_uj += part.common_uj;
        sum->steps = k && sum->steps < part.steps ? sum->steps : part.steps;
        sum->updates = k && sum->updates < part.updates ? sum->updates : part.updates;
        sum->duration_s = part.duration_s;
        sum->update_s = part.update_s;
    }
}

// The window behind the block before, where nothing but rest lies between.
static void idle_before(const struct ed_energy_work *work, const struct ed_energy_source *source, size_t b,
                        struct ed_energy_part *part) {
    const struct ed_blocks *blocks = work->device->blocks;
    *part = (struct ed_energy_part){.status = ED_ENERGY_NO_READINGS};
    if (work->times[b].idle_before.end_ns)
        window(work, source, b, work->times[b].idle_before, 0, part);
    else if (b > 0 && blocks->items[b - 1].job == blocks->items[b].job &&
             work->times[b - 1].idle_after.end_ns)
        window(work, source, b - 1, work->times[b - 1].idle_after, 0, part);
}

enum ed_energy_status ed_energy_measure(const struct ed_energy_work *work,
                                        const struct ed_energy_source *source, size_t b,
                                        struct ed_energy_block *out) {
    struct ed_energy_part before, after = {.status = ED_ENERGY_NO_READINGS};
    memset(out, 0, sizeof *out);
    idle_before(work, source, b, &before);
    if (work->times[b].idle_after.end_ns)
        window(work, source, b, work->times[b].idle_after, 0, &after);
    out->has_idle = ed_energy_idle(&before, &after, &out->idle_uw, &out->u_idle_uw);
    window(work, source, b, work->times[b].timed, -1, &out->part);
    if (out->part.status == ED_ENERGY_OK && out->has_idle)
        window(work, source, b, work->times[b].timed, fabs(out->part.power_uw - out->idle_uw), &out->part);
    out->has = out->part.status == ED_ENERGY_OK;
    // A sensor that is slower than the window is no lost one.
    out->lost =
        !out->has && (out->part.status != ED_ENERGY_NO_READINGS || source->sensor.kind != ED_ENERGY_GAUGE);
    return out->part.status;
}
