// SPDX-License-Identifier: Apache-2.0
// What this adapter uses of llama.cpp's C interface, as release 0.5.0 has it. Structs go by value there and
// change with every release, so these declarations hold for that release alone; llama_library.c refuses any
// other. Declared from the interface's documentation in llama.h, ggml.h and ggml-backend.h of that release.
#ifndef EDGEDYNO_BACKENDS_LLAMA_API_H
#define EDGEDYNO_BACKENDS_LLAMA_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LLAMA_API_VERSION "0.5.0"

typedef void (*llama_log_fn)(int level, const char *text, void *context);
enum { LLAMA_LOG_WARN = 3, LLAMA_LOG_ERROR = 4, LLAMA_LOG_CONT = 5 };

// enum ggml_backend_dev_type
enum { LLAMA_DEVICE_CPU, LLAMA_DEVICE_GPU, LLAMA_DEVICE_IGPU };

// enum llama_flash_attn_type, llama_load_mode
enum { LLAMA_FLASH_AUTO = -1 };
enum { LLAMA_LOAD_AUTO = -1 };
// enum ggml_type
enum { LLAMA_TYPE_F32 = 0, LLAMA_TYPE_F16 = 1 };

struct llama_model_parameters {
    void **devices; // NULL-terminated; NULL is all
    const void *tensor_buft_overrides;
    int32_t n_gpu_layers; // negative: all
    int split_mode;
    int load_mode;
    int lazy_mode;
    int32_t main_gpu;
    const float *tensor_split;
    void *progress;
    void *progress_context;
    const void *kv_overrides;
    bool vocab_only, check_tensors, use_extra_bufts, no_host, no_alloc, load_mtp;
};

struct llama_context_parameters {
    uint32_t n_ctx, n_batch, n_ubatch, n_seq_max, n_rs_seq, n_outputs_max, n_outputs_max_per_seq;
    int32_t n_threads, n_threads_batch;
    int ctx_type, rope_scaling_type, pooling_type, attention_type, flash_attn_type;
    float rope_freq_base, rope_freq_scale, yarn_ext_factor, yarn_attn_factor, yarn_beta_fast, yarn_beta_slow;
    uint32_t yarn_orig_ctx;
    float defrag_thold;
    void *cb_eval;
    void *cb_eval_context;
    int type_k, type_v;
    void *abort;
    void *abort_context;
    bool embeddings, offload_kqv, no_perf, op_offload, swa_full, kv_unified;
    void *samplers;
    size_t n_samplers;
    void *ctx_other;
};

struct llama_tokens {
    int32_t n_tokens;
    int32_t *token;
    float *embd;
    int32_t *pos;
    int32_t *n_seq_id;
    int32_t **seq_id;
    int8_t *logits; // which tokens' are wanted; NULL: the last one's
};

struct llama_quantize_parameters {
    int32_t nthread;
    int ftype, output_tensor_type, token_embedding_type;
    bool allow_requantize, quantize_output_tensor, only_copy, pure, keep_split, dry_run;
    const void *imatrix, *kv_overrides, *tt_overrides;
    const int32_t *prune_layers;
    size_t max_buf_size;
};

struct llama_pool_parameters {
    bool cpumask[512];
    int n_threads;
    int priority;
    uint32_t poll;
    bool strict_cpu, paused;
};

// Functions by their names in the library. X(library, member, return type, arguments)
#define LLAMA_FUNCTIONS(X)                                                                            \
    X(llama_version, const char *, (void))                                                            \
    X(llama_log_set, void, (llama_log_fn, void *))                                                    \
    X(llama_backend_init, void, (void))                                                               \
    X(llama_print_system_info, const char *, (void))                                                  \
    X(llama_model_default_params, struct llama_model_parameters, (void))                              \
    X(llama_context_default_params, struct llama_context_parameters, (void))                          \
    X(llama_model_quantize_default_params, struct llama_quantize_parameters, (void))                  \
    X(llama_model_quantize, uint32_t,                                                                 \
      (const char *, const char *, const struct llama_quantize_parameters *))                         \
    X(llama_model_load_from_file, void *, (const char *, struct llama_model_parameters))              \
    X(llama_model_free, void, (void *))                                                               \
    X(llama_model_desc, int32_t, (const void *, char *, size_t))                                      \
    X(llama_model_n_layer, int32_t, (const void *))                                                   \
    X(llama_model_has_decoder, bool, (const void *))                                                  \
    X(llama_model_get_vocab, const void *, (const void *))                                            \
    X(llama_vocab_n_tokens, int32_t, (const void *))                                                  \
    X(llama_vocab_bos, int32_t, (const void *))                                                       \
    X(llama_vocab_eos, int32_t, (const void *))                                                       \
    X(llama_vocab_get_add_bos, bool, (const void *))                                                  \
    X(llama_tokenize, int32_t, (const void *, const char *, int32_t, int32_t *, int32_t, bool, bool)) \
    X(llama_init_from_model, void *, (void *, struct llama_context_parameters))                       \
    X(llama_free, void, (void *))                                                                     \
    X(llama_n_ctx, uint32_t, (const void *))                                                          \
    X(llama_get_memory, void *, (const void *))                                                       \
    X(llama_memory_clear, void, (void *, bool))                                                       \
    X(llama_memory_seq_rm, bool, (void *, int32_t, int32_t, int32_t))                                 \
    X(llama_decode, int32_t, (void *, struct llama_tokens))                                           \
    X(llama_synchronize, void, (void *))                                                              \
    X(llama_get_logits, float *, (void *))                                                            \
    X(llama_get_logits_ith, float *, (void *, int32_t))                                               \
    X(llama_attach_threadpool, void, (void *, void *, void *))                                        \
    X(ggml_backend_load_all_from_path, void, (const char *))                                          \
    X(ggml_backend_dev_count, size_t, (void))                                                         \
    X(ggml_backend_dev_get, void *, (size_t))                                                         \
    X(ggml_backend_dev_name, const char *, (void *))                                                  \
    X(ggml_backend_dev_description, const char *, (void *))                                           \
    X(ggml_backend_dev_type, int, (void *))                                                           \
    X(ggml_backend_dev_backend_reg, void *, (void *))                                                 \
    X(ggml_backend_reg_name, const char *, (void *))                                                  \
    X(ggml_backend_reg_get_proc_address, void *, (void *, const char *))                              \
    X(ggml_threadpool_params_default, struct llama_pool_parameters, (int))

struct llama_functions {
#define LLAMA_MEMBER(name, type, arguments) type(*name) arguments;
    LLAMA_FUNCTIONS(LLAMA_MEMBER)
#undef LLAMA_MEMBER
};

#endif
