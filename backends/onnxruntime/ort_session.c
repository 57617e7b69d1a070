// SPDX-License-Identifier: Apache-2.0
// Making a session from a model and options.
#include <stdlib.h>

#include "backends/adapter_options.h"
#include "backends/onnxruntime/ort.h"

static int optimization_level(const char *word) {
    if (!strcmp(word, "disable"))
        return ORT_OPTIMIZE_NONE;
    if (!strcmp(word, "basic"))
        return ORT_OPTIMIZE_BASIC;
    return strcmp(word, "extended") ? ORT_OPTIMIZE_ALL : ORT_OPTIMIZE_EXTENDED;
}

static enum ed_status set_int(struct ort_state *ort, struct ort_session_options *options,
                              enum ort_entry entry, int value, const char *what, struct ed_error *err) {
    return ort_check(ort, ort_set_option_int(ort->api, entry, options, value), what, err);
}

static enum ed_status set_basics(struct ort_state *ort, struct ort_session_options *options,
                                 const struct ed_load_args *args, struct ed_error *err) {
    bool parallel = !strcmp(ed_adapter_option_or(args, "execution_mode", "sequential"), "parallel");
    int level = optimization_level(ed_adapter_option_or(args, "graph_optimization", "all"));
    int inter = (int)strtol(ed_adapter_option_or(args, "inter_op_threads", "1"), NULL, 10);
    // XNNPACK brings its own threads; where nothing may run outside it, a second pool would only spin beside
    // it.
    bool own_pool = !strcmp(ort->provider, "XnnpackExecutionProvider") && !args->allow_fallback;
    int intra = own_pool && args->threads > 0 ? 1 : args->threads;
    enum ed_status status = ED_OK;
    if (intra > 0)
        status = set_int(ort, options, ORT_SET_INTRA_OP_NUM_THREADS, intra, "setting threads", err);
    if (!status)
        status = set_int(ort, options, ORT_SET_INTER_OP_NUM_THREADS, inter, "setting inter-op threads", err);
    if (!status)
        status =
            set_int(ort, options, ORT_SET_SESSION_EXECUTION_MODE,
                    parallel ? ORT_MODE_PARALLEL : ORT_MODE_SEQUENTIAL, "setting the execution mode", err);
    if (!status)
        status = set_int(ort, options, ORT_SET_GRAPH_OPTIMIZATION_LEVEL, level,
                         "setting the optimization level", err);
    if (!status && !ed_adapter_flag(ed_adapter_option_or(args, "memory_arena", "1")))
        status = ort_check(ort, ort_set_option(ort->api, ORT_DISABLE_CPU_MEM_ARENA, options),
                           "switching the arena off", err);
    if (!status && !ed_adapter_flag(ed_adapter_option_or(args, "memory_pattern", "1")))
        status = ort_check(ort, ort_set_option(ort->api, ORT_DISABLE_MEM_PATTERN, options),
                           "switching the memory pattern off", err);
    return status;
}

static enum ed_status set_evidence(struct ort_state *ort, struct ort_session_options *options,
                                   const struct ed_load_args *args, struct ed_error *err) {
    enum ed_status status = ED_OK;
    ort->cpu_alone = !strcmp(ort->provider, "CPUExecutionProvider");
    ort->records_assignment = ort->version.release && ort->api_version >= ORT_VERSION_EP_ASSIGNMENT;
    // An engine that tells where each node is may run: which nodes fell back is a better answer than that
    // some did, and it is judged. Another one is made to refuse.
    ort->fallback_disabled = !ort->cpu_alone && !args->allow_fallback && !ort->records_assignment;
    if (ort->records_assignment)
        status =
            ort_check(ort, ort_add_config(ort->api, options, "session.record_ep_graph_assignment_info", "1"),
                      "asking for the graph assignment", err);
    if (!status && ort->fallback_disabled)
        status = ort_check(ort, ort_add_config(ort->api, options, "session.disable_cpu_ep_fallback", "1"),
                           "forbidding fallback to the CPU", err);
    if (!status && !ort->cpu_alone)
        status = ort_provider_append(ort, options, ort->provider, ort->plugin, args, err);
    return status;
}

static enum ed_status keep_given(struct ort_state *ort, const struct ed_load_args *args,
                                 struct ed_error *err) {
    size_t bytes = 1;
    if (strlen(args->model_files[0]) >= sizeof ort->model ||
        strlen(args->backend) >= sizeof ort->given_backend || args->n_options > ED_OPTIONS_GIVEN_MAX)
        return ed_fail(err, ED_ERR_LIMIT, args->model_files[0],
                       "the path, or something beside it, is too long");
    for (size_t i = 0; i < args->n_options; i++)
        bytes += strlen(args->options[i].key) + strlen(args->options[i].value) + 2;
    char *at = ort->given_texts = malloc(bytes);
    if (!at)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a copy of the options");
    for (size_t i = 0; i < args->n_options; i++) {
        ort->given_options[i].key = strcpy(at, args->options[i].key);
        at += strlen(at) + 1;
        ort->given_options[i].value = strcpy(at, args->options[i].value);
        at += strlen(at) + 1;
    }
    snprintf(ort->model, sizeof ort->model, "%s", args->model_files[0]);
    snprintf(ort->given_backend, sizeof ort->given_backend, "%s", args->backend);
    ort->given = (struct ed_load_args){.backend = ort->given_backend,
                                       .threads = args->threads,
                                       .allow_fallback = args->allow_fallback,
                                       .options = ort->given_options,
                                       .n_options = args->n_options,
                                       .seed = args->seed};
    return ED_OK;
}

// By what is given in `ort`. `prefix` NULL: without the profiler.
static enum ed_status make_session(struct ort_state *ort, const char *prefix, struct ort_session **out,
                                   struct ed_error *err) {
    struct ort_session_options *options = NULL;
    enum ed_status status =
        ort_check(ort, ort_create_session_options(ort->api, &options), "making session options", err);
    if (!status)
        status = set_basics(ort, options, &ort->given, err);
    if (!status)
        status = ort_options_session(ort, options, &ort->given, err);
    if (!status)
        status = set_evidence(ort, options, &ort->given, err);
    if (!status && prefix)
        status =
            ort_check(ort, ort_enable_profiling(ort->api, options, prefix), "switching its profiler on", err);
    if (!status)
        status = ort_check(ort, ort_create_session(ort->api, ort->env, ort->model, options, out),
                           prefix ? "loading the model under its profiler" : "loading the model", err);
    ort_release_session_options(ort->api, options);
    return status;
}

enum ed_status ort_session_profiled(struct ort_state *ort, const char *prefix, struct ort_session **out,
                                    struct ed_error *err) {
    return make_session(ort, prefix, out, err);
}

enum ed_status ort_session_load(struct ort_state *ort, const struct ed_load_args *args,
                                struct ed_error *err) {
    if (!args->n_model_files)
        return ed_fail(err, ED_ERR_USAGE, NULL, "ONNX Runtime needs a model; name an .onnx or .ort file");
    ort_session_unload(ort);
    enum ed_status status = ort_provider_find(ort, args->backend, err);
    if (!status)
        status = keep_given(ort, args, err);
    if (!status)
        status = ort_options_check(ort, args, ort->plugin ? ort->plugin->path : ort->path, err);
    if (status) {
        ort_session_unload(ort);
        return status;
    }
    ort->processor = ort_provider_processor(ort->provider, args);
    ort->reuse_outputs = !strcmp(ed_adapter_option_or(args, "output_memory", "reuse"), "reuse");
    status = make_session(ort, NULL, &ort->session, err);
    if (!status)
        status = ort_tensors_describe(ort, err);
    if (status)
        ort_session_unload(ort);
    return status;
}

void ort_session_unload(struct ort_state *ort) {
    if (!ort->api)
        return;
    ort_tensors_release(ort);
    ort_release_session(ort->api, ort->session);
    ort->session = NULL;
    free(ort->given_texts);
    ort->given_texts = NULL;
    memset(&ort->given, 0, sizeof ort->given);
    ort->plugin = NULL;
    memset(&ort->profiled, 0, sizeof ort->profiled);
}
