// SPDX-License-Identifier: Apache-2.0
// What was not valid: which blocks a record's figures leave out, which of its figures are void, and its
// fields of heat.
#include <string.h>

#include "base/stats/interval.h"
#include "harness/summary.h"
#include "harness/validity_read.h"

// What is judged: the blocks of one case, and what may be voided there at all.
struct judging {
    struct ed_result *result;
    const struct ed_validity_device *validity;
    struct ed_blocks *blocks;
    size_t case_index, n;
    bool language;
    const char *energy_scope; // "" where there is no figure of energy
};

// Reasons of a block that void `index`.
static uint32_t reasons_for(const struct judging *judging, size_t b, enum ed_validity_void_index index) {
    return ed_validity_voiding(judging->validity->of_blocks[b].reasons, 1u << index, judging->energy_scope);
}

static bool applies(const struct judging *judging, enum ed_validity_void_index index) {
    switch (index) {
    case ED_VALIDITY_VOID_INDEX_COUNTERS:
        return judging->validity->counters;
    case ED_VALIDITY_VOID_INDEX_LANGUAGE:
        return judging->language;
    case ED_VALIDITY_VOID_INDEX_POWER:
        return judging->energy_scope[0] != 0;
    default:
        return true;
    }
}

// One reason of one key or group, over all blocks.
static void tell(const struct judging *judging, const char *key, enum ed_validity_reason reason,
                 const uint32_t bits, size_t left, bool enough) {
    const struct ed_validity_rule *rule = NULL;
    const struct ed_blocks *blocks = judging->blocks;
    size_t n = 0;
    char code[48];
    for (size_t b = 0; b < blocks->n; b++) {
        if (!ed_block_is_timing(&blocks->items[b], judging->case_index) ||
            !(judging->validity->of_blocks[b].reasons & bits))
            continue;
        n++;
        rule = rule ? rule : ed_validity_rule_of(&judging->validity->of_blocks[b].facts, reason);
    }
    if (!n || !rule)
        return;
    snprintf(code, sizeof code, "%s%s", enough ? "" : ED_INVALID_CODE "_", ed_validity_word(reason));
    if (!rule->voids)
        ed_result_reason(judging->result, "", ed_validity_word(reason), "%s in %zu of %zu blocks", rule->what,
                         n, judging->n);
    else if (enough)
        ed_result_reason(judging->result, key, code, "%zu of %zu blocks left out: %s; %zu are valid", n,
                         judging->n, rule->what, left);
    else
        ed_result_reason(judging->result, key, code, "%s in %zu of %zu blocks: %zu valid, %d needed; %s",
                         rule->what, n, judging->n, left, ED_INTERVAL_MIN_BLOCKS, rule->todo);
}

static void judge(const struct judging *judging, enum ed_validity_void_index index) {
    const struct ed_blocks *blocks = judging->blocks;
    uint32_t all = 0;
    size_t bad = 0;
    for (size_t b = 0; b < blocks->n; b++) {
        const uint32_t reasons =
            ed_block_is_timing(&blocks->items[b], judging->case_index) ? reasons_for(judging, b, index) : 0;
        bad += reasons != 0;
        all |= reasons;
    }
    const bool enough = judging->n - bad >= ED_INTERVAL_MIN_BLOCKS;
    for (size_t b = 0; enough && b < blocks->n; b++)
        if (ed_block_is_timing(&blocks->items[b], judging->case_index) && reasons_for(judging, b, index))
            blocks->items[b].left_out |= 1u << index;
    for (unsigned r = 0; r < ED_VALIDITY_REASON_COUNT; r++)
        if (all >> r & 1)
            tell(judging, ed_validity_void_word(index), (enum ed_validity_reason)r, UINT32_C(1) << r,
                 judging->n - bad, enough);
}

static void heat(const struct judging *judging) {
    bool known = false, throttled = false, has_start = false, has_peak = false;
    int64_t start_mc = 0, peak_mc = 0;
    for (size_t b = 0; b < judging->blocks->n; b++) {
        const struct ed_validity_block *block = &judging->validity->of_blocks[b];
        if (!ed_block_is_timing(&judging->blocks->items[b], judging->case_index))
            continue;
        known = known || block->heat_known;
        throttled = throttled || block->throttled;
        if (!has_start && block->has_start)
            start_mc = block->start_mc;
        has_start = has_start || block->has_start;
        if (block->has_peak && (!has_peak || block->peak_mc > peak_mc))
            peak_mc = block->peak_mc;
        has_peak = has_peak || block->has_peak;
    }
    if (known)
        ED_RESULT_SET(judging->result, throttled, throttled);
    if (has_start)
        ED_RESULT_SET(judging->result, temperature_start_mc, start_mc);
    if (has_peak)
        ED_RESULT_SET(judging->result, temperature_peak_mc, peak_mc);
}

void ed_summary_validity(struct ed_result *result, const struct ed_validity_device *validity,
                         struct ed_blocks *blocks, size_t case_index, bool language,
                         const char *energy_scope) {
    struct judging judging = {result, validity, blocks, case_index, 0, language, energy_scope};
    for (size_t b = 0; b < blocks->n; b++)
        judging.n += ed_block_is_timing(&blocks->items[b], case_index);
    if (!judging.n)
        return;
    heat(&judging);
    for (unsigned index = 0; index < ED_VALIDITY_VOID_COUNT; index++)
        if (applies(&judging, (enum ed_validity_void_index)index))
            judge(&judging, (enum ed_validity_void_index)index);
    tell(&judging, "", ED_VALIDITY_CLOCK_STEPPED, UINT32_C(1) << ED_VALIDITY_CLOCK_STEPPED, judging.n, true);
}
