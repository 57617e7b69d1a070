// SPDX-License-Identifier: Apache-2.0
// Options that go on to the engine: session keys, and options of execution providers. The engine takes any
// key and ignores what it does not know, so a key is only handed over when the table names it or its text
// occurs in the library that is to read it.
#include "backends/adapter_options.h"
#include "backends/onnxruntime/ort.h"
#include "onnxruntime_manifest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Whose option a row of the manifest without a dot is; rows that are not here are the adapter's own.
static const struct provider_key {
    const char *native, *key;
} provider_keys[] = {
    {"QNNExecutionProvider", "backend_type"},
    {"QNNExecutionProvider", "backend_path"},
    {"QNNExecutionProvider", "htp_performance_mode"},
    {"QNNExecutionProvider", "htp_graph_finalization_optimization_mode"},
    {"QNNExecutionProvider", "htp_arch"},
    {"QNNExecutionProvider", "soc_model"},
    {"QNNExecutionProvider", "vtcm_mb"},
    {"QNNExecutionProvider", "rpc_control_latency"},
    {"QNNExecutionProvider", "qnn_context_priority"},
    {"QNNExecutionProvider", "enable_htp_fp16_precision"},
    {"QNNExecutionProvider", "enable_htp_shared_memory_allocator"},
    {"QNNExecutionProvider", "offload_graph_io_quantization"},
    {"WebGpuExecutionProvider", "preferredLayout"},
    {"WebGpuExecutionProvider", "enableGraphCapture"},
    {"WebGpuExecutionProvider", "validationMode"},
    {"WebGpuExecutionProvider", "powerPreference"},
    {"WebGpuExecutionProvider", "deviceId"},
    {"XnnpackExecutionProvider", "intra_op_num_threads"},
    {"OpenVINOExecutionProvider", "device_type"},
    {"OpenVINOExecutionProvider", "precision"},
    {"OpenVINOExecutionProvider", "num_of_threads"},
    {"OpenVINOExecutionProvider", "num_streams"},
    {"CUDAExecutionProvider", "device_id"},
    {"TensorrtExecutionProvider", "device_id"},
    {"ROCMExecutionProvider", "device_id"},
    {"MIGraphXExecutionProvider", "device_id"},
    {"DmlExecutionProvider", "device_id"},
    {"CoreMLExecutionProvider", "ModelFormat"},
    {"CoreMLExecutionProvider", "MLComputeUnits"},
    {"CoreMLExecutionProvider", "RequireStaticInputShapes"},
};

static const struct ed_option *row_of(const char *key) {
    for (size_t i = 0; i < ED_MANIFEST_N_OPTIONS; i++)
        if (!strcmp(ed_manifest_options[i].name, key))
            return &ed_manifest_options[i];
    return NULL;
}

const char *ort_options_provider_key(const char *key) {
    const size_t prefix = strlen(ORT_OPTION_PREFIX);
    if (!strncmp(key, ORT_OPTION_PREFIX, prefix))
        return row_of(key) ? NULL : key + prefix;
    for (size_t i = 0; i < COUNT(provider_keys); i++)
        if (!strcmp(provider_keys[i].key, key))
            return key;
    return NULL;
}

const char *ort_options_provider_value(const struct ed_load_args *args, const char *key) {
    const char *found = NULL;
    for (size_t i = 0; i < args->n_options; i++) {
        const char *own = ort_options_provider_key(args->options[i].key);
        if (own && !strcmp(own, key))
            found = args->options[i].value;
    }
    return found;
}

static enum ed_status check_session_key(const struct ort_state *ort, const struct ed_option_given *given,
                                        struct ed_error *err) {
    const struct ed_option *row = row_of(given->key);
    bool found = false;
    enum ed_status status = row ? ed_option_check(row, given->key, given->value, err) : ED_OK;
    if (status == ED_OK)
        status = ort_library_has(ort->path, given->key, true, &found, err);
    if (status == ED_OK && !found)
        status = ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                         "ONNX Runtime %s does not know the session key %s; leave it out", ort->version.text,
                         given->key);
    return status;
}

// Names of this provider's options, for the nearest one; others' too where it has none.
static const char *whose(const char *native, const char *key, const char *names[COUNT(provider_keys) + 1]) {
    const char *other = NULL;
    size_t n = 0;
    for (size_t i = 0; i < COUNT(provider_keys); i++) {
        const bool mine = !strcmp(provider_keys[i].native, native);
        if (mine)
            names[n++] = provider_keys[i].key;
        if (!strcmp(provider_keys[i].key, key)) {
            if (mine) {
                names[n] = NULL;
                return native;
            }
            other = provider_keys[i].native;
        }
    }
    names[n] = NULL;
    return other;
}

static enum ed_status check_provider_key(const struct ort_state *ort, const struct ed_option_given *given,
                                         const char *key, const char *library, struct ed_error *err) {
    const char *names[COUNT(provider_keys) + 1];
    const char *owner = whose(ort->provider, key, names);
    const struct ed_option *row = owner ? row_of(key) : NULL;
    bool found = false;
    if (!strcmp(ort->provider, "CPUExecutionProvider"))
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "the option %s is for an execution provider; the backend cpu has none", given->key);
    // A provider that the table says nothing of may share a name with one that it knows.
    if (owner && strcmp(owner, ort->provider) != 0 && names[0])
        return ed_fail(err, ED_ERR_USAGE, NULL, "the option %s is for %s, and not for %s", given->key, owner,
                       ort->provider);
    enum ed_status status = row ? ed_option_check(row, given->key, given->value, err) : ED_OK;
    if (status == ED_OK)
        status = ort_library_has(library, key, row != NULL, &found, err);
    if (status != ED_OK || found)
        return status;
    const char *near = row ? NULL : ed_nearest(key, names);
    return ed_fail(err, row ? ED_ERR_UNSUPPORTED : ED_ERR_USAGE, NULL,
                   "%s has no option %s: its library does not hold that text%s%s%s", ort->provider, key,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

enum ed_status ort_options_check(const struct ort_state *ort, const struct ed_load_args *args,
                                 const char *library, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < args->n_options && !status; i++) {
        const struct ed_option_given *given = &args->options[i];
        const char *key = ort_options_provider_key(given->key);
        if (key)
            status = check_provider_key(ort, given, key, library, err);
        else if (strchr(given->key, '.'))
            status = check_session_key(ort, given, err);
    }
    return status;
}

enum ed_status ort_options_session(struct ort_state *ort, struct ort_session_options *session_options,
                                   const struct ed_load_args *args, struct ed_error *err) {
    const struct ed_option *options = ed_manifest_options;
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < ED_MANIFEST_N_OPTIONS && !status; i++) {
        const char *value = strchr(options[i].name, '.') ? ed_adapter_option(args, options[i].name) : NULL;
        if (!value)
            continue;
        if (options[i].type == ED_OPTION_FLAG)
            value = ed_adapter_flag(value) ? "1" : "0";
        status = ort_check(ort, ort_add_config(ort->api, session_options, options[i].name, value),
                           options[i].name, err);
    }
    return status;
}
