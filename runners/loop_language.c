// SPDX-License-Identifier: Apache-2.0
// The timed loop of language workloads.
#include "runners/loop_language.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/stats/warmup.h"
#include "runners/loop_requests.h"

#define EVIDENCE_TOKENS 16 // of the prompt: enough for an answer, and short on any device

// What an engine emits while it generates: a time for each of the tokens that were asked for.
struct ear {
    int64_t *times;
    size_t wanted, heard;
    int64_t last_ns;
};

static void hear(void *context, enum ed_event event, uint32_t detail) {
    struct ear *ear = context;
    const int64_t now = ed_clock_raw_ns();
    (void)detail;
    // An engine without a prompt of its own has to begin somewhere.
    if (event != ED_EVENT_TOKEN) {
        ear->last_ns = ear->heard ? ear->last_ns : now;
        return;
    }
    if (ear->heard < ear->wanted) {
        ear->times[ear->heard] = now - ear->last_ns;
        ear->last_ns = now;
    }
    ear->heard++;
}

static enum ed_status make_tokens(int32_t **out, int32_t n, int32_t vocabulary, struct ed_random *random,
                                  struct ed_error *err) {
    *out = calloc((size_t)n + 1, sizeof **out);
    if (!*out)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %d tokens", n);
    for (int32_t i = 0; vocabulary > 0 && i < n; i++)
        (*out)[i] = (int32_t)ed_random_below(random, (uint64_t)vocabulary);
    return ED_OK;
}

static enum ed_status check_info(const struct ed_language *info, const struct ed_workload *workload,
                                 struct ed_error *err) {
    const int64_t tokens =
        (int64_t)workload->depth_tokens + workload->prompt_tokens + workload->generate_tokens;
    const bool ids = info->vocabulary != -1;
    if (ids && (info->vocabulary < 1 || info->bos >= info->vocabulary || info->eos >= info->vocabulary))
        return ed_fail(err, ED_ERR_REFUSED, NULL,
                       "the engine says that the model has %d tokens, bos %d and eos %d, which cannot be",
                       info->vocabulary, info->bos, info->eos);
    if (info->context_tokens >= 0 && info->context_tokens < tokens)
        return ed_fail(
            err, ED_ERR_LIMIT, NULL,
            "the workload has %lld tokens, and the model has room for %d; ask for fewer with -p, -n "
            "or --depth",
            (long long)tokens, info->context_tokens);
    return ED_OK;
}

enum ed_status ed_language_make(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                                const struct ed_workload *workload, uint64_t seed,
                                struct ed_json_writer *evidence, struct ed_error *err) {
    struct ed_random random;
    memset(work, 0, sizeof *work);
    work->workload = *workload;
    enum ed_status status = backend->language(state, &work->info, err);
    if (status == ED_OK)
        status = check_info(&work->info, workload, err);
    if (status != ED_OK)
        return status;
    ed_random_init(&random, ed_random_derive(seed, "tokens"));
    status = make_tokens(&work->depth, workload->depth_tokens, work->info.vocabulary, &random, err);
    if (status == ED_OK)
        status = make_tokens(&work->prompt, workload->prompt_tokens, work->info.vocabulary, &random, err);
    if (status == ED_OK && work->info.bos >= 0)
        *(workload->depth_tokens ? work->depth : work->prompt) = work->info.bos;
    if (status == ED_OK && !(work->times = calloc(ed_workload_stride(workload), sizeof *work->times)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the times of an inference");
    ed_json_object_begin(evidence, "language");
    ed_json_int(evidence, "vocabulary", work->info.vocabulary);
    ed_json_int(evidence, "context_tokens", work->info.context_tokens);
    ed_json_int(evidence, "bos", work->info.bos);
    ed_json_int(evidence, "eos", work->info.eos);
    ed_json_object_end(evidence);
    return status;
}

void ed_language_release(struct ed_language_work *work) {
    free(work->depth);
    free(work->prompt);
    free(work->times);
    memset(work, 0, sizeof *work);
}

// The cache holds the depth's tokens and nothing else. An engine that cannot cut its cache in the middle
// (a recurrent model) gets them anew each time.
static enum ed_status prepare(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                              const struct ed_host *host, struct ed_error *err) {
    const size_t depth = (size_t)work->workload.depth_tokens;
    enum ed_status status;
    if (work->deep) {
        status = backend->rewind(state, depth, err);
        if (status != ED_ERR_UNSUPPORTED)
            return status;
        work->deep = false;
    }
    status = backend->rewind(state, 0, err);
    if (status == ED_OK && depth) {
        status = backend->prefill(state, work->depth, depth, host, err);
        work->deep = status == ED_OK;
    }
    return status;
}

static enum ed_status infer(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                            int64_t *times, struct ed_error *err) {
    const size_t prompt = (size_t)work->workload.prompt_tokens;
    struct ear ear = {0};
    const struct ed_host host = {&ear, hear};
    enum ed_status status = prepare(work, backend, state, &host, err);
    times[0] = 0;
    if (status == ED_OK && prompt) {
        const int64_t before = ed_clock_raw_ns();
        status = backend->prefill(state, work->prompt, prompt, &host, err);
        times[0] = ed_clock_raw_ns() - before;
    }
    if (status != ED_OK || !work->workload.generate_tokens)
        return status;
    ear = (struct ear){times + 1, (size_t)work->workload.generate_tokens, 0, ed_clock_raw_ns()};
    status = backend->decode(state, ear.wanted, &host, err);
    if (status == ED_OK && ear.heard != ear.wanted)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "%zu tokens were to be generated, the engine told of %zu",
                       ear.wanted, ear.heard);
    return status;
}

static int64_t sum(const struct ed_language_work *work, const int64_t *times) {
    int64_t all = 0;
    for (size_t i = 0; i < ed_workload_stride(&work->workload); i++)
        all += times[i];
    return all;
}

enum ed_status ed_language_first(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                                 struct ed_mapping *mapping, struct ed_error *err) {
    enum ed_status status = infer(work, backend, state, work->times, err);
    if (status == ED_OK)
        mapping->first_inference_ns = sum(work, work->times);
    return status;
}

static enum ed_status warm_up(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                              struct ed_mapping *mapping, struct ed_error *err) {
    struct ed_warmup warmup;
    enum ed_warmup_state rule = ED_WARMUP_CONTINUE;
    const int64_t begin = ed_clock_raw_ns();
    ed_warmup_init(&warmup, NULL);
    while (rule == ED_WARMUP_CONTINUE) {
        enum ed_status status = infer(work, backend, state, work->times, err);
        const int64_t now = ed_clock_raw_ns(), inference_ns = sum(work, work->times);
        if (status != ED_OK)
            return status;
        if (mapping->first_inference_ns < 0)
            mapping->first_inference_ns = inference_ns;
        rule = ed_warmup_add(&warmup, inference_ns, now - begin);
        mapping->warmup_inferences = warmup.inferences;
        mapping->warmup_ns = now - begin;
        mapping->warmup_state = (int32_t)rule;
    }
    return ED_OK;
}

static enum ed_status time_inferences(struct ed_language_work *work, const struct ed_backend *backend,
                                      void *state, const struct ed_job_block *block,
                                      struct ed_mapping *mapping, struct ed_error *err) {
    const uint64_t stride = ed_workload_stride(&work->workload), room = mapping->capacity / stride;
    const uint64_t asked = (uint64_t)(block->inferences ? block->inferences : block->max_samples);
    const uint64_t capacity = asked < room ? asked : room;
    const uint64_t enough = block->inferences ? capacity : (uint64_t)block->min_inferences;
    const int64_t begin = ed_clock_raw_ns();
    const int64_t soft_end = begin + (block->inferences ? 0 : block->min_ns);
    const int64_t hard_end = block->inferences ? INT64_MAX : begin + block->max_ns;
    int64_t *times = ed_mapping_samples(mapping);
    mapping->timed_begin_raw_ns = begin;
    for (uint64_t n = 1;; n++) {
        const enum ed_status status = infer(work, backend, state, times, err);
        const int64_t after = ed_clock_raw_ns();
        if (status != ED_OK)
            return status;
        times += stride;
        atomic_store_explicit(&mapping->n_samples, n * stride, memory_order_relaxed);
        if (n >= capacity || after >= hard_end || (n >= enough && after >= soft_end)) {
            mapping->timed_end_raw_ns = after;
            return ED_OK;
        }
    }
}

enum ed_status ed_loop_language(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                                const struct ed_job_block *block, struct ed_memory_reader *memory,
                                struct ed_mapping *mapping, struct ed_json_writer *evidence,
                                struct ed_error *err) {
    atomic_store(&mapping->phase, ED_PHASE_WARMUP);
    enum ed_status status = warm_up(work, backend, state, mapping, err);
    if (status != ED_OK)
        return status;
    mapping->batch = 1;
    mapping->stride = (int64_t)ed_workload_stride(&work->workload);
    ed_memory_mark(memory, &mapping->marks[ED_MARK_AFTER_WARMUP]);
    // As for tensors: the mark lies before this last warm-up inference, so that whatever the reset disturbs
    // is not in a timed one.
    status = infer(work, backend, state, work->times, err);
    if (status != ED_OK)
        return status;
    mapping->warmup_inferences++;
    atomic_store(&mapping->phase, ED_PHASE_TIMED);
    status = work->workload.rate_per_s > 0
                 ? ed_loop_requests(backend, state, &work->workload, block, mapping, evidence, err)
                 : time_inferences(work, backend, state, block, mapping, err);
    if (status == ED_OK)
        ed_memory_mark(memory, &mapping->marks[ED_MARK_AFTER_TIMED]);
    return status;
}

static enum ed_status answer(struct ed_language_work *work, const struct ed_backend *backend, void *state,
                             const int32_t *tokens, size_t n_tokens, char digest[ED_DIGEST_HEX_BYTES],
                             struct ed_error *err) {
    const struct ed_host host = {&(struct ear){0}, hear};
    const float *logits = NULL;
    size_t n = 0;
    enum ed_status status = backend->rewind(state, 0, err);
    work->deep = false;
    if (status == ED_OK)
        status = backend->prefill(state, tokens, n_tokens, &host, err);
    if (status == ED_OK)
        status = backend->logits(state, &logits, &n, err);
    if (status == ED_OK && (!logits || n != (size_t)work->info.vocabulary))
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "the engine gave %zu logits for a vocabulary of %d", n,
                         work->info.vocabulary);
    for (size_t i = 0; status == ED_OK && i < n; i++)
        if (logits[i] != logits[i])
            status = ed_fail(err, ED_ERR_REFUSED, NULL, "the logit of token %zu is not a number", i);
    if (status == ED_OK)
        ed_digest_bytes(digest, logits, n * sizeof *logits);
    return status;
}

enum ed_status ed_language_evidence(struct ed_language_work *work, const struct ed_backend *backend,
                                    void *state, struct ed_json_writer *w, struct ed_error *err) {
    char first[ED_DIGEST_HEX_BYTES] = "", second[ED_DIGEST_HEX_BYTES] = "";
    const int32_t one = work->info.bos >= 0 ? work->info.bos : 0;
    const int32_t prompt = work->workload.prompt_tokens;
    const int32_t *tokens = prompt ? work->prompt : &one;
    const size_t n = prompt > EVIDENCE_TOKENS ? EVIDENCE_TOKENS : prompt ? (size_t)prompt : 1;
    // A server, for one, has no logits to show, and asking would be a request.
    if (work->info.vocabulary < 0)
        return ED_OK;
    enum ed_status status = answer(work, backend, state, tokens, n, first, err);
    // A remote engine, for one, has no logits to show; then there is nothing to compare.
    if (status == ED_ERR_UNSUPPORTED) {
        if (err)
            memset(err, 0, sizeof *err);
        return ED_OK;
    }
    if (status == ED_OK)
        status = answer(work, backend, state, tokens, n, second, err);
    if (status != ED_OK)
        return status;
    ed_json_array_begin(w, "outputs");
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", "logits");
    ed_json_text(w, "dtype", ed_dtype_name(ED_DTYPE_F32));
    ed_json_array_begin(w, "shape");
    ed_json_int(w, NULL, work->info.vocabulary);
    ed_json_array_end(w);
    ed_json_text(w, "sha256", first);
    ed_json_object_end(w);
    ed_json_array_end(w);
    ed_json_bool(w, "deterministic", !strcmp(first, second));
    return ED_OK;
}
