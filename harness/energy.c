// SPDX-License-Identifier: Apache-2.0
// From a device's timeline to the energy of each block.
#include "harness/energy.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/energy_source.h"

#define BATTERY_LEAST_UW 5e4     // a device that runs a worker on less than 50 mW is not known
#define PHONE_MOST_UW 3e7        // nor a phone that takes more than 30 W
#define BATTERY_LEAST_UV 2000000 // one cell, empty
#define BATTERY_MOST_UV 100000000
#define CHANGES_MIN 8
#define METER "meter.power"                 // an external meter as a channel
#define METER_AROUND_NS INT64_C(5000000000) // of its readings beside a block
#define METER_MOST_UW 1e10
#define STATUS_DISCHARGING 2 // of probes/power_supply.c; 0 is unknown

// What the evaluation of one source works on.
struct work {
    struct ed_energy_device *device;
    const struct ed_timeline_channels *channels; // one list a job
    struct ed_timeline_times *times;             // one a block
    const struct ed_meter_data *meter;           // NULL: none
    bool phone;
};

static bool is_timed(const struct work *work, size_t b) {
    const struct ed_block *block = &work->device->blocks->items[b];
    return block->job < work->device->blocks->n_jobs && !strcmp(block->pass, ED_PASS_TIMING) &&
           block->outcome == ED_OUTCOME_OK && block->n_samples > 0 &&
           work->times[b].timed.end_ns > work->times[b].timed.begin_ns;
}

// An external meter's readings from before the block's windows of rest to behind them.
static struct ed_energy_reading *meter_readings(const struct work *work, size_t b, size_t *n,
                                                double *sync_ns) {
    const struct ed_timeline_times *times = &work->times[b];
    const int64_t begin_ns = times->idle_before.end_ns ? times->idle_before.begin_ns : times->block.begin_ns,
                  end_ns = times->idle_after.end_ns ? times->idle_after.end_ns : times->block.end_ns;
    return ed_meter_readings(work->meter, begin_ns - METER_AROUND_NS, end_ns + METER_AROUND_NS, n, sync_ns);
}

// The readings of a channel by its name; NULL where the block's job has none such. `sync_ns`: how well their
// clock is known on that of the block.
static struct ed_energy_reading *readings_and_sync(const struct work *work, size_t b, const char *id,
                                                   size_t *n, double *sync_ns) {
    const struct ed_block *block = &work->device->blocks->items[b];
    *n = 0;
    *sync_ns = 0;
    if (!strcmp(id, METER))
        return meter_readings(work, b, n, sync_ns);
    if (block->job >= work->device->blocks->n_jobs)
        return NULL;
    const size_t channel = ed_timeline_channel_find(&work->channels[block->job], id);
    return channel == SIZE_MAX ? NULL : ed_timeline_readings(block, channel, n);
}

static struct ed_energy_reading *readings_of(const struct work *work, size_t b, const char *id, size_t *n) {
    double sync_ns;
    return readings_and_sync(work, b, id, n, &sync_ns);
}

// Readings in the timed window of a block, in all their forms.
struct seen {
    double least, most, mean;
    size_t n;
};

static struct seen look(const struct work *work, size_t b, const char *id, bool whole_block) {
    struct seen seen = {0};
    size_t n = 0;
    struct ed_energy_reading *readings = id[0] ? readings_of(work, b, id, &n) : NULL;
    const struct ed_timeline_span span = whole_block ? work->times[b].block : work->times[b].timed;
    for (size_t i = 0; i < n; i++) {
        const double value = (double)readings[i].value;
        if (readings[i].value == ED_ENERGY_NO_VALUE || readings[i].at_ns < span.begin_ns ||
            readings[i].at_ns > span.end_ns)
            continue;
        seen.least = seen.n && seen.least < value ? seen.least : value;
        seen.most = seen.n && seen.most > value ? seen.most : value;
        seen.mean += value;
        seen.n++;
    }
    seen.mean = seen.n ? seen.mean / (double)seen.n : 0;
    free(readings);
    return seen;
}

// Whether a channel tells of a cable that feeds the device.
static bool tells_cable(const char *id) {
    const char *dot = strrchr(id, '.');
    return !strcmp(id, "android.battery.plugged") ||
           (!strncmp(id, "power_supply.", strlen("power_supply.")) && dot && !strcmp(dot, ".online"));
}

static bool is_charging(const struct work *work, const struct ed_energy_source *source, size_t b) {
    const struct seen status = look(work, b, source->status, true);
    const struct ed_timeline_channels *channels = &work->channels[work->device->blocks->items[b].job];
    if (status.n && ((status.least > 0 && status.least != STATUS_DISCHARGING) ||
                     (status.most > 0 && status.most != STATUS_DISCHARGING)))
        return true;
    for (size_t c = 0; c < channels->n; c++)
        if (channels->items[c].available && tells_cable(channels->items[c].id) &&
            look(work, b, channels->items[c].id, true).most > 0)
            return true;
    return false;
}

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
static void take_store_step(const struct work *work, struct ed_energy_source *source) {
    struct ed_energy_sensor *sensor = &source->sensor;
    double least = 0;
    for (size_t b = 0; b < work->device->blocks->n; b++) {
        struct ed_energy_sensor one = *sensor;
        size_t n = 0;
        struct ed_energy_reading *readings = readings_of(work, b, source->ids[0], &n);
        one.resolution = 0;
        take_step(&one, readings, n);
        free(readings);
        if (one.resolution > 0 && (least == 0 || one.resolution < least))
            least = one.resolution;
    }
    sensor->resolution = least > sensor->resolution ? least : sensor->resolution;
}

// The sensor as the fullest block shows it.
static void study(const struct work *work, struct ed_energy_source *source) {
    struct ed_energy_sensor *sensor = &source->sensor;
    const struct ed_blocks *blocks = work->device->blocks;
    size_t best = SIZE_MAX, n = 0;
    double volts = 0, n_volts = 0;
    for (size_t b = 0; b < blocks->n; b++) {
        if (!is_timed(work, b))
            continue;
        best = best == SIZE_MAX || blocks->items[b].n_readings > blocks->items[best].n_readings ? b : best;
        const struct seen voltage = look(work, b, source->voltage, true);
        volts += voltage.n ? voltage.mean * 1e-6 : 0;
        n_volts += voltage.n > 0;
    }
    if (best == SIZE_MAX)
        return;
    if (source->voltage[0])
        sensor->unit = n_volts > 0 ? 3600 * volts / n_volts : 0;
    struct ed_energy_reading *readings = readings_of(work, best, source->ids[0], &n);
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
static void window(const struct work *work, const struct ed_energy_source *source, size_t b,
                   struct ed_timeline_span span, double step_uw, struct ed_energy_part *sum) {
    memset(sum, 0, sizeof *sum);
    for (size_t k = 0; k < source->n_ids; k++) {
        struct ed_energy_part part;
        size_t n = 0;
        double sync_ns;
        struct ed_energy_reading *readings = readings_and_sync(work, b, source->ids[k], &n, &sync_ns);
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
static void idle_before(const struct work *work, const struct ed_energy_source *source, size_t b,
                        struct ed_energy_part *part) {
    const struct ed_blocks *blocks = work->device->blocks;
    *part = (struct ed_energy_part){.status = ED_ENERGY_NO_READINGS};
    if (work->times[b].idle_before.end_ns)
        window(work, source, b, work->times[b].idle_before, 0, part);
    else if (b > 0 && blocks->items[b - 1].job == blocks->items[b].job &&
             work->times[b - 1].idle_after.end_ns)
        window(work, source, b - 1, work->times[b - 1].idle_after, 0, part);
}

static enum ed_energy_status measure(const struct work *work, const struct ed_energy_source *source, size_t b,
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

static void say(struct ed_energy_why *why, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(struct ed_energy_why *why, const char *code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    snprintf(why->code, sizeof why->code, "%s", code);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
}

static void say_status(struct ed_energy_why *why, const struct ed_energy_source *source,
                       enum ed_energy_status status) {
    const char *id = source->ids[0];
    if (status == ED_ENERGY_LOST)
        say(why, "sensor_lost", "%s stopped telling during a timed window", id);
    else if (status == ED_ENERGY_BROKEN)
        say(why, "sensor_broken",
            "%s jumped as no energy does: it was reset, or wrapped more than once unseen", id);
    else if (status == ED_ENERGY_SIGN)
        say(why, "sign_doubtful", "%s tells negative power%s in a timed window", id,
            source->sensor.either_sign ? " and positive" : "");
    else
        say(why, "run_too_short", "%s has no reading of its own in a timed window: it tells each %.3g s", id,
            (double)(source->sensor.update_ns ? source->sensor.update_ns : source->period_ns) * 1e-9);
}

// Units and state of a battery: what is doubtful is no figure.
static bool battery_fits(const struct work *work, const struct ed_energy_source *source, double power_uw,
                         size_t b, struct ed_energy_why *why) {
    const char *dot = strrchr(source->ids[0], '.');
    char voltage_id[64];
    if (is_charging(work, source, b)) {
        say(why, "charging",
            "the battery was charging or on a cable: what the device used is not in its current. Unplug it "
            "(adb over "
            "Wi-Fi for a phone), or use power rails or an external meter");
        return false;
    }
    snprintf(voltage_id, sizeof voltage_id, "%.*s.voltage", dot ? (int)(dot - source->ids[0]) : 0,
             source->ids[0]);
    const struct seen voltage = look(work, b, voltage_id, true);
    if (voltage.n && (voltage.mean < BATTERY_LEAST_UV || voltage.mean > BATTERY_MOST_UV)) {
        say(why, "unit_doubtful", "%s tells %.4g V, which no battery has: its driver's unit is another",
            voltage_id, voltage.mean * 1e-6);
        return false;
    }
    if (source->sensor.kind != ED_ENERGY_GAUGE)
        return true;
    if (power_uw < BATTERY_LEAST_UW) {
        say(why, "unit_doubtful",
            "%s tells %.3g mW while the worker ran, on which no device lives; a thousand times as much would "
            "be "
            "%.3g W: its driver seems to tell mA for uA",
            source->ids[0], power_uw * 1e-3, power_uw * 1e-3);
        return false;
    }
    if (work->phone && power_uw > PHONE_MOST_UW) {
        say(why, "unit_doubtful", "%s tells %.3g W, which no phone can take", source->ids[0],
            power_uw * 1e-6);
        return false;
    }
    return true;
}

bool ed_energy_enough(const struct ed_energy_source *source, const struct ed_energy_sum *sum,
                      struct ed_energy_why *why) {
    const struct ed_energy_sensor *sensor = &source->sensor;
    const char *id = source->ids[0];
    const double update_s = (double)sensor->update_ns * 1e-9,
                 step = (sensor->resolution > 0 ? sensor->resolution : 1) * sensor->unit * 1e-6;
    double needed_s;
    bool at_least;
    memset(why, 0, sizeof *why);
    if (ed_energy_resolved(sensor, sum, update_s, &needed_s, &at_least))
        return true;
    if (sensor->kind == ED_ENERGY_GAUGE && isinf(needed_s))
        say(why, "below_resolution", "%s shows %.3g W in steps of %.3g W: no length of a run would tell", id,
            sum->energy_uj / sum->duration_s * 1e-6, step);
    else if (sensor->kind == ED_ENERGY_GAUGE)
        say(why, "run_too_short",
            "%s tells each %.3g s: %.2g times in all timed windows, and %d are needed; let each block time "
            "at least "
            "%.3g s",
            id, update_s, sum->updates, ED_ENERGY_UPDATES_MIN, needed_s);
    else if (sum->steps <= 0)
        say(why, "below_resolution",
            "%s did not move in %.3g s of timed windows: %d of its steps need more than %.3g s", id,
            sum->duration_s, ED_ENERGY_STEPS_MIN, needed_s);
    else
        say(why, "below_resolution",
            "%s moves in steps of %.4g J, and moved by %.2g of them in %.3g s: %d need %s%.3g s of timed "
            "windows",
            id, step, sum->steps, sum->duration_s, ED_ENERGY_STEPS_MIN, at_least ? "more than " : "about ",
            needed_s);
    return false;
}

// Every timed block by this source. False where it gives no figure, with the first reason.
static bool evaluate(const struct work *work, struct ed_energy_source *source, struct ed_energy_why *why) {
    struct ed_energy_device *device = work->device;
    struct ed_energy_sum sum = {0};
    study(work, source);
    memset(why, 0, sizeof *why);
    for (size_t b = 0; b < device->blocks->n; b++) {
        struct ed_energy_block *out = &device->of_blocks[b];
        memset(out, 0, sizeof *out);
        if (!is_timed(work, b))
            continue;
        const enum ed_energy_status status = measure(work, source, b, out);
        // Checked first: it is the reason for what else may be wrong.
        if (!strcmp(source->scope, "battery") && !battery_fits(work, source, out->part.power_uw, b, why) &&
            (out->has || !strcmp(why->code, "charging")))
            return false;
        if (!out->has && !why->code[0])
            say_status(why, source, status);
        if (out->has)
            ed_energy_add(&sum, &out->part, 1, out->has_idle, out->idle_uw, out->u_idle_uw);
    }
    return sum.windows > 0 && ed_energy_enough(source, &sum, why);
}

// Why there is none: what a device shows that is not there to be read.
static void no_source(struct ed_energy_why *why, const struct ed_timeline_channels *channels) {
    say(why, "no_power_sensor", "the device shows no sensor of power or energy; an external meter would");
    for (size_t i = 0; channels && i < channels->n; i++) {
        const struct ed_timeline_channel *channel = &channels->items[i];
        const bool power = !strcmp(channel->quantity, "power") || !strcmp(channel->quantity, "energy");
        if (channel->available && !strcmp(channel->scope, "battery") &&
            !strcmp(channel->quantity, "charge") && !strcmp(channel->unit, "permille"))
            say(why, "below_resolution",
                "%s tells its charge in steps of 1 %% alone, which no block changes: an external meter would "
                "tell",
                channel->id);
        // Seen and refused, as root's counters are: that is what can be mended.
        const bool forbidden = strstr(channel->reason, "root") || strstr(channel->reason, "denied");
        if (power && !channel->available &&
            (forbidden || (!strcmp(channel->scope, "battery") && strchr(channel->id, '.'))))
            say(why, forbidden ? "permission" : "sensor_unusable", "%s: %s", channel->id, channel->reason);
        if (power && !channel->available && forbidden)
            return;
    }
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
static bool take_meter(const struct work *work, struct ed_energy_why *why) {
    struct ed_energy_source source = {.scope = "external", .ids = {METER}, .n_ids = 1};
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
        say(why, "meter_failed", "the external meter failed: %.200s", work->meter->why);
    return false;
}

static enum ed_status choose(const struct work *work, bool accelerator, struct ed_error *err) {
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
        no_source(&first, channels);
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
    struct work work = {device, channels, calloc(blocks->n + 1, sizeof *work.times), meter, phone};
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
