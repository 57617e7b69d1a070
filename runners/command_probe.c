// SPDX-License-Identifier: Apache-2.0
// `edgedyno-runner probe`: what every probe reads, twice within a moment, so that counters have a rate.
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "edgedyno/backend.h"
#include "probes/registry.h"
#include "runners/commands.h"
#include "runners/jobdir.h"
#include "runners/probe_host.h"
#include "runners/reply.h"

#define BETWEEN_NS 250000000

struct reader {
    const struct ed_probe *probe;
    void *state;
    struct ed_channel *channels;
    size_t n;
    int64_t *first, *last, first_ns, last_ns;
    int64_t cost_ns; // of the second sample
};

static enum ed_status reader_open(struct reader *reader, const struct ed_probe *probe,
                                  const struct ed_probe_args *args, struct ed_error *err) {
    reader->probe = probe;
    reader->state = calloc(1, probe->state_bytes);
    reader->channels = calloc(ED_CHANNELS_MAX, sizeof *reader->channels);
    reader->first = calloc(ED_CHANNELS_MAX, sizeof *reader->first);
    reader->last = calloc(ED_CHANNELS_MAX, sizeof *reader->last);
    if (!reader->state || !reader->channels || !reader->first || !reader->last)
        return ed_fail(err, ED_ERR_NO_MEMORY, probe->name, "no memory for a probe");
    enum ed_status status =
        probe->detect(reader->state, args, reader->channels, ED_CHANNELS_MAX, &reader->n, err);
    if (status == ED_OK && reader->n > ED_CHANNELS_MAX)
        status = ed_fail(err, ED_ERR_INTERNAL, probe->name, "more channels than there is room for");
    if (status == ED_OK)
        probe->attach(reader->state, getpid());
    return status;
}

static void reader_release(struct reader *reader) {
    if (reader->state)
        reader->probe->close(reader->state);
    free(reader->state);
    free(reader->channels);
    free(reader->first);
    free(reader->last);
}

static void reader_sample(struct reader *reader, int64_t *values, int64_t *at_ns) {
    const int64_t before = ed_clock_monotonic_ns();
    reader->probe->sample(reader->state, values, reader->n);
    const int64_t after = ed_clock_monotonic_ns();
    *at_ns = before + (after - before) / 2;
    reader->cost_ns = after - before;
}

// As text: a counter may be beyond what a JSON number holds exactly.
static void write_value(struct ed_json_writer *w, const char *key, int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    ed_json_text(w, key, value == INT64_MIN ? NULL : text);
}

static void reader_write(const struct reader *reader, struct ed_json_writer *w) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", reader->probe->name);
    ed_json_text(w, "summary", reader->probe->summary);
    ed_json_bool(w, "costly", reader->probe->flags & ED_PROBE_COSTLY);
    ed_json_int(w, "sample_ns", reader->cost_ns);
    ed_json_int(w, "between_ns", reader->last_ns - reader->first_ns);
    ed_json_array_begin(w, "channels");
    for (size_t i = 0; i < reader->n; i++) {
        const struct ed_channel *channel = &reader->channels[i];
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "id", channel->id);
        ed_json_text(w, "quantity", channel->quantity);
        ed_json_text(w, "unit", channel->unit);
        ed_json_bool(w, "counter", channel->kind == ED_CHANNEL_COUNTER);
        ed_json_text(w, "scope", ed_scope_word(channel->scope));
        ed_json_text(w, "source", channel->source);
        write_value(w, "period_ns", channel->period_ns);
        if (channel->update_ns)
            write_value(w, "update_ns", channel->update_ns);
        if (channel->resolution)
            write_value(w, "resolution", channel->resolution);
        if (channel->wrap)
            write_value(w, "wrap", channel->wrap);
        if (channel->available) {
            write_value(w, "first", reader->first[i]);
            write_value(w, "last", reader->last[i]);
        } else {
            ed_json_text(w, "reason", channel->reason);
        }
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_object_end(w);
}

// Processes and wake-ups of ours would be in what is measured.
static enum ed_status refuse_while_measured(const char *work, struct ed_error *err) {
    char job[ED_WIRE_ID_MAX_BYTES + 1] = "";
    const enum ed_status status = ed_jobdir_running(work, job, err);
    if (status == ED_OK && job[0])
        return ed_fail(
            err, ED_ERR_BUSY, work,
            "job %s is being measured, and reading the probes would disturb it: wait for its end, or "
            "end it with `edgedyno devices stop`",
            job);
    return status;
}

enum ed_status ed_command_probe(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err) {
    struct ed_probe_place place = {.root_fd = -1};
    size_t n;
    const struct ed_probe *const *probes = ed_probes(&n);
    struct reader *readers = calloc(n, sizeof *readers);
    const struct ed_option_given events = {"events", ed_arguments_get(arguments, "papi")};
    (void)program;
    enum ed_status status =
        readers ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the probes");
    if (status == ED_OK)
        status = refuse_while_measured(ed_arguments_get(arguments, "work"), err);
    if (status == ED_OK)
        status = ed_probe_place_open(&place, err);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        const bool is_papi = events.value && probes[i] == &ed_probe_papi;
        const struct ed_probe_args args = {
            .root_fd = place.root_fd, .host = &place.host, .options = &events, .n_options = is_papi};
        status = reader_open(&readers[i], probes[i], &args, err);
    }
    if (status == ED_OK) {
        struct ed_reply reply;
        const int64_t begin_ns = ed_clock_monotonic_ns();
        for (size_t i = 0; i < n; i++)
            reader_sample(&readers[i], readers[i].first, &readers[i].first_ns);
        ed_clock_sleep_until(begin_ns + BETWEEN_NS, NULL);
        for (size_t i = 0; i < n; i++)
            reader_sample(&readers[i], readers[i].last, &readers[i].last_ns);
        ed_reply_begin(&reply, "probe");
        ed_json_array_begin(&reply.json, "probes");
        for (size_t i = 0; i < n; i++)
            reader_write(&readers[i], &reply.json);
        ed_json_array_end(&reply.json);
        status = ed_reply_send(&reply, STDOUT_FILENO, err);
    }
    for (size_t i = 0; readers && i < n; i++)
        reader_release(&readers[i]);
    free(readers);
    if (place.root_fd >= 0)
        close(place.root_fd);
    return status;
}
