// SPDX-License-Identifier: Apache-2.0
// Gathering blocks and channels for the formats of a timeline.
#include "reports/traced.h"

#include <stdlib.h>
#include <string.h>

#define SPEEDS_MAX 1000000 // stretches of a block: eleven days, and no journal makes a report endless

void ed_traced_begin(struct ed_traced *traced, const struct ed_report_info *info) {
    memset(traced, 0, sizeof *traced);
    traced->info = info;
}

static bool is_there(const struct ed_traced *traced, const struct ed_result *result, const char *id) {
    for (size_t i = 0; i < traced->n; i++)
        if (!strcmp(traced->blocks[i].id, id) && !strcmp(traced->results[i]->device, result->device))
            return true;
    return false;
}

static bool add(struct ed_traced *traced, const struct ed_result *result,
                const struct ed_report_block *block) {
    if (traced->n == traced->capacity) {
        const size_t capacity = traced->capacity ? traced->capacity * 2 : 64;
        const struct ed_result **results = realloc(traced->results, capacity * sizeof *results);
        if (results)
            traced->results = results;
        struct ed_report_block *blocks =
            results ? realloc((void *)(uintptr_t)traced->blocks, capacity * sizeof *blocks) : NULL;
        if (!blocks)
            return false;
        traced->blocks = blocks;
        traced->capacity = capacity;
    }
    traced->results[traced->n] = result;
    ((struct ed_report_block *)(uintptr_t)traced->blocks)[traced->n++] = *block;
    return true;
}

enum ed_status ed_traced_record(struct ed_traced *traced, const struct ed_result *result,
                                struct ed_error *err) {
    const struct ed_report_source *source = traced->info->source;
    const struct ed_report_block *blocks;
    size_t n = 0;
    if (!source || !source->blocks)
        return ED_OK;
    enum ed_status status = source->blocks(source->context, result, &blocks, &n, err);
    for (size_t i = 0; status == ED_OK && i < n; i++)
        if (!is_there(traced, result, blocks[i].id) && !add(traced, result, &blocks[i]))
            status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the blocks of a timeline");
    return status;
}

void ed_traced_release(struct ed_traced *traced) {
    free(traced->results);
    free((void *)(uintptr_t)traced->blocks);
    memset(traced, 0, sizeof *traced);
}

size_t ed_traced_spans(const struct ed_report_block *block, struct ed_traced_span spans[ED_TRACED_SPANS]) {
    const struct ed_traced_span all[ED_TRACED_SPANS] = {
        {"load", block->started_ns, block->loaded_ns},
        {"warm-up", block->loaded_ns, block->timed_begin_ns},
        {"timed", block->timed_begin_ns, block->timed_end_ns},
        {"rest of the block", block->timed_end_ns, block->ended_ns},
    };
    size_t n = 0;
    // 0 is a moment that is not known, but for the start of the first block.
    for (size_t i = 0; i < ED_TRACED_SPANS; i++)
        if ((i == 0 || all[i].begin_ns > 0) && all[i].end_ns > all[i].begin_ns)
            spans[n++] = all[i];
    return n;
}

const char *ed_traced_device(const struct ed_traced *traced, size_t index) {
    size_t seen = 0;
    for (size_t i = 0; i < traced->n; i++) {
        bool before = false;
        for (size_t k = 0; k < i && !before; k++)
            before = !strcmp(traced->results[k]->device, traced->results[i]->device);
        if (!before && seen++ == index)
            return traced->results[i]->device;
    }
    return NULL;
}

enum ed_status ed_traced_channels(const struct ed_traced *traced, const char *device,
                                  const struct ed_report_channel **channels, size_t *n,
                                  struct ed_error *err) {
    const struct ed_report_source *source = traced->info->source;
    *n = 0;
    return source && source->channels ? source->channels(source->context, device, channels, n, err) : ED_OK;
}

// Whether the samples are the window's inferences, one after the other: their sum is the window but for what
// lies between them.
static bool fills_window(const struct ed_report_block *block) {
    const double window = (double)(block->timed_end_ns - block->timed_begin_ns);
    double sum = 0;
    for (size_t i = 0; i < block->n_samples; i++)
        sum += (double)block->samples_ns[i];
    return window > 0 && sum > 0.9 * window && sum < 1.01 * window;
}

bool ed_traced_speed(const struct ed_report_block *block, size_t i, struct ed_traced_speed_state *state,
                     struct ed_traced_speed *out) {
    const int64_t begin_ns = block->timed_begin_ns + (int64_t)i * ED_TRACED_SPEED_NS;
    const double batch = block->batch > 0 ? (double)block->batch : 1;
    double left_ns, n = 0;
    if (i >= SPEEDS_MAX || begin_ns >= block->timed_end_ns || (i == 0 && !fills_window(block)) ||
        state->sample >= block->n_samples)
        return false;
    out->begin_ns = begin_ns;
    out->end_ns = begin_ns + ED_TRACED_SPEED_NS < block->timed_end_ns ? begin_ns + ED_TRACED_SPEED_NS
                                                                      : block->timed_end_ns;
    left_ns = (double)(out->end_ns - out->begin_ns);
    // An inference that lies in two stretches counts in each by its part.
    while (left_ns > 0 && state->sample < block->n_samples) {
        const double whole_ns = (double)block->samples_ns[state->sample], rest_ns = whole_ns - state->used_ns;
        const double taken_ns = rest_ns < left_ns ? rest_ns : left_ns;
        n += whole_ns > 0 ? batch * taken_ns / whole_ns : batch;
        left_ns -= taken_ns;
        state->used_ns += taken_ns;
        if (taken_ns >= rest_ns) {
            state->sample++;
            state->used_ns = 0;
        }
    }
    // Behind the last inference there is nothing to tell a speed of.
    const double length_s = ((double)(out->end_ns - out->begin_ns) - left_ns) * 1e-9;
    out->per_s = length_s > 0 ? n / length_s : 0;
    return length_s > 0;
}
