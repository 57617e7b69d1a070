// SPDX-License-Identifier: Apache-2.0
// Blocks and values of a comparison.
#include "harness/compare_values.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/affix.h"
#include "base/governor.h"
#include "base/stats/interval.h"
#include "base/stats/rank_sum.h"
#include "base/stats/reals.h"
#include "harness/validity_facts.h"

#define TAIL 0.025
#define LIMIT_DROP 0.01 // of the highest clock allowed, as the rule "throttled" has it
#define SETTINGS_MAX 64 // of one device

void ed_compare_tell(char text[512], const char *format, ...) {
    const size_t used = strlen(text);
    va_list arguments;
    if (used + 3 >= 512)
        return;
    if (used)
        memcpy(text + used, ", ", 3);
    va_start(arguments, format);
    vsnprintf(text + strlen(text), 512 - strlen(text), format, arguments);
    va_end(arguments);
}

static bool counts(const struct ed_block *block) {
    return !block->skipped && block->outcome == ED_OUTCOME_OK && !strcmp(block->pass, ED_PASS_TIMING);
}

static enum ed_status sort_blocks(struct ed_compare_device *side, struct ed_error *err) {
    const struct ed_blocks *blocks = &side->blocks;
    const size_t n_cases = side->device->n_cases;
    size_t most = 1;
    for (size_t i = 0; i < blocks->n; i++)
        most = blocks->items[i].n_samples > most ? blocks->items[i].n_samples : most;
    side->order = calloc(blocks->n + 1, sizeof *side->order);
    side->begin = calloc(n_cases + 2, sizeof *side->begin);
    side->scratch = calloc(most, sizeof *side->scratch);
    if (!side->order || !side->begin || !side->scratch)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the blocks of a comparison");
    // Counts, their sums, places; then each begin stands where it belongs, one further.
    for (size_t i = 0; i < blocks->n; i++)
        if (counts(&blocks->items[i]))
            side->begin[blocks->items[i].case_index + 2]++;
    for (size_t c = 2; c < n_cases + 2; c++)
        side->begin[c] += side->begin[c - 1];
    for (size_t i = 0; i < blocks->n; i++)
        if (counts(&blocks->items[i]))
            side->order[side->begin[blocks->items[i].case_index + 1]++] = i;
    return ED_OK;
}

enum ed_status ed_compare_device_load(struct ed_compare_device *side, struct ed_buffer *warnings,
                                      struct ed_error *err) {
    enum ed_status status = ed_blocks_load(&side->blocks, side->device, warnings, err);
    if (status != ED_OK)
        return status;
    side->loaded = true;
    status = ed_validity_device_load(&side->validity, &side->blocks, side->device, err);
    if (status == ED_OK)
        status = ed_energy_load(&side->energy, side->device, &side->blocks, err);
    return status == ED_OK ? sort_blocks(side, err) : status;
}

void ed_compare_device_release(struct ed_compare_device *side) {
    if (side->loaded) {
        ed_energy_device_release(&side->energy);
        ed_validity_device_release(&side->validity);
        ed_blocks_release(&side->blocks);
    }
    free(side->order);
    free(side->begin);
    free(side->scratch);
    side->order = side->begin = NULL;
    side->scratch = NULL;
    side->loaded = false;
}

// A setting of the clocks that a channel tells, and the highest value of it over a case's blocks.
struct setting {
    const char *id;
    int64_t value;
};

static size_t settings_of(const struct ed_compare_device *side, size_t c, struct setting *settings) {
    size_t n = 0;
    for (size_t i = side->begin[c]; i < side->begin[c + 1]; i++) {
        const struct ed_json_at root = ed_json_root(&side->blocks.documents[side->order[i]]),
                                context = ed_json_member(&root, "context"),
                                before = ed_json_member(&context, "before");
        const cJSON *value;
        cJSON_ArrayForEach(value, before.value) {
            size_t k = 0;
            int64_t number;
            if (strncmp(value->string ? value->string : "", "cpu_policy.", 11) != 0 ||
                (!ed_affix_ends(value->string, ".governor") && !ed_affix_ends(value->string, ".limit")) ||
                !ed_validity_around(&before, value->string, &number))
                continue;
            while (k < n && strcmp(settings[k].id, value->string) != 0)
                k++;
            if (k == n && n < SETTINGS_MAX)
                settings[n++] = (struct setting){value->string, number};
            else if (k < n && ed_affix_ends(settings[k].id, ".limit") && number > settings[k].value)
                settings[k].value = number;
        }
    }
    return n;
}

static const char *governor_word(int64_t number) {
    static const char *const known[] = {
#define KNOWN(name) name,
        ED_GOVERNORS(KNOWN)
#undef KNOWN
    };
    return number >= 1 && (size_t)number <= sizeof known / sizeof *known ? known[number - 1]
                                                                         : "one of the maker's";
}

static void tell_setting(char why[512], const struct setting *a, const struct setting *b) {
    const char *policy = strchr(a->id, '.') + 1;
    const int length = (int)strcspn(policy, ".");
    const double low = (double)(a->value < b->value ? a->value : b->value),
                 high = (double)(a->value < b->value ? b->value : a->value);
    if (ed_affix_ends(a->id, ".governor") && a->value != b->value)
        ed_compare_tell(why, "governor of %.*s: %s, then %s", length, policy, governor_word(a->value),
                        governor_word(b->value));
    else if (ed_affix_ends(a->id, ".limit") && low < high * (1 - LIMIT_DROP))
        ed_compare_tell(why, "highest clock allowed of %.*s: %.2f GHz, then %.2f GHz", length, policy,
                        (double)a->value * 1e-6, (double)b->value * 1e-6);
}

void ed_compare_unlike_context(char why[512], const struct ed_compare_device *first, size_t a,
                               const struct ed_compare_device *other, size_t b) {
    struct setting mine[SETTINGS_MAX], theirs[SETTINGS_MAX];
    const size_t n_mine = settings_of(first, a, mine), n_theirs = settings_of(other, b, theirs);
    const char *pins[] = {first->campaign->pin, other->campaign->pin};
    const char *cpusets[] = {first->device->cpuset, other->device->cpuset};
    why[0] = 0;
    if (strcmp(pins[0], pins[1]) != 0)
        ed_compare_tell(why, "--pin: %.60s, then %.60s", pins[0][0] ? pins[0] : "none",
                        pins[1][0] ? pins[1] : "none");
    if (cpusets[0][0] && cpusets[1][0] && strcmp(cpusets[0], cpusets[1]) != 0)
        ed_compare_tell(why, "cpuset: %.60s, then %.60s", cpusets[0], cpusets[1]);
    for (size_t i = 0; i < n_mine; i++)
        for (size_t k = 0; k < n_theirs; k++)
            if (!strcmp(mine[i].id, theirs[k].id))
                tell_setting(why, &mine[i], &theirs[k]);
}

// The states that all blocks of the case had, of those in `set`.
static uint32_t had_by_all(const struct ed_compare_device *side, size_t c, uint32_t set) {
    for (size_t i = side->begin[c]; i < side->begin[c + 1]; i++)
        set &= side->validity.of_blocks[side->order[i]].reasons;
    return set;
}

// What voids the key in that block, of states that not all blocks had.
static uint32_t voiding(const struct ed_compare_device *side, size_t block,
                        const struct ed_gate_metric *metric, uint32_t shared) {
    return ed_validity_voiding(side->validity.of_blocks[block].reasons & ~shared,
                               ed_gate_metric_quantities(metric), side->energy.source.scope);
}

// Values of a case's blocks: the valid ones first.
struct values {
    double *items;
    size_t n, n_valid;
    uint32_t reasons; // of those that are not
};

static double value_of(const struct ed_compare_device *side, size_t c, size_t block,
                       const struct ed_gate_metric *metric) {
    if (metric->field == ED_FIELD_energy_per_inference_uj)
        return ed_energy_of_block(&side->energy, &side->blocks, block);
    return ed_gate_metric_value(metric, &side->blocks.items[block], &side->device->cases[c].workload_parts,
                                side->scratch);
}

// `items` NULL: no memory; the caller frees it.
static struct values collect(const struct ed_compare_device *side, size_t c,
                             const struct ed_gate_metric *metric, uint32_t shared) {
    struct values values = {.items = calloc(ed_compare_blocks(side, c) + 1, sizeof *values.items)};
    for (int valid = 1; values.items && valid >= 0; valid--)
        for (size_t i = side->begin[c]; i < side->begin[c + 1] && values.n < ED_RANK_SUM_MAX; i++) {
            const size_t block = side->order[i];
            const uint32_t reasons = voiding(side, block, metric, shared);
            const bool wanted = (reasons == 0) == (valid == 1);
            const double value = wanted ? value_of(side, c, block, metric) : NAN;
            if (!isfinite(value) || value <= 0)
                continue;
            values.items[values.n++] = value;
            values.n_valid += !reasons;
            values.reasons |= reasons;
        }
    return values;
}

// "throttled, busy: 3 of 10 blocks, then 0 of 10"
static void tell_left_out(struct ed_compare_row *row, const struct values *mine,
                          const struct values *theirs) {
    char words[512] = "";
    for (unsigned r = 0; r < ED_VALIDITY_REASON_COUNT; r++)
        if ((mine->reasons | theirs->reasons) >> r & 1)
            ed_compare_tell(words, "%s", ed_validity_word((enum ed_validity_reason)r));
    snprintf(row->why, sizeof row->why, "%.110s in %zu of %zu blocks, then %zu of %zu", words,
             mine->n - mine->n_valid, mine->n, theirs->n - theirs->n_valid, theirs->n);
}

static enum ed_compare_word judged(const struct ed_compare_row *row) {
    const bool more = row->low > 0, less = row->high < 0;
    return !row->has_interval           ? ED_COMPARE_TOO_FEW
           : !more && !less             ? ED_COMPARE_NOT_SHOWN
           : more == row->more_is_worse ? ED_COMPARE_WORSE
                                        : ED_COMPARE_BETTER;
}

static bool fill(struct ed_compare_row *row, const struct values *mine, const struct values *theirs) {
    struct ed_rank_sum_shift shift = {0};
    if (!row->n_first || !row->n_other)
        return false;
    row->first = ed_reals_median(mine->items, row->n_first);
    row->other = ed_reals_median(theirs->items, row->n_other);
    if (row->word == ED_COMPARE_NOT_VALID)
        return true;
    for (size_t i = 0; i < row->n_first; i++)
        mine->items[i] = log(mine->items[i]);
    for (size_t i = 0; i < row->n_other; i++)
        theirs->items[i] = log(theirs->items[i]);
    if (!ed_rank_sum_shift(mine->items, row->n_first, theirs->items, row->n_other, TAIL, &shift))
        return false;
    row->change = expm1(shift.value);
    row->has_interval = shift.has_low_high;
    row->low = shift.has_low_high ? expm1(shift.low) : 0;
    row->high = shift.has_low_high ? expm1(shift.high) : 0;
    row->word = judged(row);
    return true;
}

bool ed_compare_row_make(struct ed_compare_row *row, const struct ed_compare_device *first, size_t a,
                         const struct ed_compare_device *other, size_t b,
                         const struct ed_gate_metric *metric) {
    const uint32_t shared = had_by_all(first, a, had_by_all(other, b, UINT32_MAX));
    struct values mine = collect(first, a, metric, shared), theirs = collect(other, b, metric, shared);
    *row = (struct ed_compare_row){.field = metric->field,
                                   .more_is_worse = metric->more_is_worse,
                                   .n_first = mine.n_valid,
                                   .n_other = theirs.n_valid,
                                   .word = ED_COMPARE_TOO_FEW};
    if (mine.reasons | theirs.reasons)
        tell_left_out(row, &mine, &theirs);
    if (row->why[0] && (mine.n_valid < ED_INTERVAL_MIN_BLOCKS || theirs.n_valid < ED_INTERVAL_MIN_BLOCKS)) {
        row->word = ED_COMPARE_NOT_VALID;
        row->n_first = mine.n;
        row->n_other = theirs.n;
    }
    const bool done = mine.items && theirs.items && fill(row, &mine, &theirs);
    free(mine.items);
    free(theirs.items);
    return done;
}
