// SPDX-License-Identifier: Apache-2.0
// Warm-up and the timed loop.
#include "runners/loop.h"

#include "base/clock.h"

#define STEPS_PER_SAMPLE 1000 // a sample is at least this many steps of the clock

enum ed_status ed_loop_warm_up(const struct ed_backend *backend, void *state, struct ed_mapping *mapping,
                               int64_t *once_ns, struct ed_error *err) {
    struct ed_warmup warmup;
    int64_t typical_ns = INT64_MAX;
    enum ed_warmup_state rule = ED_WARMUP_CONTINUE;
    int64_t begin = ed_clock_raw_ns(), before = begin;
    ed_warmup_init(&warmup, NULL);
    atomic_store(&mapping->phase, ED_PHASE_WARMUP);
    while (rule == ED_WARMUP_CONTINUE) {
        enum ed_status status = backend->run(state, err);
        int64_t now = ed_clock_raw_ns();
        if (status != ED_OK)
            return status;
        if (mapping->first_inference_ns < 0)
            mapping->first_inference_ns = now - before;
        else if (now - before < typical_ns)
            typical_ns = now - before;
        rule = ed_warmup_add(&warmup, now - before, now - begin);
        before = ed_clock_raw_ns();
        mapping->warmup_inferences = warmup.inferences;
        mapping->warmup_ns = now - begin;
        mapping->warmup_state = (int32_t)rule;
    }
    // What the two readings cost is in a warm-up time, but only once in a batch.
    *once_ns = typical_ns > mapping->clock_floor_ns ? typical_ns - mapping->clock_floor_ns : 1;
    return ED_OK;
}

int64_t ed_loop_shortest_ns(const struct ed_mapping *mapping) {
    return STEPS_PER_SAMPLE * mapping->clock_step_ns;
}

// One inference a sample. The limits are checked with the reading that ends the sample, so that there are two
// readings a sample.
static enum ed_status time_single(const struct ed_backend *backend, void *state,
                                  const struct ed_job_block *block, struct ed_mapping *mapping,
                                  struct ed_error *err) {
    enum ed_status (*const run)(void *, struct ed_error *) = backend->run;
    int64_t *const samples = ed_mapping_samples(mapping);
    const uint64_t exact = (uint64_t)block->inferences;
    const uint64_t capacity = exact ? exact : (uint64_t)block->max_samples;
    const uint64_t enough = exact ? exact : (uint64_t)block->min_inferences;
    const int64_t begin = ed_clock_raw_ns();
    const int64_t soft_end = begin + (exact ? 0 : block->min_ns);
    const int64_t hard_end = exact ? INT64_MAX : begin + block->max_ns;
    uint64_t n = 0;
    mapping->timed_begin_raw_ns = begin;
    for (;;) {
        const int64_t before = ed_clock_raw_ns();
        const enum ed_status status = run(state, err);
        const int64_t after = ed_clock_raw_ns();
        if (__builtin_expect(status != ED_OK, 0))
            return status;
        samples[n++] = after - before;
        atomic_store_explicit(&mapping->n_samples, n, memory_order_relaxed);
        if (n >= capacity || after >= hard_end || (n >= enough && after >= soft_end)) {
            mapping->timed_end_raw_ns = after;
            return ED_OK;
        }
    }
}

// `batch` inferences a sample, which is their sum.
static enum ed_status time_batches(const struct ed_backend *backend, void *state,
                                   const struct ed_job_block *block, struct ed_mapping *mapping,
                                   struct ed_error *err) {
    enum ed_status (*const run)(void *, struct ed_error *) = backend->run;
    int64_t *const samples = ed_mapping_samples(mapping);
    const int64_t batch = mapping->batch;
    const uint64_t exact = (uint64_t)((block->inferences + batch - 1) / batch);
    const uint64_t capacity = exact ? exact : (uint64_t)block->max_samples;
    const uint64_t enough = exact ? exact : (uint64_t)((block->min_inferences + batch - 1) / batch);
    const int64_t begin = ed_clock_raw_ns();
    const int64_t soft_end = begin + (exact ? 0 : block->min_ns);
    const int64_t hard_end = exact ? INT64_MAX : begin + block->max_ns;
    uint64_t n = 0;
    mapping->timed_begin_raw_ns = begin;
    for (;;) {
        const int64_t before = ed_clock_raw_ns();
        for (int64_t i = 0; i < batch; i++) {
            const enum ed_status status = run(state, err);
            if (__builtin_expect(status != ED_OK, 0))
                return status;
        }
        const int64_t after = ed_clock_raw_ns();
        // Kept as the sum: dividing here would round a 3 ns inference by up to a sixth.
        samples[n++] = after - before;
        atomic_store_explicit(&mapping->n_samples, n, memory_order_relaxed);
        if (n >= capacity || after >= hard_end || (n >= enough && after >= soft_end)) {
            mapping->timed_end_raw_ns = after;
            return ED_OK;
        }
    }
}

// Inferences a sample: enough for the clock, and in a long window so many that its samples have room even
// where inferences become half as long as now.
static int64_t batch_of(const struct ed_workload *workload, const struct ed_job_block *block,
                        const struct ed_mapping *mapping, int64_t once_ns) {
    const int64_t shortest = ed_loop_shortest_ns(mapping);
    const int64_t least = once_ns < shortest ? (shortest + once_ns - 1) / once_ns : 1;
    const int64_t room = block->max_samples / 2 + 1, expected = block->max_ns / once_ns;
    if (workload->scenario != ED_SCENARIO_SUSTAINED || expected <= room)
        return least;
    return expected / room + 1 > least ? expected / room + 1 : least;
}

enum ed_status ed_loop_run(const struct ed_backend *backend, void *state, const struct ed_workload *workload,
                           const struct ed_job_block *block, struct ed_memory_reader *memory,
                           struct ed_mapping *mapping, struct ed_error *err) {
    int64_t once_ns = 0;
    enum ed_status status = ed_loop_warm_up(backend, state, mapping, &once_ns, err);
    if (status != ED_OK)
        return status;
    mapping->batch = batch_of(workload, block, mapping, once_ns);
    ed_memory_mark(memory, &mapping->marks[ED_MARK_AFTER_WARMUP]);
    // The mark lies before this last warm-up inference, so that whatever the reset disturbs is not in a timed
    // one.
    status = backend->run(state, err);
    if (status != ED_OK)
        return status;
    mapping->warmup_inferences++;
    atomic_store(&mapping->phase, ED_PHASE_TIMED);
    status = mapping->batch > 1 ? time_batches(backend, state, block, mapping, err)
                                : time_single(backend, state, block, mapping, err);
    if (status == ED_OK)
        ed_memory_mark(memory, &mapping->marks[ED_MARK_AFTER_TIMED]);
    return status;
}
