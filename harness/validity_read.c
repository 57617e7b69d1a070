// SPDX-License-Identifier: Apache-2.0
// The blocks of a device, judged: which channel speaks for its temperature, what its jobs' highest clocks
// are.
#include "harness/validity_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/heat_channel.h"
#include "harness/validity_facts.h"

static void choose_heat(char id[64], const struct ed_timeline_channels *channels,
                        const struct ed_campaign_device *device) {
    bool accelerated = false;
    int best = 0;
    for (size_t c = 0; c < device->n_cases; c++)
        accelerated = accelerated || !strcmp(device->cases[c].processor, "gpu") ||
                      !strcmp(device->cases[c].processor, "npu");
    for (size_t c = 0; c < channels->n; c++) {
        const int rank =
            ed_heat_channel_rank(channels->items[c].id, channels->items[c].quantity, accelerated);
        if (channels->items[c].available && rank > best) {
            best = rank;
            snprintf(id, 64, "%s", channels->items[c].id);
        }
    }
}

// The highest of each channel of a job, in its blocks and around them.
static void take_highest(const struct ed_blocks *blocks, size_t job,
                         const struct ed_timeline_channels *channels, int64_t *highest) {
    for (size_t b = 0; b < blocks->n; b++) {
        const struct ed_block *block = &blocks->items[b];
        const struct ed_json_at root = ed_json_root(&blocks->documents[b]),
                                context = ed_json_member(&root, "context"),
                                sides[] = {ed_json_member(&context, "before"),
                                           ed_json_member(&context, "after")};
        int64_t value;
        if (block->job != job)
            continue;
        for (size_t i = 0; i < block->n_readings; i++) {
            const struct ed_timeline_record *record = &block->readings[i];
            if (record->channel < channels->n && record->value > highest[record->channel])
                highest[record->channel] = record->value;
        }
        for (size_t c = 0; c < 2 * channels->n; c++)
            if (ed_validity_around(&sides[c & 1], channels->items[c / 2].id, &value) &&
                value > highest[c / 2])
                highest[c / 2] = value;
    }
}

// A sustained case asks how fast a device is once it is hot: that it slows down is the answer.
static void judge(struct ed_validity_block *block, bool sustained) {
    const uint32_t throttled = UINT32_C(1) << ED_VALIDITY_THROTTLED,
                   unstable = UINT32_C(1) << ED_VALIDITY_CLOCKS_UNSTABLE;
    block->reasons = ed_validity_judge(&block->facts);
    block->throttled = (block->reasons & throttled) != 0;
    if (sustained)
        block->reasons &= ~(throttled | unstable);
}

static enum ed_status study_job(struct ed_validity_device *validity, const struct ed_blocks *blocks,
                                const struct ed_campaign_device *device, size_t job, struct ed_error *err) {
    struct ed_timeline_channels channels;
    enum ed_status status = ed_timeline_channels_load(&channels, blocks, job, err);
    if (status != ED_OK)
        return status;
    struct ed_validity_seen *whole = calloc(channels.n + 1, sizeof *whole),
                            *timed = calloc(channels.n + 1, sizeof *timed);
    int64_t *highest = calloc(channels.n + 1, sizeof *highest);
    if (!whole || !timed || !highest)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the state of a device");
    for (size_t c = 0; c < channels.n; c++)
        validity->counters =
            validity->counters || (channels.items[c].available && !strncmp(channels.items[c].id, "papi.", 5));
    if (!validity->temperature[0])
        choose_heat(validity->temperature, &channels, device);
    if (status == ED_OK)
        take_highest(blocks, job, &channels, highest);
    for (size_t b = 0; status == ED_OK && b < blocks->n; b++) {
        const struct ed_json_at root = ed_json_root(&blocks->documents[b]),
                                context = ed_json_member(&root, "context");
        if (blocks->items[b].job != job || blocks->items[b].skipped)
            continue;
        struct ed_validity_look look = {.block = &blocks->items[b],
                                        .channels = &channels,
                                        .whole = whole,
                                        .timed = timed,
                                        .before = ed_json_member(&context, "before"),
                                        .after = ed_json_member(&context, "after"),
                                        .root = root,
                                        .highest = highest,
                                        .c = &device->cases[blocks->items[b].case_index]};
        ed_timeline_times(blocks, b, &look.times);
        ed_validity_study(&look, device, validity->temperature, &validity->of_blocks[b]);
        judge(&validity->of_blocks[b], look.c->workload_parts.duration_ns > 0);
    }
    free(whole);
    free(timed);
    free(highest);
    ed_timeline_channels_release(&channels);
    return status;
}

enum ed_status ed_validity_device_load(struct ed_validity_device *validity, const struct ed_blocks *blocks,
                                       const struct ed_campaign_device *device, struct ed_error *err) {
    enum ed_status status = ED_OK;
    memset(validity, 0, sizeof *validity);
    validity->of_blocks = calloc(blocks->n + 1, sizeof *validity->of_blocks);
    if (!validity->of_blocks)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the state of a device");
    validity->n = blocks->n;
    for (size_t b = 0; b < blocks->n; b++)
        ed_validity_facts_init(&validity->of_blocks[b].facts);
    for (size_t job = 0; status == ED_OK && job < blocks->n_jobs; job++)
        status = study_job(validity, blocks, device, job, err);
    if (status != ED_OK)
        ed_validity_device_release(validity);
    return status;
}

void ed_validity_device_release(struct ed_validity_device *validity) {
    free(validity->of_blocks);
    memset(validity, 0, sizeof *validity);
}
