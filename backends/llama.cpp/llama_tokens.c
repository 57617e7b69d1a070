// SPDX-License-Identifier: Apache-2.0
// Tokens in and out.
#include "backends/llama.cpp/llama_state.h"

static enum ed_status check_loaded(const struct llama_state *llama, struct ed_error *err) {
    return llama->context
               ? ED_OK
               : ed_fail(err, ED_ERR_INTERNAL, NULL, "tokens were given before a model was loaded");
}

enum ed_status llama_rewind(struct llama_state *llama, size_t keep, struct ed_error *err) {
    enum ed_status status = check_loaded(llama, err);
    if (status != ED_OK)
        return status;
    void *memory = llama->f.llama_get_memory(llama->context);
    if (keep > llama->n)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "the cache holds %zu tokens and was to be cut to %zu",
                       llama->n, keep);
    if (!keep)
        llama->f.llama_memory_clear(memory, false);
    else if (keep < llama->n && !llama->f.llama_memory_seq_rm(memory, 0, (int32_t)keep, -1))
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "this model's memory cannot be cut to its first %zu tokens", keep);
    llama->n = keep;
    llama->last = 0;
    llama->answered = false;
    return ED_OK;
}

static enum ed_status decode(struct llama_state *llama, const int32_t *tokens, size_t n,
                             struct ed_error *err) {
    const struct llama_tokens batch = {.n_tokens = (int32_t)n,
                                       .token = (int32_t *)(uintptr_t)tokens,
                                       .logits = llama->all_logits ? llama->wanted : NULL};
    const int32_t code = llama->f.llama_decode(llama->context, batch);
    llama->n += n;
    if (code == 1)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the context of %u tokens is full", llama->room);
    return code ? ed_fail(err, ED_ERR_REFUSED, NULL, "llama_decode of %zu tokens failed with %d", n, code)
                : ED_OK;
}

enum ed_status llama_prefill(struct llama_state *llama, const int32_t *tokens, size_t n,
                             struct ed_error *err) {
    enum ed_status status = check_loaded(llama, err);
    if (status == ED_OK && llama->all_logits && n > llama->batch)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the logits of %zu tokens are too many at once; %u are not",
                       n, llama->batch);
    for (size_t done = 0; status == ED_OK && done < n; done += llama->batch)
        status = decode(llama, tokens + done, n - done < llama->batch ? n - done : llama->batch, err);
    if (status == ED_OK)
        llama->f.llama_synchronize(llama->context);
    llama->last = n;
    llama->answered = status == ED_OK && n > 0;
    return status;
}

static int32_t most_likely(const float *logits, int32_t n) {
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        best = logits[i] > logits[best] ? i : best;
    return best;
}

enum ed_status llama_generate(struct llama_state *llama, size_t n, const struct ed_host *host,
                              struct ed_error *err) {
    enum ed_status status = check_loaded(llama, err);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        const float *logits = llama->answered ? llama->f.llama_get_logits_ith(llama->context, -1) : NULL;
        const int32_t token = logits ? most_likely(logits, llama->vocabulary) : llama->next;
        status = decode(llama, &token, 1, err);
        if (status == ED_OK) {
            llama->f.llama_synchronize(llama->context);
            host->emit(host->context, ED_EVENT_TOKEN, (uint32_t)token);
        }
        llama->last = 1;
        llama->answered = status == ED_OK;
    }
    return status;
}

enum ed_status llama_logits(struct llama_state *llama, const float **values, size_t *n,
                            struct ed_error *err) {
    enum ed_status status = check_loaded(llama, err);
    *values = NULL;
    *n = 0;
    if (status == ED_OK && !llama->answered)
        status = ed_fail(err, ED_ERR_INTERNAL, NULL, "logits were asked for before any token");
    if (status != ED_OK)
        return status;
    *values = llama->all_logits ? llama->f.llama_get_logits(llama->context)
                                : llama->f.llama_get_logits_ith(llama->context, -1);
    if (!*values)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "llama.cpp gives no logits");
    *n = (llama->all_logits ? llama->last : 1) * (size_t)llama->vocabulary;
    return ED_OK;
}

enum ed_status llama_text_tokens(struct llama_state *llama, const char *text, size_t bytes, int32_t *tokens,
                                 size_t capacity, size_t *n, struct ed_error *err) {
    enum ed_status status = check_loaded(llama, err);
    *n = 0;
    if (status != ED_OK)
        return status;
    if (bytes > INT32_MAX || capacity > INT32_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "a text of %zu bytes is too long to be tokenized at once",
                       bytes);
    const int32_t found =
        llama->f.llama_tokenize(llama->vocab, text, (int32_t)bytes, tokens, (int32_t)capacity, false, false);
    if (found == INT32_MIN)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the text has more tokens than llama.cpp counts");
    *n = (size_t)(found < 0 ? -(int64_t)found : found);
    return ED_OK;
}
