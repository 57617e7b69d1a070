// SPDX-License-Identifier: Apache-2.0
// The LiteRT adapter: its table of hooks. Inputs are copied into the engine's buffers by `bind`; a run on a
// GPU ends when its outputs can be read.
#include "backends/adapter_options.h"
#include "backends/litert/lrt.h"
#include "litert_manifest.h"

static void lrt_hook_close(void *state);

static enum ed_status lrt_hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    struct lrt_state *lrt = state;
    // Accelerators are looked for beside the library.
    const struct lrt_env_option options[] = {
        {LRT_ENV_LIBRARY_DIR, {.type = LRT_ANY_TEXT, .text = args->engine_dir}},
        {LRT_ENV_DISPATCH_DIR, {.type = LRT_ANY_TEXT, .text = args->engine_dir}},
        {LRT_ENV_LOG_SEVERITY, {.type = LRT_ANY_NUMBER, .number = LRT_LOG_WARNING}},
    };
    enum ed_status status = lrt_library_open(lrt, args->engine_library, err);
    lrt_words_begin(lrt);
    if (!status)
        status = lrt_check(
            lrt,
            lrt->api.CreateEnvironment((int)(sizeof options / sizeof *options), options, &lrt->environment),
            "starting", err);
    if (status)
        lrt_hook_close(lrt);
    return status;
}

static enum ed_status lrt_hook_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    struct lrt_state *lrt = state;
    memset(out, 0, sizeof *out);
    memcpy(out->engine_version, lrt->version, sizeof lrt->version);
    return lrt_survey_rows(lrt, out, err);
}

static enum ed_status lrt_hook_unload(void *state, struct ed_error *err) {
    struct lrt_state *lrt = state;
    (void)err;
    lrt_tensors_release(lrt);
    if (lrt->compiled)
        lrt->api.DestroyCompiledModel(lrt->compiled);
    if (lrt->model)
        lrt->api.DestroyModel(lrt->model);
    lrt->compiled = lrt->model = NULL;
    return ED_OK;
}

static enum ed_status lrt_hook_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    struct lrt_state *lrt = state;
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, NULL, args, err);
    if (status)
        return status;
    if (!args->n_model_files)
        return ed_fail(err, ED_ERR_USAGE, NULL, "LiteRT needs a model; name a .tflite file");
    lrt_hook_unload(lrt, NULL);
    status = lrt_plan_make(&lrt->plan, args, err);
    lrt_words_begin(lrt);
    if (!status)
        status = lrt_check(lrt, lrt_model_from_file(lrt, args->model_files[0], &lrt->model),
                           "reading the model", err);
    if (!status)
        status = lrt_signature_find(lrt, ed_adapter_option(args, "signature"), err);
    if (!status)
        status = lrt_tensors_describe(lrt, err);
    if (!status)
        status = lrt_compile(lrt, &lrt->plan, lrt->model, false, &lrt->compiled, err);
    if (!status)
        status = lrt_tensors_make(lrt, err);
    if (status)
        lrt_hook_unload(lrt, NULL);
    return status;
}

static enum ed_status lrt_hook_describe(void *state, struct ed_io *out, struct ed_error *err) {
    const struct lrt_state *lrt = state;
    if (!lrt->compiled)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was described before it was loaded");
    *out = lrt->io;
    return ED_OK;
}

static enum ed_status lrt_hook_bind(void *state, const struct ed_tensor *inputs, size_t n,
                                    struct ed_error *err) {
    struct lrt_state *lrt = state;
    lrt_words_begin(lrt);
    return lrt_tensors_bind(lrt, inputs, n, err);
}

// A GPU's outputs are there when they were locked, whatever the engine makes of being told to wait.
static int wait_for_outputs(struct lrt_state *lrt) {
    int failed = 0;
    for (size_t i = 0; i < lrt->io.n_outputs && !failed; i++) {
        void *data = NULL;
        failed = lrt->api.LockTensorBuffer(lrt->outputs[i], &data, LRT_LOCK_READ);
        if (!failed)
            failed = lrt->api.UnlockTensorBuffer(lrt->outputs[i]);
    }
    return failed;
}

static enum ed_status lrt_hook_run(void *state, struct ed_error *err) {
    struct lrt_state *lrt = state;
    if (!lrt->bound)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a run was asked for before inputs were bound");
    if (lrt->ran)
        lrt_tensors_unlock(lrt);
    int failed = lrt->api.RunCompiledModel(lrt->compiled, lrt->signature, lrt->io.n_inputs, lrt->inputs,
                                           lrt->io.n_outputs, lrt->outputs);
    if (!failed && lrt->plan.asked != LRT_HARDWARE_CPU)
        failed = wait_for_outputs(lrt);
    lrt->ran = !failed;
    return failed ? lrt_check(lrt, failed, "running", err) : ED_OK;
}

static enum ed_status lrt_hook_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                       struct ed_error *err) {
    struct lrt_state *lrt = state;
    enum ed_status status = ED_OK;
    *n = lrt->io.n_outputs;
    if (!lrt->ran)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "outputs were asked for before a run");
    for (size_t i = 0; i < *n && i < capacity && !status; i++)
        status = lrt_tensors_view(lrt, i, &views[i], err);
    return status;
}

static enum ed_status lrt_hook_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    return lrt_evidence_placement(state, out, err);
}

static enum ed_status lrt_hook_op_profile(void *state, uint32_t runs, struct ed_op_profile_row *rows,
                                          size_t capacity, size_t *n, struct ed_error *err) {
    return lrt_evidence_profile(state, runs, rows, capacity, n, err);
}

static void lrt_hook_close(void *state) {
    struct lrt_state *lrt = state;
    if (lrt->environment) {
        lrt_hook_unload(lrt, NULL);
        lrt->api.DestroyEnvironment(lrt->environment);
    }
    memset(lrt, 0, sizeof *lrt);
}

static const struct ed_backend lrt_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct lrt_state),
    .open = lrt_hook_open,
    .survey = lrt_hook_survey,
    .load = lrt_hook_load,
    .describe = lrt_hook_describe,
    .bind = lrt_hook_bind,
    .run = lrt_hook_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = lrt_hook_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = ed_backend_own_process,
    .placement = lrt_hook_placement,
    .op_profile = lrt_hook_op_profile,
    .engine_memory = ed_backend_memory_unknown,
    .unload = lrt_hook_unload,
    .close = lrt_hook_close,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &lrt_backend : NULL;
}
