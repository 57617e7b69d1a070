// SPDX-License-Identifier: Apache-2.0
// Why a sensor gives no figure, in words.
#include "harness/energy_work.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define BATTERY_LEAST_UW 5e4     // a device that runs a worker on less than 50 mW is not known
#define PHONE_MOST_UW 3e7        // nor a phone that takes more than 30 W
#define BATTERY_LEAST_UV 2000000 // one cell, empty
#define BATTERY_MOST_UV 100000000
#define STATUS_DISCHARGING 2 // of probes/power_supply.c; 0 is unknown

void ed_energy_say(struct ed_energy_why *why, const char *code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    snprintf(why->code, sizeof why->code, "%s", code);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
}

void ed_energy_say_status(struct ed_energy_why *why, const struct ed_energy_source *source,
                          enum ed_energy_status status) {
    const char *id = source->ids[0];
    if (status == ED_ENERGY_LOST)
        ed_energy_say(why, "sensor_lost", "%s stopped telling during a timed window", id);
    else if (status == ED_ENERGY_BROKEN)
        ed_energy_say(why, "sensor_broken",
                      "%s jumped as no energy does: it was reset, or wrapped more than once unseen", id);
    else if (status == ED_ENERGY_SIGN)
        ed_energy_say(why, "sign_doubtful", "%s tells negative power%s in a timed window", id,
                      source->sensor.either_sign ? " and positive" : "");
    else
        ed_energy_say(
            why, "run_too_short", "%s has no reading of its own in a timed window: it tells each %.3g s", id,
            (double)(source->sensor.update_ns ? source->sensor.update_ns : source->period_ns) * 1e-9);
}

// Whether a channel tells of a cable that feeds the device.
static bool tells_cable(const char *id) {
    const char *dot = strrchr(id, '.');
    return !strcmp(id, "android.battery.plugged") ||
           (!strncmp(id, "power_supply.", strlen("power_supply.")) && dot && !strcmp(dot, ".online"));
}

static bool is_charging(const struct ed_energy_work *work, const struct ed_energy_source *source, size_t b) {
    const struct ed_energy_seen status = ed_energy_look(work, b, source->status, true);
    const struct ed_timeline_channels *channels = &work->channels[work->device->blocks->items[b].job];
    if (status.n && ((status.least > 0 && status.least != STATUS_DISCHARGING) ||
                     (status.most > 0 && status.most != STATUS_DISCHARGING)))
        return true;
    for (size_t c = 0; c < channels->n; c++)
        if (channels->items[c].available && tells_cable(channels->items[c].id) &&
            ed_energy_look(work, b, channels->items[c].id, true).most > 0)
            return true;
    return false;
}

bool ed_energy_battery_fits(const struct ed_energy_work *work, const struct ed_energy_source *source,
                            double power_uw, size_t b, struct ed_energy_why *why) {
    const char *dot = strrchr(source->ids[0], '.');
    char voltage_id[64];
    if (is_charging(work, source, b)) {
        ed_energy_say(
            why, "charging",
            "the battery was charging or on a cable: what the device used is not in its current. Unplug it "
            "(adb over "
            "Wi-Fi for a phone), or use power rails or an external meter");
        return false;
    }
    snprintf(voltage_id, sizeof voltage_id, "%.*s.voltage", dot ? (int)(dot - source->ids[0]) : 0,
             source->ids[0]);
    const struct ed_energy_seen voltage = ed_energy_look(work, b, voltage_id, true);
    if (voltage.n && (voltage.mean < BATTERY_LEAST_UV || voltage.mean > BATTERY_MOST_UV)) {
        ed_energy_say(why, "unit_doubtful",
                      "%s tells %.4g V, which no battery has: its driver's unit is another", voltage_id,
                      voltage.mean * 1e-6);
        return false;
    }
    if (source->sensor.kind != ED_ENERGY_GAUGE)
        return true;
    if (power_uw < BATTERY_LEAST_UW) {
        ed_energy_say(
            why, "unit_doubtful",
            "%s tells %.3g mW while the worker ran, on which no device lives; a thousand times as much would "
            "be "
            "%.3g W: its driver seems to tell mA for uA",
            source->ids[0], power_uw * 1e-3, power_uw * 1e-3);
        return false;
    }
    if (work->phone && power_uw > PHONE_MOST_UW) {
        ed_energy_say(why, "unit_doubtful", "%s tells %.3g W, which no phone can take", source->ids[0],
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
        ed_energy_say(why, "below_resolution",
                      "%s shows %.3g W in steps of %.3g W: no length of a run would tell", id,
                      sum->energy_uj / sum->duration_s * 1e-6, step);
    else if (sensor->kind == ED_ENERGY_GAUGE)
        ed_energy_say(
            why, "run_too_short",
            "%s tells each %.3g s: %.2g times in all timed windows, and %d are needed; let each block time "
            "at least "
            "%.3g s",
            id, update_s, sum->updates, ED_ENERGY_UPDATES_MIN, needed_s);
    else if (sum->steps <= 0)
        ed_energy_say(why, "below_resolution",
                      "%s did not move in %.3g s of timed windows: %d of its steps need more than %.3g s", id,
                      sum->duration_s, ED_ENERGY_STEPS_MIN, needed_s);
    else
        ed_energy_say(
            why, "below_resolution",
            "%s moves in steps of %.4g J, and moved by %.2g of them in %.3g s: %d need %s%.3g s of timed "
            "windows",
            id, step, sum->steps, sum->duration_s, ED_ENERGY_STEPS_MIN, at_least ? "more than " : "about ",
            needed_s);
    return false;
}

void ed_energy_say_no_source(struct ed_energy_why *why, const struct ed_timeline_channels *channels) {
    ed_energy_say(why, "no_power_sensor",
                  "the device shows no sensor of power or energy; an external meter would");
    for (size_t i = 0; channels && i < channels->n; i++) {
        const struct ed_timeline_channel *channel = &channels->items[i];
        const bool power = !strcmp(channel->quantity, "power") || !strcmp(channel->quantity, "energy");
        if (channel->available && !strcmp(channel->scope, "battery") &&
            !strcmp(channel->quantity, "charge") && !strcmp(channel->unit, "permille"))
            ed_energy_say(
                why, "below_resolution",
                "%s tells its charge in steps of 1 %% alone, which no block changes: an external meter would "
                "tell",
                channel->id);
        // Seen and refused, as root's counters are: that is what can be mended.
        const bool forbidden = strstr(channel->reason, "root") || strstr(channel->reason, "denied");
        if (power && !channel->available &&
            (forbidden || (!strcmp(channel->scope, "battery") && strchr(channel->id, '.'))))
            ed_energy_say(why, forbidden ? "permission" : "sensor_unusable", "%s: %s", channel->id,
                          channel->reason);
        if (power && !channel->available && forbidden)
            return;
    }
}
