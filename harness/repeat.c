// SPDX-License-Identifier: Apache-2.0
// Which blocks are repeated.
#include "harness/repeat.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/validity_read.h"

#define VAIN (UINT32_C(1) << ED_VALIDITY_EMULATOR | UINT32_C(1) << ED_VALIDITY_DEBUG_BUILD)

struct ed_repeat {
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    int64_t *spare; // by case: how many spare blocks are wanted by now
    int64_t began_ns, total;
};

static bool is_timing(const struct ed_block *block, size_t case_index) {
    return block->case_index == case_index && !strcmp(block->pass, ED_PASS_TIMING);
}

static bool is_void(const struct ed_validity_block *block, uint32_t without) {
    return ed_validity_voids(block->reasons & ~without) & ED_VALIDITY_VOID_LATENCY;
}

// Of the spare timing blocks, "c3.timing.12" with ten planned; whatever else is in the plan is wanted.
static bool wanted(void *context, const char *block) {
    const struct ed_repeat *repeat = context;
    static const char pass[] = "." ED_PASS_TIMING ".";
    for (size_t i = 0; i < repeat->device->n_cases; i++) {
        const char *id = repeat->device->cases[i].id;
        const size_t n = strlen(id);
        if (!strncmp(block, id, n) && !strncmp(block + n, pass, sizeof pass - 1))
            return strtoll(block + n + sizeof pass - 1, NULL, 10) <=
                   repeat->campaign->blocks + repeat->spare[i];
    }
    return true;
}

static int64_t inferences(void *context, const char *block) {
    (void)context, (void)block;
    return 0;
}

static int64_t max_ns(void *context) {
    const struct ed_repeat *repeat = context;
    if (!repeat->campaign->max_time_ns)
        return 0;
    const int64_t left = repeat->campaign->max_time_ns - (ed_clock_monotonic_ns() - repeat->began_ns);
    return left > 1000000 ? left : 1000000;
}

// How many more blocks a case is to have; 0 where more would not help.
static int64_t missing(const struct ed_repeat *repeat, const struct ed_blocks *blocks,
                       const struct ed_validity_device *validity, size_t c) {
    int64_t valid = 0, done = 0;
    // A sustained case has the one block that leaves the device hot, and no spare one.
    if (repeat->device->cases[c].workload_parts.duration_ns)
        return 0;
    for (size_t b = 0; b < blocks->n; b++) {
        if (!is_timing(&blocks->items[b], c))
            continue;
        if (blocks->items[b].outcome != ED_OUTCOME_OK || (validity->of_blocks[b].reasons & VAIN))
            return 0;
        done++;
        valid += !is_void(&validity->of_blocks[b], 0);
    }
    // Planned blocks are not all here yet, or those that were wanted are not.
    if (done < repeat->campaign->blocks + repeat->spare[c])
        return 0;
    const int64_t lacking = repeat->campaign->blocks - valid,
                  room = repeat->campaign->blocks - repeat->spare[c];
    return lacking < room ? lacking : room;
}

static enum ed_status next(void *context, bool *more, struct ed_error *err) {
    struct ed_repeat *repeat = context;
    struct ed_blocks blocks;
    struct ed_validity_device validity = {0};
    enum ed_status status = ed_blocks_load(&blocks, repeat->device, NULL, err);
    *more = false;
    if (status != ED_OK)
        return status;
    status = ed_validity_device_load(&validity, &blocks, repeat->device, err);
    if (status == ED_OK && blocks.n >= repeat->device->n_blocks)
        for (size_t c = 0; c < repeat->device->n_cases; c++) {
            const int64_t n = missing(repeat, &blocks, &validity, c);
            if (n <= 0 || repeat->device->cases[c].timing != c)
                continue;
            repeat->spare[c] += n;
            repeat->total += n;
            *more = true;
        }
    if (repeat->campaign->max_time_ns &&
        ed_clock_monotonic_ns() - repeat->began_ns >= repeat->campaign->max_time_ns)
        *more = false;
    ed_validity_device_release(&validity);
    ed_blocks_release(&blocks);
    return status;
}

static int64_t total(void *context) {
    return ((const struct ed_repeat *)context)->total;
}

static const char *words(void *context) {
    const struct ed_repeat *repeat = context;
    return repeat->total > (int64_t)repeat->device->n_blocks ? "again: " : "";
}

// Spare blocks that an earlier run has had.
static void count_had(struct ed_repeat *repeat, const struct ed_blocks *blocks) {
    for (size_t b = 0; b < blocks->n; b++) {
        const struct ed_block *block = &blocks->items[b];
        const int64_t number = block->repetition - repeat->campaign->blocks;
        if (!is_timing(block, block->case_index) || number <= repeat->spare[block->case_index] ||
            number > repeat->campaign->blocks)
            continue;
        repeat->total += number - repeat->spare[block->case_index];
        repeat->spare[block->case_index] = number;
    }
}

enum ed_status ed_repeat_new(struct ed_repeat **out, const struct ed_campaign *campaign, size_t device,
                             struct ed_drive_stages *stages, struct ed_error *err) {
    struct ed_repeat *repeat = calloc(1, sizeof *repeat);
    struct ed_blocks blocks;
    *out = repeat;
    if (repeat)
        repeat->spare = calloc(campaign->devices[device].n_cases + 1, sizeof *repeat->spare);
    if (!repeat || !repeat->spare)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to drive a device");
    repeat->campaign = campaign;
    repeat->device = &campaign->devices[device];
    repeat->began_ns = ed_clock_monotonic_ns();
    repeat->total = (int64_t)repeat->device->n_blocks;
    enum ed_status status = ed_blocks_load(&blocks, repeat->device, NULL, err);
    if (status != ED_OK)
        return status;
    count_had(repeat, &blocks);
    ed_blocks_release(&blocks);
    *stages = (struct ed_drive_stages){repeat, next, wanted, inferences, max_ns, total, words};
    return ED_OK;
}

void ed_repeat_free(struct ed_repeat *repeat) {
    if (repeat)
        free(repeat->spare);
    free(repeat);
}

bool ed_repeat_refuses(const struct ed_campaign_device *device, char *text, size_t bytes) {
    struct ed_blocks blocks;
    struct ed_validity_device validity = {0};
    bool refuses = false;
    if (ed_blocks_load(&blocks, device, NULL, NULL) != ED_OK)
        return false;
    if (ed_validity_device_load(&validity, &blocks, device, NULL) == ED_OK)
        for (size_t b = 0; b < blocks.n && !refuses; b++) {
            if (!is_timing(&blocks.items[b], blocks.items[b].case_index) ||
                blocks.items[b].outcome != ED_OUTCOME_OK || !is_void(&validity.of_blocks[b], 0))
                continue;
            refuses = true;
            for (unsigned r = 0; r < ED_VALIDITY_REASON_COUNT; r++) {
                const struct ed_validity_rule *rule =
                    ed_validity_rule_of(&validity.of_blocks[b].facts, (enum ed_validity_reason)r);
                if (rule && (rule->voids & ED_VALIDITY_VOID_LATENCY)) {
                    snprintf(text, bytes, "block %s is not valid (%s: %s)", blocks.items[b].id,
                             ed_validity_word(rule->reason), rule->what);
                    break;
                }
            }
        }
    ed_validity_device_release(&validity);
    ed_blocks_release(&blocks);
    return refuses;
}
