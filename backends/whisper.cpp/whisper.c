// SPDX-License-Identifier: Apache-2.0
// The whisper.cpp adapter: its table of hooks. A model has one input, "audio", samples at 16 kHz, and as
// outputs the text, its tokens and their probabilities.
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>

#include "backends/adapter_options.h"
#include "backends/whisper.cpp/whisper_state.h"
#include "whisper.cpp_manifest.h"

static enum ed_status hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    struct whisper_adapter *whisper = state;
    snprintf(whisper->engine_dir, sizeof whisper->engine_dir, "%s", args->engine_dir ? args->engine_dir : "");
    enum ed_status status = whisper_library_open(whisper, args->engine_library, err);
    if (status == ED_OK)
        whisper->f.whisper_log_set(whisper_log_line, NULL);
    return status;
}

static enum ed_status hook_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    (void)err;
    whisper_survey(state, out);
    return ED_OK;
}

static enum ed_status hook_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, NULL, args, err);
    return status ? status : whisper_load(state, args, err);
}

static struct ed_tensor_info row_info(const char *name, enum ed_dtype dtype, const char *symbol) {
    struct ed_tensor_info info = {.dtype = dtype, .rank = 1, .shape = {-1}};
    snprintf(info.name, sizeof info.name, "%s", name);
    snprintf(info.symbols[0], sizeof info.symbols[0], "%s", symbol);
    return info;
}

static enum ed_status hook_describe(void *state, struct ed_io *out, struct ed_error *err) {
    const struct whisper_adapter *whisper = state;
    memset(out, 0, sizeof *out);
    if (!whisper->context)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was described before it was loaded");
    out->inputs[out->n_inputs++] = row_info("audio", ED_DTYPE_F32, "samples");
    out->outputs[out->n_outputs++] = row_info(ED_SPEECH_TEXT, ED_DTYPE_U8, "bytes");
    out->outputs[out->n_outputs++] = row_info("tokens", ED_DTYPE_I32, "tokens");
    out->outputs[out->n_outputs++] = row_info("probabilities", ED_DTYPE_F32, "tokens");
    return ED_OK;
}

static enum ed_status hook_bind(void *state, const struct ed_tensor *inputs, size_t n, struct ed_error *err) {
    struct whisper_adapter *whisper = state;
    if (!whisper->context)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "inputs were bound before a model was loaded");
    if (n != 1 || inputs[0].dtype != ED_DTYPE_F32 || inputs[0].rank != 1 || inputs[0].shape[0] < 1 ||
        inputs[0].shape[0] > INT_MAX || inputs[0].bytes != (size_t)inputs[0].shape[0] * sizeof(float) ||
        !inputs[0].data)
        return ed_fail(err, ED_ERR_USAGE, NULL, "the only input is 'audio', float32 of one dimension");
    whisper->samples = inputs[0].data;
    whisper->n_samples = (int)inputs[0].shape[0];
    whisper->answered = false;
    return ED_OK;
}

static enum ed_status hook_run(void *state, struct ed_error *err) {
    struct ed_speech speech;
    return whisper_transcribe(state, NULL, &speech, err);
}

static enum ed_status hook_transcribe(void *state, const struct ed_host *host, struct ed_speech *out,
                                      struct ed_error *err) {
    return whisper_transcribe(state, host, out, err);
}

static struct ed_tensor row_view(const char *name, enum ed_dtype dtype, void *data, size_t n) {
    struct ed_tensor view = {
        .dtype = dtype, .rank = 1, .shape = {(int64_t)n}, .data = data, .bytes = n * ed_dtype_bytes(dtype)};
    snprintf(view.name, sizeof view.name, "%s", name);
    return view;
}

static enum ed_status hook_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                   struct ed_error *err) {
    struct whisper_adapter *whisper = state;
    *n = 3;
    enum ed_status status = whisper_answer(whisper, err);
    if (status != ED_OK)
        return status;
    const struct ed_tensor all[] = {
        row_view(ED_SPEECH_TEXT, ED_DTYPE_U8, whisper->text, whisper->text_bytes),
        row_view("tokens", ED_DTYPE_I32, whisper->tokens, whisper->n_tokens),
        row_view("probabilities", ED_DTYPE_F32, whisper->probabilities, whisper->n_tokens)};
    for (size_t i = 0; i < *n && i < capacity; i++)
        views[i] = all[i];
    return ED_OK;
}

static enum ed_status hook_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    const struct whisper_adapter *whisper = state;
    if (!whisper->context)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "placement was asked for before a model was loaded");
    whisper_placement(whisper, out);
    return ED_OK;
}

static enum ed_status hook_memory(void *state, struct ed_engine_memory *out, struct ed_error *err) {
    const struct whisper_adapter *whisper = state;
    if (!whisper->context)
        return ed_backend_memory_unknown(state, out, err);
    whisper_memory(whisper, out);
    return ED_OK;
}

static enum ed_status hook_unload(void *state, struct ed_error *err) {
    (void)err;
    whisper_unload(state);
    return ED_OK;
}

static void hook_close(void *state) {
    struct whisper_adapter *whisper = state;
    whisper_unload(whisper);
    if (whisper->library)
        dlclose(whisper->library);
    whisper->library = NULL;
}

static const struct ed_backend whisper_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct whisper_adapter),
    .open = hook_open,
    .survey = hook_survey,
    .load = hook_load,
    .describe = hook_describe,
    .bind = hook_bind,
    .run = hook_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = hook_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = ed_backend_own_process,
    .placement = hook_placement,
    .op_profile = ed_backend_no_op_profile,
    .engine_memory = hook_memory,
    .unload = hook_unload,
    .close = hook_close,
    .transcribe = hook_transcribe,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &whisper_backend : NULL;
}
