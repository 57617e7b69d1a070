// SPDX-License-Identifier: Apache-2.0
// Looks at the journal, and what is wanted then.
#include "harness/gate_stages.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/gate_device.h"

// What is known of a pair of cases between two looks.
struct pair_state {
    bool ended;
    int64_t inferences;
};

struct ed_gate_stages {
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    struct ed_gate_stage stage;
    struct pair_state *pairs;
    size_t *pair_of_case; // SIZE_MAX: none
    int64_t used_ns;      // when this drive began, by the journal
    int64_t began_ns;     // CLOCK_MONOTONIC
    bool begun;
    int64_t total; // blocks up to the stage
    char words[64];
};

// "c3.timing.7". False where the plan has no such block.
static bool read_id(const struct ed_gate_stages *gate, const char *block, size_t *case_index, char pass[16],
                    size_t *repetition) {
    char id[64];
    unsigned long number = 0;
    for (size_t i = 0; i < gate->device->n_cases; i++) {
        const size_t n = strlen(gate->device->cases[i].id);
        if (strncmp(block, gate->device->cases[i].id, n) || block[n] != '.')
            continue;
        *case_index = i;
        snprintf(id, sizeof id, "%s", block + n + 1);
        char *dot = strchr(id, '.');
        if (!dot)
            return false;
        *dot = '\0';
        number = strtoul(dot + 1, NULL, 10);
        snprintf(pass, 16, "%.15s", id);
        *repetition = (size_t)number;
        return true;
    }
    return false;
}

static bool wanted(void *context, const char *block) {
    const struct ed_gate_stages *gate = context;
    size_t case_index = 0, repetition = 0;
    char pass[16];
    if (!read_id(gate, block, &case_index, pass, &repetition))
        return false;
    if (!strcmp(pass, ED_PASS_PILOT))
        return true;
    const size_t pair = gate->pair_of_case[case_index];
    if (!gate->stage.pairs || pair == SIZE_MAX || gate->pairs[pair].ended)
        return false;
    return strcmp(pass, ED_PASS_TIMING) || repetition <= gate->stage.pairs;
}

static int64_t inferences(void *context, const char *block) {
    const struct ed_gate_stages *gate = context;
    size_t case_index = 0, repetition = 0;
    char pass[16];
    if (!read_id(gate, block, &case_index, pass, &repetition) || strcmp(pass, ED_PASS_TIMING) ||
        gate->pair_of_case[case_index] == SIZE_MAX)
        return 0;
    return gate->pairs[gate->pair_of_case[case_index]].inferences;
}

static int64_t max_ns(void *context) {
    const struct ed_gate_stages *gate = context;
    const int64_t limit = gate->campaign->gate.max_time_ns;
    if (!limit)
        return 0;
    const int64_t left = limit - gate->used_ns - (ed_clock_monotonic_ns() - gate->began_ns);
    return left > 1000000 ? left : 1000000;
}

// Timing blocks up to the stage, pilots, accuracy.
static void count(struct ed_gate_stages *gate) {
    if (gate->total && !gate->stage.more)
        return; // what was measured last is what there was
    gate->total = 0;
    for (size_t i = 0; i < gate->device->n_cases; i++) {
        const struct ed_campaign_case *c = &gate->device->cases[i];
        if (c->timing == i)
            gate->total += 1 + (int64_t)gate->stage.pairs;
        gate->total += c->task >= 0 && gate->stage.pairs;
    }
}

static enum ed_status next(void *context, bool *more, struct ed_error *err) {
    struct ed_gate_stages *gate = context;
    struct ed_blocks blocks;
    struct ed_gate_device now = {0};
    enum ed_status status = ed_blocks_load(&blocks, gate->device, NULL, err);
    *more = false;
    if (status != ED_OK)
        return status;
    status = ed_gate_device_make(&now, gate->campaign, gate->device, &blocks, err);
    for (size_t p = 0; status == ED_OK && p < now.n_pairs; p++)
        gate->pairs[p] =
            (struct pair_state){now.pairs[p].bad[0] || now.pairs[p].bad[1], now.pairs[p].inferences};
    if (status == ED_OK) {
        ed_gate_stage_next(&gate->stage, &gate->campaign->gate, &now);
        *more = gate->stage.more;
        if (gate->stage.again)
            snprintf(gate->words, sizeof gate->words, "look %zu of %d, %zu pair%s again: ", gate->stage.look,
                     ED_GATE_PAIRS_MAX, gate->stage.again, gate->stage.again == 1 ? "" : "s");
        else if (gate->stage.pairs)
            snprintf(gate->words, sizeof gate->words, "look %zu of %d: ", gate->stage.look,
                     ED_GATE_PAIRS_MAX);
        else
            snprintf(gate->words, sizeof gate->words, "pilot: ");
        if (!gate->begun) {
            gate->begun = true;
            gate->used_ns = now.used_ns;
            gate->began_ns = ed_clock_monotonic_ns();
        }
        count(gate);
    }
    ed_gate_device_release(&now);
    ed_blocks_release(&blocks);
    return status;
}

static int64_t total(void *context) {
    return ((const struct ed_gate_stages *)context)->total;
}

static const char *words(void *context) {
    return ((const struct ed_gate_stages *)context)->words;
}

enum ed_status ed_gate_stages_new(struct ed_gate_stages **out, const struct ed_campaign *campaign,
                                  size_t device, struct ed_drive_stages *stages, struct ed_error *err) {
    struct ed_gate_stages *gate = calloc(1, sizeof *gate);
    const struct ed_campaign_device *of = &campaign->devices[device];
    *out = gate;
    if (gate) {
        gate->campaign = campaign;
        gate->device = of;
        gate->pairs = calloc(of->n_pairs + 1, sizeof *gate->pairs);
        gate->pair_of_case = calloc(of->n_cases + 1, sizeof *gate->pair_of_case);
    }
    if (!gate || !gate->pairs || !gate->pair_of_case)
        return ed_fail(err, ED_ERR_NO_MEMORY, of->id, "no memory for a gate");
    for (size_t i = 0; i < of->n_cases; i++) {
        gate->pair_of_case[i] = SIZE_MAX;
        for (size_t p = 0; p < of->n_pairs; p++)
            if (of->pairs[p].baseline == of->cases[i].timing || of->pairs[p].candidate == of->cases[i].timing)
                gate->pair_of_case[i] = p;
    }
    *stages = (struct ed_drive_stages){.context = gate,
                                       .next = next,
                                       .wanted = wanted,
                                       .inferences = inferences,
                                       .max_ns = max_ns,
                                       .total = total,
                                       .words = words};
    return ED_OK;
}

void ed_gate_stages_free(struct ed_gate_stages *gate) {
    if (!gate)
        return;
    free(gate->pairs);
    free(gate->pair_of_case);
    free(gate);
}
