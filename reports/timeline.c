// SPDX-License-Identifier: Apache-2.0
// The timeline as CSV: a line for each phase of each block, for its speed in each second of its timed window,
// and for each reading of each channel. Times are nanoseconds since the device's first block; a reading has
// no end.
#include <inttypes.h>
#include <string.h>

#include "reports/csv_cell.h"
#include "reports/registry.h"
#include "reports/text.h"
#include "reports/traced.h"

#define FLUSH_BYTES ((size_t)1 << 20)

struct timeline_state {
    struct ed_traced traced;
    const struct ed_sink *sink;
};

static enum ed_status timeline_begin(void *state, const struct ed_report_info *info,
                                     const struct ed_sink *sink, struct ed_error *err) {
    struct timeline_state *timeline = state;
    struct ed_buffer line;
    ed_traced_begin(&timeline->traced, info);
    timeline->sink = sink;
    ed_buffer_init(&line, ED_REPORT_MAX_BYTES);
    ed_buffer_text_append(&line, "device,kind,name,quantity,unit,scope,begin_ns,end_ns,value\r\n");
    enum ed_status status = ed_sink_flush(sink, &line, "the CSV header", err);
    ed_buffer_release(&line);
    return status;
}

static enum ed_status timeline_record(void *state, const struct ed_result *result, struct ed_error *err) {
    return ed_traced_record(&((struct timeline_state *)state)->traced, result, err);
}

static void cells_append(struct ed_buffer *out, const char *const *texts, size_t n) {
    for (size_t i = 0; i < n; i++) {
        ed_csv_cell(out, texts[i], ED_RESULT_TEXT_BYTES);
        ed_buffer_append(out, ",", 1);
    }
}

static void block_append(struct ed_buffer *out, const char *device, const struct ed_report_block *block) {
    struct ed_traced_span spans[ED_TRACED_SPANS];
    const size_t n = ed_traced_spans(block, spans);
    for (size_t i = 0; i < n; i++) {
        char name[128];
        snprintf(name, sizeof name, "%.64s %s", block->id, spans[i].name);
        cells_append(out, (const char *const[]){device, "phase", name, "", "", ""}, 6);
        ed_buffer_printf(out, "%" PRId64 ",%" PRId64 ",\r\n", spans[i].begin_ns, spans[i].end_ns);
    }
    struct ed_traced_speed_state state = {0};
    struct ed_traced_speed speed;
    for (size_t i = 0; ed_traced_speed(block, i, &state, &speed); i++) {
        cells_append(out, (const char *const[]){device, "speed", block->id, "throughput", "1/s", ""}, 6);
        ed_buffer_printf(out, "%" PRId64 ",%" PRId64 ",%.6g\r\n", speed.begin_ns, speed.end_ns, speed.per_s);
    }
}

static enum ed_status channel_append(const struct timeline_state *timeline, struct ed_buffer *out,
                                     const char *device, const struct ed_report_channel *channel,
                                     struct ed_error *err) {
    enum ed_status status = ED_OK;
    struct ed_buffer cells;
    ed_buffer_init(&cells, ED_REPORT_MAX_BYTES);
    cells_append(&cells,
                 (const char *const[]){device, "reading", channel->id, channel->quantity, channel->unit,
                                       channel->scope},
                 6);
    out->no_memory = out->no_memory || cells.no_memory;
    for (size_t i = 0; status == ED_OK && i < channel->n; i++) {
        ed_buffer_append(out, ed_buffer_text(&cells), cells.size);
        ed_buffer_printf(out, "%" PRId64 ",,%" PRId64 "\r\n", channel->at_ns[i], channel->values[i]);
        if (out->size > FLUSH_BYTES)
            status = ed_sink_flush(timeline->sink, out, "a timeline", err);
    }
    ed_buffer_release(&cells);
    return status;
}

static enum ed_status timeline_end(void *state, struct ed_error *err) {
    struct timeline_state *timeline = state;
    struct ed_buffer out;
    const char *device;
    enum ed_status status = ED_OK;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    for (size_t d = 0; status == ED_OK && (device = ed_traced_device(&timeline->traced, d)); d++) {
        const struct ed_report_channel *channels = NULL;
        size_t n = 0;
        for (size_t i = 0; i < timeline->traced.n; i++)
            if (!strcmp(timeline->traced.results[i]->device, device))
                block_append(&out, device, &timeline->traced.blocks[i]);
        status = ed_traced_channels(&timeline->traced, device, &channels, &n, err);
        for (size_t c = 0; status == ED_OK && c < n; c++)
            status = channel_append(timeline, &out, device, &channels[c], err);
    }
    if (status == ED_OK)
        status = ed_sink_flush(timeline->sink, &out, "a timeline", err);
    ed_buffer_release(&out);
    ed_traced_release(&timeline->traced);
    return status;
}

const struct ed_report ed_report_timeline = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "timeline",
    .summary = "phases of blocks and readings of channels as CSV, one a line",
    .suffix = ".timeline",
    .state_bytes = sizeof(struct timeline_state),
    .begin = timeline_begin,
    .record = timeline_record,
    .end = timeline_end,
};
