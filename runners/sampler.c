// SPDX-License-Identifier: Apache-2.0
// Sampling all probes.
#include "runners/sampler.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "edgedyno/backend.h"
#include "probes/registry.h"
#include "runners/sampler_parts.h"

#define PERIOD_MIN_NS INT64_C(10000000)
#define PERIOD_MAX_NS INT64_C(5000000000)
#define PERIOD_OTHERWISE_NS INT64_C(100000000)
#define TOGETHER 16 // what is due within this part of its period is read now: one wake-up for several

_Static_assert(sizeof(struct ed_timeline_record) == ED_TIMELINE_RECORD_BYTES, "written as it lies in memory");
_Static_assert(ED_SAMPLER_RECORDS_MAX <= ED_WIRE_TIMELINE_MAX, "more than a controller takes");

static bool tells_power(const struct ed_channel *channel) {
    return channel->available &&
           (!strcmp(channel->quantity, "power") || !strcmp(channel->quantity, "energy") ||
            !strcmp(channel->quantity, "current"));
}

// How often, and whether at all.
static void plan_source(struct ed_sampler_source *source) {
    int64_t period_ns = 0;
    for (size_t c = 0; c < source->n; c++) {
        const struct ed_channel *channel = &source->channels[c];
        if (!channel->available)
            continue;
        source->active = true;
        source->power = source->power || tells_power(channel);
        const int64_t own = channel->period_ns > 0 ? channel->period_ns : PERIOD_OTHERWISE_NS;
        period_ns = !period_ns || own < period_ns ? own : period_ns;
    }
    source->period_ns = period_ns < PERIOD_MIN_NS   ? PERIOD_MIN_NS
                        : period_ns > PERIOD_MAX_NS ? PERIOD_MAX_NS
                                                    : period_ns;
}

static enum ed_status open_source(struct ed_sampler *sampler, struct ed_sampler_source *source,
                                  const struct ed_probe *probe, const struct ed_sampler_args *with,
                                  struct ed_error *err) {
    const struct ed_option_given events = {"events", with->events};
    const struct ed_probe_args args = {.root_fd = with->root_fd,
                                       .host = with->host,
                                       .options = &events,
                                       .n_options =
                                           probe == &ed_probe_papi && with->events && with->events[0]};
    source->probe = probe;
    source->state = calloc(1, probe->state_bytes ? probe->state_bytes : 1);
    source->channels = calloc(ED_CHANNELS_MAX, sizeof *source->channels);
    if (!source->state || !source->channels)
        return ed_fail(err, ED_ERR_NO_MEMORY, probe->name, "no memory for a probe");
    enum ed_status status =
        probe->detect(source->state, &args, source->channels, ED_CHANNELS_MAX, &source->n, err);
    if (status != ED_OK)
        return status;
    if (source->n > ED_CHANNELS_MAX)
        return ed_fail(err, ED_ERR_INTERNAL, probe->name,
                       "a probe found more channels than it was given room for");
    const size_t room = ED_SAMPLER_CHANNELS_MAX - sampler->n_channels;
    if (source->n > room) {
        sampler->left_out += source->n - room;
        source->n = room;
    }
    source->number = sampler->n_channels;
    sampler->n_channels += source->n;
    plan_source(source);
    struct ed_channel *fitted = realloc(source->channels, (source->n ? source->n : 1) * sizeof *fitted);
    if (fitted)
        source->channels = fitted;
    source->stats = calloc(source->n ? source->n : 1, sizeof *source->stats);
    source->values = calloc(source->n ? source->n : 1, sizeof *source->values);
    return source->stats && source->values
               ? ED_OK
               : ed_fail(err, ED_ERR_NO_MEMORY, probe->name, "no memory for a probe");
}

// Touched here, so that no page of it is found while a worker runs.
static enum ed_status take_memory(struct ed_sampler *sampler, size_t records, struct ed_error *err) {
    sampler->capacity = records ? records : ED_SAMPLER_RECORDS_MAX;
    sampler->records = malloc(sampler->capacity * sizeof *sampler->records);
    sampler->keep = calloc(sampler->n_channels ? sampler->n_channels : 1, sizeof *sampler->keep);
    if (!sampler->records || !sampler->keep)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the timeline of a block");
    memset(sampler->records, 0xff, sampler->capacity * sizeof *sampler->records);
    return ED_OK;
}

enum ed_status ed_sampler_new(struct ed_sampler **out, const struct ed_sampler_args *args,
                              struct ed_error *err) {
    size_t n = 0;
    const struct ed_probe *const *probes = ed_probes(&n);
    struct ed_sampler *sampler = calloc(1, sizeof *sampler);
    *out = NULL;
    if (!sampler || !(sampler->sources = calloc(n ? n : 1, sizeof *sampler->sources))) {
        free(sampler);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the probes");
    }
    sampler->thin = 1;
    ed_random_init(&sampler->random, args->seed);
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        sampler->n = i + 1;
        status = open_source(sampler, &sampler->sources[i], probes[i], args, err);
    }
    if (status == ED_OK)
        status = take_memory(sampler, args->records, err);
    if (status != ED_OK) {
        ed_sampler_free(sampler);
        return status;
    }
    *out = sampler;
    return ED_OK;
}

void ed_sampler_free(struct ed_sampler *sampler) {
    if (!sampler)
        return;
    for (size_t i = 0; i < sampler->n; i++) {
        struct ed_sampler_source *source = &sampler->sources[i];
        if (source->probe && source->state)
            source->probe->close(source->state);
        free(source->state);
        free(source->channels);
        free(source->stats);
        free(source->values);
    }
    free(sampler->sources);
    free(sampler->records);
    free(sampler->keep);
    free(sampler);
}

bool ed_sampler_has_power(const struct ed_sampler *sampler, int64_t *period_ns) {
    *period_ns = 0;
    for (size_t i = 0; i < sampler->n; i++)
        for (size_t c = 0; c < sampler->sources[i].n; c++) {
            const struct ed_channel *channel = &sampler->sources[i].channels[c];
            if (!tells_power(channel))
                continue;
            const int64_t own =
                channel->update_ns > channel->period_ns ? channel->update_ns : channel->period_ns;
            *period_ns = own > *period_ns ? own : *period_ns;
            *period_ns = *period_ns > 0 ? *period_ns : PERIOD_OTHERWISE_NS;
        }
    return *period_ns > 0;
}

void ed_sampler_clear(struct ed_sampler *sampler) {
    sampler->n_records = 0;
    sampler->thin = 1;
    sampler->in_block = false;
    for (size_t i = 0; i < sampler->n; i++) {
        sampler->sources[i].next_ns = 0;
        sampler->sources[i].cost = (struct ed_sampler_cost){0};
    }
}

void ed_sampler_begin(struct ed_sampler *sampler, int64_t pid) {
    sampler->in_block = true;
    sampler->begin_ns = sampler->end_ns = ed_clock_monotonic_ns();
    for (size_t i = 0; i < sampler->n; i++) {
        struct ed_sampler_source *source = &sampler->sources[i];
        memset(source->stats, 0, source->n * sizeof *source->stats);
        source->cost = (struct ed_sampler_cost){0};
        source->next_ns = 0;
        source->probe->attach(source->state, pid);
    }
}

void ed_sampler_follow(struct ed_sampler *sampler, int64_t pid) {
    for (size_t i = 0; i < sampler->n; i++) {
        struct ed_sampler_source *source = &sampler->sources[i];
        source->probe->attach(source->state, pid);
        for (size_t k = 0; k < source->n; k++)
            if (source->channels[k].scope == ED_SCOPE_PROCESS)
                memset(&source->stats[k], 0, sizeof source->stats[k]);
    }
}

void ed_sampler_end(struct ed_sampler *sampler) {
    sampler->in_block = false;
    sampler->end_ns = ed_clock_monotonic_ns();
    for (size_t i = 0; i < sampler->n; i++)
        sampler->sources[i].next_ns = 0;
}

// Every second reading of each channel goes; a probe's channels are always read together, so they stay so.
static void thin_out(struct ed_sampler *sampler) {
    size_t kept = 0;
    memset(sampler->keep, 0, sampler->n_channels * sizeof *sampler->keep);
    for (size_t i = 0; i < sampler->n_records; i++) {
        bool *keep = &sampler->keep[sampler->records[i].channel];
        *keep = !*keep;
        if (*keep)
            sampler->records[kept++] = sampler->records[i];
    }
    sampler->n_records = kept;
    sampler->thin *= 2;
}

static void record(struct ed_sampler *sampler, const struct ed_sampler_source *source, int64_t before,
                   int64_t after) {
    const int64_t spread = (after - before + 1) / 2;
    if (sampler->capacity - sampler->n_records < source->n)
        thin_out(sampler);
    if (sampler->capacity - sampler->n_records < source->n)
        return;
    for (size_t c = 0; c < source->n; c++)
        if (source->channels[c].available)
            sampler->records[sampler->n_records++] =
                (struct ed_timeline_record){.monotonic_ns = before + (after - before) / 2,
                                            .channel = (uint32_t)(source->number + c),
                                            .spread_ns = spread < UINT32_MAX ? (uint32_t)spread : UINT32_MAX,
                                            .value = source->values[c]};
}

static void count(struct ed_sampler_source *source) {
    for (size_t c = 0; c < source->n; c++) {
        struct ed_channel_stats *stats = &source->stats[c];
        const int64_t value = source->values[c];
        if (value == INT64_MIN) {
            stats->failures++;
            continue;
        }
        if (!stats->readings++)
            stats->first = stats->min = stats->max = value;
        stats->last = value;
        stats->min = value < stats->min ? value : stats->min;
        stats->max = value > stats->max ? value : stats->max;
    }
}

// Of this process, and of the commands that it has waited for. The worker is not waited for before its end.
static int64_t cpu_used_ns(void) {
    struct rusage children;
    getrusage(RUSAGE_CHILDREN, &children);
    return ed_clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) +
           ((int64_t)children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000000 +
           ((int64_t)children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000;
}

// When the probe is due again: by its own rhythm, and not before the budgets allow it.
static int64_t due_after(struct ed_sampler *sampler, const struct ed_sampler_source *source, int64_t now) {
    const double interval =
        (double)(source->period_ns * sampler->thin) * (0.5 + ed_random_uniform(&sampler->random));
    int64_t due = now + (int64_t)interval, all_ns = 0;
    if (!sampler->in_block)
        return due;
    for (size_t i = 0; i < sampler->n; i++)
        all_ns += sampler->sources[i].cost.cpu_ns - sampler->sources[i].cost.free_cpu_ns;
    const double own = (double)(source->cost.cpu_ns - source->cost.free_cpu_ns) / ED_SAMPLER_PROBE_SHARE,
                 all = (double)all_ns / ED_SAMPLER_SHARE;
    const int64_t allowed = sampler->begin_ns + (int64_t)(own > all ? own : all);
    // A probe that costs too much is read at intervals that its cost makes; they are drawn as well.
    return allowed > due ? allowed + (int64_t)(interval / 2) : due;
}

static void read_source(struct ed_sampler *sampler, struct ed_sampler_source *source) {
    struct ed_sampler_cost *cost = &source->cost;
    const int64_t cpu_before = cpu_used_ns(), before = ed_clock_monotonic_ns();
    source->probe->sample(source->state, source->values, source->n);
    const int64_t after = ed_clock_monotonic_ns();
    record(sampler, source, before, after);
    if (sampler->in_block) {
        count(source);
        const int64_t cpu_ns = cpu_used_ns() - cpu_before;
        cost->cpu_ns += cpu_ns;
        cost->wall_ns += after - before;
        if (!cost->readings++) {
            cost->free_cpu_ns = cpu_ns;
            cost->first_ns = before;
        }
        cost->last_ns = before;
    }
    source->next_ns = due_after(sampler, source, after);
}

void ed_sampler_enclose(struct ed_sampler *sampler) {
    for (size_t i = 0; i < sampler->n; i++)
        if (sampler->sources[i].power)
            read_source(sampler, &sampler->sources[i]);
}

int64_t ed_sampler_step(struct ed_sampler *sampler) {
    int64_t next_ns = INT64_MAX;
    for (size_t i = 0; i < sampler->n; i++) {
        struct ed_sampler_source *source = &sampler->sources[i];
        const bool costly = source->probe->flags & ED_PROBE_COSTLY;
        if (!source->active || (sampler->in_block ? costly : !source->power))
            continue;
        const int64_t early_ns = sampler->in_block ? source->period_ns / TOGETHER : 0;
        if (source->next_ns - early_ns <= ed_clock_monotonic_ns())
            read_source(sampler, source);
        next_ns = source->next_ns < next_ns ? source->next_ns : next_ns;
    }
    return next_ns;
}

const struct ed_channel_stats *ed_sampler_find(const struct ed_sampler *sampler, const char *channel) {
    for (size_t i = 0; i < sampler->n; i++)
        for (size_t c = 0; c < sampler->sources[i].n; c++)
            if (!strcmp(sampler->sources[i].channels[c].id, channel))
                return sampler->sources[i].stats[c].readings ? &sampler->sources[i].stats[c] : NULL;
    return NULL;
}

const struct ed_timeline_record *ed_sampler_records(const struct ed_sampler *sampler, size_t *n) {
    *n = sampler->n_records;
    return sampler->records;
}
