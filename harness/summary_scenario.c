// SPDX-License-Identifier: Apache-2.0
// What a scenario adds to a case: inferences that missed the deadline, and arrivals faster than the engine.
#include <string.h>

#include "harness/summary.h"
#include "harness/validity.h"

// Of all inferences of the case: a share of a share would weigh short blocks more.
static void deadline(struct ed_result *result, int64_t deadline_ns, const struct ed_blocks *blocks,
                     size_t case_index) {
    size_t missed = 0, n = 0;
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (!ed_block_counts(block, case_index, ED_VALIDITY_VOID_LATENCY))
            continue;
        if (block->batch > 1) {
            ed_result_reason(result, "deadline_miss_share", "batched",
                             "several inferences were timed at once, so that none is known by itself");
            return;
        }
        n += block->n_samples;
        for (size_t k = 0; k < block->n_samples; k++)
            missed += block->samples[k] > deadline_ns;
    }
    if (n)
        ED_RESULT_SET(result, deadline_miss_share, (double)missed / (double)n);
    else
        ed_result_reason(result, "deadline_miss_share", ED_REASON_NOT_MEASURED, "no inference was timed");
}

static double number_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) && value->valuedouble >= 0 ? value->valuedouble : 0;
}

// Where the engine needs longer than there is between two arrivals, a latency says how long the window was.
static void load(struct ed_result *result, const struct ed_workload *workload, const struct ed_blocks *blocks,
                 size_t case_index) {
    size_t over = 0, n = 0;
    double most = 0, left = 0;
    for (size_t i = 0; i < blocks->n; i++) {
        // Before its document is looked into: this is done for every case.
        if (!ed_block_counts(&blocks->items[i], case_index, ED_VALIDITY_VOID_LATENCY))
            continue;
        const cJSON *arrivals = cJSON_GetObjectItemCaseSensitive(blocks->items[i].evidence, "arrivals");
        const double served = number_of(arrivals, "served"), arrived = number_of(arrivals, "arrived");
        if (served <= 0)
            continue;
        const double share = number_of(arrivals, "busy_ns") / served * workload->rate_per_s / 1e9;
        n++;
        over += share >= 1;
        most = share > most ? share : most;
        left = arrived - served > left ? arrived - served : left;
    }
    if (over)
        ed_result_reason(
            result, "latency_p50_ns", "overloaded",
            "overloaded in %zu of %zu blocks: inferences arrive up to %.3g times as fast as they "
            "are done, the queue only grows (up to %.0f were left), and latencies depend on how "
            "long a block is",
            over, n, most, left);
}

// A server takes on what it cannot finish: then ever more requests are under way.
static void crowd(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    size_t over = 0, n = 0;
    double before = 0, after = 0;
    for (size_t i = 0; i < blocks->n; i++) {
        if (!ed_block_counts(&blocks->items[i], case_index, ED_VALIDITY_VOID_LATENCY))
            continue;
        const cJSON *requests = cJSON_GetObjectItemCaseSensitive(blocks->items[i].evidence, "requests");
        if (!requests)
            continue;
        const double first = number_of(requests, "under_way_first_half");
        const double second = number_of(requests, "under_way_second_half");
        n++;
        if (second <= 1.5 * first + 1)
            continue;
        before = over++ ? before : first;
        after = over > 1 ? after : second;
    }
    if (over)
        ed_result_reason(
            result, "latency_p50_ns", "overloaded",
            "overloaded in %zu of %zu blocks: %.1f requests were under way when one was sent in the first "
            "half, %.1f in the second; latencies depend on how long a block is",
            over, n, before, after);
}

void ed_summary_scenario(struct ed_result *result, const struct ed_campaign_case *c,
                         const struct ed_blocks *blocks, size_t case_index) {
    if (c->workload_parts.deadline_ns)
        deadline(result, c->workload_parts.deadline_ns, blocks, case_index);
    if (c->workload_parts.rate_per_s > 0)
        load(result, &c->workload_parts, blocks, case_index);
    crowd(result, blocks, case_index);
}
