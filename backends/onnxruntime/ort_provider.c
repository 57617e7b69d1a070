// SPDX-License-Identifier: Apache-2.0
// Execution providers: their names, their kind of processor, how they are put into a session, and which of
// them work here.
#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <strings.h>

#include "backends/adapter_options.h"
#include "backends/adapter_vulkan.h"
#include "backends/onnxruntime/ort.h"

#define SUFFIX "ExecutionProvider"

// `append` is the name for the general call; where there is none, `symbol` is a function of the library that
// takes the session options and one number (a device, or flags).
struct provider {
    const char *native, *append, *symbol;
    enum ed_processor processor;
    bool kernels; // it has kernels of its own, and compiles no subgraphs
};

static const struct provider providers[] = {
    {"CPUExecutionProvider", NULL, NULL, ED_PROCESSOR_CPU, false},
    {"AzureExecutionProvider", "AZURE", NULL, ED_PROCESSOR_REMOTE, false},
    {"XnnpackExecutionProvider", "XNNPACK", NULL, ED_PROCESSOR_CPU, true},
    {"DnnlExecutionProvider", NULL, "OrtSessionOptionsAppendExecutionProvider_Dnnl", ED_PROCESSOR_CPU, false},
    {"ACLExecutionProvider", NULL, "OrtSessionOptionsAppendExecutionProvider_ACL", ED_PROCESSOR_CPU, true},
    {"CUDAExecutionProvider", NULL, "OrtSessionOptionsAppendExecutionProvider_CUDA", ED_PROCESSOR_GPU, true},
    {"TensorrtExecutionProvider", NULL, "OrtSessionOptionsAppendExecutionProvider_Tensorrt", ED_PROCESSOR_GPU,
     false},
    {"ROCMExecutionProvider", NULL, "OrtSessionOptionsAppendExecutionProvider_ROCM", ED_PROCESSOR_GPU, true},
    {"MIGraphXExecutionProvider", NULL, "OrtSessionOptionsAppendExecutionProvider_MIGraphX", ED_PROCESSOR_GPU,
     false},
    {"NnapiExecutionProvider", NULL, "OrtSessionOptionsAppendExecutionProvider_Nnapi", ED_PROCESSOR_UNKNOWN,
     false},
    {"WebGpuExecutionProvider", "WebGPU", NULL, ED_PROCESSOR_GPU, true},
    {"DmlExecutionProvider", "DML", NULL, ED_PROCESSOR_GPU, true},
    {"OpenVINOExecutionProvider", "OpenVINO", NULL, ED_PROCESSOR_UNKNOWN, false},
    {"CoreMLExecutionProvider", "CoreML", NULL, ED_PROCESSOR_UNKNOWN, false},
    {"QNNExecutionProvider", "QNN", NULL, ED_PROCESSOR_NPU, false},
    {"VitisAIExecutionProvider", "VitisAI", NULL, ED_PROCESSOR_NPU, false},
    {"SNPEExecutionProvider", "SNPE", NULL, ED_PROCESSOR_NPU, false},
};

// The smallest model that makes a provider start: y = Relu(x) of four floats, operator set 13.
static const unsigned char probe_model[] = {
    0x08, 0x08, 0x12, 0x00, 0x3a, 0x3b, 0x0a, 0x0c, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x22,
    0x04, 0x52, 0x65, 0x6c, 0x75, 0x12, 0x01, 0x70, 0x5a, 0x13, 0x0a, 0x01, 0x78, 0x12, 0x0e,
    0x0a, 0x0c, 0x08, 0x01, 0x12, 0x08, 0x0a, 0x02, 0x08, 0x01, 0x0a, 0x02, 0x08, 0x04, 0x62,
    0x13, 0x0a, 0x01, 0x79, 0x12, 0x0e, 0x0a, 0x0c, 0x08, 0x01, 0x12, 0x08, 0x0a, 0x02, 0x08,
    0x01, 0x0a, 0x02, 0x08, 0x04, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x0d,
};

static const struct provider *provider_by_native(const char *native) {
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
        if (!strcmp(providers[i].native, native))
            return &providers[i];
    return NULL;
}

bool ort_provider_assigned_whole(const char *native) {
    const struct provider *provider = provider_by_native(native);
    return !strcmp(native, "CPUExecutionProvider") || (provider && !provider->kernels);
}

const char *ort_provider_native(const char *word) {
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
        char own[64];
        ort_provider_word(own, sizeof own, providers[i].native);
        if (!strcmp(own, word))
            return providers[i].native;
    }
    return NULL;
}

void ort_provider_word(char *word, size_t bytes, const char *native) {
    size_t length = strlen(native), suffix = strlen(SUFFIX);
    if (length > suffix && !strcmp(native + length - suffix, SUFFIX))
        length -= suffix;
    size_t i = 0;
    for (; i < length && i + 1 < bytes; i++)
        word[i] = (char)tolower((unsigned char)native[i]);
    word[i] = 0;
}

static enum ed_processor processor_from_device(const char *device) {
    if (!strncasecmp(device, "cpu", 3))
        return ED_PROCESSOR_CPU;
    if (!strncasecmp(device, "gpu", 3))
        return ED_PROCESSOR_GPU;
    if (!strncasecmp(device, "npu", 3) || !strncasecmp(device, "htp", 3))
        return ED_PROCESSOR_NPU;
    return ED_PROCESSOR_UNKNOWN;
}

enum ed_processor ort_provider_processor(const char *native, const struct ed_load_args *options) {
    const struct provider *provider = provider_by_native(native);
    const char *device = NULL;
    if (options && !strcmp(native, "OpenVINOExecutionProvider"))
        device = ort_options_provider_value(options, "device_type");
    if (options && !strcmp(native, "QNNExecutionProvider"))
        device = ort_options_provider_value(options, "backend_type");
    if (device)
        return processor_from_device(device);
    return provider ? provider->processor : ED_PROCESSOR_UNKNOWN;
}

// The provider's own options, and what it needs that the user did not say.
struct provider_options {
    const char *keys[ED_OPTIONS_GIVEN_MAX + 2], *values[ED_OPTIONS_GIVEN_MAX + 2];
    size_t n;
    char threads[16];
};

static bool options_have(const struct provider_options *options, const char *key) {
    for (size_t i = 0; i < options->n; i++)
        if (!strcmp(options->keys[i], key))
            return true;
    return false;
}

static void options_add(struct provider_options *options, const char *key, const char *value) {
    options->keys[options->n] = key;
    options->values[options->n++] = value;
}

static enum ed_status options_collect(struct provider_options *options, const struct ed_load_args *args,
                                      const char *native, struct ed_error *err) {
    memset(options, 0, sizeof *options);
    for (size_t i = 0; args && i < args->n_options; i++) {
        const char *key = ort_options_provider_key(args->options[i].key);
        if (!key)
            continue;
        if (options->n == ED_OPTIONS_GIVEN_MAX)
            return ed_fail(err, ED_ERR_LIMIT, NULL, "more than %d options for %s", ED_OPTIONS_GIVEN_MAX,
                           native);
        options_add(options, key, args->options[i].value);
    }
    if (!strcmp(native, "QNNExecutionProvider") && !options_have(options, "backend_type") &&
        !options_have(options, "backend_path"))
        options_add(options, "backend_type", "htp");
    // XNNPACK has a thread pool of its own, of one thread unless told.
    if (!strcmp(native, "XnnpackExecutionProvider") && args && args->threads > 0 &&
        !options_have(options, "intra_op_num_threads")) {
        snprintf(options->threads, sizeof options->threads, "%d", args->threads);
        options_add(options, "intra_op_num_threads", options->threads);
    }
    // OpenVINO's own pool takes all processors unless told.
    const char *device = args ? ort_options_provider_value(args, "device_type") : NULL;
    bool on_cpu = !device || processor_from_device(device) == ED_PROCESSOR_CPU;
    if (!strcmp(native, "OpenVINOExecutionProvider") && args && args->threads > 0 && on_cpu &&
        !options_have(options, "num_of_threads")) {
        snprintf(options->threads, sizeof options->threads, "%d", args->threads);
        options_add(options, "num_of_threads", options->threads);
    }
    return ED_OK;
}

static enum ed_status append_by_symbol(struct ort_state *ort, struct ort_session_options *session_options,
                                       const struct provider *provider,
                                       const struct provider_options *options,
                                       const struct ed_load_args *args, struct ed_error *err) {
    struct ort_status *(*append)(struct ort_session_options *, int);
    int64_t number = 0;
    *(void **)&append = dlsym(ort->library, provider->symbol);
    if (!append)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "ONNX Runtime %s lists %s but has no function %s",
                       ort->version.text, provider->native, provider->symbol);
    for (size_t i = 0; i < options->n; i++) {
        char *end = NULL;
        if (strcmp(options->keys[i], "device_id") != 0)
            return ed_fail(err, ED_ERR_USAGE, NULL, "%s takes no option %s here, only device_id",
                           provider->native, options->keys[i]);
        number = strtol(options->values[i], &end, 10);
        if (end == options->values[i] || *end || number < 0 || number > 1024)
            return ed_fail(err, ED_ERR_USAGE, NULL, "device_id is '%s', expected 0 to 1024",
                           options->values[i]);
    }
    if (!strcmp(provider->native, "DnnlExecutionProvider") && args && args->threads > 0) {
        // This provider takes its threads from the environment alone; running with other threads than asked
        // would be a wrong figure.
        const char *given = getenv("OMP_NUM_THREADS");
        if (!given || strtol(given, NULL, 10) != args->threads)
            return ed_fail(
                err, ED_ERR_UNSUPPORTED, NULL,
                "the DNNL provider takes its thread count from the environment; set OMP_NUM_THREADS=%d",
                args->threads);
    }
    return ort_check(ort, append(session_options, (int)number), provider->native, err);
}

enum ed_status ort_provider_append(struct ort_state *ort, struct ort_session_options *session_options,
                                   const char *native, struct ort_plugin *plugin,
                                   const struct ed_load_args *args, struct ed_error *err) {
    const struct provider *provider = provider_by_native(native);
    struct provider_options options;
    char name[96];
    enum ed_status status = options_collect(&options, args, native, err);
#if defined(__linux__)
    char device[256];
    bool software;
    if (!status && !strcmp(native, "WebGpuExecutionProvider"))
        status = ed_adapter_vulkan_look(device, sizeof device, &software, err);
#endif
    if (status)
        return status;
    if (plugin)
        return ort_plugin_append(ort, session_options, plugin, options.keys, options.values, options.n, err);
    if (provider && provider->symbol)
        return append_by_symbol(ort, session_options, provider, &options, args, err);
    // A provider that came after this table: its general name is most often its own without the suffix.
    snprintf(name, sizeof name, "%s", native);
    if (strlen(name) > strlen(SUFFIX))
        name[strlen(name) - strlen(SUFFIX)] = 0;
    return ort_check(ort,
                     ort_append_provider(ort->api, session_options,
                                         provider && provider->append ? provider->append : name, options.keys,
                                         options.values, options.n),
                     native, err);
}

enum ed_status ort_provider_find(struct ort_state *ort, const char *backend, struct ed_error *err) {
    char **names = NULL;
    char list[256] = "";
    int n = 0;
    enum ed_status status =
        ort_check(ort, ort_get_available_providers(ort->api, &names, &n), "asking for its providers", err);
    if (status)
        return status;
    ort->provider[0] = 0;
    for (int i = 0; i < n; i++) {
        char word[64];
        size_t used = strlen(list);
        ort_provider_word(word, sizeof word, names[i]);
        if (!strcmp(word, backend))
            snprintf(ort->provider, sizeof ort->provider, "%s", names[i]);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", word);
    }
    ort_check(ort, ort_release_available_providers(ort->api, names, n), "releasing the list of its providers",
              NULL);
    // The engine's own come first: a plug-in of the same name is another way to the same provider.
    ort->plugin = ort->provider[0] ? NULL : ort_plugin_of_word(ort, backend);
    if (ort->plugin)
        snprintf(ort->provider, sizeof ort->provider, "%s", ort->plugin->native);
    for (size_t i = 0; i < ort->n_plugins; i++) {
        char word[64];
        const size_t used = strlen(list);
        ort_provider_word(word, sizeof word, ort->plugins[i].native);
        snprintf(list + used, sizeof list - used, ", %s", word);
    }
    if (!ort->provider[0])
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL,
                       "this build of ONNX Runtime %s has no backend '%s'; it has %s", ort->version.text,
                       backend, list);
    if (ort_provider_processor(ort->provider, NULL) == ED_PROCESSOR_REMOTE)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "%s runs models on a remote endpoint, not on this device", ort->provider);
    return ED_OK;
}

// Starts the provider with a real session.
static enum ed_status provider_probe(struct ort_state *ort, const char *native, struct ort_plugin *plugin,
                                     struct ed_error *err) {
    struct ort_session_options *options = NULL;
    struct ort_session *session = NULL;
    const bool cpu = !strcmp(native, "CPUExecutionProvider");
    enum ed_status status =
        ort_check(ort, ort_create_session_options(ort->api, &options), "making session options", err);
    // A provider that takes none of its nodes must not pass for one that works.
    if (!status && !cpu)
        status = ort_check(ort, ort_add_config(ort->api, options, "session.disable_cpu_ep_fallback", "1"),
                           "forbidding fallback to the CPU", err);
    if (!status && !cpu)
        status = ort_provider_append(ort, options, native, plugin, NULL, err);
    if (!status)
        status = ort_check(ort, ort_set_option_int(ort->api, ORT_SET_INTRA_OP_NUM_THREADS, options, 1),
                           "setting threads", err);
    if (!status)
        status = ort_check(ort,
                           ort_create_session_from_array(ort->api, ort->env, probe_model, sizeof probe_model,
                                                         options, &session),
                           native, err);
    ort_release_session(ort->api, session);
    ort_release_session_options(ort->api, options);
    return status;
}

static void survey_row(struct ort_state *ort, struct ed_survey *out, const char *native,
                       struct ort_plugin *plugin) {
    struct ed_survey_row *row = &out->rows[out->n_rows++];
    struct ed_error why = {0};
    ort_provider_word(row->backend, sizeof row->backend, native);
    snprintf(row->native, sizeof row->native, "%s", native);
    row->processor = ort_provider_processor(native, NULL);
    if (row->processor == ED_PROCESSOR_REMOTE)
        snprintf(row->reason, sizeof row->reason, "runs models on a remote endpoint, not on this device");
    else if (provider_probe(ort, native, plugin, &why))
        ort_text_cut(row->reason, sizeof row->reason, why.message);
    else
        row->available = true;
    if (plugin && plugin->registered)
        ort_plugin_describe(ort, native, row);
#if defined(__linux__)
    if (row->available && !strcmp(native, "WebGpuExecutionProvider"))
        ed_adapter_vulkan_look(row->device_name, sizeof row->device_name, &row->simulated, NULL);
#endif
}

enum ed_status ort_provider_survey(struct ort_state *ort, struct ed_survey *out, struct ed_error *err) {
    char **names = NULL;
    int n = 0;
    enum ed_status status =
        ort_check(ort, ort_get_available_providers(ort->api, &names, &n), "asking for its providers", err);
    if (status)
        return status;
    for (int i = 0; i < n && out->n_rows < ED_SURVEY_MAX; i++)
        survey_row(ort, out, names[i], NULL);
    for (size_t i = 0; i < ort->n_plugins && out->n_rows < ED_SURVEY_MAX; i++) {
        bool own = false;
        for (int k = 0; k < n; k++)
            own = own || !strcmp(names[k], ort->plugins[i].native);
        if (!own)
            survey_row(ort, out, ort->plugins[i].native, &ort->plugins[i]);
    }
    return ort_check(ort, ort_release_available_providers(ort->api, names, n),
                     "releasing the list of its providers", err);
}
