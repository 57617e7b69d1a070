// SPDX-License-Identifier: Apache-2.0
// The parts of the whisper.cpp adapter.
#ifndef EDGEDYNO_BACKENDS_WHISPER_STATE_H
#define EDGEDYNO_BACKENDS_WHISPER_STATE_H

#include <stdatomic.h>

#include "backends/whisper.cpp/whisper_api.h"
#include "base/path.h"
#include "edgedyno/backend.h"

#define WHISPER_BUFFERS_MAX 8
#define WHISPER_LANGUAGE_BYTES 32

// What the engine's log says while a model is loaded: the only place where it tells of its memory.
struct whisper_log {
    int level;       // of the line that is being continued
    char error[512]; // its last warnings and errors, the newest last
    struct {
        char name[64];
    } buffers[WHISPER_BUFFERS_MAX]; // of weights
    size_t n_buffers;
    double weights_mb, kv_mb, compute_mb; // of a million bytes, as the engine has them
    bool has_weights, has_kv, has_compute;
};

// One transcription while it goes on. The engine may tell of tokens from threads of its own, several at once.
struct whisper_hearing {
    const struct ed_host *host; // NULL: nobody listens
    atomic_int next;            // how many tokens the next one to be told of has before it
    int windows;                // that were encoded
};

struct whisper_adapter {
    void *library;
    struct whisper_functions f;
    void (*cpp_delete)(void *memory); // of the engine's C++ library; NULL: it has none that is found
    char engine_dir[ED_PATH_BYTES];
    char version[64];
    struct whisper_log log;

    void *context;
    struct whisper_full_parameters parameters;
    char language[WHISPER_LANGUAGE_BYTES];
    struct whisper_hearing hearing;

    const float *samples; // of bind
    int n_samples;
    bool answered;

    char *text; // of the last run, made when it is asked for
    size_t text_bytes;
    int32_t *tokens;
    float *probabilities;
    size_t n_tokens;
};

// --- whisper_library.c
// Opens the library and refuses any other release than WHISPER_API_VERSION. ED_ERR_NOT_FOUND, ED_ERR_VERSION.
enum ed_status whisper_library_open(struct whisper_adapter *whisper, const char *library,
                                    struct ed_error *err);
void whisper_survey(struct whisper_adapter *whisper, struct ed_survey *out);

// --- whisper_log.c
// `context` is a struct whisper_log, or NULL: then only warnings and errors are printed.
void whisper_log_line(int level, const char *text, void *context);
void whisper_placement(const struct whisper_adapter *whisper, struct ed_placement *out);
void whisper_memory(const struct whisper_adapter *whisper, struct ed_engine_memory *out);

// --- whisper_file.c
// Whether a model's file can be what it says: the engine believes every size in it. ED_ERR_PARSE with what is
// wrong, ED_ERR_LIMIT.
enum ed_status whisper_file_check(const char *path, struct ed_error *err);

// --- whisper_load.c
enum ed_status whisper_load(struct whisper_adapter *whisper, const struct ed_load_args *args,
                            struct ed_error *err);
void whisper_unload(struct whisper_adapter *whisper);

// --- whisper_run.c
// From here on the engine calls back with windows and tokens. The adapter must stay where it is.
void whisper_listen(struct whisper_adapter *whisper);
enum ed_status whisper_transcribe(struct whisper_adapter *whisper, const struct ed_host *host,
                                  struct ed_speech *out, struct ed_error *err);
// Text, tokens and their probabilities of the last run.
enum ed_status whisper_answer(struct whisper_adapter *whisper, struct ed_error *err);

#endif
