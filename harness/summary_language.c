// SPDX-License-Identifier: Apache-2.0
// Tokens per second and times of tokens of a case over its blocks. As for latency, a figure is the median
// over blocks of the block's own, with the order-statistic interval over blocks.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/quantile.h"
#include "harness/block_language.h"
#include "harness/summary.h"
#include "harness/validity.h"

#define RATE_UNIT 1e6 // rates are kept in millionths, so that a slow model's keeps its digits as an integer
#define NS_PER_S 1e9

enum column { PREFILL_PER_S, DECODE_PER_S, FIRST_TOKEN, TOKEN_P50, TOKEN_P99, COLUMNS };

struct table {
    int64_t *cells[COLUMNS]; // a row a block; -1 where a block does not have it
    int64_t *scratch;
    size_t rows, fewest_tokens;
    bool together, mostly_together, not_streamed;
};

static bool table_init(struct table *table, const struct ed_blocks *blocks, size_t case_index) {
    size_t most = 1;
    memset(table, 0, sizeof *table);
    table->fewest_tokens = SIZE_MAX;
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (ed_block_counts(block, case_index, ED_VALIDITY_VOID_LANGUAGE) &&
            block->n_samples * block->stride > most)
            most = block->n_samples * block->stride;
    }
    bool ok = (table->scratch = calloc(most, sizeof *table->scratch)) != NULL;
    for (size_t c = 0; c < COLUMNS; c++)
        ok = (table->cells[c] = calloc(blocks->n + 1, sizeof(int64_t))) && ok;
    return ok;
}

static void table_release(struct table *table) {
    for (size_t c = 0; c < COLUMNS; c++)
        free(table->cells[c]);
    free(table->scratch);
}

static int64_t rate(int64_t tokens, int64_t ns) {
    return ns > 0 ? (int64_t)llround((double)tokens * NS_PER_S * RATE_UNIT / (double)ns) : -1;
}

static void block_row(struct table *table, const struct ed_block *block, const struct ed_workload *workload) {
    const size_t row = table->rows++, n = block->n_samples, generated = block->stride - 1;
    const size_t tokens = n * generated;
    int64_t *scratch = table->scratch, middle = 0;
    for (size_t c = 0; c < COLUMNS; c++)
        table->cells[c][row] = -1;
    if (tokens < table->fewest_tokens)
        table->fewest_tokens = tokens;
    if (!n || !block->parts)
        return;
    if (workload->prompt_tokens) {
        for (size_t i = 0; i < n; i++)
            scratch[i] = block->parts[i * block->stride];
        ed_quantile_median(scratch, n, scratch, &middle);
        table->not_streamed =
            table->not_streamed || ed_block_withholds(block, workload, ED_FIELD_time_to_first_token_ns);
        table->cells[FIRST_TOKEN][row] = table->not_streamed ? -1 : middle;
        table->cells[PREFILL_PER_S][row] =
            table->not_streamed ? -1 : rate(ed_block_prompt_tokens(block, workload), middle);
    }
    if (!generated)
        return;
    for (size_t i = 0; i < n; i++)
        scratch[i] = block->samples[i] - block->parts[i * block->stride];
    ed_quantile_median(scratch, n, scratch, &middle);
    table->cells[DECODE_PER_S][row] = rate((int64_t)generated, middle);
    if (ed_block_came_together(block, ED_TOGETHER_MOST_SHARE)) {
        table->cells[DECODE_PER_S][row] = -1;
        table->mostly_together = true;
    }
    if (ed_block_came_together(block, ED_TOGETHER_SHARE)) {
        table->together = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        memcpy(scratch + i * generated, block->parts + i * block->stride + 1, generated * sizeof *scratch);
    ed_quantile_median(scratch, tokens, scratch, &table->cells[TOKEN_P50][row]);
    if (tokens >= ed_quantile_min_samples(99, 100))
        ed_quantile_select(scratch, tokens, 99, 100, scratch, &table->cells[TOKEN_P99][row]);
}

static struct ed_span column_span(struct table *table, enum column column) {
    struct ed_span none = {0};
    for (size_t i = 0; i < table->rows; i++)
        if (table->cells[column][i] < 0)
            return none;
    return ed_summary_span(table->cells[column], table->rows);
}

#define SET_RATE(field, column)                                                                             \
    do {                                                                                                    \
        const struct ed_span span = column_span(&table, column);                                            \
        if (span.has && span.has_interval)                                                                  \
            ED_RESULT_SET_SPAN(result, field, (double)span.value / RATE_UNIT, (double)span.low / RATE_UNIT, \
                               (double)span.high / RATE_UNIT);                                              \
        else if (span.has)                                                                                  \
            ED_RESULT_SET(result, field, (double)span.value / RATE_UNIT);                                   \
    } while (0)
#define SET_TIME(field, column)                                                 \
    do {                                                                        \
        const struct ed_span span = column_span(&table, column);                \
        if (span.has && span.has_interval)                                      \
            ED_RESULT_SET_SPAN(result, field, span.value, span.low, span.high); \
        else if (span.has)                                                      \
            ED_RESULT_SET(result, field, span.value);                           \
    } while (0)

static void explain(struct ed_result *result, const struct ed_workload *workload, const struct table *table) {
    static const char *const of_prompt[] = {"prefill_tokens_per_s", "time_to_first_token_ns"};
    static const char *const of_tokens[] = {"decode_tokens_per_s", "inter_token_p50_ns",
                                            "inter_token_p99_ns"};
    for (size_t i = 0; !workload->prompt_tokens && i < 2; i++)
        ed_result_reason(result, of_prompt[i], ED_REASON_NOT_APPLICABLE, "the workload has no prompt");
    for (size_t i = 0; !workload->generate_tokens && i < 3; i++)
        ed_result_reason(result, of_tokens[i], ED_REASON_NOT_APPLICABLE, "the workload generates no tokens");
    for (size_t i = result->has[ED_FIELD_decode_tokens_per_s] ? 1 : 0; table->together && i < 3; i++)
        ed_result_reason(result, of_tokens[i], ED_REASON_NOT_MEASURED,
                         "%s of the tokens came several at a time, so that this is not known",
                         i ? "more than 5 %" : "more than 60 %");
    for (size_t i = 0; table->not_streamed && i < 2; i++)
        ed_result_reason(result, of_prompt[i], ED_REASON_NOT_MEASURED,
                         "the answers were not streamed: more than 90 %% of the tokens behind the first came "
                         "several at a time, so that this is not known");
    if (workload->generate_tokens && !table->together && !result->has[ED_FIELD_inter_token_p99_ns])
        ed_result_reason(result, "inter_token_p99_ns", "n_too_small",
                         "n too small: %zu generated tokens in a block, %llu are needed; time longer blocks "
                         "(\"block\" in a suite)",
                         table->fewest_tokens, (unsigned long long)ed_quantile_min_samples(99, 100));
}

// Without a prompt a latency is the time from the first token to the last, and nothing where they came at
// once.
static void drop_latency(struct ed_result *result) {
    static const int fields[] = {ED_FIELD_latency_p50_ns,     ED_FIELD_latency_p90_ns,
                                 ED_FIELD_latency_p95_ns,     ED_FIELD_latency_p99_ns,
                                 ED_FIELD_latency_mean_ns,    ED_FIELD_latency_sd_ns,
                                 ED_FIELD_first_inference_ns, ED_FIELD_throughput_per_s};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (result->has[fields[i]])
            ed_result_reason(
                result, ed_result_fields()[fields[i]].key, ED_REASON_NOT_MEASURED,
                "more than 60 %% of the tokens came several at a time, so that this is not known");
        result->has[fields[i]] = result->has_span[fields[i]] = false;
    }
}

void ed_summary_language(struct ed_result *result, const struct ed_campaign_case *c,
                         const struct ed_blocks *blocks, size_t case_index, struct ed_error *err) {
    struct table table;
    if (!ed_workload_is_language(&c->workload_parts))
        return;
    if (!table_init(&table, blocks, case_index)) {
        ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the statistics of a case");
        goto out;
    }
    for (size_t i = 0; i < blocks->n; i++)
        if (ed_block_counts(&blocks->items[i], case_index, ED_VALIDITY_VOID_LANGUAGE))
            block_row(&table, &blocks->items[i], &c->workload_parts);
    if (!table.rows)
        goto out;
    SET_RATE(prefill_tokens_per_s, PREFILL_PER_S);
    SET_RATE(decode_tokens_per_s, DECODE_PER_S);
    SET_TIME(time_to_first_token_ns, FIRST_TOKEN);
    SET_TIME(inter_token_p50_ns, TOKEN_P50);
    SET_TIME(inter_token_p99_ns, TOKEN_P99);
    if (table.mostly_together && !c->workload_parts.prompt_tokens)
        drop_latency(result);
    explain(result, &c->workload_parts, &table);
out:
    table_release(&table);
}
