// SPDX-License-Identifier: Apache-2.0
// What a long window without a pause says of a device: its speed while it was cool, its speed at the end, and
// when it slowed down. From the samples alone, which follow each other without a gap.
#include <stdlib.h>
#include <string.h>

#include "base/stats/steady.h"
#include "harness/summary.h"

#define BURST_NS 30e9
#define BURST_SHARE 0.1 // of a window that is not that long
#define SLOWER 1.05     // mean of a segment against the burst's, to count as slowed down
#define CUT_SHARE 0.98  // of the duration that was asked for

// Inferences and the time that they took together, of samples `from` to `to` - 1.
struct stretch {
    double inferences, ns;
};

static struct stretch stretch_of(const struct ed_block *block, size_t from, size_t to) {
    struct stretch found = {(double)(to - from) * (double)block->batch, 0};
    for (size_t i = from; i < to; i++)
        found.ns += (double)block->samples[i];
    return found;
}

static struct stretch burst_of(const struct ed_block *block, double whole_ns) {
    const double limit_ns = whole_ns * BURST_SHARE < BURST_NS ? whole_ns * BURST_SHARE : BURST_NS;
    struct stretch found = {0, 0};
    for (size_t i = 0; i < block->n_samples && (i == 0 || found.ns < limit_ns); i++) {
        found.inferences += (double)block->batch;
        found.ns += (double)block->samples[i];
    }
    return found;
}

// The first segment from which on all are slower than the burst; their number where the last is not.
static size_t first_slower(const struct ed_block *block, const struct ed_steady_result *steady,
                           double burst_ns) {
    size_t first = steady->segment_count;
    while (first > 0 && steady->segments[first - 1].mean_ns / (double)block->batch > burst_ns * SLOWER)
        first--;
    return first;
}

static void fill(struct ed_result *result, const struct ed_block *block,
                 const struct ed_steady_result *steady, int64_t duration_ns) {
    const double whole_ns = stretch_of(block, 0, block->n_samples).ns;
    const struct stretch burst = burst_of(block, whole_ns);
    if (whole_ns < (double)duration_ns * CUT_SHARE)
        ed_result_reason(result, "throughput_sustained_per_s", "window_cut",
                         "the window had room for %.0f s of the %.0f s asked for", whole_ns / 1e9,
                         (double)duration_ns / 1e9);
    if (burst.ns <= 0)
        return;
    ED_RESULT_SET(result, throughput_burst_per_s, burst.inferences * 1e9 / burst.ns);
    if (steady->verdict == ED_STEADY_NOT_TESTABLE) {
        ed_result_reason(result, "throughput_sustained_per_s", "n_too_small",
                         "n too small: %zu samples, %d are needed; ask for a longer time", block->n_samples,
                         ED_STEADY_MIN_SAMPLES);
        return;
    }
    const size_t slower = first_slower(block, steady, burst.ns / burst.inferences);
    // A speed that is below the burst's from the very first segment on fell within the burst.
    if (slower < steady->segment_count)
        ED_RESULT_SET(result, time_to_throttle_ns,
                      (int64_t)stretch_of(block, 0, steady->segments[slower].start).ns);
    else
        ed_result_reason(result, "time_to_throttle_ns", "did_not_slow",
                         "the speed did not fall by 5 %% below that of the burst for good");
    if (steady->verdict != ED_STEADY_YES) {
        ed_result_reason(result, "throughput_sustained_per_s", "not_flat",
                         "the speed still changed near the end; ask for a longer time");
        return;
    }
    const struct stretch flat = stretch_of(block, steady->steady_from, block->n_samples);
    if (flat.ns <= 0)
        return;
    ED_RESULT_SET(result, throughput_sustained_per_s, flat.inferences * 1e9 / flat.ns);
    ED_RESULT_SET(result, throughput_retention,
                  result->throughput_sustained_per_s / result->throughput_burst_per_s);
}

void ed_summary_sustained(struct ed_result *result, const struct ed_campaign_case *c,
                          const struct ed_blocks *blocks, size_t case_index, struct ed_error *err) {
    const struct ed_block *block = NULL;
    struct ed_steady_result steady;
    if (!c->workload_parts.duration_ns)
        return;
    for (size_t i = 0; !block && i < blocks->n; i++)
        if (blocks->items[i].case_index == case_index && !strcmp(blocks->items[i].pass, ED_PASS_TIMING) &&
            blocks->items[i].outcome == ED_OUTCOME_OK && blocks->items[i].n_samples)
            block = &blocks->items[i];
    struct ed_steady_work *work = malloc(sizeof *work);
    uint8_t *outliers = malloc(block ? block->n_samples : 1);
    if (!work || !outliers) {
        ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the curve of a case");
    } else if (block) {
        ed_steady_check(block->samples, block->n_samples, outliers, work, &steady);
        fill(result, block, &steady, c->workload_parts.duration_ns);
    }
    if (!result->has[ED_FIELD_throughput_sustained_per_s])
        ed_result_reason(result, "throughput_retention", ED_REASON_NOT_MEASURED,
                         "throughput_sustained_per_s tells why");
    free(work);
    free(outliers);
}
