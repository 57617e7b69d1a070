// SPDX-License-Identifier: Apache-2.0
// The ONNX Runtime adapter: its table of hooks. Every run after the first since `bind` writes into the first
// run's outputs, so that a run allocates no outputs; `-o output_memory=engine` has the engine make new ones
// in every run instead.
#include "backends/adapter_options.h"
#include "backends/onnxruntime/ort.h"
#include "onnxruntime_manifest.h"

static void ort_hook_close(void *state);

static enum ed_status ort_hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    struct ort_state *ort = state;
    enum ed_status status = ort_library_open(ort, args->engine_library, err);
    if (!status)
        status = ort_check(
            ort, ort_create_env(ort->api, ort_log_line, &ort->log, ORT_LOGGING_ERROR, "edgedyno", &ort->env),
            "making its environment", err);
    if (!status)
        status = ort_check(ort, ort_disable_telemetry(ort->api, ort->env), "switching telemetry off", err);
    if (!status)
        status = ort_check(ort, ort_get_default_allocator(ort->api, &ort->allocator),
                           "asking for its allocator", err);
    if (!status)
        status = ort_check(
            ort,
            ort_create_cpu_memory_info(ort->api, ORT_ALLOCATOR_DEVICE, ORT_MEMORY_DEFAULT, &ort->cpu_memory),
            "naming the CPU's memory", err);
    if (!status && args->scratch_dir && strlen(args->scratch_dir) >= sizeof ort->scratch)
        status = ed_fail(err, ED_ERR_LIMIT, args->scratch_dir, "the path is too long");
    if (!status) {
        ort->run = (ort_run_fn)ort->api[ORT_RUN];
        snprintf(ort->scratch, sizeof ort->scratch, "%s", args->scratch_dir ? args->scratch_dir : ".");
        ort_plugins_find(ort, args->engine_dir);
    } else
        ort_hook_close(ort);
    return status;
}

static enum ed_status ort_hook_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    struct ort_state *ort = state;
    memset(out, 0, sizeof *out);
    memcpy(out->engine_version, ort->version.text, sizeof out->engine_version);
    const char *build = ort_get_build_info(ort->api);
    snprintf(out->build_info, sizeof out->build_info, "%s", build ? build : "");
    const int kept = ort_plugin_hush(ort);
    enum ed_status status = ort_provider_survey(ort, out, err);
    ort_plugin_unhush(kept);
    return status;
}

static enum ed_status ort_hook_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, ORT_OPTION_PREFIX, args, err);
    if (status)
        return status;
    const int kept = ort_plugin_hush(state);
    status = ort_session_load(state, args, err);
    ort_plugin_unhush(kept);
    return status;
}

static enum ed_status ort_hook_describe(void *state, struct ed_io *out, struct ed_error *err) {
    struct ort_state *ort = state;
    if (!ort->session)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was described before it was loaded");
    *out = ort->io;
    return ED_OK;
}

static enum ed_status ort_hook_bind(void *state, const struct ed_tensor *inputs, size_t n,
                                    struct ed_error *err) {
    return ort_tensors_bind(state, inputs, n, err);
}

static enum ed_status ort_hook_run(void *state, struct ed_error *err) {
    struct ort_state *ort = state;
    if (!ort->bound || !ort->session)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a run was asked for before inputs were bound");
    if (!ort->reuse_outputs && ort->ran)
        ort_tensors_release_outputs(ort);
    struct ort_status *failed = ort->run(ort->session, NULL, ort->input_names, ort->inputs, ort->io.n_inputs,
                                         ort->output_names, ort->io.n_outputs, ort->outputs);
    if (failed) {
        bool reused = ort->reuse_outputs && ort->ran;
        ort_tensors_release_outputs(ort);
        return ort_check(ort, failed,
                         reused
                             ? "running into the first run's outputs (-o output_memory=engine makes new ones)"
                             : "running",
                         err);
    }
    ort->ran = true;
    return ED_OK;
}

static enum ed_status ort_hook_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                       struct ed_error *err) {
    struct ort_state *ort = state;
    enum ed_status status = ED_OK;
    *n = ort->io.n_outputs;
    if (!ort->ran)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "outputs were asked for before a run");
    for (size_t i = 0; i < *n && i < capacity && !status; i++)
        status = ort_tensors_view(ort, i, &views[i], err);
    return status;
}

static enum ed_status ort_hook_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    return ort_placement_read(state, out, err);
}

static enum ed_status ort_hook_op_profile(void *state, uint32_t runs, struct ed_op_profile_row *rows,
                                          size_t capacity, size_t *n, struct ed_error *err) {
    return ort_profile_take(state, runs, rows, capacity, n, err);
}

static enum ed_status ort_hook_engine_memory(void *state, struct ed_engine_memory *out,
                                             struct ed_error *err) {
    (void)err;
    *out = (struct ed_engine_memory){-1, ort_memory_arena_bytes(state), -1, -1};
    return ED_OK;
}

static enum ed_status ort_hook_unload(void *state, struct ed_error *err) {
    (void)err;
    ort_session_unload(state);
    return ED_OK;
}

static void ort_hook_close(void *state) {
    struct ort_state *ort = state;
    ort_session_unload(ort);
    if (ort->cpu_memory)
        ort_release_memory_info(ort->api, ort->cpu_memory);
    if (ort->env)
        ort_release_env(ort->api, ort->env);
    memset(ort, 0, sizeof *ort);
}

static const struct ed_backend ort_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct ort_state),
    .open = ort_hook_open,
    .survey = ort_hook_survey,
    .load = ort_hook_load,
    .describe = ort_hook_describe,
    .bind = ort_hook_bind,
    .run = ort_hook_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = ort_hook_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = ed_backend_own_process,
    .placement = ort_hook_placement,
    .op_profile = ort_hook_op_profile,
    .engine_memory = ort_hook_engine_memory,
    .unload = ort_hook_unload,
    .close = ort_hook_close,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &ort_backend : NULL;
}
