// SPDX-License-Identifier: Apache-2.0
// The statistics of one case: from its blocks to the latency, memory and evidence fields of a record.
#ifndef EDGEDYNO_HARNESS_SUMMARY_H
#define EDGEDYNO_HARNESS_SUMMARY_H

#include "harness/blocks.h"

// Latency, load, warm-up, throughput, steadiness, counts, over the timing and cold blocks of the case, which
// is the one that is timed (so for the next two).
void ed_summary_latency(struct ed_result *result, const struct ed_campaign_case *c,
                        const struct ed_blocks *blocks, size_t case_index, struct ed_error *err);
// Tokens per second and times of tokens, where the workload has tokens.
void ed_summary_language(struct ed_result *result, const struct ed_campaign_case *c,
                         const struct ed_blocks *blocks, size_t case_index, struct ed_error *err);
// Real-time factor, time to encode, tokens and their times, word error rate, of a case whose inferences are
// transcriptions; of any other, why it has none.
void ed_summary_speech(struct ed_result *result, const struct ed_campaign_case *c,
                       const struct ed_blocks *blocks, size_t case_index, struct ed_error *err);
// Deadlines missed, and arrivals that came faster than they were served.
void ed_summary_scenario(struct ed_result *result, const struct ed_campaign_case *c,
                         const struct ed_blocks *blocks, size_t case_index);
// Burst, sustained, retention and time to throttle of a sustained case.
void ed_summary_sustained(struct ed_result *result, const struct ed_campaign_case *c,
                          const struct ed_blocks *blocks, size_t case_index, struct ed_error *err);
// Memory by phase; also the engine's own account of it.
void ed_summary_memory(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index);
// How its memory was limited, and whether that tells that it fits: where swap grew, or a block was not
// watched, the verdict is inconclusive unless it is worse. After the requirements are judged.
void ed_summary_limit(struct ed_result *result, const struct ed_campaign_case *c, int64_t ballast_bytes,
                      const struct ed_blocks *blocks, size_t case_index);
// Engine version, placement, determinism.
void ed_summary_evidence(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index,
                         size_t timing_case);
// What the workers did beside what they were asked: threads beyond those asked for, a network within reach.
void ed_summary_worker(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index);
// What the processor's counters counted for an inference, and why not; `campaign` names the events.
void ed_summary_counters(struct ed_result *result, const struct ed_campaign *campaign,
                         const struct ed_blocks *blocks, size_t case_index, struct ed_error *err);
// Marks what is not valid: sets `left_out` of the case's blocks where enough others remain, adds the reasons,
// and fills the fields of heat. Comes before the figures of the case. `energy_scope`: of the device's sensor
// of energy, "" where it has none.
struct ed_validity_device;
void ed_summary_validity(struct ed_result *result, const struct ed_validity_device *validity,
                         struct ed_blocks *blocks, size_t case_index, bool language,
                         const char *energy_scope);
// How the processes ran: the worker's C library by the journal, and on a phone that it is no app and whose
// build it is.
void ed_summary_process(struct ed_result *result, const struct ed_campaign_device *device,
                        const struct ed_blocks *blocks, size_t case_index, size_t timing_case);
// Outcome of the case: the worst of its blocks', with the words of the first such block.
void ed_summary_outcome(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index,
                        size_t timing_case);
// Every field that is still null and has no reason gets one: what this version does not measure, or what the
// workload does not have.
void ed_summary_explain_nulls(struct ed_result *result);

// Median over blocks by nearest rank, with the order-statistic interval where there are enough. Sorts
// `values`.
struct ed_span {
    int64_t value, low, high;
    bool has, has_interval;
};
struct ed_span ed_summary_span(int64_t *values, size_t n);

#endif
