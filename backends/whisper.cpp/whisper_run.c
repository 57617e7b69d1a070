// SPDX-License-Identifier: Apache-2.0
// A transcription, and its text.
#include <stdlib.h>

#include "backends/whisper.cpp/whisper_state.h"

#define TEXT_MAX_BYTES ((size_t)64 << 20)
#define SAMPLES_LEAST 201 // the engine mirrors so many at the beginning, whether or not they are there

static bool encoder_begins(void *context, void *state, void *adapter) {
    struct whisper_adapter *whisper = adapter;
    (void)context, (void)state;
    whisper->hearing.windows++;
    return true;
}

// The engine calls this when the logits of a token are there: once for each beam, from threads of its own
// where there are several. The first call for each number of tokens is the one that counts.
static void logits_are_there(void *context, void *state, const void *tokens, int n_tokens, float *logits,
                             void *adapter) {
    struct whisper_hearing *hearing = &((struct whisper_adapter *)adapter)->hearing;
    int expected = n_tokens;
    (void)context, (void)state, (void)tokens, (void)logits;
    if (n_tokens == 0)
        atomic_store(&hearing->next, 0);
    if (atomic_compare_exchange_strong(&hearing->next, &expected, n_tokens + 1) && hearing->host)
        hearing->host->emit(hearing->host->context, ED_EVENT_TOKEN, (uint32_t)n_tokens);
}

void whisper_listen(struct whisper_adapter *whisper) {
    whisper->parameters.encoder_begin = encoder_begins;
    whisper->parameters.encoder_begin_context = whisper;
    whisper->parameters.logits_filter = logits_are_there;
    whisper->parameters.logits_filter_context = whisper;
}

static int run_once(struct whisper_adapter *whisper, const struct ed_host *host) {
    whisper->hearing.host = host;
    whisper->hearing.windows = 0;
    atomic_store(&whisper->hearing.next, 0);
    whisper->f.whisper_reset_timings(whisper->context);
    return whisper->f.whisper_full(whisper->context, whisper->parameters, whisper->samples,
                                   whisper->n_samples);
}

// It gives a number, or success without having done anything, and says why in its log, which is not listened
// to while it is timed: so it is asked once more.
static enum ed_status refuse(struct whisper_adapter *whisper, int code, struct ed_error *err) {
    whisper->log.error[0] = 0;
    whisper->f.whisper_log_set(whisper_log_line, &whisper->log);
    run_once(whisper, NULL);
    whisper->f.whisper_log_set(whisper_log_line, NULL);
    const char *words = whisper->log.error[0] ? whisper->log.error : "it gives no reason";
    if (code)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "whisper.cpp transcribes nothing (%d): %s", code, words);
    return ed_fail(err, ED_ERR_REFUSED, NULL, "whisper.cpp passes over the audio of %.3f s: %s",
                   (double)whisper->n_samples / ED_SPEECH_HZ, words);
}

enum ed_status whisper_transcribe(struct whisper_adapter *whisper, const struct ed_host *host,
                                  struct ed_speech *out, struct ed_error *err) {
    out->encode_ns = -1;
    if (!whisper->context || !whisper->samples)
        return ed_fail(err, ED_ERR_INTERNAL, NULL,
                       "a run was asked for before a model was loaded and audio bound");
    if (whisper->n_samples < SAMPLES_LEAST)
        return ed_fail(err, ED_ERR_REFUSED, NULL,
                       "the audio has %d samples; whisper.cpp needs %d, and 100 ms to do anything",
                       whisper->n_samples, SAMPLES_LEAST);
    whisper->answered = false;
    free(whisper->text);
    whisper->text = NULL;
    const int code = run_once(whisper, host);
    if (code || !whisper->hearing.windows)
        return refuse(whisper, code, err);
    whisper->answered = true;
    // Means over the windows, which the engine makes anew each time and leaves to the caller.
    struct whisper_times *times =
        whisper->cpp_delete ? whisper->f.whisper_get_timings(whisper->context) : NULL;
    if (times && times->encode_ms >= 0)
        out->encode_ns = (int64_t)((double)times->encode_ms * 1e6 * whisper->hearing.windows);
    if (times)
        whisper->cpp_delete(times);
    return ED_OK;
}

static enum ed_status take_tokens(struct whisper_adapter *whisper, int segments, size_t n,
                                  struct ed_error *err) {
    int32_t *tokens = realloc(whisper->tokens, (n + 1) * sizeof *tokens);
    whisper->tokens = tokens ? tokens : whisper->tokens;
    float *probabilities = realloc(whisper->probabilities, (n + 1) * sizeof *probabilities);
    whisper->probabilities = probabilities ? probabilities : whisper->probabilities;
    if (!tokens || !probabilities)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu tokens", n);
    whisper->n_tokens = 0;
    for (int i = 0; i < segments; i++)
        for (int k = 0; k < whisper->f.whisper_full_n_tokens(whisper->context, i) && whisper->n_tokens < n;
             k++) {
            tokens[whisper->n_tokens] = whisper->f.whisper_full_get_token_id(whisper->context, i, k);
            probabilities[whisper->n_tokens++] = whisper->f.whisper_full_get_token_p(whisper->context, i, k);
        }
    return ED_OK;
}

enum ed_status whisper_answer(struct whisper_adapter *whisper, struct ed_error *err) {
    if (!whisper->answered)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "outputs were asked for before a run");
    if (whisper->text)
        return ED_OK;
    const int segments = whisper->f.whisper_full_n_segments(whisper->context);
    size_t bytes = 0, n = 0, used = 0;
    for (int i = 0; i < segments; i++) {
        const char *text = whisper->f.whisper_full_get_segment_text(whisper->context, i);
        const int tokens = whisper->f.whisper_full_n_tokens(whisper->context, i);
        bytes += text ? strlen(text) : 0;
        n += tokens > 0 ? (size_t)tokens : 0;
    }
    if (bytes > TEXT_MAX_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the text has %zu bytes; at most %zu are taken", bytes,
                       TEXT_MAX_BYTES);
    enum ed_status status = take_tokens(whisper, segments, n, err);
    if (status != ED_OK)
        return status;
    whisper->text = malloc(bytes + 1);
    if (!whisper->text)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a text of %zu bytes", bytes);
    for (int i = 0; i < segments; i++) {
        const char *text = whisper->f.whisper_full_get_segment_text(whisper->context, i);
        const size_t here = text ? strlen(text) : 0;
        if (here > bytes - used)
            break;
        memcpy(whisper->text + used, text ? text : "", here);
        used += here;
    }
    whisper->text[used] = 0;
    whisper->text_bytes = used;
    return ED_OK;
}
