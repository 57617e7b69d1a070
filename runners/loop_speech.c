// SPDX-License-Identifier: Apache-2.0
// The timed loop of transcriptions.
#include "runners/loop_speech.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "runners/loop.h"

// What an engine emits while it transcribes.
struct ear {
    int64_t begin_ns, last_ns;
    int64_t first_ns, decode_ns, intervals; // first: -1 until there is one
};

static void hear(void *context, enum ed_event event, uint32_t detail) {
    struct ear *ear = context;
    const int64_t now = ed_clock_raw_ns();
    if (event != ED_EVENT_TOKEN)
        return;
    if (ear->first_ns < 0)
        ear->first_ns = now - ear->begin_ns;
    else if (detail) {
        ear->decode_ns += now - ear->last_ns;
        ear->intervals++;
    }
    ear->last_ns = now;
}

static enum ed_status transcribe(const struct ed_backend *backend, void *state,
                                 int64_t parts[ED_SPEECH_PARTS], struct ed_error *err) {
    struct ear ear = {.begin_ns = ed_clock_raw_ns(), .first_ns = -1};
    const struct ed_host host = {&ear, hear};
    struct ed_speech speech = {.encode_ns = -1};
    const enum ed_status status = backend->transcribe(state, &host, &speech, err);
    const int64_t whole_ns = ed_clock_raw_ns() - ear.begin_ns;
    if (status != ED_OK)
        return status;
    if (speech.encode_ns < -1 || speech.encode_ns > whole_ns)
        return ed_fail(err, ED_ERR_REFUSED, NULL,
                       "the engine says that it encoded for %lld ns in a transcription of %lld ns",
                       (long long)speech.encode_ns, (long long)whole_ns);
    parts[ED_SPEECH_WHOLE] = whole_ns;
    parts[ED_SPEECH_FIRST_TOKEN] = ear.first_ns;
    parts[ED_SPEECH_ENCODE] = speech.encode_ns;
    parts[ED_SPEECH_DECODE] = ear.decode_ns;
    parts[ED_SPEECH_TOKENS] = ear.intervals;
    return ED_OK;
}

static enum ed_status time_speech(const struct ed_backend *backend, void *state,
                                  const struct ed_job_block *block, struct ed_mapping *mapping,
                                  struct ed_error *err) {
    const uint64_t room = mapping->capacity / ED_SPEECH_PARTS;
    const uint64_t asked = (uint64_t)(block->inferences ? block->inferences : block->max_samples);
    const uint64_t capacity = asked < room ? asked : room;
    const uint64_t enough = block->inferences ? capacity : (uint64_t)block->min_inferences;
    const int64_t begin = ed_clock_raw_ns();
    const int64_t soft_end = begin + (block->inferences ? 0 : block->min_ns);
    const int64_t hard_end = block->inferences ? INT64_MAX : begin + block->max_ns;
    int64_t *parts = ed_mapping_samples(mapping);
    mapping->timed_begin_raw_ns = begin;
    for (uint64_t n = 1;; n++) {
        const enum ed_status status = transcribe(backend, state, parts, err);
        const int64_t after = ed_clock_raw_ns();
        if (status != ED_OK)
            return status;
        parts += ED_SPEECH_PARTS;
        atomic_store_explicit(&mapping->n_samples, n * ED_SPEECH_PARTS, memory_order_relaxed);
        if (n >= capacity || after >= hard_end || (n >= enough && after >= soft_end)) {
            mapping->timed_end_raw_ns = after;
            return ED_OK;
        }
    }
}

enum ed_status ed_loop_speech(const struct ed_backend *backend, void *state, const struct ed_job_block *block,
                              struct ed_memory_reader *memory, struct ed_mapping *mapping,
                              struct ed_error *err) {
    int64_t once_ns = 0, parts[ED_SPEECH_PARTS];
    if (!backend->transcribe)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "%s transcribes nothing through its adapter",
                       backend->name);
    enum ed_status status = ed_loop_warm_up(backend, state, mapping, &once_ns, err);
    if (status != ED_OK)
        return status;
    mapping->batch = 1;
    mapping->stride = ED_SPEECH_PARTS;
    ed_memory_mark(memory, &mapping->marks[ED_MARK_AFTER_WARMUP]);
    // As for tensors: the mark lies before this last one, so that whatever the reset disturbs is not timed.
    status = transcribe(backend, state, parts, err);
    if (status != ED_OK)
        return status;
    mapping->warmup_inferences++;
    atomic_store(&mapping->phase, ED_PHASE_TIMED);
    status = time_speech(backend, state, block, mapping, err);
    if (status == ED_OK)
        ed_memory_mark(memory, &mapping->marks[ED_MARK_AFTER_TIMED]);
    return status;
}

// As much of a text as there is room for, and no half a character at its end.
static size_t cut(const char *text, size_t bytes) {
    size_t keep = 0, length;
    if (bytes <= ED_SPEECH_TEXT_MAX_BYTES)
        return bytes;
    while ((length = ed_utf8_length(text + keep, bytes - keep)),
           keep + (length ? length : 1) <= ED_SPEECH_TEXT_MAX_BYTES)
        keep += length ? length : 1;
    return keep;
}

enum ed_status ed_speech_evidence(const struct ed_backend *backend, void *state,
                                  const struct ed_inputs *inputs, struct ed_json_writer *w,
                                  struct ed_error *err) {
    struct ed_tensor *views = calloc(ED_TENSORS_MAX, sizeof *views);
    size_t n = 0;
    if (!views)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the views of the outputs");
    enum ed_status status = backend->outputs(state, views, ED_TENSORS_MAX, &n, err);
    const struct ed_tensor *text = NULL;
    for (size_t i = 0; status == ED_OK && i < n && i < ED_TENSORS_MAX; i++)
        if (!strncmp(views[i].name, ED_SPEECH_TEXT, sizeof views[i].name) && views[i].dtype == ED_DTYPE_U8)
            text = &views[i];
    if (status == ED_OK) {
        const int64_t samples =
            inputs->n == 1 ? ed_shape_count(inputs->tensors[0].shape, inputs->tensors[0].rank) : -1;
        ed_json_object_begin(w, "speech");
        if (samples > 0)
            ed_json_int(w, "audio_ns", samples * (INT64_C(1000000000) / ED_SPEECH_HZ));
        if (text) {
            const size_t keep = cut(text->data, text->bytes);
            ed_json_text_n(w, "text", text->data, keep);
            if (keep < text->bytes)
                ed_json_bool(w, "text_cut", true);
        } else {
            ed_json_text(w, "text_reason", "the engine gives no text");
        }
        ed_json_object_end(w);
    }
    free(views);
    return status;
}
