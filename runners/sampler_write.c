// SPDX-License-Identifier: Apache-2.0
// What the sampler says in the journal.
#include <string.h>

#include "runners/sampler_parts.h"

static void write_stats(const struct ed_sampler *sampler, struct ed_json_writer *w) {
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

// A share of one CPU, to a millionth.
static double share(int64_t cpu_ns, int64_t wall_ns) {
    return wall_ns > 0 ? (double)(int64_t)((double)cpu_ns / (double)wall_ns * 1e6 + 0.5) / 1e6 : 0;
}

static void write_costs(const struct ed_sampler *sampler, struct ed_json_writer *w) {
    const int64_t wall_ns = sampler->end_ns - sampler->begin_ns;
    int64_t all_ns = 0;
    for (size_t i = 0; i < sampler->n; i++)
        all_ns += sampler->sources[i].cost.cpu_ns;
    ed_json_object_begin(w, "sampling");
    ed_json_real(w, "cpu_share", share(all_ns, wall_ns));
    ed_json_uint(w, "kept", sampler->n_records);
    ed_json_int(w, "thinned", sampler->thin);
    ed_json_object_begin(w, "probes");
    for (size_t i = 0; i < sampler->n; i++) {
        const struct ed_sampler_source *source = &sampler->sources[i];
        const struct ed_sampler_cost *cost = &source->cost;
        if (!cost->readings)
            continue;
        ed_json_object_begin(w, source->probe->name);
        ed_json_int(w, "readings", cost->readings);
        ed_json_int(w, "wall_ns", cost->wall_ns);
        ed_json_int(w, "cpu_ns", cost->cpu_ns);
        ed_json_real(w, "cpu_share", share(cost->cpu_ns, wall_ns));
        ed_json_int(w, "period_ns",
                    cost->readings > 1 ? (cost->last_ns - cost->first_ns) / (cost->readings - 1)
                                       : source->period_ns);
        ed_json_object_end(w);
    }
    ed_json_object_end(w);
    ed_json_object_end(w);
}

void ed_sampler_write(const struct ed_sampler *sampler, struct ed_json_writer *w) {
    write_stats(sampler, w);
    write_costs(sampler, w);
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
            ed_json_text(w, "scope", ed_scope_word(channel->scope));
            ed_json_text(w, "kind", channel->kind == ED_CHANNEL_COUNTER ? "counter" : "gauge");
            ed_json_text(w, "source", channel->source);
            ed_json_bool(w, "available", channel->available);
            if (!channel->available)
                ed_json_text(w, "reason", channel->reason);
            // What readers of JSON cannot hold exactly is given as none.
            if (channel->wrap > 0 && channel->wrap < INT64_C(1) << 53)
                ed_json_int(w, "wrap", channel->wrap);
            if (channel->resolution > 0)
                ed_json_int(w, "resolution", channel->resolution);
            if (channel->update_ns > 0)
                ed_json_int(w, "update_ns", channel->update_ns);
            if (channel->available)
                ed_json_int(w, "period_ns", sampler->sources[i].period_ns);
            ed_json_object_end(w);
        }
    ed_json_array_end(w);
    if (sampler->left_out)
        ed_json_uint(w, "channels_left_out", sampler->left_out);
}
