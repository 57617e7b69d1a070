// SPDX-License-Identifier: Apache-2.0
// What this adapter uses of whisper.cpp's C interface, as release 1.8.5 has it. Structs go by value there and
// change between releases, so these declarations hold for that release alone; whisper_library.c refuses any
// other. Declared from the interface's documentation in whisper.h and ggml-backend.h of that release.
#ifndef EDGEDYNO_BACKENDS_WHISPER_API_H
#define EDGEDYNO_BACKENDS_WHISPER_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHISPER_API_VERSION "1.8.5"

typedef void (*whisper_log_fn)(int level, const char *text, void *context);
enum { WHISPER_LOG_WARN = 3, WHISPER_LOG_ERROR = 4, WHISPER_LOG_CONT = 5 };
enum { WHISPER_GREEDY, WHISPER_BEAM };

struct whisper_context_parameters {
    bool use_gpu, flash_attn;
    int gpu_device;
    bool dtw_token_timestamps;
    int dtw_aheads_preset, dtw_n_top;
    struct {
        size_t n_heads;
        const void *heads;
    } dtw_aheads;
    size_t dtw_mem_size;
};

struct whisper_full_parameters {
    int strategy, n_threads, n_max_text_ctx, offset_ms, duration_ms;
    bool translate, no_context, no_timestamps, single_segment;
    bool print_special, print_progress, print_realtime, print_timestamps;
    bool token_timestamps;
    float thold_pt, thold_ptsum;
    int max_len;
    bool split_on_word;
    int max_tokens;
    bool debug_mode;
    int audio_ctx;
    bool tdrz_enable;
    const char *suppress_regex, *initial_prompt;
    bool carry_initial_prompt;
    const int32_t *prompt_tokens;
    int prompt_n_tokens;
    const char *language;
    bool detect_language, suppress_blank, suppress_nst;
    float temperature, max_initial_ts, length_penalty;
    float temperature_inc, entropy_thold, logprob_thold, no_speech_thold;
    int best_of, beam_size;
    float patience;
    void *new_segment, *new_segment_context;
    void *progress, *progress_context;
    bool (*encoder_begin)(void *context, void *state, void *user);
    void *encoder_begin_context;
    void *abort, *abort_context;
    void (*logits_filter)(void *context, void *state, const void *tokens, int n_tokens, float *logits,
                          void *user);
    void *logits_filter_context;
    const void *grammar_rules;
    size_t n_grammar_rules, i_start_rule;
    float grammar_penalty;
    bool vad;
    const char *vad_model_path;
    struct {
        float threshold;
        int min_speech_ms, min_silence_ms;
        float max_speech_s;
        int speech_pad_ms;
        float samples_overlap;
    } vad_parameters;
};

// Means of a call each.
struct whisper_times {
    float sample_ms, encode_ms, decode_ms, batchd_ms, prompt_ms;
};

// Functions by their names in the library. X(name, return type, arguments)
#define WHISPER_FUNCTIONS(X)                                                                         \
    X(whisper_version, const char *, (void))                                                         \
    X(whisper_log_set, void, (whisper_log_fn, void *))                                               \
    X(whisper_print_system_info, const char *, (void))                                               \
    X(whisper_context_default_params, struct whisper_context_parameters, (void))                     \
    X(whisper_full_default_params, struct whisper_full_parameters, (int))                            \
    X(whisper_full_default_params_by_ref, void *, (int))                                             \
    X(whisper_free_params, void, (void *))                                                           \
    X(whisper_init_from_file_with_params, void *, (const char *, struct whisper_context_parameters)) \
    X(whisper_free, void, (void *))                                                                  \
    X(whisper_is_multilingual, int, (void *))                                                        \
    X(whisper_lang_id, int, (const char *))                                                          \
    X(whisper_full, int, (void *, struct whisper_full_parameters, const float *, int))               \
    X(whisper_full_n_segments, int, (void *))                                                        \
    X(whisper_full_get_segment_text, const char *, (void *, int))                                    \
    X(whisper_full_n_tokens, int, (void *, int))                                                     \
    X(whisper_full_get_token_id, int32_t, (void *, int, int))                                        \
    X(whisper_full_get_token_p, float, (void *, int, int))                                           \
    X(whisper_get_timings, struct whisper_times *, (void *))                                         \
    X(whisper_reset_timings, void, (void *))                                                         \
    X(ggml_backend_load_all_from_path, void, (const char *))                                         \
    X(ggml_backend_dev_count, size_t, (void))                                                        \
    X(ggml_backend_dev_get, void *, (size_t))                                                        \
    X(ggml_backend_dev_name, const char *, (void *))                                                 \
    X(ggml_backend_dev_description, const char *, (void *))                                          \
    X(ggml_backend_dev_type, int, (void *))

// enum ggml_backend_dev_type
enum { WHISPER_DEVICE_CPU };

struct whisper_functions {
#define WHISPER_MEMBER(name, type, arguments) type(*name) arguments;
    WHISPER_FUNCTIONS(WHISPER_MEMBER)
#undef WHISPER_MEMBER
};

#endif
