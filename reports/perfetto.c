// SPDX-License-Identifier: Apache-2.0
// The trace event format of Chrome in JSON, which ui.perfetto.dev opens: a process a device, slices
// for the phases of its blocks and for inferences, a counter a channel. Times are microseconds since the
// device's first block, with nanoseconds behind the point. (Trace Event Format, Google, 2016.)
#include <inttypes.h>
#include <string.h>

#include "base/json_write.h"
#include "reports/registry.h"
#include "reports/text.h"
#include "reports/traced.h"

#define FLUSH_BYTES ((size_t)1 << 20)
#define SLICES_MAX 100000 // inferences of one block; more share slices
#define FIT 0.05          // by how much the inferences' sum may differ from the window they fill

enum { PHASES = 1, INFERENCES = 2 };

struct perfetto_state {
    struct ed_traced traced;
    const struct ed_sink *sink;
    struct ed_buffer out;
    struct ed_json_writer w;
    enum ed_status status;
};

static enum ed_status perfetto_begin(void *state, const struct ed_report_info *info,
                                     const struct ed_sink *sink, struct ed_error *err) {
    struct perfetto_state *perfetto = state;
    (void)err;
    ed_traced_begin(&perfetto->traced, info);
    perfetto->sink = sink;
    ed_buffer_init(&perfetto->out, ED_REPORT_MAX_BYTES);
    ed_json_writer_init(&perfetto->w, &perfetto->out, false);
    return ED_OK;
}

static enum ed_status perfetto_record(void *state, const struct ed_result *result, struct ed_error *err) {
    return ed_traced_record(&((struct perfetto_state *)state)->traced, result, err);
}

// Exact to the nanosecond, where a double would not be after some days.
static void time_write(struct ed_json_writer *w, const char *key, int64_t ns) {
    char text[40];
    const uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    snprintf(text, sizeof text, "%s%" PRIu64 ".%03u", ns < 0 ? "-" : "", size / 1000,
             (unsigned)(size % 1000));
    ed_json_raw(w, key, text);
}

static void event_begin(struct perfetto_state *p, const char *name, const char *kind, size_t device,
                        int thread, int64_t at_ns) {
    ed_json_object_begin(&p->w, NULL);
    ed_json_text(&p->w, "name", name);
    ed_json_text(&p->w, "ph", kind);
    ed_json_uint(&p->w, "pid", device + 1);
    ed_json_int(&p->w, "tid", thread);
    time_write(&p->w, "ts", at_ns);
}

// What is written so far goes out, so that a long trace is never in memory.
static void event_end(struct perfetto_state *p, struct ed_error *err) {
    ed_json_object_end(&p->w);
    if (p->status == ED_OK && p->out.size > FLUSH_BYTES)
        p->status = ed_sink_flush(p->sink, &p->out, "a trace", err);
}

static void name_write(struct perfetto_state *p, const char *what, size_t device, int thread,
                       const char *name, struct ed_error *err) {
    event_begin(p, what, "M", device, thread, 0);
    ed_json_object_begin(&p->w, "args");
    ed_json_text(&p->w, "name", name);
    ed_json_object_end(&p->w);
    event_end(p, err);
}

static void slice_write(struct perfetto_state *p, size_t device, int thread, const char *name,
                        int64_t begin_ns, int64_t length_ns, const struct ed_report_block *block,
                        struct ed_error *err) {
    event_begin(p, name, "X", device, thread, begin_ns);
    time_write(&p->w, "dur", length_ns);
    if (block) {
        ed_json_object_begin(&p->w, "args");
        ed_json_text(&p->w, "block", block->id);
        ed_json_text(&p->w, "outcome", block->outcome);
        ed_json_bool(&p->w, "valid", block->valid);
        if (block->reasons && block->reasons[0])
            ed_json_text(&p->w, "reasons", block->reasons);
        ed_json_object_end(&p->w);
    }
    event_end(p, err);
}

// One after the other from the window's begin, where they fill it; else nobody knows where they lie.
static void inferences_write(struct perfetto_state *p, size_t device, const struct ed_report_block *block,
                             struct ed_error *err) {
    const size_t each = block->n_samples / SLICES_MAX + 1;
    const int64_t window_ns = block->timed_end_ns - block->timed_begin_ns;
    double sum = 0;
    for (size_t i = 0; i < block->n_samples; i++)
        sum += (double)block->samples_ns[i];
    if (block->timed_begin_ns <= 0 || window_ns <= 0 || sum > (double)window_ns * (1 + FIT) ||
        sum < (double)window_ns * (1 - FIT))
        return;
    int64_t at_ns = block->timed_begin_ns;
    for (size_t i = 0; i < block->n_samples;) {
        char name[64];
        int64_t length_ns = 0;
        size_t n = 0;
        for (; n < each && i < block->n_samples; n++, i++)
            length_ns += block->samples_ns[i] > 0 ? block->samples_ns[i] : 0;
        if (n * (size_t)block->batch > 1)
            snprintf(name, sizeof name, "%zu inferences", n * (size_t)block->batch);
        else
            snprintf(name, sizeof name, "inference");
        slice_write(p, device, INFERENCES, name, at_ns, length_ns, NULL, err);
        at_ns += length_ns;
    }
}

static void speed_write(struct perfetto_state *p, size_t device, const struct ed_report_block *block,
                        struct ed_error *err) {
    struct ed_traced_speed_state state = {0};
    struct ed_traced_speed speed;
    for (size_t i = 0; p->status == ED_OK && ed_traced_speed(block, i, &state, &speed); i++) {
        event_begin(p, "throughput (1/s)", "C", device, 0, speed.begin_ns);
        ed_json_object_begin(&p->w, "args");
        ed_json_real(&p->w, "1/s", speed.per_s);
        ed_json_object_end(&p->w);
        event_end(p, err);
    }
}

static void block_write(struct perfetto_state *p, size_t device, const struct ed_report_block *block,
                        const struct ed_result *result, struct ed_error *err) {
    struct ed_traced_span spans[ED_TRACED_SPANS];
    char name[400];
    const size_t n = ed_traced_spans(block, spans);
    snprintf(name, sizeof name, "%.64s %.256s", block->id, result->case_id);
    if (block->ended_ns > block->started_ns)
        slice_write(p, device, PHASES, name, block->started_ns, block->ended_ns - block->started_ns, block,
                    err);
    for (size_t i = 0; i < n; i++)
        slice_write(p, device, PHASES, spans[i].name, spans[i].begin_ns, spans[i].end_ns - spans[i].begin_ns,
                    NULL, err);
    if (!strcmp(block->pass, "timing")) {
        inferences_write(p, device, block, err);
        speed_write(p, device, block, err);
    }
}

static void channel_write(struct perfetto_state *p, size_t device, const struct ed_report_channel *channel,
                          struct ed_error *err) {
    char name[160];
    snprintf(name, sizeof name, "%.64s (%.16s)", channel->id, channel->unit);
    for (size_t i = 0; i < channel->n && p->status == ED_OK; i++) {
        event_begin(p, name, "C", device, 0, channel->at_ns[i]);
        ed_json_object_begin(&p->w, "args");
        ed_json_int(&p->w, channel->unit[0] ? channel->unit : "value", channel->values[i]);
        ed_json_object_end(&p->w);
        event_end(p, err);
    }
}

static enum ed_status device_write(struct perfetto_state *p, size_t device, const char *id,
                                   struct ed_error *err) {
    const struct ed_report_channel *channels = NULL;
    size_t n = 0;
    name_write(p, "process_name", device, 0, id, err);
    name_write(p, "thread_name", device, PHASES, "blocks", err);
    name_write(p, "thread_name", device, INFERENCES, "inferences", err);
    for (size_t i = 0; i < p->traced.n && p->status == ED_OK; i++)
        if (!strcmp(p->traced.results[i]->device, id))
            block_write(p, device, &p->traced.blocks[i], p->traced.results[i], err);
    if (p->status == ED_OK)
        p->status = ed_traced_channels(&p->traced, id, &channels, &n, err);
    for (size_t c = 0; c < n && p->status == ED_OK; c++)
        channel_write(p, device, &channels[c], err);
    return p->status;
}

static enum ed_status perfetto_end(void *state, struct ed_error *err) {
    struct perfetto_state *p = state;
    const struct ed_report_info *info = p->traced.info;
    const char *device;
    // No "displayTimeUnit": readers of before 2022 took its "ns" for the unit of all times.
    ed_json_object_begin(&p->w, NULL);
    ed_json_object_begin(&p->w, "otherData");
    ed_json_text(&p->w, "edgedyno", info->version);
    ed_json_text(&p->w, "campaign", info->campaign);
    ed_json_text(&p->w, "started", info->started_utc);
    ed_json_object_end(&p->w);
    ed_json_array_begin(&p->w, "traceEvents");
    for (size_t d = 0; p->status == ED_OK && (device = ed_traced_device(&p->traced, d)); d++)
        device_write(p, d, device, err);
    ed_json_array_end(&p->w);
    ed_json_object_end(&p->w);
    ed_buffer_append(&p->out, "\n", 1);
    if (p->status == ED_OK)
        p->status = ed_sink_flush(p->sink, &p->out, "a trace", err);
    ed_buffer_release(&p->out);
    ed_traced_release(&p->traced);
    return p->status;
}

const struct ed_report ed_report_perfetto = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "perfetto",
    .summary = "blocks, inferences and channels on one clock, for ui.perfetto.dev",
    .suffix = ".trace",
    .state_bytes = sizeof(struct perfetto_state),
    .begin = perfetto_begin,
    .record = perfetto_record,
    .end = perfetto_end,
};
