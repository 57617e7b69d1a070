// SPDX-License-Identifier: Apache-2.0
// Values of single blocks.
#include "harness/gate_metrics.h"

#include <math.h>
#include <string.h>

#include "base/stats/quantile.h"
#include "harness/block_language.h"
#include "harness/validity.h"

#define ENERGY_MDE 0.05
#define NOISY_MDE 0.10 // what happens once a process varies more than what is repeated in it

// By nearest rank, where there are enough samples for it; of batches there is none.
static double quantile(const struct ed_block *block, int64_t *scratch, uint32_t num, uint32_t den) {
    int64_t value = 0;
    if (block->batch > 1 || !block->n_samples ||
        (num * 2 != den && block->n_samples < ed_quantile_min_samples(num, den)))
        return NAN;
    return ed_quantile_select(block->samples, block->n_samples, num, den, scratch, &value) ? (double)value
                                                                                           : NAN;
}

static double p50(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    return quantile(block, scratch, 1, 2);
}

static double p90(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    return quantile(block, scratch, 9, 10);
}

static double p95(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    return quantile(block, scratch, 95, 100);
}

static double p99(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    return quantile(block, scratch, 99, 100);
}

static double mean(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    double sum = 0;
    (void)scratch;
    for (size_t i = 0; i < block->n_samples; i++)
        sum += (double)block->samples[i];
    return block->n_samples ? sum / (double)block->n_samples / (double)block->batch : NAN;
}

static double throughput(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    (void)scratch;
    return block->timed_ns > 0 && block->n_samples
               ? (double)block->n_samples * (double)block->batch * 1e9 / (double)block->timed_ns
               : NAN;
}

static double known(int64_t value) {
    return value >= 0 ? (double)value : NAN;
}

static double load(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    (void)scratch;
    return known(block->load_ns);
}

static double first(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    (void)scratch;
    return known(block->first_inference_ns);
}

// Of language, as harness/summary_language.c has it: the median over the block's inferences.
static double first_token(const struct ed_block *block, const struct ed_workload *workload,
                          int64_t *scratch) {
    int64_t middle = 0;
    if (!workload->prompt_tokens || !block->parts || !block->n_samples)
        return NAN;
    for (size_t i = 0; i < block->n_samples; i++)
        scratch[i] = block->parts[i * block->stride];
    return ed_quantile_median(scratch, block->n_samples, scratch, &middle) ? (double)middle : NAN;
}

static double prefill(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    return (double)ed_block_prompt_tokens(block, workload) * 1e9 / first_token(block, workload, scratch);
}

static double decode(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    int64_t middle = 0;
    (void)workload;
    if (!block->parts || !block->n_samples || block->stride < 2)
        return NAN;
    for (size_t i = 0; i < block->n_samples; i++)
        scratch[i] = block->samples[i] - block->parts[i * block->stride];
    return ed_quantile_median(scratch, block->n_samples, scratch, &middle)
               ? (double)(block->stride - 1) * 1e9 / (double)middle
               : NAN;
}

// As harness/summary.c has it: a peak counts only if the mark before could reset it.
static double peak(const struct ed_block *block, enum ed_block_mark mark) {
    return block->memory[mark].set && block->memory[mark - 1].peak_reset
               ? known(block->memory[mark].peak_bytes)
               : NAN;
}

static double load_peak(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    (void)scratch;
    return peak(block, ED_BLOCK_AFTER_LOAD);
}

static double warmup_peak(const struct ed_block *block, const struct ed_workload *workload,
                          int64_t *scratch) {
    (void)workload;
    (void)scratch;
    return peak(block, ED_BLOCK_AFTER_WARMUP);
}

static double inference_peak(const struct ed_block *block, const struct ed_workload *workload,
                             int64_t *scratch) {
    (void)workload;
    (void)scratch;
    return peak(block, ED_BLOCK_AFTER_TIMED);
}

static double after_load(const struct ed_block *block, const struct ed_workload *workload, int64_t *scratch) {
    (void)workload;
    (void)scratch;
    return block->memory[ED_BLOCK_AFTER_LOAD].set ? known(block->memory[ED_BLOCK_AFTER_LOAD].rss_bytes) : NAN;
}

static const struct ed_gate_metric metrics[] = {
    {ED_FIELD_latency_p50_ns, true, 0, false, true, p50},
    {ED_FIELD_latency_p90_ns, true, 0, false, true, p90},
    {ED_FIELD_latency_p95_ns, true, 0, false, false, p95},
    {ED_FIELD_latency_p99_ns, true, 0, false, false, p99},
    {ED_FIELD_latency_mean_ns, true, 0, false, false, mean},
    {ED_FIELD_throughput_per_s, false, 0, false, false, throughput},
    {ED_FIELD_load_ns, true, NOISY_MDE, false, true, load},
    {ED_FIELD_first_inference_ns, true, NOISY_MDE, false, true, first},
    {ED_FIELD_prefill_tokens_per_s, false, 0, true, true, prefill},
    {ED_FIELD_decode_tokens_per_s, false, 0, true, true, decode},
    {ED_FIELD_time_to_first_token_ns, true, 0, true, true, first_token},
    {ED_FIELD_memory_load_peak_bytes, true, 0, false, false, load_peak},
    {ED_FIELD_memory_after_load_bytes, true, 0, false, false, after_load},
    {ED_FIELD_memory_warmup_peak_bytes, true, 0, false, false, warmup_peak},
    {ED_FIELD_energy_per_inference_uj, true, ENERGY_MDE, false, true, NULL},
    {ED_FIELD_memory_inference_peak_bytes, true, 0, false, true, inference_peak},
};

const struct ed_gate_metric *ed_gate_metrics(size_t *n) {
    *n = sizeof metrics / sizeof *metrics;
    return metrics;
}

const struct ed_gate_metric *ed_gate_metric_find(int field) {
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        if (metrics[i].field == field)
            return &metrics[i];
    return NULL;
}

double ed_gate_metric_value(const struct ed_gate_metric *metric, const struct ed_block *block,
                            const struct ed_workload *workload, int64_t *scratch) {
    if (!metric->value || ed_block_withholds(block, workload, metric->field))
        return NAN;
    const double value = metric->value(block, workload, scratch);
    return isfinite(value) && value > 0 ? value : NAN;
}

unsigned ed_gate_metric_quantities(const struct ed_gate_metric *metric) {
    const struct ed_result_field *field = &ed_result_fields()[metric->field];
    unsigned mask = 0;
    for (int i = 0; i < ED_VALIDITY_VOID_COUNT; i++) {
        const char *word = ed_validity_void_word((enum ed_validity_void_index)i);
        if (!strcmp(word, field->group) || !strcmp(word, field->key))
            mask |= 1u << i;
    }
    return mask;
}
