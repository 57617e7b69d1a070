// SPDX-License-Identifier: Apache-2.0
// A script that acts as a language engine: known times a token, and logits that follow from the tokens alone.
#include <stdlib.h>

#include "backends/scripted/script.h"
#include "base/clock.h"

static enum ed_status read_token_times(struct script_language *language, const struct ed_json_at *at,
                                       struct ed_error *err) {
    struct ed_json_at list = ed_json_member(at, "token_ns");
    if (!list.value)
        return ED_OK;
    const bool one = cJSON_IsNumber(list.value);
    enum ed_status status = one ? ED_OK : ed_json_expect_array(&list, err);
    const size_t n = one ? 1 : ed_json_count(&list);
    if (status)
        return status;
    if (!n)
        return ed_json_fail(&list, err, "the list is empty; give at least one number of nanoseconds");
    if (!(language->token_ns = calloc(n, sizeof *language->token_ns)))
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu times", n);
    language->n_token_ns = n;
    for (size_t i = 0; i < n && !status; i++) {
        struct ed_json_at element = one ? list : ed_json_element(&list, i);
        status = ed_json_as_int(&element, 0, SCRIPT_NS_MAX, &language->token_ns[i], err);
    }
    return status;
}

enum ed_status script_language_read(struct script_language *language, const struct ed_json_at *root,
                                    struct ed_error *err) {
    static const char *const known[] = {"vocabulary", "context_tokens", "bos", "eos",  "prefill_ns_per_token",
                                        "warmup_ns",  "token_ns",       "cut", "emit", "sharpness",
                                        "noise",      "noise_seed",     NULL};
    struct ed_json_at at = ed_json_member(root, "language");
    *language = (struct script_language){.cut = true,
                                         .vocabulary = 256,
                                         .context_tokens = -1,
                                         .bos = -1,
                                         .eos = -1,
                                         .emit = 1,
                                         .sharpness = 3};
    if (!at.value)
        return ED_OK;
    language->is = true;
    enum ed_status status = ed_json_expect_object(&at, err);
    if (status || (status = ed_json_known_keys(&at, known, err)) ||
        (status = ed_json_opt_int(&at, "vocabulary", 1, 1 << 20, &language->vocabulary, err)) ||
        (status = ed_json_opt_int(&at, "context_tokens", 1, ED_WORKLOAD_TOKENS_MAX, &language->context_tokens,
                                  err)) ||
        (status = ed_json_opt_int(&at, "bos", -1, INT32_MAX, &language->bos, err)) ||
        (status = ed_json_opt_int(&at, "eos", -1, INT32_MAX, &language->eos, err)) ||
        (status = ed_json_opt_int(&at, "prefill_ns_per_token", 0, SCRIPT_NS_MAX,
                                  &language->prefill_ns_per_token, err)) ||
        (status = ed_json_opt_int(&at, "warmup_ns", 0, SCRIPT_NS_MAX, &language->warmup_ns, err)) ||
        (status = ed_json_opt_bool(&at, "cut", &language->cut, err)) ||
        (status = ed_json_opt_int(&at, "emit", 0, 16, &language->emit, err)) ||
        (status = ed_json_opt_int(&at, "noise_seed", 0, INT32_MAX, &language->noise_seed, err)) ||
        (status = ed_json_opt_real(&at, "sharpness", 0, 100, &language->sharpness, err)) ||
        (status = ed_json_opt_real(&at, "noise", 0, 100, &language->noise, err)))
        return status;
    return read_token_times(language, &at, err);
}

void script_speech_release(struct script_speech *speech) {
    free(speech->cache);
    free(speech->logits);
    *speech = (struct script_speech){0};
}

enum ed_status script_speech_rewind(struct script_speech *speech, const struct script_language *language,
                                    size_t keep, struct ed_error *err) {
    if (keep > speech->n)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "the cache holds %zu tokens and was to be cut to %zu",
                       speech->n, keep);
    if (keep && !language->cut)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "the script's cache can only be emptied");
    speech->n = keep;
    speech->last = 0;
    speech->rewinds++;
    speech->fresh = true;
    return ED_OK;
}

static int64_t warmup_ns(struct script_speech *speech, const struct script_language *language) {
    const bool first = speech->fresh && speech->rewinds <= 2;
    speech->fresh = false;
    return first ? language->warmup_ns : 0;
}

static void spend(int64_t begin_ns, int64_t ns) {
    while (ed_clock_raw_ns() - begin_ns < ns) {
    }
}

static enum ed_status push(struct script_speech *speech, const struct script_language *language,
                           const int32_t *tokens, size_t n, struct ed_error *err) {
    for (size_t i = 0; i < n; i++)
        if (tokens[i] < 0 || tokens[i] >= language->vocabulary)
            return ed_fail(err, ED_ERR_USAGE, NULL, "token %d is none of the script's %lld", tokens[i],
                           (long long)language->vocabulary);
    if (speech->n + n > ED_WORKLOAD_TOKENS_MAX ||
        (language->context_tokens >= 0 && speech->n + n > (size_t)language->context_tokens))
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%zu tokens do not fit into the script's context",
                       speech->n + n);
    if (speech->n + n > speech->capacity) {
        const size_t capacity = 2 * (speech->n + n);
        int32_t *cache = realloc(speech->cache, capacity * sizeof *cache);
        if (!cache)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu tokens", capacity);
        speech->cache = cache;
        speech->capacity = capacity;
    }
    memcpy(speech->cache + speech->n, tokens, n * sizeof *tokens);
    speech->n += n;
    speech->last = n;
    return ED_OK;
}

enum ed_status script_speech_prefill(struct script_speech *speech, const struct script_language *language,
                                     const int32_t *tokens, size_t n, struct ed_error *err) {
    const int64_t begin_ns = ed_clock_raw_ns();
    enum ed_status status = push(speech, language, tokens, n, err);
    if (!status)
        spend(begin_ns, (int64_t)n * language->prefill_ns_per_token + warmup_ns(speech, language));
    return status;
}

// In [-1, 1), the same on every machine: multiples of 2^-23, which floats hold exactly.
static double shade(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t x = a * 0x9e3779b1u ^ (b + 1) * 0x85ebca77u ^ (c + 1) * 0xc2b2ae3du;
    x = (x ^ (x >> 15)) * 0x2c1b3c6du;
    x = (x ^ (x >> 12)) * 0x297a2d39u;
    x ^= x >> 15;
    return (double)(x >> 8) / 8388608.0 - 1.0;
}

static void logits_of(const struct script_language *language, int32_t token, float *out) {
    for (int64_t v = 0; v < language->vocabulary; v++)
        out[v] = (float)(language->sharpness * shade((uint32_t)token, (uint32_t)v, 0) +
                         language->noise *
                             shade((uint32_t)token, (uint32_t)v, (uint32_t)language->noise_seed + 1));
}

enum ed_status script_speech_decode(struct script_speech *speech, const struct script_language *language,
                                    size_t n, const struct ed_host *host, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < n && !status; i++) {
        const int64_t begin_ns = ed_clock_raw_ns();
        const int32_t next =
            speech->n ? (int32_t)((speech->cache[speech->n - 1] + 1) % language->vocabulary) : 0;
        status = push(speech, language, &next, 1, err);
        if (!status)
            spend(begin_ns,
                  script_ns(language->token_ns, language->n_token_ns, i) + warmup_ns(speech, language));
        for (int64_t k = 0; k < language->emit && !status; k++)
            host->emit(host->context, ED_EVENT_TOKEN, (uint32_t)next);
    }
    return status;
}

enum ed_status script_speech_logits(struct script_speech *speech, const struct script_language *language,
                                    bool all, const float **values, size_t *n, struct ed_error *err) {
    const size_t rows = all ? speech->last : 1, width = (size_t)language->vocabulary;
    *values = NULL;
    *n = 0;
    if (!speech->n || !speech->last)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "logits were asked for before any token");
    float *logits = realloc(speech->logits, rows * width * sizeof *logits);
    if (!logits)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu logits", rows * width);
    speech->logits = logits;
    for (size_t i = 0; i < rows; i++)
        logits_of(language, speech->cache[speech->n - rows + i], logits + i * width);
    *values = logits;
    *n = rows * width;
    return ED_OK;
}
