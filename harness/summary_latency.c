// SPDX-License-Identifier: Apache-2.0
// Latency of a case over its blocks.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/interval.h"
#include "base/stats/moments.h"
#include "base/stats/quantile.h"
#include "base/stats/steady.h"
#include "base/stats/warmup.h"
#include "harness/summary.h"
#include "harness/validity.h"

#define CONFIDENCE 0.95
#define LEFT_OUT INT64_MIN // a cell that is not valid, and counts for nothing
#define RATE_MOST 9e18     // of millionths of an inference a second: no window is that short
#define COLD_ENOUGH 0.05   // share of pages that may still be cached in a cold block

struct ed_span ed_summary_span(int64_t *values, size_t n) {
    struct ed_span span = {0};
    if (!n)
        return span;
    ed_quantile_sort(values, n);
    span.has = ed_quantile_sorted(values, n, 1, 2, &span.value);
    span.has_interval = ed_interval_median(values, n, CONFIDENCE, &span.low, &span.high) == ED_INTERVAL_OK;
    return span;
}

#define SET_SPAN(result, field, span)                                              \
    do {                                                                           \
        const struct ed_span span_ = (span);                                       \
        if (span_.has && span_.has_interval)                                       \
            ED_RESULT_SET_SPAN(result, field, span_.value, span_.low, span_.high); \
        else if (span_.has)                                                        \
            ED_RESULT_SET(result, field, span_.value);                             \
    } while (0)

// One column a quantity, one row a block; -1 where a block does not have it.
enum column { P50, P90, P95, P99, MEAN, SD, LOAD, FIRST, WARMUP, PER_S_MICRO, COLUMNS };

struct table {
    int64_t *cells[COLUMNS];
    size_t rows, capacity;
};

static bool table_init(struct table *table, size_t capacity) {
    memset(table, 0, sizeof *table);
    table->capacity = capacity;
    for (size_t c = 0; c < COLUMNS; c++)
        if (!(table->cells[c] = calloc(capacity ? capacity : 1, sizeof(int64_t))))
            return false;
    return true;
}

static void table_release(struct table *table) {
    for (size_t c = 0; c < COLUMNS; c++)
        free(table->cells[c]);
}

// A quantity that one block lacks is null for the case: a median over some of the blocks would not be the
// same quantity.
static struct ed_span column_span(struct table *table, enum column column) {
    struct ed_span none = {0};
    int64_t *cells = table->cells[column];
    size_t n = 0;
    for (size_t i = 0; i < table->rows; i++) {
        if (cells[i] < 0 && cells[i] != LEFT_OUT)
            return none;
        if (cells[i] != LEFT_OUT)
            cells[n++] = cells[i];
    }
    return ed_summary_span(cells, n);
}

static void block_row(struct table *table, const struct ed_block *block, int64_t *scratch) {
    static const struct {
        enum column column;
        uint32_t num, den;
    } tails[] = {{P90, 9, 10}, {P95, 95, 100}, {P99, 99, 100}};
    const size_t row = table->rows++, n = block->n_samples;
    struct ed_moments moments = {0};
    for (size_t c = 0; c < COLUMNS; c++)
        table->cells[c][row] = -1;
    for (size_t i = 0; i < n; i++)
        ed_moments_add(&moments, (double)block->samples[i] / (double)block->batch);
    table->cells[LOAD][row] = block->left_out & ED_VALIDITY_VOID_LOAD ? LEFT_OUT : block->load_ns;
    table->cells[FIRST][row] =
        block->left_out & ED_VALIDITY_VOID_FIRST_INFERENCE ? LEFT_OUT : block->first_inference_ns;
    table->cells[WARMUP][row] = block->warmup_inferences;
    if (!n)
        return;
    table->cells[MEAN][row] = (int64_t)llround(ed_moments_mean(&moments));
    // In millionths, so that a slow model's rate keeps its digits as an integer.
    const double per_s_micro =
        block->timed_ns > 0 ? (double)n * (double)block->batch * 1e15 / (double)block->timed_ns : -1;
    if (per_s_micro < RATE_MOST)
        table->cells[PER_S_MICRO][row] = (int64_t)llround(per_s_micro);
    if (block->batch > 1)
        return;
    if (n > 1)
        table->cells[SD][row] = (int64_t)llround(ed_moments_sd(&moments));
    ed_quantile_median(block->samples, n, scratch, &table->cells[P50][row]);
    for (size_t t = 0; t < sizeof tails / sizeof *tails; t++)
        if (n >= ed_quantile_min_samples(tails[t].num, tails[t].den))
            ed_quantile_select(block->samples, n, tails[t].num, tails[t].den, scratch,
                               &table->cells[tails[t].column][row]);
}

// Of a language workload it is the tokens that matter: `language` makes it no more than a word in the record.
static void explain_quantiles(struct ed_result *result, bool batched, bool language, size_t fewest) {
    static const struct {
        int field;
        const char *key;
        uint32_t num, den;
    } tails[] = {{ED_FIELD_latency_p90_ns, "latency_p90_ns", 9, 10},
                 {ED_FIELD_latency_p95_ns, "latency_p95_ns", 95, 100},
                 {ED_FIELD_latency_p99_ns, "latency_p99_ns", 99, 100}};
    if (batched)
        ed_result_reason(result, "latency_p50_ns", "batched",
                         "an inference is shorter than 1000 steps of the clock: timed in batches, so there "
                         "is a mean and no percentile");
    for (size_t t = 0; t < sizeof tails / sizeof *tails; t++)
        if (!result->has[tails[t].field]) {
            if (batched)
                ed_result_reason(result, tails[t].key, "batched", "timed in batches");
            else
                ed_result_reason(result, tails[t].key, language ? ED_REASON_NOT_MEASURED : "n_too_small",
                                 "n too small: %zu samples in a block, %llu are needed; time longer blocks "
                                 "(\"block\" in a suite)",
                                 fewest,
                                 (unsigned long long)ed_quantile_min_samples(tails[t].num, tails[t].den));
        }
}

// Steady only if every block is; a block that is too short to tell makes the case "not testable".
static void fill_steady(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    size_t unsteady = 0, untested = 0, late = 0, limited = 0, n = 0;
    struct ed_steady_work *work = malloc(sizeof *work);
    for (size_t i = 0; work && i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        struct ed_steady_result steady;
        if (!ed_block_counts(block, case_index, ED_VALIDITY_VOID_LATENCY))
            continue;
        uint8_t *outliers = malloc(block->n_samples ? block->n_samples : 1);
        if (!outliers)
            break;
        ed_steady_check(block->samples, block->n_samples, outliers, work, &steady);
        free(outliers);
        n++;
        unsteady += steady.verdict == ED_STEADY_NO;
        untested += steady.verdict == ED_STEADY_NOT_TESTABLE ||
                    !strcmp(block->warmup_state, ed_warmup_state_name(ED_WARMUP_NOT_TESTABLE));
        late += steady.verdict == ED_STEADY_YES && steady.steady_from > 0;
        limited += !strcmp(block->warmup_state, ed_warmup_state_name(ED_WARMUP_LIMIT));
    }
    free(work);
    if (!n)
        return;
    ED_RESULT_SET_TEXT(result, steady, unsteady ? "no" : untested ? "not testable" : "yes");
    if (unsteady)
        ed_result_reason(
            result, "steady", "no_steady_state",
            "no steady state in %zu of %zu blocks: the latency still changes level near their end", unsteady,
            n);
    else if (2 * late > n)
        ed_result_reason(result, "steady", "settled_late",
                         "%zu of %zu blocks reached their level only inside the timed window", late, n);
    if (limited)
        ed_result_reason(result, "warmup_inferences", "warmup_limit",
                         "warm-up ended by its limit of 8 s and not by its rule in %zu of %zu blocks",
                         limited, n);
}

static void fill_cold(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    int64_t *values = calloc(blocks->n ? blocks->n : 1, sizeof *values);
    size_t n = 0, warm = 0;
    double resident = 0;
    for (size_t i = 0; values && i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (block->case_index != case_index || strcmp(block->pass, ED_PASS_COLD) ||
            block->outcome != ED_OUTCOME_OK)
            continue;
        if (block->cold_resident_share > COLD_ENOUGH || block->cold_resident_share < 0) {
            warm++;
            resident = block->cold_resident_share;
        } else if (block->load_ns >= 0) {
            values[n++] = block->load_ns;
        }
    }
    if (n)
        SET_SPAN(result, load_cold_cache_ns, ed_summary_span(values, n));
    else if (warm)
        ed_result_reason(result, "load_cold_cache_ns", "page_cache_not_dropped",
                         "%.0f %% of the model's pages stayed in the page cache", resident * 100);
    free(values);
}

void ed_summary_latency(struct ed_result *result, const struct ed_campaign_case *c,
                        const struct ed_blocks *blocks, size_t case_index, struct ed_error *err) {
    struct table table;
    size_t most = 0, fewest = SIZE_MAX;
    int64_t samples = 0, ended = 0;
    bool batched = false, language = false;
    for (size_t i = 0; i < blocks->n; i++)
        if (ed_block_is_timing(&blocks->items[i], case_index) && blocks->items[i].n_samples > most)
            most = blocks->items[i].n_samples;
    int64_t *scratch = malloc((most ? most : 1) * sizeof *scratch);
    if (!table_init(&table, blocks->n) || !scratch) {
        ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the statistics of a case");
        goto out;
    }
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (!ed_block_is_timing(block, case_index))
            continue;
        ended++;
        samples += (int64_t)block->n_samples * block->batch;
        if (!ed_block_counts(block, case_index, ED_VALIDITY_VOID_LATENCY))
            continue;
        block_row(&table, block, scratch);
        batched = batched || block->batch > 1;
        language = language || block->parts;
        fewest = block->n_samples < fewest ? block->n_samples : fewest;
    }
    ED_RESULT_SET(result, blocks, ended);
    ED_RESULT_SET(result, samples, samples);
    fill_cold(result, blocks, case_index);
    if (!table.rows)
        goto out;
    SET_SPAN(result, latency_p50_ns, column_span(&table, P50));
    SET_SPAN(result, latency_p90_ns, column_span(&table, P90));
    SET_SPAN(result, latency_p95_ns, column_span(&table, P95));
    SET_SPAN(result, latency_p99_ns, column_span(&table, P99));
    SET_SPAN(result, latency_mean_ns, column_span(&table, MEAN));
    SET_SPAN(result, load_ns, column_span(&table, LOAD));
    SET_SPAN(result, first_inference_ns, column_span(&table, FIRST));
    const struct ed_span sd = column_span(&table, SD), warmup = column_span(&table, WARMUP),
                         rate = column_span(&table, PER_S_MICRO);
    if (sd.has)
        ED_RESULT_SET(result, latency_sd_ns, sd.value);
    if (warmup.has)
        ED_RESULT_SET(result, warmup_inferences, warmup.value);
    if (rate.has && rate.has_interval)
        ED_RESULT_SET_SPAN(result, throughput_per_s, (double)rate.value / 1e6, (double)rate.low / 1e6,
                           (double)rate.high / 1e6);
    else if (rate.has)
        ED_RESULT_SET(result, throughput_per_s, (double)rate.value / 1e6);
    explain_quantiles(result, batched, language, fewest);
    if (batched && c->workload_parts.duration_ns)
        ed_result_reason(result, "latency_p50_ns", "batched",
                         "or so many inferences fit into %.0f s that single ones have no room",
                         (double)c->workload_parts.duration_ns / 1e9);
    if (c->workload_parts.duration_ns)
        ed_result_reason(result, "latency_p50_ns", "few_blocks",
                         "a sustained case has one block, so there is no interval");
    else if (table.rows < ED_INTERVAL_MIN_BLOCKS)
        ed_result_reason(result, "latency_p50_ns", "few_blocks",
                         "%zu blocks: intervals need %d; use --blocks %d or more", table.rows,
                         ED_INTERVAL_MIN_BLOCKS, ED_INTERVAL_MIN_BLOCKS);
    fill_steady(result, blocks, case_index);
out:
    table_release(&table);
    free(scratch);
}
