// SPDX-License-Identifier: Apache-2.0
// Facts of a block from what the probes read around it and in it.
#include "harness/validity_facts.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/affix.h"
#include "base/stats/quantile.h"

#define SPAN_LEAST_NS 200000000 // below, a tick of the system's clock is a large part of a rate
#define CLOCKS_LEAST 10         // readings
#define CLOCK_LOW 0.8           // of the median
#define STEERED 0.001           // of a duration, which steering the wall clock may make of it
#define MODEL_LEAST_BYTES (16 << 20)
#define FIRMWARE_NOW 0xf
#define COLDEST_MC (-273150)
#define HOTTEST_MC 1000000                     // no device that runs
#define NVML_SLOWED (0x8 | 0x20 | 0x40 | 0x80) // hardware slow-down, heat (two ways), power brake
#define STATUS_DISCHARGING 2                   // of probes/power_supply.c; 0 is unknown

bool ed_validity_holds_word(const char *text, const char *word) {
    for (; *text; text++) {
        size_t i = 0;
        while (word[i] && tolower((unsigned char)text[i]) == word[i])
            i++;
        if (!word[i])
            return true;
    }
    return false;
}

static void gather(const struct ed_validity_look *look, struct ed_timeline_span span,
                   struct ed_validity_seen *all) {
    memset(all, 0, look->channels->n * sizeof *all);
    for (size_t i = 0; i < look->block->n_readings; i++) {
        const struct ed_timeline_record *record = &look->block->readings[i];
        if (record->channel >= look->channels->n || record->monotonic_ns < span.begin_ns ||
            record->monotonic_ns > span.end_ns)
            continue;
        struct ed_validity_seen *seen = &all[record->channel];
        seen->last_failed = record->value == INT64_MIN;
        if (seen->last_failed) {
            seen->failures++;
            continue;
        }
        if (!seen->n++) {
            seen->first = seen->least = seen->most = record->value;
            seen->first_ns = record->monotonic_ns;
        }
        seen->last = record->value;
        seen->last_ns = record->monotonic_ns;
        seen->least = record->value < seen->least ? record->value : seen->least;
        seen->most = record->value > seen->most ? record->value : seen->most;
        seen->positive += record->value > 0;
        seen->bits |= record->value > 0 ? (uint64_t)record->value : 0;
    }
}

bool ed_validity_around(const struct ed_json_at *context, const char *id, int64_t *value) {
    *value = INT64_MIN;
    ed_json_opt_int(context, id, -(INT64_C(1) << 53), INT64_C(1) << 53, value, NULL);
    return *value != INT64_MIN;
}

// Least and most of a channel in the block and around it. False where nothing was read.
static bool range_of(const struct ed_validity_look *look, size_t c, int64_t *least, int64_t *most) {
    const char *id = look->channels->items[c].id;
    const struct ed_validity_seen *seen = &look->whole[c];
    int64_t value;
    *least = seen->n ? seen->least : INT64_MAX;
    *most = seen->n ? seen->most : INT64_MIN;
    for (int i = 0; i < 2; i++)
        if (ed_validity_around(i ? &look->after : &look->before, id, &value)) {
            *least = value < *least ? value : *least;
            *most = value > *most ? value : *most;
        }
    return *least <= *most;
}

static size_t find(const struct ed_validity_look *look, const char *id) {
    const size_t c = ed_timeline_channel_find(look->channels, id);
    return c != SIZE_MAX && look->channels->items[c].available ? c : SIZE_MAX;
}

static void raise_to(double *fact, double value) {
    *fact = fmax(*fact, value);
}

// Rise of a counter over time, per nanosecond; ED_VALIDITY_UNKNOWN where the span is too short.
static double rate_of(const struct ed_validity_look *look, const char *id) {
    const size_t c = find(look, id);
    const struct ed_validity_seen *seen = c == SIZE_MAX ? NULL : &look->timed[c];
    if (!seen || seen->n < 2 || seen->last < seen->first || seen->last_ns - seen->first_ns < SPAN_LEAST_NS)
        return ED_VALIDITY_UNKNOWN;
    return ((double)seen->last - (double)seen->first) / (double)(seen->last_ns - seen->first_ns);
}

static bool is_processor(const char *id) {
    static const char *const words[] = {"processor", "cpu",  "gpu",        "npu",         "devfreq",
                                        "kgsl",      "mali", "powerclamp", "thermal-idle"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (ed_validity_holds_word(id, words[i]))
            return true;
    return false;
}

// The readings around a block are its own as well: firmware keeps what it did since the boot.
static void firmware(const struct ed_validity_look *look, size_t c, struct ed_validity_facts *facts) {
    const char *id = look->channels->items[c].id;
    int64_t before, after;
    uint64_t bits = look->whole[c].bits & FIRMWARE_NOW;
    const bool pair =
        ed_validity_around(&look->before, id, &before) && ed_validity_around(&look->after, id, &after);
    if (pair)
        bits |= (uint64_t)(after & ~before) >> 16 & FIRMWARE_NOW;
    if (pair || look->whole[c].n)
        raise_to(&facts->firmware_flags, (double)bits);
}

static void cooling(const struct ed_validity_look *look, size_t c, struct ed_validity_facts *facts) {
    const char *id = look->channels->items[c].id;
    const struct ed_validity_seen *seen = &look->whole[c];
    const double length = (double)(look->times.block.end_ns - look->times.block.begin_ns);
    int64_t before, after;
    if (!is_processor(id + strlen("cooling.")))
        return;
    if (ed_affix_ends(id, ".state") && seen->n)
        raise_to(&facts->cooling_share, (double)seen->positive / (double)seen->n);
    if (ed_affix_ends(id, ".busy_time") && length > 0 && ed_validity_around(&look->before, id, &before) &&
        ed_validity_around(&look->after, id, &after) && after >= before)
        raise_to(&facts->cooling_share, fmin(1, (double)(after - before) / length));
}

static bool is_battery(const char *id) {
    return ed_affix_begins(id, "android.battery.") ||
           (ed_affix_begins(id, "power_supply.") && !strncasecmp(id + strlen("power_supply."), "bat", 3));
}

static void battery(const struct ed_validity_look *look, size_t c, struct ed_validity_facts *facts,
                    double *used_share) {
    const char *id = look->channels->items[c].id;
    int64_t least, most;
    if (!range_of(look, c, &least, &most))
        return;
    if ((ed_affix_begins(id, "power_supply.") && ed_affix_ends(id, ".online")) ||
        !strcmp(id, "android.battery.plugged"))
        raise_to(&facts->charging, most > 0);
    else if (is_battery(id) && ed_affix_ends(id, ".status"))
        raise_to(&facts->charging,
                 (least > 0 && least != STATUS_DISCHARGING) || (most > 0 && most != STATUS_DISCHARGING));
    else if (is_battery(id) && ed_affix_ends(id, ".capacity") && least >= 0 && least <= 1000)
        raise_to(used_share, 1 - (double)least / 1000);
}

static void channel_facts(const struct ed_validity_look *look, size_t c, struct ed_validity_facts *facts,
                          double *used_share) {
    const char *id = look->channels->items[c].id;
    const bool accelerated = !strcmp(look->c->processor, "gpu") || !strcmp(look->c->processor, "npu");
    int64_t least, most;
    if (!strcmp(id, "raspberry_pi.throttled") || !strcmp(id, "vcgencmd.throttled"))
        firmware(look, c, facts);
    else if (ed_affix_begins(id, "cooling."))
        cooling(look, c, facts);
    else if (ed_affix_begins(id, "cpu_policy.") && ed_affix_ends(id, ".limit") &&
             range_of(look, c, &least, &most) && least > 0)
        raise_to(&facts->limit_drop, 1 - (double)least / (double)look->highest[c]);
    else if (ed_affix_begins(id, "cpu_policy.") && ed_affix_ends(id, ".governor") &&
             range_of(look, c, &least, &most))
        raise_to(&facts->governor_changes, least != most);
    else if (!strcmp(id, "android.thermal_status") && range_of(look, c, &least, &most))
        raise_to(&facts->thermal_status, most > 0 ? (double)most : 0);
    else if (!strcmp(id, "android.screen_on") && range_of(look, c, &least, &most))
        raise_to(&facts->screen_on, most > 0);
    else if (accelerated && ed_affix_begins(id, "nvml.") && ed_affix_ends(id, ".throttle_reasons") &&
             look->timed[c].n)
        raise_to(&facts->gpu_flags, (double)(look->timed[c].bits & NVML_SLOWED));
    battery(look, c, facts, used_share);
}

// A sensor that told before the block, failed at its end, and does not tell behind it.
static void lost_sensors(const struct ed_validity_look *look, const char *temperature,
                         struct ed_validity_facts *facts) {
    int64_t value;
    for (size_t c = 0; c < look->channels->n; c++) {
        const struct ed_timeline_channel *channel = &look->channels->items[c];
        const bool heat = !strcmp(channel->id, temperature) || ed_affix_begins(channel->id, "cooling.") ||
                          ed_affix_ends(channel->id, ".throttled") || ed_affix_ends(channel->id, ".limit");
        if (!heat || !channel->available || !ed_validity_around(&look->before, channel->id, &value))
            continue;
        raise_to(&facts->sensors_lost, 0);
        if (look->whole[c].last_failed && !ed_validity_around(&look->after, channel->id, &value))
            facts->sensors_lost++;
    }
}

// The fastest processor at each time: a worker keeps at least one busy.
static void clocks(const struct ed_validity_look *look, struct ed_validity_facts *facts) {
    int64_t *values = calloc(look->block->n_readings + 1, sizeof *values), at_ns = -1;
    size_t n = 0, low = 0;
    for (size_t i = 0; values && i < look->block->n_readings; i++) {
        const struct ed_timeline_record *record = &look->block->readings[i];
        if (record->channel >= look->channels->n || record->value <= 0 ||
            record->monotonic_ns < look->times.timed.begin_ns ||
            record->monotonic_ns > look->times.timed.end_ns ||
            !ed_affix_begins(look->channels->items[record->channel].id, "cpu_frequency."))
            continue;
        if (record->monotonic_ns != at_ns)
            values[n++] = 0;
        at_ns = record->monotonic_ns;
        values[n - 1] = record->value > values[n - 1] ? record->value : values[n - 1];
    }
    if (n >= CLOCKS_LEAST && !strcmp(look->c->processor, "cpu")) {
        ed_quantile_sort(values, n);
        while (low < n && (double)values[low] < CLOCK_LOW * (double)values[(n - 1) / 2])
            low++;
        facts->clock_low_share = (double)low / (double)n;
    }
    free(values);
}

static void processors(const struct ed_validity_look *look, struct ed_validity_facts *facts) {
    const double all = rate_of(look, "system_cpu.busy"), own = rate_of(look, "process_cpu.time"),
                 wait = rate_of(look, "process_schedule.wait"), stall = rate_of(look, "pressure.memory.some");
    const size_t faults = find(look, "process_memory.major_faults");
    if (all >= 0 && own >= 0)
        facts->other_cpus = fmax(0, all - own) / fmax(1, own);
    if (own >= 0 && wait >= 0)
        facts->run_wait_share = wait / fmax(1, own);
    if (stall >= 0)
        facts->memory_stall_share = stall * 1e3; // microseconds over nanoseconds
    if (faults != SIZE_MAX && look->timed[faults].n > 1)
        facts->timed_major_faults =
            fmax(0, (double)look->timed[faults].last - (double)look->timed[faults].first);
}

// Rise of a counter between the readings that enclose the load. Where a busy device had no time for one,
// those around the block stand in for it: the rise is then at least that of the load.
static double while_loading(const struct ed_validity_look *look, const char *id) {
    const size_t c = find(look, id);
    const struct ed_timeline_span load = look->times.phases[1];
    int64_t first = 0, value = 0;
    if (c == SIZE_MAX || load.end_ns <= load.begin_ns)
        return ED_VALIDITY_UNKNOWN;
    bool has_first = ed_validity_around(&look->before, id, &first);
    for (size_t i = 0; i < look->block->n_readings; i++) {
        const struct ed_timeline_record *record = &look->block->readings[i];
        if (record->channel != c || record->value == INT64_MIN)
            continue;
        if (!has_first || record->monotonic_ns <= load.begin_ns)
            first = record->value;
        has_first = true;
        if (record->monotonic_ns >= load.end_ns)
            return fmax(0, (double)record->value - (double)first);
    }
    return has_first && ed_validity_around(&look->after, id, &value) ? fmax(0, (double)value - (double)first)
                                                                     : ED_VALIDITY_UNKNOWN;
}

static double clock_of(const struct ed_json_at *root, const char *stamp, const char *key) {
    const struct ed_json_at at = ed_json_member(root, stamp);
    double value = 0;
    ed_json_opt_real(&at, key, 0, 9e18, &value, NULL);
    return value;
}

static void wall_clock(const struct ed_validity_look *look, struct ed_validity_facts *facts) {
    const double boot_s = (clock_of(&look->root, "ended", "boot_ns") -
                           clock_of(&look->root, "started", "boot_ns")) *
                          1e-9,
                 monotonic_s = (clock_of(&look->root, "ended", "monotonic_ns") -
                                clock_of(&look->root, "started", "monotonic_ns")) *
                               1e-9,
                 real_s = (clock_of(&look->root, "ended", "real_us") -
                           clock_of(&look->root, "started", "real_us")) *
                          1e-6;
    if (boot_s <= 0 || monotonic_s <= 0)
        return;
    facts->suspended_s = fmax(0, boot_s - monotonic_s);
    facts->clock_step_s = fmax(0, fabs(real_s - boot_s) - STEERED * boot_s);
}

static void engine_build(const struct ed_validity_look *look, struct ed_validity_facts *facts) {
    const struct ed_json_at evidence = ed_json_member(&look->root, "evidence");
    const char *words = "";
    if (!evidence.value || ed_json_opt_text(&evidence, "build_info", &words, NULL) != ED_OK || !words[0])
        return;
    facts->debug_build =
        ed_validity_holds_word(words, "build type=debug") || ed_validity_holds_word(words, "debug build");
}

static bool is_temperature(int64_t mc) {
    return mc >= COLDEST_MC && mc <= HOTTEST_MC;
}

static void temperature(const struct ed_validity_look *look, const char *id, struct ed_validity_block *out) {
    const size_t c = id[0] ? find(look, id) : SIZE_MAX;
    int64_t least;
    if (c == SIZE_MAX)
        return;
    out->has_start = ed_validity_around(&look->before, id, &out->start_mc) && is_temperature(out->start_mc);
    out->has_peak =
        range_of(look, c, &least, &out->peak_mc) && is_temperature(least) && is_temperature(out->peak_mc);
}

static void cool_down(const struct ed_validity_look *look, struct ed_validity_facts *facts) {
    const struct ed_json_at at = ed_json_member(&look->root, "cool_down");
    bool cooled = true;
    double start_mc = 0, now_mc = 0;
    const char *end = "";
    // Waiting was in vain since nothing told: the temperature of this block is not known.
    if (at.value && ed_json_opt_text(&at, "end", &end, NULL) == ED_OK && !strcmp(end, "sensor_lost"))
        raise_to(&facts->sensors_lost, 1);
    if (!ed_json_member(&at, "cooled").value || ed_json_opt_bool(&at, "cooled", &cooled, NULL) != ED_OK)
        return;
    ed_json_opt_real(&at, "start_mc", -1e6, 1e6, &start_mc, NULL);
    ed_json_opt_real(&at, "now_mc", -1e6, 1e6, &now_mc, NULL);
    facts->warmer_mc = cooled ? 0 : fmax(0, now_mc - start_mc);
}

void ed_validity_study(struct ed_validity_look *look, const struct ed_campaign_device *device,
                       const char *heat, struct ed_validity_block *out) {
    struct ed_validity_facts *facts = &out->facts;
    double used_share = ED_VALIDITY_UNKNOWN;
    gather(look, look->times.block, look->whole);
    gather(look, look->times.timed, look->timed);
    for (size_t c = 0; c < look->channels->n; c++)
        if (look->channels->items[c].available)
            channel_facts(look, c, facts, &used_share);
    if (facts->charging <= 0)
        facts->battery_used_share = used_share;
    lost_sensors(look, heat, facts);
    clocks(look, facts);
    processors(look, facts);
    facts->load_major_faults = while_loading(look, "process_memory.major_faults");
    if (look->c->model_file_bytes >= MODEL_LEAST_BYTES) {
        const double bytes = while_loading(look, "disk.read");
        facts->load_read_share = bytes < 0 ? bytes : bytes / (double)look->c->model_file_bytes;
    }
    wall_clock(look, facts);
    engine_build(look, facts);
    cool_down(look, facts);
    facts->virtual_machine = device->virtual_machine;
    facts->emulator = device->emulator;
    out->heat_known = facts->firmware_flags >= 0 || facts->cooling_share >= 0 || facts->limit_drop >= 0 ||
                      facts->thermal_status >= 0 || facts->gpu_flags >= 0;
    temperature(look, heat, out);
}
