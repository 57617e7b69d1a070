// SPDX-License-Identifier: Apache-2.0
// The parts of the llama.cpp adapter.
#ifndef EDGEDYNO_BACKENDS_LLAMA_STATE_H
#define EDGEDYNO_BACKENDS_LLAMA_STATE_H

#include "backends/llama.cpp/llama_api.h"
#include "base/path.h"
#include "edgedyno/backend.h"

#define LLAMA_PLACES_MAX 12

// What the engine's log says while a model is loaded: the only place where it tells where layers and buffers
// went.
struct llama_log {
    int level;       // of the line that is being continued
    char error[512]; // its last warnings and errors, the newest last
    struct {
        char name[64];
        uint32_t layers;
    } places[LLAMA_PLACES_MAX];
    size_t n_places;
    char kv[160]; // "CPU 12.00 MiB, Vulkan0 3.00 MiB"
    double weights_mib, kv_mib, compute_mib;
    bool has_weights, has_kv, has_compute;
};

struct llama_state {
    void *library;
    struct llama_functions f;
    char engine_dir[ED_PATH_BYTES], scratch_dir[ED_PATH_BYTES];
    char version[64];
    struct llama_log log;

    void *model, *context, *pool;
    struct llama_context_parameters parameters; // of `context`
    struct ed_workload workload;
    void (*pool_free)(void *pool);
    const void *vocab;
    int32_t vocabulary, bos, eos;
    uint32_t room, batch;
    char backend[64];
    int32_t gpu_layers; // as asked; -1: all
    bool all_logits;
    int8_t *wanted; // of all_logits: one for each token of a batch

    size_t n;      // tokens in the cache
    size_t last;   // tokens of the last prefill
    bool answered; // the logits are those of the last token
    int32_t next;  // what is generated first where there are no logits yet

    const struct ed_tensor *input; // of bind
    int32_t *ids;
    size_t n_ids;
};

// --- llama_library.c
// Opens the library and refuses any other release than LLAMA_API_VERSION. ED_ERR_NOT_FOUND, ED_ERR_VERSION.
enum ed_status llama_library_open(struct llama_state *llama, const char *library, struct ed_error *err);
// Loads the engine's own plug-ins for a backend: the best CPU variant, and that of the GPU where one is asked
// for. ED_ERR_UNSUPPORTED with the system's or the engine's words.
enum ed_status llama_plugins_load(struct llama_state *llama, const char *backend, struct ed_error *err);
enum ed_processor llama_device_processor(const struct llama_state *llama, void *device);
// Devices of this backend; at most `capacity`.
size_t llama_devices(const struct llama_state *llama, const char *backend, void **devices, size_t capacity);
bool llama_device_simulated(const char *description);
void llama_survey(struct llama_state *llama, struct ed_survey *out);

// --- llama_log.c
void llama_log_line(int level, const char *text, void *context);
void llama_placement(const struct llama_state *llama, struct ed_placement *out);

// --- llama_load.c
enum ed_status llama_load(struct llama_state *llama, const struct ed_load_args *args, struct ed_error *err);
void llama_unload(struct llama_state *llama);

// --- llama_profile.c
enum ed_status llama_profile(struct llama_state *llama, uint32_t runs, struct ed_op_profile_row *rows,
                             size_t capacity, size_t *n, struct ed_error *err);

// --- llama_convert.c
enum ed_status llama_convert(struct llama_state *llama, const struct ed_convert_args *args,
                             struct ed_error *err);

// --- llama_tokens.c
enum ed_status llama_rewind(struct llama_state *llama, size_t keep, struct ed_error *err);
enum ed_status llama_prefill(struct llama_state *llama, const int32_t *tokens, size_t n,
                             struct ed_error *err);
enum ed_status llama_generate(struct llama_state *llama, size_t n, const struct ed_host *host,
                              struct ed_error *err);
enum ed_status llama_logits(struct llama_state *llama, const float **values, size_t *n, struct ed_error *err);
enum ed_status llama_text_tokens(struct llama_state *llama, const char *text, size_t bytes, int32_t *tokens,
                                 size_t capacity, size_t *n, struct ed_error *err);

#endif
