// SPDX-License-Identifier: Apache-2.0
// Sampling all probes.
#include "runners/sampler.h"

#include <stdlib.h>
#include <string.h>

#include "probes/registry.h"
#include "runners/probe_host.h"

struct source {
    const struct ed_probe *probe;
    void *state;
    struct ed_channel *channels;
    struct ed_channel_stats *stats;
    int64_t *values;
    size_t n;
};

struct ed_sampler {
    struct source *sources;
    size_t n;
};

static enum ed_status open_source(struct source *source, const struct ed_probe *probe, int root_fd,
                                  struct ed_error *err) {
    const struct ed_probe_args args = {.root_fd = root_fd, .pid = 0, .host = &ed_probe_host_live};
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
    struct ed_channel *fitted = realloc(source->channels, (source->n ? source->n : 1) * sizeof *fitted);
    if (fitted)
        source->channels = fitted;
    source->stats = calloc(source->n ? source->n : 1, sizeof *source->stats);
    source->values = calloc(source->n ? source->n : 1, sizeof *source->values);
    return source->stats && source->values
               ? ED_OK
               : ed_fail(err, ED_ERR_NO_MEMORY, probe->name, "no memory for a probe");
}

enum ed_status ed_sampler_new(struct ed_sampler **out, int root_fd, struct ed_error *err) {
    size_t n = 0;
    const struct ed_probe *const *probes = ed_probes(&n);
    struct ed_sampler *sampler = calloc(1, sizeof *sampler);
    *out = NULL;
    if (!sampler || !(sampler->sources = calloc(n ? n : 1, sizeof *sampler->sources))) {
        free(sampler);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the probes");
    }
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        sampler->n = i + 1;
        status = open_source(&sampler->sources[i], probes[i], root_fd, err);
    }
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
        struct source *source = &sampler->sources[i];
        if (source->probe && source->state)
            source->probe->close(source->state);
        free(source->state);
        free(source->channels);
        free(source->stats);
        free(source->values);
    }
    free(sampler->sources);
    free(sampler);
}

void ed_sampler_begin(struct ed_sampler *sampler, int64_t pid) {
    for (size_t i = 0; i < sampler->n; i++) {
        struct source *source = &sampler->sources[i];
        memset(source->stats, 0, source->n * sizeof *source->stats);
        source->probe->attach(source->state, pid);
    }
}

void ed_sampler_sample(struct ed_sampler *sampler) {
    for (size_t i = 0; i < sampler->n; i++) {
        struct source *source = &sampler->sources[i];
        source->probe->sample(source->state, source->values, source->n);
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
            if (value < stats->min)
                stats->min = value;
            if (value > stats->max)
                stats->max = value;
        }
    }
}

const struct ed_channel_stats *ed_sampler_find(const struct ed_sampler *sampler, const char *channel) {
    for (size_t i = 0; i < sampler->n; i++)
        for (size_t c = 0; c < sampler->sources[i].n; c++)
            if (!strcmp(sampler->sources[i].channels[c].id, channel))
                return sampler->sources[i].stats[c].readings ? &sampler->sources[i].stats[c] : NULL;
    return NULL;
}

void ed_sampler_write(const struct ed_sampler *sampler, struct ed_json_writer *w) {
    ed_json_object_begin(w, "probes");
    for (size_t i = 0; i < sampler->n; i++)
        for (size_t c = 0; c < sampler->sources[i].n; c++) {
            const struct ed_channel *channel = &sampler->sources[i].channels[c];
            const struct ed_channel_stats *stats = &sampler->sources[i].stats[c];
            if (!stats->readings)
                continue;
            ed_json_object_begin(w, channel->id);
            ed_json_text(w, "unit", channel->unit);
            ed_json_int(w, "first", stats->first);
            ed_json_int(w, "last", stats->last);
            ed_json_int(w, "min", stats->min);
            ed_json_int(w, "max", stats->max);
            ed_json_int(w, "readings", stats->readings);
            if (stats->failures)
                ed_json_int(w, "failures", stats->failures);
            ed_json_object_end(w);
        }
    ed_json_object_end(w);
}

void ed_sampler_write_channels(const struct ed_sampler *sampler, struct ed_json_writer *w) {
    ed_json_array_begin(w, "channels");
    for (size_t i = 0; i < sampler->n; i++)
        for (size_t c = 0; c < sampler->sources[i].n; c++) {
            const struct ed_channel *channel = &sampler->sources[i].channels[c];
            ed_json_object_begin(w, NULL);
            ed_json_text(w, "id", channel->id);
            ed_json_text(w, "quantity", channel->quantity);
            ed_json_text(w, "unit", channel->unit);
            ed_json_text(w, "source", channel->source);
            ed_json_bool(w, "available", channel->available);
            if (!channel->available)
                ed_json_text(w, "reason", channel->reason);
            ed_json_object_end(w);
        }
    ed_json_array_end(w);
}
