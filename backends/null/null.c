// SPDX-License-Identifier: Apache-2.0
// The engine that does nothing. A run through it costs what the harness costs, so it is the zero of every
// measurement.
#include "backends/adapter_options.h"
#include "edgedyno/backend.h"
#include "null_manifest.h"

struct null_state {
    uint32_t loaded;
};

static enum ed_status null_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    (void)state, (void)args, (void)err;
    return ED_OK;
}

static enum ed_status null_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    (void)state, (void)err;
    memset(out, 0, sizeof *out);
    snprintf(out->engine_version, sizeof out->engine_version, "1");
    snprintf(out->build_info, sizeof out->build_info, "part of edgedyno");
    out->n_rows = 1;
    snprintf(out->rows[0].backend, sizeof out->rows[0].backend, "cpu");
    snprintf(out->rows[0].native, sizeof out->rows[0].native, "null");
    out->rows[0].processor = ED_PROCESSOR_CPU;
    out->rows[0].available = true;
    return ED_OK;
}

static enum ed_status null_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    struct null_state *null = state;
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, NULL, args, err);
    if (status)
        return status;
    if (strcmp(args->backend, "cpu") != 0)
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "null has no backend '%s'; it has cpu", args->backend);
    null->loaded = 1;
    return ED_OK;
}

static enum ed_status null_describe(void *state, struct ed_io *out, struct ed_error *err) {
    (void)state, (void)err;
    out->n_inputs = 0;
    out->n_outputs = 0;
    return ED_OK;
}

static enum ed_status null_bind(void *state, const struct ed_tensor *inputs, size_t n_inputs,
                                struct ed_error *err) {
    (void)state, (void)inputs;
    if (n_inputs)
        return ed_fail(err, ED_ERR_USAGE, NULL, "null takes no inputs, %zu were given", n_inputs);
    return ED_OK;
}

static enum ed_status null_run(void *state, struct ed_error *err) {
    (void)state, (void)err;
    return ED_OK;
}

static enum ed_status null_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                   struct ed_error *err) {
    (void)state, (void)views, (void)capacity, (void)err;
    *n = 0;
    return ED_OK;
}

static enum ed_status null_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    (void)state, (void)err;
    memset(out, 0, sizeof *out);
    out->proven = true;
    snprintf(out->unit, sizeof out->unit, "model");
    snprintf(out->detail, sizeof out->detail, "does nothing");
    return ED_OK;
}

static enum ed_status null_unload(void *state, struct ed_error *err) {
    struct null_state *null = state;
    (void)err;
    null->loaded = 0;
    return ED_OK;
}

static void null_close(void *state) {
    (void)state;
}

static const struct ed_backend null_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct null_state),
    .open = null_open,
    .survey = null_survey,
    .load = null_load,
    .describe = null_describe,
    .bind = null_bind,
    .run = null_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = null_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = ed_backend_own_process,
    .placement = null_placement,
    .op_profile = ed_backend_no_op_profile,
    .engine_memory = ed_backend_memory_unknown,
    .unload = null_unload,
    .close = null_close,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &null_backend : NULL;
}
