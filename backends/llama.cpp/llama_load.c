// SPDX-License-Identifier: Apache-2.0
// Loading a model: options, model, context, threads.
#include <stdlib.h>

#include "backends/adapter_options.h"
#include "backends/llama.cpp/llama_state.h"

#define DEVICES_MAX 16
#define TOKENS_USUAL 512      // room where nothing says how much is needed
#define ALL_LOGITS_BATCH 128u // tokens at once whose logits are all kept: 75 MB for a vocabulary of 150,000

static int word_value(const char *text, const char *const *words, const int *values, int otherwise) {
    for (size_t i = 0; text && words[i]; i++)
        if (!strcmp(words[i], text))
            return values[i];
    return otherwise;
}

static int cache_type(const char *text) {
    static const char *const words[] = {"f32",  "f16",    "bf16", "q8_0", "q4_0",
                                        "q4_1", "iq4_nl", "q5_0", "q5_1", NULL};
    static const int values[] = {0, 1, 30, 8, 2, 3, 20, 6, 7};
    return word_value(text, words, values, LLAMA_TYPE_F16);
}

static long number_or(const struct ed_load_args *args, const char *key, long otherwise) {
    const char *text = ed_adapter_option(args, key);
    return text ? strtol(text, NULL, 10) : otherwise;
}

static enum ed_status load_model(struct llama_state *llama, const struct ed_load_args *args,
                                 struct ed_error *err) {
    static const char *const modes[] = {"auto", "none", "mmap", "mlock", "mmap_mlock", "direct_io", NULL};
    static const int mode_values[] = {-1, 0, 1, 2, 3, 4};
    const bool cpu = !strcmp(args->backend, "cpu");
    struct llama_model_parameters parameters = llama->f.llama_model_default_params();
    void *devices[DEVICES_MAX + 1] = {NULL};
    llama->gpu_layers = (int32_t)number_or(args, "gpu_layers", cpu ? 0 : -1);
    if (cpu && llama->gpu_layers != 0)
        return ed_fail(err, ED_ERR_USAGE, "-o gpu_layers",
                       "the backend is the CPU, which has no layers elsewhere; use --on llama.cpp/vulkan, or "
                       "-ngl 0");
    if (!cpu)
        llama_devices(llama, args->backend, devices, DEVICES_MAX);
    parameters.devices = devices;
    parameters.n_gpu_layers = llama->gpu_layers;
    parameters.load_mode =
        word_value(ed_adapter_option(args, "load_mode"), modes, mode_values, LLAMA_LOAD_AUTO);
    parameters.use_extra_bufts = ed_adapter_flag_or(args, "repack", true);
    llama->model = llama->f.llama_model_load_from_file(args->model_files[0], parameters);
    if (!llama->model)
        return ed_fail(err, ED_ERR_REFUSED, args->model_files[0], "llama.cpp does not load it: %s",
                       llama->log.error[0] ? llama->log.error : "it gives no reason");
    if (!llama->f.llama_model_has_decoder(llama->model))
        return ed_fail(err, ED_ERR_UNSUPPORTED, args->model_files[0],
                       "is an encoder, which generates no tokens");
    llama->vocab = llama->f.llama_model_get_vocab(llama->model);
    llama->vocabulary = llama->f.llama_vocab_n_tokens(llama->vocab);
    llama->bos = llama->f.llama_vocab_get_add_bos(llama->vocab) ? llama->f.llama_vocab_bos(llama->vocab) : -1;
    llama->eos = llama->f.llama_vocab_eos(llama->vocab);
    llama->next = llama->bos >= 0 ? llama->bos : 0;
    return llama->vocabulary > 0 ? ED_OK
                                 : ed_fail(err, ED_ERR_REFUSED, args->model_files[0], "has no vocabulary");
}

static enum ed_status make_context(struct llama_state *llama, const struct ed_load_args *args,
                                   struct ed_error *err) {
    static const char *const flash[] = {"auto", "on", "off", NULL};
    static const int flash_values[] = {-1, 1, 0};
    const struct ed_workload *workload = &args->workload;
    const int64_t tokens =
        (int64_t)workload->depth_tokens + workload->prompt_tokens + workload->generate_tokens;
    struct llama_context_parameters parameters = llama->f.llama_context_default_params();
    parameters.n_ctx = (uint32_t)(tokens ? tokens : TOKENS_USUAL);
    parameters.n_batch = (uint32_t)number_or(args, "batch", parameters.n_batch);
    parameters.n_ubatch = (uint32_t)number_or(args, "ubatch", parameters.n_ubatch);
    if (args->all_logits && parameters.n_batch > ALL_LOGITS_BATCH)
        parameters.n_batch = ALL_LOGITS_BATCH;
    if (parameters.n_ubatch > parameters.n_batch)
        parameters.n_ubatch = parameters.n_batch;
    if (args->threads) {
        parameters.n_threads = args->threads;
        parameters.n_threads_batch = args->threads;
    }
    parameters.type_k = cache_type(ed_adapter_option(args, "type_k"));
    parameters.type_v = cache_type(ed_adapter_option(args, "type_v"));
    parameters.flash_attn_type =
        word_value(ed_adapter_option(args, "flash_attention"), flash, flash_values, LLAMA_FLASH_AUTO);
    parameters.offload_kqv = ed_adapter_flag_or(args, "kv_offload", true);
    parameters.op_offload = ed_adapter_flag_or(args, "op_offload", true);
    llama->batch = parameters.n_batch;
    llama->all_logits = args->all_logits;
    llama->parameters = parameters;
    llama->workload = args->workload;
    llama->context = llama->f.llama_init_from_model(llama->model, parameters);
    if (!llama->context)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "llama.cpp makes no context for %u tokens: %s",
                       parameters.n_ctx, llama->log.error[0] ? llama->log.error : "it gives no reason");
    llama->room = llama->f.llama_n_ctx(llama->context);
    if (args->all_logits) {
        llama->wanted = malloc(llama->batch);
        if (!llama->wanted)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a batch");
        memset(llama->wanted, 1, llama->batch);
    }
    return ED_OK;
}

// As llama-bench and the engine's own programs do: without a pool that stays, threads would be made for every
// token.
static void attach_threads(struct llama_state *llama, const struct ed_load_args *args) {
    void *cpu = NULL, *(*make)(struct llama_pool_parameters *) = NULL;
    if (!args->threads || !llama_devices(llama, "cpu", &cpu, 1))
        return;
    void *registry = llama->f.ggml_backend_dev_backend_reg(cpu);
    *(void **)&make = llama->f.ggml_backend_reg_get_proc_address(registry, "ggml_threadpool_new");
    *(void **)&llama->pool_free =
        llama->f.ggml_backend_reg_get_proc_address(registry, "ggml_threadpool_free");
    if (!make || !llama->pool_free)
        return;
    struct llama_pool_parameters parameters = llama->f.ggml_threadpool_params_default(args->threads);
    parameters.poll = (uint32_t)number_or(args, "poll", 50);
    llama->pool = make(&parameters);
    if (llama->pool)
        llama->f.llama_attach_threadpool(llama->context, llama->pool, NULL);
}

enum ed_status llama_load(struct llama_state *llama, const struct ed_load_args *args, struct ed_error *err) {
    if (!args->n_model_files)
        return ed_fail(err, ED_ERR_USAGE, NULL, "llama.cpp needs a model; name a .gguf file");
    llama_unload(llama);
    memset(&llama->log, 0, sizeof llama->log);
    snprintf(llama->backend, sizeof llama->backend, "%s", args->backend);
    llama->f.llama_log_set(llama_log_line, &llama->log);
    enum ed_status status = llama_plugins_load(llama, args->backend, err);
    if (status == ED_OK)
        status = load_model(llama, args, err);
    if (status == ED_OK)
        status = make_context(llama, args, err);
    if (status == ED_OK)
        attach_threads(llama, args);
    llama->f.llama_log_set(llama_log_line, NULL);
    if (status != ED_OK)
        llama_unload(llama);
    return status;
}

void llama_unload(struct llama_state *llama) {
    if (llama->context)
        llama->f.llama_free(llama->context);
    if (llama->pool)
        llama->pool_free(llama->pool);
    if (llama->model)
        llama->f.llama_model_free(llama->model);
    free(llama->wanted);
    free(llama->ids);
    llama->wanted = NULL;
    llama->ids = NULL;
    llama->context = llama->pool = llama->model = NULL;
    llama->input = NULL;
    llama->n = llama->last = llama->n_ids = 0;
    llama->answered = false;
}
