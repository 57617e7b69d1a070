// SPDX-License-Identifier: Apache-2.0
// The blocks of one device as its journal tells them: numbers checked, samples mapped.
#ifndef EDGEDYNO_HARNESS_BLOCKS_H
#define EDGEDYNO_HARNESS_BLOCKS_H

#include "edgedyno/wire.h"
#include "harness/campaign.h"

// The marks of a block, in order; the words are the journal's.
#define ED_MARKS(X)                 \
    X(BEFORE_LOAD, "before_load")   \
    X(AFTER_LOAD, "after_load")     \
    X(AFTER_WARMUP, "after_warmup") \
    X(AFTER_TIMED, "after_timed")   \
    X(AFTER_UNLOAD, "after_unload")

enum ed_block_mark {
#define ED_MARK_INDEX(name, word) ED_BLOCK_##name,
    ED_MARKS(ED_MARK_INDEX)
#undef ED_MARK_INDEX
        ED_BLOCK_MARKS
};

// -1: not known.
struct ed_block_memory {
    bool set, peak_reset;
    int64_t peak_bytes, rss_bytes, anon_bytes, file_bytes, swap_bytes;
};

struct ed_block {
    char id[ED_WIRE_ID_MAX_BYTES + 1];
    size_t case_index;
    char pass[16];
    int64_t repetition;
    enum ed_outcome outcome;
    bool skipped;
    char message[512], where[256], died_in_phase[16], status[16];
    const int64_t *samples; // one time an inference, in the mapping or `totals`; NULL: none
    size_t n_samples;
    // Of a language workload: for each inference the prompt's time and that of each generated token, in the
    // mapping; their sums are the samples. NULL for tensors, with a stride of 1.
    const int64_t *parts;
    const int64_t *speech; // of timed speech: for each inference its parts (enum ed_speech_part); else NULL
    size_t stride;
    int64_t *totals; // owned; NULL where the samples are in the mapping
    // Owned; bit i: output file i was found to be what the device wrote (outputs.h), and is not digested
    // again.
    uint64_t *outputs_whole;
    int64_t batch;
    int64_t open_ns, load_ns, first_inference_ns, warmup_inferences, timed_ns, wall_ns; // -1 unknown
    char warmup_state[16];
    struct ed_block_memory memory[ED_BLOCK_MARKS];
    double cold_resident_share;                                                 // -1: not a cold block
    int64_t sampled_anon_max, sampled_swap_max, available_first, available_min; // INT64_MIN: unknown
    int64_t worker_cpu_ns, supervisor_cpu_ns, system_busy_ns;
    unsigned left_out; // of figures, as not valid: enum ed_validity_void (harness/validity.h)
    size_t job;        // whose block it is; SIZE_MAX: its job line is missing
    const struct ed_timeline_record *readings; // in the mapping, as the device wrote them; NULL: none
    size_t n_readings;
    bool readings_lost;    // its line names some that the campaign does not have
    bool samples_claimed;  // they are those of an earlier block: such a block is left out
    const cJSON *evidence; // of the block's own document; NULL: none
};

// A file of the campaign in memory; NULL: there is none, or it is empty.
struct ed_blocks_mapping {
    void *base;
    size_t bytes;
};

struct ed_blocks {
    struct ed_block *items;
    size_t n, capacity;
    struct ed_json_document *documents; // one per block: evidence points into it
    struct ed_json_document *jobs;      // the jobs' first lines
    size_t n_jobs;
    struct ed_blocks_mapping samples, timeline;
    size_t n_left_out; // lines that were wrong, or that a journal as it is written cannot have
};

// A journal whose last line is cut short is read up to there. Lines that are wrong are left out and named in
// `warnings`.
enum ed_status ed_blocks_load(struct ed_blocks *blocks, const struct ed_campaign_device *device,
                              struct ed_buffer *warnings, struct ed_error *err);
void ed_blocks_release(struct ed_blocks *blocks);

// A timing block of that case which ended well.
bool ed_block_is_timing(const struct ed_block *block, size_t case_index);
// And which stands for that quantity (enum ed_validity_void): it is not left out as not valid.
bool ed_block_counts(const struct ed_block *block, size_t case_index, unsigned quantity);

#endif
