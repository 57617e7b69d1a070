// SPDX-License-Identifier: Apache-2.0
// From a device's timeline to the energy of each block: which sensor it is, and what it gives.
#include "harness/energy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/energy_source.h"
#include "harness/energy_work.h"

#define METER_MOST_UW 1e10

// Every timed block by this source. False where it gives no figure, with the first reason.
static bool evaluate(const struct ed_energy_work *work, struct ed_energy_source *source,
                     struct ed_energy_why *why) {
    struct ed_energy_device *device = work->device;
    struct ed_energy_sum sum = {0};
    ed_energy_study(work, source);
    memset(why, 0, sizeof *why);
    for (size_t b = 0; b < device->blocks->n; b++) {
        struct ed_energy_block *out = &device->of_blocks[b];
        memset(out, 0, sizeof *out);
        if (!ed_energy_is_timed(work, b))
            continue;
        const enum ed_energy_status status = ed_energy_measure(work, source, b, out);
        // Checked first: it is the reason for what else may be wrong.
        if (!strcmp(source->scope, "battery") &&
            !ed_energy_battery_fits(work, source, out->part.power_uw, b, why) &&
            (out->has || !strcmp(why->code, "charging")))
            return false;
        if (!out->has && !why->code[0])
            ed_energy_say_status(why, source, status);
        if (out->has)
            ed_energy_add(&sum, &out->part, 1, out->has_idle, out->idle_uw, out->u_idle_uw);
    }
    return sum.windows > 0 && ed_energy_enough(source, &sum, why);
}

static void list_others(struct ed_energy_device *device, const struct ed_energy_candidate *all, size_t n,
                        size_t taken) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        if (i != taken && used < sizeof device->others)
            used += (size_t)snprintf(device->others + used, sizeof device->others - used, "%s%s (%s)",
                                     used ? ", " : "", all[i].source.ids[0], all[i].source.scope);
}

// Before everything that the device says of itself.
static bool take_meter(const struct ed_energy_work *work, struct ed_energy_why *why) {
    struct ed_energy_source source = {.scope = "external", .ids = {ED_ENERGY_METER}, .n_ids = 1};
    if (!work->meter)
        return false;
    source.sensor = (struct ed_energy_sensor){
        .kind = ED_ENERGY_GAUGE, .unit = 1, .gain = work->meter->gain, .most_uw = METER_MOST_UW};
    source.period_ns = work->meter->period_ns;
    if (work->meter->has_power && evaluate(work, &source, why)) {
        work->device->source = source;
        memset(&work->device->why, 0, sizeof work->device->why);
        return true;
    }
    if (work->meter->why[0])
        ed_energy_say(why, "meter_failed", "the external meter failed: %.200s", work->meter->why);
    return false;
}

static enum ed_status choose(const struct ed_energy_work *work, bool accelerator, struct ed_error *err) {
    struct ed_energy_device *device = work->device;
    struct ed_energy_candidate *all = NULL;
    struct ed_energy_why first = {0};
    size_t n = 0, last_job = SIZE_MAX;
    // The newest job's list: sensors do not come and go.
    for (size_t b = 0; b < device->blocks->n; b++)
        if (device->blocks->items[b].job < device->blocks->n_jobs)
            last_job = device->blocks->items[b].job;
    const struct ed_timeline_channels *channels = last_job == SIZE_MAX ? NULL : &work->channels[last_job];
    if (take_meter(work, &first)) {
        list_others(device, NULL, 0, 0);
        return ED_OK;
    }
    enum ed_status status =
        channels ? ed_energy_candidates(&all, &n, device->blocks, channels, accelerator, err) : ED_OK;
    if (status == ED_OK && n == 0 && !first.code[0])
        ed_energy_say_no_source(&first, channels);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        struct ed_energy_why why;
        if (evaluate(work, &all[i].source, &why)) {
            device->source = all[i].source;
            // What kept a better one from being taken is said with the figure.
            device->why = first;
            list_others(device, all, n, i);
            free(all);
            return ED_OK;
        }
        if (!first.code[0])
            first = why;
    }
    device->why = first;
    list_others(device, all, n, SIZE_MAX);
    memset(device->of_blocks, 0, (device->blocks->n + 1) * sizeof *device->of_blocks);
    free(all);
    return status;
}

enum ed_status ed_energy_device_load(struct ed_energy_device *device, const struct ed_blocks *blocks,
                                     const struct ed_meter_data *meter, bool accelerator, bool phone,
                                     struct ed_error *err) {
    struct ed_timeline_channels *channels = calloc(blocks->n_jobs + 1, sizeof *channels);
    struct ed_energy_work work = {device, channels, calloc(blocks->n + 1, sizeof *work.times), meter, phone};
    enum ed_status status = ED_OK;
    memset(device, 0, sizeof *device);
    device->blocks = blocks;
    device->of_blocks = calloc(blocks->n + 1, sizeof *device->of_blocks);
    if (!channels || !work.times || !device->of_blocks)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the energy of a device");
    for (size_t job = 0; status == ED_OK && job < blocks->n_jobs; job++)
        status = ed_timeline_channels_load(&channels[job], blocks, job, err);
    for (size_t b = 0; status == ED_OK && b < blocks->n; b++)
        ed_timeline_times(blocks, b, &work.times[b]);
    if (status == ED_OK)
        status = choose(&work, accelerator, err);
    for (size_t job = 0; channels && job < blocks->n_jobs; job++)
        ed_timeline_channels_release(&channels[job]);
    free(channels);
    free(work.times);
    if (status != ED_OK)
        ed_energy_device_release(device);
    return status;
}

double ed_energy_of_block(const struct ed_energy_device *device, const struct ed_blocks *blocks, size_t b) {
    const struct ed_block *block = &blocks->items[b];
    const double n = (double)block->n_samples * (double)block->batch;
    struct ed_energy_sum one = {0};
    struct ed_energy_why why;
    if (!device->of_blocks || !device->of_blocks[b].has || !(n > 0))
        return NAN;
    ed_energy_add(&one, &device->of_blocks[b].part, n, false, 0, 0);
    return ed_energy_enough(&device->source, &one, &why) ? ed_energy_gross(&one, 0).value_uj : NAN;
}

void ed_energy_device_release(struct ed_energy_device *device) {
    free(device->of_blocks);
    memset(device, 0, sizeof *device);
}
