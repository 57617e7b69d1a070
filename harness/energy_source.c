// SPDX-License-Identifier: Apache-2.0
// The sensors of a device in order of preference.
#include "harness/energy_source.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    int rank;
    double most_uw; // no device of the kind uses more
} scopes[] = {{"external", 0, 1e10},
              {"board", 1, 5e9},
              {"battery", 2, 3e8},
              {"package", 4, 1e9},
              {"accelerator", 5, 2e9}};
#define N_SCOPES (sizeof scopes / sizeof scopes[0])

static bool is(const struct ed_timeline_channel *channel, const char *quantity, const char *unit) {
    return !strcmp(channel->quantity, quantity) && !strcmp(channel->unit, unit);
}

// "powercap.package-1", and not a part of it or its mirror.
static bool is_processor_package(const char *id) {
    static const char prefix[] = "powercap.package-";
    const char *number = id + sizeof prefix - 1;
    return !strncmp(id, prefix, sizeof prefix - 1) && number[0] && number[strspn(number, "0123456789")] == 0;
}

// The mean over the blocks of what a channel showed: only to tell larger from smaller.
static double size_of(const struct ed_blocks *blocks, const char *id, bool counter) {
    double sum = 0;
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_json_at root = ed_json_root(&blocks->documents[i]),
                                all = ed_json_member(&root, "probes"), at = ed_json_member(&all, id);
        double first = 0, last = 0, max = 0;
        ed_json_opt_real(&at, "first", -9e18, 9e18, &first, NULL);
        ed_json_opt_real(&at, "last", -9e18, 9e18, &last, NULL);
        ed_json_opt_real(&at, "max", -9e18, 9e18, &max, NULL);
        sum += counter ? (last > first ? last - first : 0) : max;
    }
    return sum;
}

// Fills what a channel tells by itself. False where it tells no energy.
static bool describe(const struct ed_timeline_channel *channel, struct ed_energy_source *source) {
    struct ed_energy_sensor *sensor = &source->sensor;
    const bool battery = !strcmp(channel->scope, "battery");
    memset(source, 0, sizeof *source);
    if (!channel->available)
        return false;
    sensor->unit = 1;
    if (is(channel, "energy", "uj"))
        sensor->kind = channel->counter ? ED_ENERGY_COUNTER : ED_ENERGY_STORE;
    else if (is(channel, "power", "uw"))
        sensor->kind = ED_ENERGY_GAUGE;
    else if (is(channel, "charge", "uah") && battery)
        sensor->kind = ED_ENERGY_STORE;
    else
        return false;
    if (sensor->kind == ED_ENERGY_STORE && !battery)
        return false;
    sensor->wrap = channel->wrap;
    sensor->resolution = (double)channel->resolution;
    sensor->update_ns = channel->update_ns;
    sensor->either_sign = battery;
    // NVML API reference, nvmlDeviceGetPowerUsage: within 5 %, taken as the bounds of a uniform distribution.
    sensor->gain = strncmp(channel->id, "nvml.", 5) ? 0 : 0.029;
    source->period_ns = channel->period_ns;
    snprintf(source->scope, sizeof source->scope, "%s", channel->scope);
    snprintf(source->ids[source->n_ids++], sizeof source->ids[0], "%s", channel->id);
    for (size_t s = 0; s < N_SCOPES; s++)
        if (!strcmp(channel->scope, scopes[s].word))
            sensor->most_uw = scopes[s].most_uw;
    return sensor->most_uw > 0;
}

// A channel of the same battery.
static void sibling(const struct ed_timeline_channels *channels, const char *id, const char *name,
                    char out[64]) {
    const char *dot = strrchr(id, '.');
    char wanted[96];
    snprintf(wanted, sizeof wanted, "%.*s.%s", dot ? (int)(dot - id) : 0, id, name);
    out[0] = 0;
    for (size_t i = 0; i < channels->n; i++)
        if (channels->items[i].available && !strcmp(channels->items[i].id, wanted))
            snprintf(out, 64, "%.63s", wanted);
}

static int rank_of(const struct ed_energy_candidate *candidate, bool accelerator) {
    const char *scope = candidate->source.scope;
    for (size_t s = 0; s < N_SCOPES; s++)
        if (!strcmp(scope, scopes[s].word))
            return accelerator && !strcmp(scope, "accelerator") ? 3 : scopes[s].rank;
    return (int)N_SCOPES + 1;
}

static int by_preference(const void *a, const void *b) {
    const struct ed_energy_candidate *x = a, *y = b;
    const int kinds = (int)x->source.sensor.kind - (int)y->source.sensor.kind;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (kinds)
        return kinds;
    if (x->source.n_ids != y->source.n_ids)
        return x->source.n_ids > y->source.n_ids ? -1 : 1;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return strcmp(x->source.ids[0], y->source.ids[0]);
}

// All packages of the processor as one: they hold each other's energy not, and each its parts'.
static size_t join_packages(struct ed_energy_candidate *all, size_t n) {
    size_t first = SIZE_MAX, kept = 0;
    for (size_t i = 0; i < n; i++) {
        const bool package = is_processor_package(all[i].source.ids[0]);
        if (package && first != SIZE_MAX && all[first].source.n_ids < ED_ENERGY_PARTS_MAX) {
            struct ed_energy_source *sum = &all[first].source;
            memcpy(sum->ids[sum->n_ids++], all[i].source.ids[0], sizeof sum->ids[0]);
            continue;
        }
        if (package && first == SIZE_MAX) {
            first = kept;
            // Before every domain that is only a part, however much that shows.
            all[i].size = 1e300;
        }
        all[kept++] = all[i];
    }
    return kept;
}

enum ed_status ed_energy_candidates(struct ed_energy_candidate **out, size_t *n,
                                    const struct ed_blocks *blocks,
                                    const struct ed_timeline_channels *channels, bool accelerator,
                                    struct ed_error *err) {
    struct ed_energy_candidate *all = calloc(channels->n + 1, sizeof *all);
    *n = 0;
    *out = all;
    if (!all)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the sensors of a device");
    for (size_t i = 0; i < channels->n; i++) {
        const struct ed_timeline_channel *channel = &channels->items[i];
        struct ed_energy_candidate *candidate = &all[*n];
        if (!describe(channel, &candidate->source))
            continue;
        if (!strcmp(candidate->source.scope, "battery")) {
            sibling(channels, channel->id, "status", candidate->source.status);
            if (!strcmp(channel->unit, "uah"))
                sibling(channels, channel->id, "voltage", candidate->source.voltage);
            if (!strcmp(channel->unit, "uah") && !candidate->source.voltage[0])
                continue;
        }
        candidate->rank = rank_of(candidate, accelerator);
        candidate->size = size_of(blocks, channel->id, channel->counter);
        (*n)++;
    }
    *n = join_packages(all, *n);
    qsort(all, *n, sizeof *all, by_preference);
    return ED_OK;
}
