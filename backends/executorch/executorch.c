// SPDX-License-Identifier: Apache-2.0
// The ExecuTorch adapter: its table of hooks. A run overwrites the memory that inputs are planned into, so
// each run takes them anew, as every program that uses this engine has to.
#include "backends/adapter_options.h"
#include "backends/executorch/et.h"
#include "executorch_manifest.h"

static void et_hook_close(void *state);

static enum ed_status et_hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    enum ed_status status = et_library_open(state, args, err);
    if (status)
        et_hook_close(state);
    return status;
}

static enum ed_status et_hook_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    memset(out, 0, sizeof *out);
    snprintf(out->engine_version, sizeof out->engine_version, "%s", ET_VERSION);
    return et_survey_rows(state, out, err);
}

static void free_buffer(struct et_buffer *buffer) {
    if (!buffer->which && buffer->data && buffer->free)
        buffer->free(buffer->context, buffer->data, buffer->bytes);
    buffer->data = NULL;
}

static enum ed_status et_hook_unload(void *state, struct ed_error *err) {
    struct et_state *et = state;
    (void)err;
    et_session_release(et, &et->session);
    if (et->loaded.ok) {
        free_buffer(&et->loaded.value.constants);
        free_buffer(&et->loaded.value.data);
    }
    if (et->loader.ok)
        et->api.loader_destroy(&et->loader.value);
    memset(&et->loaded, 0, sizeof et->loaded);
    memset(&et->loader, 0, sizeof et->loader);
    et_program_release(&et->program);
    et->opened[0] = 0;
    et->bound = et->ran = false;
    et->n_again = 0;
    return ED_OK;
}

static enum ed_status read_program(struct et_state *et, const struct ed_load_args *args,
                                   struct ed_error *err) {
    const char *method = ed_adapter_option(args, "method"), *wanted = ed_adapter_option(args, "verification");
    const uint8_t verification = wanted && !strcmp(wanted, "minimal") ? ET_VERIFY_HEADER : ET_VERIFY_ALL;
    enum ed_status status = ED_OK;
    et_words_begin(et);
    et->loader = et->api.loader_from(args->model_files[0], ET_NO_LOCK);
    if (!et->loader.ok)
        return et_check(et, et->loader.error ? et->loader.error : 1, "opening the model", err);
    et->loaded = et->api.program_load(&et->loader.value, verification);
    if (!et->loaded.ok)
        return et_check(et, et->loaded.error ? et->loaded.error : 1, "reading the model", err);
    status = et_program_read(&et->program, args->model_files[0], method ? method : "forward", err);
    return status;
}

static bool has_kernels(const struct et_program *program, const char *prefix) {
    for (size_t i = 0; i < program->n_operators; i++)
        if (!strncmp(program->operators[i].name, prefix, strlen(prefix)))
            return true;
    return false;
}

// The libraries of the kernels and backends that the program names, as far as the build has them; what is
// missing is the engine's to say.
static enum ed_status open_libraries(struct et_state *et, struct ed_error *err) {
    const struct et_program *program = &et->program;
    const char *kernels = et_kernels(et, et->backend);
    char name[64];
    enum ed_status status = ED_OK;
    if (program->n_operators && kernels) {
        snprintf(name, sizeof name, "kernels_%s", kernels);
        status = et_library_more(et, name, err);
    }
    if (!status && has_kernels(program, "quantized_decomposed::") && et_library_has(et, "kernels_quantized"))
        status = et_library_more(et, "kernels_quantized", err);
    for (size_t i = 0; i < program->n_delegates && !status; i++) {
        const struct et_offer *offer = et_offer_of_delegate(program->delegates[i].id);
        bool opened = !offer || !et_library_has(et, offer->library);
        for (size_t j = 0; j < i && !opened; j++)
            opened = !strcmp(program->delegates[j].id, program->delegates[i].id);
        if (!opened)
            status = et_library_more(et, offer->library, err);
    }
    return status;
}

static enum ed_status et_hook_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    struct et_state *et = state;
    const struct et_offer *offer = et_offer_find(args->backend);
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, NULL, args, err);
    if (status)
        return status;
    if (!offer)
        return ed_fail(
            err, ED_ERR_NOT_FOUND, NULL,
            "ExecuTorch has no backend '%.64s'; it has cpu, xnnpack, optimized, portable, qnn, openvino",
            args->backend);
    if (!args->n_model_files)
        return ed_fail(err, ED_ERR_USAGE, NULL, "ExecuTorch needs a model; name a .pte file");
    if (args->n_model_files > 1)
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, NULL,
            "a model of several files is not supported; export it with its weights inside the .pte file");
    et_hook_unload(et, NULL);
    snprintf(et->backend, sizeof et->backend, "%s", offer->backend);
    status = et_offer_check(et, offer, err);
    if (!status)
        status = read_program(et, args, err);
    if (!status)
        status = open_libraries(et, err);
    if (!status)
        status = et_library_threads(et, args->threads, err);
    if (!status)
        status = et_session_open(et, &et->session, NULL, err);
    et->bound = !status && !et->program.io.n_inputs;
    if (status)
        et_hook_unload(et, NULL);
    return status;
}

static enum ed_status et_hook_describe(void *state, struct ed_io *out, struct ed_error *err) {
    const struct et_state *et = state;
    if (!et->session.method.ok)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was described before it was loaded");
    *out = et->program.io;
    return ED_OK;
}

static enum ed_status et_hook_bind(void *state, const struct ed_tensor *inputs, size_t n,
                                   struct ed_error *err) {
    return et_tensors_bind(state, inputs, n, err);
}

static enum ed_status et_hook_run(void *state, struct ed_error *err) {
    struct et_state *et = state;
    if (!et->bound)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a run was asked for before inputs were bound");
    uint32_t error = et_session_give(et, &et->session, false);
    if (!error)
        error = et->api.execute(&et->session.method.value);
    et->ran = !error;
    return error ? et_check(et, error, "running", err) : ED_OK;
}

static enum ed_status et_hook_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                      struct ed_error *err) {
    const struct et_state *et = state;
    enum ed_status status = ED_OK;
    *n = et->program.io.n_outputs;
    if (!et->ran)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "outputs were asked for before a run");
    for (size_t i = 0; i < *n && i < capacity && !status; i++)
        status = et_tensors_view(et, i, &views[i], err);
    return status;
}

static enum ed_status et_hook_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    return et_evidence_placement(state, out, err);
}

static enum ed_status et_hook_op_profile(void *state, uint32_t runs, struct ed_op_profile_row *rows,
                                         size_t capacity, size_t *n, struct ed_error *err) {
    return et_profile(state, runs, rows, capacity, n, err);
}

// What the program plans for its activations. Weights lie in the mapped file, and delegates do not tell
// theirs.
static enum ed_status et_hook_engine_memory(void *state, struct ed_engine_memory *out, struct ed_error *err) {
    const struct et_state *et = state;
    *out = (struct ed_engine_memory){-1, 0, -1, -1};
    if (!et->session.method.ok)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "memory was asked for before a model was loaded");
    for (size_t i = 0; i < et->program.n_arenas; i++)
        out->arena_bytes += (int64_t)et->program.arenas[i];
    return ED_OK;
}

static void et_hook_close(void *state) {
    struct et_state *et = state;
    if (et->api.runtime_init)
        et_hook_unload(et, NULL);
    memset(et, 0, sizeof *et);
}

static const struct ed_backend et_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct et_state),
    .open = et_hook_open,
    .survey = et_hook_survey,
    .load = et_hook_load,
    .describe = et_hook_describe,
    .bind = et_hook_bind,
    .run = et_hook_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = et_hook_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = ed_backend_own_process,
    .placement = et_hook_placement,
    .op_profile = et_hook_op_profile,
    .engine_memory = et_hook_engine_memory,
    .unload = et_hook_unload,
    .close = et_hook_close,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &et_backend : NULL;
}
