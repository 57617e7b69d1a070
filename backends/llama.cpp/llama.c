// SPDX-License-Identifier: Apache-2.0
// The llama.cpp adapter: its table of hooks. A model also answers as one of tensors: an input "tokens", of
// ids modulo the vocabulary, and an output "logits" behind the last of them.
#include <dlfcn.h>
#include <stdlib.h>

#include "backends/adapter_options.h"
#include "backends/llama.cpp/llama_state.h"
#include "llama.cpp_manifest.h"

static enum ed_status hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    struct llama_state *llama = state;
    snprintf(llama->engine_dir, sizeof llama->engine_dir, "%s", args->engine_dir ? args->engine_dir : "");
    enum ed_status status = ed_path_real(llama->scratch_dir, args->scratch_dir, err);
    if (status == ED_OK)
        status = llama_library_open(llama, args->engine_library, err);
    if (status == ED_OK) {
        llama->f.llama_log_set(llama_log_line, NULL);
        llama->f.llama_backend_init();
    }
    return status;
}

static enum ed_status hook_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    struct llama_state *llama = state;
    (void)err;
    llama->f.llama_log_set(llama_log_line, &llama->log);
    llama_survey(llama, out);
    llama->f.llama_log_set(llama_log_line, NULL);
    return ED_OK;
}

static enum ed_status hook_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, NULL, args, err);
    return status ? status : llama_load(state, args, err);
}

static enum ed_status hook_describe(void *state, struct ed_io *out, struct ed_error *err) {
    struct llama_state *llama = state;
    memset(out, 0, sizeof *out);
    if (!llama->model)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was described before it was loaded");
    out->n_inputs = out->n_outputs = 1;
    out->inputs[0] =
        (struct ed_tensor_info){.name = "tokens", .dtype = ED_DTYPE_I32, .rank = 1, .shape = {-1}};
    snprintf(out->inputs[0].symbols[0], sizeof out->inputs[0].symbols[0], "tokens");
    out->outputs[0] = (struct ed_tensor_info){.name = "logits",
                                              .dtype = ED_DTYPE_F32,
                                              .rank = 1,
                                              .shape = {llama->vocabulary},
                                              .bytes = (size_t)llama->vocabulary * sizeof(float)};
    return ED_OK;
}

static enum ed_status hook_bind(void *state, const struct ed_tensor *inputs, size_t n, struct ed_error *err) {
    struct llama_state *llama = state;
    if (!llama->model)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "inputs were bound before a model was loaded");
    if (n != 1 || inputs[0].dtype != ED_DTYPE_I32 || inputs[0].rank != 1 || inputs[0].shape[0] < 1 ||
        inputs[0].bytes != (size_t)inputs[0].shape[0] * sizeof(int32_t) || !inputs[0].data)
        return ed_fail(err, ED_ERR_USAGE, NULL, "the only input is 'tokens', int32 of one dimension");
    if (inputs[0].shape[0] > llama->room || (llama->all_logits && inputs[0].shape[0] > llama->batch))
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%lld tokens do not fit into the context of %u",
                       (long long)inputs[0].shape[0], llama->room);
    int32_t *ids = realloc(llama->ids, inputs[0].bytes);
    if (!ids)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu bytes of tokens", inputs[0].bytes);
    llama->ids = ids;
    llama->n_ids = (size_t)inputs[0].shape[0];
    llama->input = inputs;
    llama->answered = false;
    for (size_t i = 0; i < llama->n_ids; i++)
        ids[i] = (int32_t)((uint32_t)((const int32_t *)inputs[0].data)[i] % (uint32_t)llama->vocabulary);
    return ED_OK;
}

static enum ed_status hook_run(void *state, struct ed_error *err) {
    struct llama_state *llama = state;
    if (!llama->n_ids)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a run was asked for before inputs were bound");
    enum ed_status status = llama_rewind(llama, 0, err);
    return status ? status : llama_prefill(llama, llama->ids, llama->n_ids, err);
}

static enum ed_status hook_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                   struct ed_error *err) {
    struct llama_state *llama = state;
    const float *logits = NULL;
    size_t found = 0;
    *n = 1;
    enum ed_status status = llama_logits(llama, &logits, &found, err);
    if (status != ED_OK || !capacity)
        return status;
    views[0] = (struct ed_tensor){
        .name = "logits",
        .dtype = ED_DTYPE_F32,
        .rank = 1,
        .shape = {llama->vocabulary},
        .data = (void *)(uintptr_t)(logits + found - (size_t)llama->vocabulary),
        .bytes = (size_t)llama->vocabulary * sizeof(float),
    };
    return ED_OK;
}

static enum ed_status hook_language(void *state, struct ed_language *out, struct ed_error *err) {
    const struct llama_state *llama = state;
    *out = (struct ed_language){-1, -1, -1, -1};
    if (!llama->context)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was asked for before it was loaded");
    *out = (struct ed_language){llama->vocabulary, (int32_t)llama->room, llama->bos, llama->eos};
    return ED_OK;
}

static enum ed_status hook_tokenize(void *state, const char *text, size_t bytes, int32_t *tokens,
                                    size_t capacity, size_t *n, struct ed_error *err) {
    return llama_text_tokens(state, text, bytes, tokens, capacity, n, err);
}

static enum ed_status hook_rewind(void *state, size_t keep, struct ed_error *err) {
    return llama_rewind(state, keep, err);
}

static enum ed_status hook_prefill(void *state, const int32_t *tokens, size_t n, const struct ed_host *host,
                                   struct ed_error *err) {
    (void)host;
    return llama_prefill(state, tokens, n, err);
}

static enum ed_status hook_decode(void *state, size_t n, const struct ed_host *host, struct ed_error *err) {
    return llama_generate(state, n, host, err);
}

static enum ed_status hook_logits(void *state, const float **values, size_t *n, struct ed_error *err) {
    return llama_logits(state, values, n, err);
}

static enum ed_status hook_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    const struct llama_state *llama = state;
    if (!llama->model)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "placement was asked for before a model was loaded");
    llama_placement(llama, out);
    return ED_OK;
}

static int64_t bytes_of(bool told, double mib) {
    return told ? (int64_t)(mib * 1048576 + 0.5) : -1;
}

static enum ed_status hook_memory(void *state, struct ed_engine_memory *out, struct ed_error *err) {
    const struct llama_state *llama = state;
    const struct llama_log *log = &llama->log;
    if (!llama->model)
        return ed_backend_memory_unknown(state, out, err);
    *out = (struct ed_engine_memory){bytes_of(log->has_weights, log->weights_mib), -1,
                                     bytes_of(log->has_kv, log->kv_mib),
                                     bytes_of(log->has_compute, log->compute_mib)};
    return ED_OK;
}

static enum ed_status hook_profile(void *state, uint32_t runs, struct ed_op_profile_row *rows,
                                   size_t capacity, size_t *n, struct ed_error *err) {
    return llama_profile(state, runs, rows, capacity, n, err);
}

static enum ed_status hook_unload(void *state, struct ed_error *err) {
    (void)err;
    llama_unload(state);
    return ED_OK;
}

static enum ed_status hook_convert(void *state, const struct ed_convert_args *args, struct ed_error *err) {
    return llama_convert(state, args, err);
}

static void hook_close(void *state) {
    struct llama_state *llama = state;
    llama_unload(llama);
    if (llama->library)
        dlclose(llama->library);
    llama->library = NULL;
}

static const struct ed_backend llama_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct llama_state),
    .open = hook_open,
    .survey = hook_survey,
    .load = hook_load,
    .describe = hook_describe,
    .bind = hook_bind,
    .run = hook_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = hook_outputs,
    .language = hook_language,
    .tokenize = hook_tokenize,
    .rewind = hook_rewind,
    .prefill = hook_prefill,
    .decode = hook_decode,
    .logits = hook_logits,
    .processes = ed_backend_own_process,
    .placement = hook_placement,
    .op_profile = hook_profile,
    .engine_memory = hook_memory,
    .unload = hook_unload,
    .close = hook_close,
    .convert = hook_convert,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &llama_backend : NULL;
}
