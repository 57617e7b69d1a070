// SPDX-License-Identifier: Apache-2.0
// Tokens that came together, by what the adapter counted of them.
#include "harness/block_language.h"

#include "base/workload.h"

static double fact(const struct ed_block *block, const char *key, double otherwise) {
    const cJSON *facts = cJSON_GetObjectItemCaseSensitive(block->evidence, "facts");
    const cJSON *told = cJSON_GetObjectItemCaseSensitive(facts, key);
    return cJSON_IsNumber(told) ? told->valuedouble : otherwise;
}

bool ed_block_came_together(const struct ed_block *block, double share) {
    return fact(block, "tokens_together", 0) > fact(block, "tokens", 0) * share;
}

bool ed_block_not_streamed(const struct ed_block *block) {
    const double tokens = fact(block, "tokens", 0), together = fact(block, "tokens_together", 0),
                 behind = tokens - fact(block, "requests", 0);
    return together > 0 && together > behind * ED_TOGETHER_WHOLE_SHARE;
}

int64_t ed_block_prompt_tokens(const struct ed_block *block, const struct ed_workload *workload) {
    const double told = fact(block, "prompt_tokens_p50", 0);
    return told >= 1 && told < 1e9 ? (int64_t)told : workload->prompt_tokens;
}

bool ed_block_withholds(const struct ed_block *block, const struct ed_workload *workload, int field) {
    if (!ed_workload_is_language(workload))
        return false;
    switch (field) {
    case ED_FIELD_prefill_tokens_per_s:
    case ED_FIELD_time_to_first_token_ns:
        return workload->prompt_tokens && ed_block_not_streamed(block);
    case ED_FIELD_inter_token_p50_ns:
    case ED_FIELD_inter_token_p99_ns:
        return workload->generate_tokens && ed_block_came_together(block, ED_TOGETHER_SHARE);
    case ED_FIELD_decode_tokens_per_s:
        return workload->generate_tokens && ed_block_came_together(block, ED_TOGETHER_MOST_SHARE);
    case ED_FIELD_latency_p50_ns:
    case ED_FIELD_latency_p90_ns:
    case ED_FIELD_latency_p95_ns:
    case ED_FIELD_latency_p99_ns:
    case ED_FIELD_latency_mean_ns:
    case ED_FIELD_latency_sd_ns:
    case ED_FIELD_first_inference_ns:
    case ED_FIELD_throughput_per_s:
        return !workload->prompt_tokens && ed_block_came_together(block, ED_TOGETHER_MOST_SHARE);
    default:
        return false;
    }
}
