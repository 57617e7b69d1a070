// SPDX-License-Identifier: Apache-2.0
// Figures of a case whose inferences are transcriptions, over its blocks. As for latency, a figure is the
// median over blocks of the block's own, with the order-statistic interval over blocks.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/stats/quantile.h"
#include "base/words.h"
#include "harness/seal.h"
#include "harness/summary.h"
#include "harness/validity.h"

#define FACTOR_UNIT \
    1e9 // a factor is kept in billionths, so that a fast model's keeps its digits as an integer
#define RATE_UNIT 1e6
#define NS_PER_S 1e9

enum column { FACTOR, ENCODE, FIRST_TOKEN, DECODE_PER_S, COLUMNS };

struct table {
    int64_t *cells[COLUMNS]; // a row a block; -1 where a block does not have it
    size_t rows[COLUMNS];
    int64_t *scratch;
    int64_t audio_ns; // 0: not told
};

static const cJSON *speech_of(const struct ed_block *block) {
    return cJSON_GetObjectItemCaseSensitive(block->evidence, "speech");
}

static bool table_init(struct table *table, const struct ed_blocks *blocks, size_t case_index) {
    size_t most = 1;
    memset(table, 0, sizeof *table);
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (!ed_block_is_timing(block, case_index))
            continue;
        most = block->n_samples > most ? block->n_samples : most;
        const cJSON *audio = cJSON_GetObjectItemCaseSensitive(speech_of(block), "audio_ns");
        if (cJSON_IsNumber(audio) && audio->valuedouble >= 1 && audio->valuedouble < 1e15)
            table->audio_ns = (int64_t)audio->valuedouble;
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

static void add(struct table *table, enum column column, int64_t value) {
    table->cells[column][table->rows[column]++] = value;
}

// The median of one part over a block's inferences; -1 where one of them does not have it.
static int64_t part_median(struct table *table, const struct ed_block *block, enum ed_speech_part part) {
    int64_t middle = -1;
    for (size_t i = 0; i < block->n_samples; i++) {
        table->scratch[i] = block->speech[i * block->stride + (size_t)part];
        if (table->scratch[i] < 0)
            return -1;
    }
    ed_quantile_median(table->scratch, block->n_samples, table->scratch, &middle);
    return middle;
}

// Of all tokens of a block: single inferences may have few.
static int64_t decode_rate(const struct ed_block *block) {
    double ns = 0, tokens = 0;
    for (size_t i = 0; i < block->n_samples; i++) {
        ns += (double)block->speech[i * block->stride + ED_SPEECH_DECODE];
        tokens += (double)block->speech[i * block->stride + ED_SPEECH_TOKENS];
    }
    const double rate = ns > 0 ? tokens * NS_PER_S / ns : 0;
    return rate > 0 && rate < 1e12 ? (int64_t)llround(rate * RATE_UNIT) : -1;
}

static void block_rows(struct table *table, const struct ed_block *block) {
    if (!block->speech || !block->n_samples)
        return;
    if (!(block->left_out & ED_VALIDITY_VOID_LATENCY)) {
        const int64_t whole_ns = part_median(table, block, ED_SPEECH_WHOLE);
        add(table, FACTOR,
            table->audio_ns ? (int64_t)llround((double)whole_ns * FACTOR_UNIT / (double)table->audio_ns)
                            : -1);
        add(table, ENCODE, part_median(table, block, ED_SPEECH_ENCODE));
    }
    if (!(block->left_out & ED_VALIDITY_VOID_LANGUAGE)) {
        add(table, FIRST_TOKEN, part_median(table, block, ED_SPEECH_FIRST_TOKEN));
        add(table, DECODE_PER_S, decode_rate(block));
    }
}

static struct ed_span column_span(struct table *table, enum column column) {
    struct ed_span none = {0};
    for (size_t i = 0; i < table->rows[column]; i++)
        if (table->cells[column][i] < 0)
            return none;
    return ed_summary_span(table->cells[column], table->rows[column]);
}

#define SET_REAL(field, column, unit)                                                                 \
    do {                                                                                              \
        const struct ed_span span = column_span(&table, column);                                      \
        if (span.has && span.has_interval)                                                            \
            ED_RESULT_SET_SPAN(result, field, (double)span.value / (unit), (double)span.low / (unit), \
                               (double)span.high / (unit));                                           \
        else if (span.has)                                                                            \
            ED_RESULT_SET(result, field, (double)span.value / (unit));                                \
    } while (0)
#define SET_TIME(field, column)                                                 \
    do {                                                                        \
        const struct ed_span span = column_span(&table, column);                \
        if (span.has && span.has_interval)                                      \
            ED_RESULT_SET_SPAN(result, field, span.value, span.low, span.high); \
        else if (span.has)                                                      \
            ED_RESULT_SET(result, field, span.value);                           \
    } while (0)

// Over all blocks together: where they differ each counts as much as it has words.
static void word_errors(struct ed_result *result, const struct ed_campaign_case *c,
                        const struct ed_blocks *blocks, size_t case_index) {
    struct ed_words_errors sum = {0}, one;
    struct ed_buffer reference;
    struct ed_error err = {0};
    const char *first = NULL;
    bool differ = false, is_cut = false;
    ed_buffer_init(&reference, ED_WORDS_TEXT_MAX_BYTES);
    enum ed_status status = ed_seal_data(c->transcript, &err);
    if (status == ED_OK)
        status = ed_path_read(c->transcript, ED_WORDS_TEXT_MAX_BYTES, &reference, &err);
    for (size_t i = 0; status == ED_OK && i < blocks->n; i++) {
        const cJSON *speech =
            ed_block_is_timing(&blocks->items[i], case_index) ? speech_of(&blocks->items[i]) : NULL;
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(speech, "text"));
        if (!text)
            continue;
        is_cut = is_cut || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(speech, "text_cut"));
        differ = differ || (first && strcmp(first, text) != 0);
        first = first ? first : text;
        status =
            ed_words_error_rate(ed_buffer_text(&reference), reference.size, text, strlen(text), &one, &err);
        sum.substitutions += one.substitutions;
        sum.deletions += one.deletions;
        sum.insertions += one.insertions;
        sum.reference_words += one.reference_words;
    }
    ed_buffer_release(&reference);
    if (status != ED_OK)
        ed_result_reason(result, "word_error_rate", "not_comparable", "%s%s%s", err.where,
                         err.where[0] ? ": " : "", err.message);
    else if (is_cut)
        ed_result_reason(result, "word_error_rate", "text_too_long",
                         "the text is longer than what a block keeps of it");
    else if (!first)
        return;
    else if (!sum.reference_words)
        ed_result_reason(result, "word_error_rate", "no_words", "the transcript has no words");
    else
        ED_RESULT_SET(result, word_error_rate, ed_words_rate(&sum));
    if (result->has[ED_FIELD_word_error_rate] && differ)
        ed_result_reason(result, "word_error_rate", "texts_differ",
                         "the text is not the same in all blocks: the rate is over all of them");
}

static void not_applicable(struct ed_result *result, const char *why) {
    static const char *const keys[] = {"audio_ns", "real_time_factor", "encode_ns", "word_error_rate"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ed_result_reason(result, keys[i], ED_REASON_NOT_APPLICABLE, "%s", why);
}

void ed_summary_speech(struct ed_result *result, const struct ed_campaign_case *c,
                       const struct ed_blocks *blocks, size_t case_index, struct ed_error *err) {
    struct table table;
    if (!ed_workload_is_timed_speech(&c->workload_parts)) {
        not_applicable(result, c->workload_parts.speech
                                   ? "told of transcriptions one after the other, as single-stream has them"
                                   : "not a speech workload");
        return;
    }
    if (!table_init(&table, blocks, case_index)) {
        ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the statistics of a case");
        goto out;
    }
    for (size_t i = 0; i < blocks->n; i++)
        if (ed_block_is_timing(&blocks->items[i], case_index))
            block_rows(&table, &blocks->items[i]);
    if (table.audio_ns)
        ED_RESULT_SET(result, audio_ns, table.audio_ns);
    SET_REAL(real_time_factor, FACTOR, FACTOR_UNIT);
    SET_TIME(encode_ns, ENCODE);
    SET_TIME(time_to_first_token_ns, FIRST_TOKEN);
    SET_REAL(decode_tokens_per_s, DECODE_PER_S, RATE_UNIT);
    if (!result->has[ED_FIELD_time_to_first_token_ns])
        ed_result_reason(result, "time_to_first_token_ns", ED_REASON_NOT_TOLD,
                         "a transcription had no token");
    if (!result->has[ED_FIELD_decode_tokens_per_s])
        ed_result_reason(result, "decode_tokens_per_s", ED_REASON_NOT_TOLD,
                         "no window of the audio had a second token");
    if (!result->has[ED_FIELD_encode_ns])
        ed_result_reason(result, "encode_ns", ED_REASON_NOT_TOLD, "the engine does not tell it");
    if (c->transcript[0])
        word_errors(result, c, blocks, case_index);
    else
        ed_result_reason(result, "word_error_rate", ED_REASON_NOT_APPLICABLE,
                         "no transcript: it is read from FILE.txt beside FILE.wav");
out:
    table_release(&table);
}
