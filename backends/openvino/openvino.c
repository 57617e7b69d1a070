// SPDX-License-Identifier: Apache-2.0
// The OpenVINO adapter: its table of hooks. `run` is one synchronous inference into the caller's inputs;
// `submit` and `wait` have a request for each inference that is under way.
#include "backends/adapter_options.h"
#include "backends/openvino/ov.h"
#include "openvino_manifest.h"

static void ov_hook_close(void *state);

static enum ed_status ov_hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    struct ov_state *ov = state;
    enum ed_status status = ov_library_open(ov, args->engine_library, err);
    if (!status)
        status = ov_check(ov, ov->api.core_create(&ov->core), "starting", err);
    // Without it the engine's threads stay when its core is gone.
    if (!status)
        status = ov_check(ov, ov->api.core_set_property(ov->core, "", "FORCE_TBB_TERMINATE", "YES"),
                          "asking that its threads end", err);
    if (status)
        ov_hook_close(ov);
    return status;
}

static enum ed_status ov_hook_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    struct ov_state *ov = state;
    struct ov_version version = {0};
    memset(out, 0, sizeof *out);
    memcpy(out->engine_version, ov->version, sizeof ov->version);
    enum ed_status status =
        ov_check(ov, ov->api.get_openvino_version(&version), "asking for its version", err);
    if (status)
        return status;
    snprintf(out->build_info, sizeof out->build_info, "%s", version.build_number ? version.build_number : "");
    ov->api.version_free(&version);
    return ov_devices_survey(ov, out, err);
}

static enum ed_status ov_hook_unload(void *state, struct ed_error *err) {
    struct ov_state *ov = state;
    (void)err;
    while (ov->n_requests)
        ov->api.infer_request_free(ov->requests[--ov->n_requests]);
    ov_tensors_release(ov);
    if (ov->compiled)
        ov->api.compiled_model_free(ov->compiled);
    ov->compiled = NULL;
    ov->n_waiting = ov->oldest = ov->last = 0;
    return ED_OK;
}

static enum ed_status check_backend(const struct ov_state *ov, const char *backend, struct ed_error *err) {
    static const char *const words[] = {"cpu", "gpu", "npu", "auto", "hetero"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(words[i], backend))
            return ED_OK;
    return ed_fail(err, ED_ERR_NOT_FOUND, NULL,
                   "OpenVINO %s has no backend '%.64s'; it has cpu, gpu, npu, auto, hetero", ov->version,
                   backend);
}

static enum ed_status ov_hook_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    struct ov_state *ov = state;
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, OV_OPTION_PREFIX, args, err);
    if (status)
        return status;
    ov_hook_unload(ov, NULL);
    status = check_backend(ov, args->backend, err);
    if (!status)
        status = ov_plan_make(ov, &ov->plan, args, err);
    if (!status)
        status = ov_plan_compile(ov, &ov->plan, false, &ov->compiled, err);
    if (!status)
        status = ov_evidence_taken(ov, args->allow_fallback, err);
    if (!status)
        status = ov_check(ov, ov->api.compiled_model_create_infer_request(ov->compiled, &ov->requests[0]),
                          "making a request", err);
    if (!status) {
        ov->n_requests = 1;
        status = ov_tensors_describe(ov, err);
    }
    if (status)
        ov_hook_unload(ov, NULL);
    return status;
}

static enum ed_status ov_hook_describe(void *state, struct ed_io *out, struct ed_error *err) {
    const struct ov_state *ov = state;
    if (!ov->compiled)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was described before it was loaded");
    *out = ov->io;
    return ED_OK;
}

static enum ed_status ov_hook_bind(void *state, const struct ed_tensor *inputs, size_t n,
                                   struct ed_error *err) {
    return ov_tensors_bind(state, inputs, n, err);
}

static enum ed_status ov_hook_run(void *state, struct ed_error *err) {
    struct ov_state *ov = state;
    if (!ov->bound)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a run was asked for before inputs were bound");
    const int failed = ov->api.infer_request_infer(ov->requests[0]);
    if (failed)
        return ov_check(ov, failed, "running", err);
    ov->last = 0;
    ov->ran = true;
    return ED_OK;
}

// The request behind those that are under way; made where there is none yet.
static enum ed_status next_request(struct ov_state *ov, size_t *index, struct ed_error *err) {
    if (ov->n_waiting == OV_REQUESTS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "more than %d inferences are under way", OV_REQUESTS_MAX);
    if (ov->n_waiting < ov->n_requests) {
        *index = (ov->oldest + ov->n_waiting) % ov->n_requests;
        return ED_OK;
    }
    // They lie in a ring: it grows only where its oldest stands first.
    struct ov_request *turned[OV_REQUESTS_MAX];
    uint64_t tickets[OV_REQUESTS_MAX];
    for (size_t i = 0; i < ov->n_requests; i++) {
        turned[i] = ov->requests[(ov->oldest + i) % ov->n_requests];
        tickets[i] = ov->tickets[(ov->oldest + i) % ov->n_requests];
    }
    memcpy(ov->requests, turned, ov->n_requests * sizeof *turned);
    memcpy(ov->tickets, tickets, ov->n_requests * sizeof *tickets);
    ov->oldest = 0;
    *index = ov->n_requests;
    enum ed_status status =
        ov_check(ov, ov->api.compiled_model_create_infer_request(ov->compiled, &ov->requests[*index]),
                 "making a request", err);
    if (!status) {
        ov->n_requests++;
        status = ov_tensors_give(ov, ov->requests[*index], err);
    }
    return status;
}

static enum ed_status ov_hook_submit(void *state, uint64_t ticket, struct ed_error *err) {
    struct ov_state *ov = state;
    size_t index = 0;
    if (!ov->bound)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a run was asked for before inputs were bound");
    enum ed_status status = next_request(ov, &index, err);
    if (!status)
        status = ov_check(ov, ov->api.infer_request_start_async(ov->requests[index]), "starting a run", err);
    if (!status) {
        ov->tickets[index] = ticket;
        ov->n_waiting++;
    }
    return status;
}

static enum ed_status ov_hook_wait(void *state, uint64_t *ticket, struct ed_error *err) {
    struct ov_state *ov = state;
    if (!ov->n_waiting)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "nothing was submitted that could be waited for");
    const size_t index = ov->oldest;
    *ticket = ov->tickets[index];
    ov->oldest = (index + 1) % ov->n_requests;
    ov->n_waiting--;
    enum ed_status status = ov_check(ov, ov->api.infer_request_wait(ov->requests[index]), "running", err);
    ov->last = index;
    ov->ran = !status;
    return status;
}

static enum ed_status ov_hook_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                      struct ed_error *err) {
    struct ov_state *ov = state;
    enum ed_status status = ED_OK;
    *n = ov->io.n_outputs;
    if (!ov->ran)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "outputs were asked for before a run");
    for (size_t i = 0; i < *n && i < capacity && !status; i++)
        status = ov_tensors_view(ov, i, &views[i], err);
    return status;
}

static enum ed_status ov_hook_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    return ov_evidence_placement(state, out, err);
}

static enum ed_status ov_hook_op_profile(void *state, uint32_t runs, struct ed_op_profile_row *rows,
                                         size_t capacity, size_t *n, struct ed_error *err) {
    return ov_evidence_profile(state, runs, rows, capacity, n, err);
}

static void ov_hook_close(void *state) {
    struct ov_state *ov = state;
    if (ov->core) {
        ov_hook_unload(ov, NULL);
        ov->api.core_free(ov->core);
    }
    memset(ov, 0, sizeof *ov);
}

static const struct ed_backend ov_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct ov_state),
    .open = ov_hook_open,
    .survey = ov_hook_survey,
    .load = ov_hook_load,
    .describe = ov_hook_describe,
    .bind = ov_hook_bind,
    .run = ov_hook_run,
    .submit = ov_hook_submit,
    .wait = ov_hook_wait,
    .outputs = ov_hook_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = ed_backend_own_process,
    .placement = ov_hook_placement,
    .op_profile = ov_hook_op_profile,
    .engine_memory = ed_backend_memory_unknown,
    .unload = ov_hook_unload,
    .close = ov_hook_close,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &ov_backend : NULL;
}
