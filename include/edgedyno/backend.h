// SPDX-License-Identifier: Apache-2.0
// The contract of an engine adapter. An adapter is one shared object per engine build; the runner's worker
// opens it, and nobody else. It exports one symbol, ED_ADAPTER_ENTRY, which returns its `struct ed_backend`.
//
// Order of calls, all on one state from one thread (a process may hold several states, each with a thread of
// its own: that is how `offline` runs several streams):
//   open -> survey | (load -> describe -> bind -> run* -> outputs -> ... -> unload) -> close
// A language workload has `language`, then rewind, prefill, decode in place of describe, bind and run; one of
// speech has `transcribe` in place of run.
// `run` is the hot path: it returns when the CPU can read the outputs, allocates nothing that it can avoid,
// and prints nothing. An adapter may be handed a state of zero bytes only; it never keeps globals. What
// it prints all the same goes to a capped file; should it abort or exit, the supervisor reports that as
// the block's outcome.
#ifndef EDGEDYNO_BACKEND_H
#define EDGEDYNO_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/option.h"
#include "edgedyno/workload.h"

#define ED_BACKEND_ABI 2u
#define ED_ADAPTER_ENTRY "ed_adapter_entry"

#define ED_TENSOR_RANK_MAX 8
#define ED_TENSOR_NAME_BYTES 128
#define ED_TENSORS_MAX 64
#define ED_PLACES_MAX 16
#define ED_SURVEY_MAX 32
#define ED_OPTIONS_GIVEN_MAX 64
#define ED_PROCESSES_MAX 64

enum ed_dtype {
    ED_DTYPE_NONE = 0,
    ED_DTYPE_F32,
    ED_DTYPE_F64,
    ED_DTYPE_F16,
    ED_DTYPE_BF16,
    ED_DTYPE_I8,
    ED_DTYPE_U8,
    ED_DTYPE_I16,
    ED_DTYPE_U16,
    ED_DTYPE_I32,
    ED_DTYPE_U32,
    ED_DTYPE_I64,
    ED_DTYPE_U64,
    ED_DTYPE_BOOL,
    ED_DTYPE_COUNT
};

// Bytes of one element; 0 for ED_DTYPE_NONE and outside the range.
static inline size_t ed_dtype_bytes(enum ed_dtype dtype) {
    static const unsigned char bytes[ED_DTYPE_COUNT] = {0, 4, 8, 2, 2, 1, 1, 2, 2, 4, 4, 8, 8, 1};
    return (unsigned)dtype < ED_DTYPE_COUNT ? bytes[dtype] : 0;
}

// NumPy-like name ("float32"); "none" outside the range.
static inline const char *ed_dtype_name(enum ed_dtype dtype) {
    static const char *const names[ED_DTYPE_COUNT] = {"none",   "float32", "float64", "float16", "bfloat16",
                                                      "int8",   "uint8",   "int16",   "uint16",  "int32",
                                                      "uint32", "int64",   "uint64",  "bool"};
    return (unsigned)dtype < ED_DTYPE_COUNT ? names[dtype] : names[0];
}

// What a model says of one input or output. A dimension of -1 is symbolic (its name in `symbols`, may be "");
// the core resolves it from --shape before `bind`. `bytes` is 0 while a dimension is symbolic.
struct ed_tensor_info {
    char name[ED_TENSOR_NAME_BYTES];
    enum ed_dtype dtype;
    uint32_t rank;
    int64_t shape[ED_TENSOR_RANK_MAX];
    char symbols[ED_TENSOR_RANK_MAX][32];
    size_t bytes;
    bool quantized; // scale and zero_point hold: real = scale * (q - zero_point)
    double scale;
    int64_t zero_point;
};

// Data of one tensor, C order, no padding. Inputs: owned by the caller and unchanged by the adapter, alive
// until the next bind or unload. Outputs: owned by the adapter, alive until the next run, bind or unload.
struct ed_tensor {
    char name[ED_TENSOR_NAME_BYTES];
    enum ed_dtype dtype;
    uint32_t rank;
    int64_t shape[ED_TENSOR_RANK_MAX];
    void *data;
    size_t bytes;
};

enum ed_processor {
    ED_PROCESSOR_UNKNOWN = 0,
    ED_PROCESSOR_CPU,
    ED_PROCESSOR_GPU,
    ED_PROCESSOR_NPU,
    ED_PROCESSOR_REMOTE,
    ED_PROCESSOR_COUNT
};

static inline const char *ed_processor_word(enum ed_processor kind) {
    static const char *const words[ED_PROCESSOR_COUNT] = {"unknown", "cpu", "gpu", "npu", "remote"};
    return (unsigned)kind < ED_PROCESSOR_COUNT ? words[kind] : words[0];
}

// One backend that an engine build offers on this device.
struct ed_survey_row {
    char backend[64]; // the word after the slash in --on: "cpu", "xnnpack"
    enum ed_processor processor;
    char device_name[128]; // "" where the engine does not tell
    bool simulated;        // a simulator or a software GPU: its times are never printed as speed
    bool available;
    char reason[256]; // why it is not available; "" where it is
    char native[96];  // the engine's own name for it ("XnnpackExecutionProvider")
};

struct ed_survey {
    char engine_version[64];
    char build_info[256]; // the engine's own description of its build; "" where it has none
    size_t n_rows;
    struct ed_survey_row rows[ED_SURVEY_MAX];
};

// A key and a value of `-o KEY=VALUE`, borrowed.
struct ed_option_given {
    const char *key;
    const char *value;
};

struct ed_open_args {
    const char *engine_dir;     // the engine build's directory; "" for an engine inside the adapter
    const char *engine_library; // the engine's library, absolute; "" where the adapter finds it by itself
    const char *scratch_dir;    // a private directory for this worker, writable
};

struct ed_load_args {
    const char *const *model_files; // absolute paths; the first is the one that the engine opens
    size_t n_model_files;           // 0 only where the manifest says that no model is needed
    const char *backend;            // as in ed_survey_row
    int threads;                    // >= 1; 0: the engine's own default
    bool allow_fallback; // false: an operator that the backend cannot run is an error where the engine can
                         // say so
    const struct ed_option_given *options;
    size_t n_options;
    uint64_t seed;
    struct ed_workload workload; // what will be asked of it: a language engine sizes its context by it
    bool all_logits; // `logits` is to give those of every token of the last prefill, one row a token
};

struct ed_io {
    size_t n_inputs, n_outputs;
    struct ed_tensor_info inputs[ED_TENSORS_MAX];
    struct ed_tensor_info outputs[ED_TENSORS_MAX];
};

// Where the model really runs, by the engine's own evidence. `total` counts operators (nodes, layers,
// partitions: `unit`). Engines that cannot say leave proven = false; that is reported as "not proven", never
// as a success.
struct ed_placement {
    bool proven;
    char unit[24];
    uint32_t total;
    size_t n_places;
    struct {
        char name[96]; // the engine's own word: an execution provider, a delegate, a device
        enum ed_processor processor;
        uint32_t count;
        char operators[256]; // operator types there, comma separated, cut where too long
    } places[ED_PLACES_MAX];
    char detail[256]; // kernel variant, precision and the like; "" where there is nothing to say
};

// Bytes by the engine's own account; -1 where it does not tell.
struct ed_engine_memory {
    int64_t weights_bytes, arena_bytes, kv_cache_bytes, compute_buffer_bytes;
};

// One operator (node, layer, delegate) over all profiled runs. Names are cut where too long. `total_ns` is
// best the median over runs of its time in a run, times the runs: one interrupt then spoils no row.
#define ED_PROFILE_OPS_MAX 4096
// A row with this `op` is no operator but the whole inference under the profiler: `calls` runs of `total_ns`
// together. From it the core tells what profiling costs; an engine that has no such figure leaves it out.
#define ED_PROFILE_WHOLE_RUN "(run)"
struct ed_op_profile_row {
    char name[96], op[48];
    enum ed_processor processor;
    uint64_t calls;
    int64_t total_ns;
};

// What a language model is. A number that it does not have is -1.
struct ed_language {
    int32_t vocabulary; // token ids are 0 .. vocabulary - 1; -1: ids mean nothing to it, their number does
    int32_t context_tokens; // room that was made for prompt, depth and generated tokens
    int32_t bos, eos;
};

// A speech model takes one input, samples of one channel at this rate as float32 of one dimension, and has an
// output of this name, uint8 of one dimension: the text in UTF-8, not terminated.
#define ED_SPEECH_HZ 16000
#define ED_SPEECH_TEXT "text"

// What a transcription consisted of, by the engine's own account; -1 where it does not tell.
struct ed_speech {
    int64_t encode_ns; // all windows of the audio together
};

// What the core gives an adapter that reports tokens or stages as they happen. Costs one clock reading.
enum ed_event { ED_EVENT_TOKEN, ED_EVENT_STAGE };
struct ed_host {
    void *context;
    void (*emit)(void *context, enum ed_event event, uint32_t detail);
};

// What else an engine has to tell of a block: numbers, with the unit in their names, and a sentence for
// people
// ("a latency holds the pipe's round trip, 20 us"); "" where there is nothing to say.
#define ED_FACTS_MAX 32
struct ed_fact {
    char key[48];
    int64_t value;
};
struct ed_facts {
    size_t n;
    struct ed_fact items[ED_FACTS_MAX];
    char note[512];
};

// Another form of a model, of a type that the engine names ("Q8_0").
struct ed_convert_args {
    const char *model;  // absolute
    const char *output; // absolute; does not exist yet. NULL: only whether the engine has the type is asked
    const char *type;
    int threads; // 0: the engine's own default
};

struct ed_backend {
    uint32_t abi;          // ED_BACKEND_ABI
    uint32_t struct_bytes; // sizeof(struct ed_backend)
    const char *name;      // "onnxruntime"
    const char *summary;   // one line
    const struct ed_option *options;
    size_t n_options;
    size_t state_bytes; // the core allocates this much, zeroed, and hands it to every hook

    enum ed_status (*open)(void *state, const struct ed_open_args *args, struct ed_error *err);
    enum ed_status (*survey)(void *state, struct ed_survey *out, struct ed_error *err);
    enum ed_status (*load)(void *state, const struct ed_load_args *args, struct ed_error *err);
    enum ed_status (*describe)(void *state, struct ed_io *out, struct ed_error *err);
    // `inputs` in the order of describe, shapes fully known, the data stays with the caller.
    enum ed_status (*bind)(void *state, const struct ed_tensor *inputs, size_t n_inputs,
                           struct ed_error *err);
    enum ed_status (*run)(void *state, struct ed_error *err);
    enum ed_status (*submit)(void *state, uint64_t ticket, struct ed_error *err);
    enum ed_status (*wait)(void *state, uint64_t *ticket, struct ed_error *err);
    // Fills at most `capacity` views in the order of describe; *n is how many the model has.
    enum ed_status (*outputs)(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                              struct ed_error *err);

    // Language. An engine that takes tokens only as a number of them says so by a vocabulary of -1. `prefill`
    // puts n tokens behind what the cache holds and is done when their logits could be read; `decode`
    // generates n tokens greedily, one after the other, and emits ED_EVENT_TOKEN after each when it is done
    // (ED_EVENT_STAGE before the first one: what came up to here is not of a token); `rewind` cuts the cache
    // to its first `keep` tokens; `logits` are those of the last token (with `all_logits` of every token of
    // the last prefill, in order). `tokenize` fills at most `capacity`, *n is how many there are.
    enum ed_status (*language)(void *state, struct ed_language *out, struct ed_error *err);
    enum ed_status (*tokenize)(void *state, const char *text, size_t bytes, int32_t *tokens, size_t capacity,
                               size_t *n, struct ed_error *err);
    enum ed_status (*rewind)(void *state, size_t keep, struct ed_error *err);
    enum ed_status (*prefill)(void *state, const int32_t *tokens, size_t n, const struct ed_host *host,
                              struct ed_error *err);
    enum ed_status (*decode)(void *state, size_t n, const struct ed_host *host, struct ed_error *err);
    enum ed_status (*logits)(void *state, const float **values, size_t *n, struct ed_error *err);

    // Pids to measure when the engine is another process; *n = 0: this one. Asked at every mark from load on.
    // ED_ERR_UNSUPPORTED: it runs where nothing can be measured (a server), with the words that say so.
    enum ed_status (*processes)(void *state, int64_t *pids, size_t capacity, size_t *n, struct ed_error *err);

    // Evidence. `placement` is read after timing in the same worker; `op_profile` always in a pass of its
    // own, after `bind` and a first run: it makes about `runs` runs, fills at most `capacity` rows, and *n is
    // how many there are. ED_ERR_UNSUPPORTED: this engine, or this backend of it, cannot tell.
    enum ed_status (*placement)(void *state, struct ed_placement *out, struct ed_error *err);
    enum ed_status (*op_profile)(void *state, uint32_t runs, struct ed_op_profile_row *rows, size_t capacity,
                                 size_t *n, struct ed_error *err);
    enum ed_status (*engine_memory)(void *state, struct ed_engine_memory *out, struct ed_error *err);

    enum ed_status (*unload)(void *state, struct ed_error *err);
    void (*close)(void *state);

    // These may be NULL, which no hook above may.
    // After open, with nothing loaded; NULL: an engine that converts nothing. A type that it does not have is
    // ED_ERR_USAGE with those that it has.
    enum ed_status (*convert)(void *state, const struct ed_convert_args *args, struct ed_error *err);
    // After timing, in the same worker; NULL: an engine that has nothing to tell.
    enum ed_status (*facts)(void *state, struct ed_facts *out, struct ed_error *err);
    // Language engines that serve several requests at a time; NULL: this one does not. `submit` begins one of
    // the workload's requests; `progress` works on those that have begun until something happened or
    // `until_ns` of the monotonic clock, and emits, with the request's ticket as detail, ED_EVENT_TOKEN for
    // each token (1 + generate_tokens: the first one ends the prompt) and ED_EVENT_STAGE when the request is
    // over.
    enum ed_status (*progress)(void *state, int64_t until_ns, const struct ed_host *host,
                               struct ed_error *err);
    // Speech: as `run`, and ED_EVENT_TOKEN each time when a token can be chosen; its detail is 0 for the
    // first of a window of audio (and of another attempt at it), else how many came before. `outputs` holds
    // the text. NULL: no speech engine.
    enum ed_status (*transcribe)(void *state, const struct ed_host *host, struct ed_speech *out,
                                 struct ed_error *err);
};

// The symbol every adapter exports: returns its table, or NULL where it cannot serve `abi`.
typedef const struct ed_backend *(*ed_adapter_entry_fn)(uint32_t abi);

// Named defaults: no hook is NULL.
static inline enum ed_status ed_backend_no_bind(void *state, const struct ed_tensor *inputs, size_t n,
                                                struct ed_error *err) {
    (void)state, (void)inputs, (void)n, (void)err;
    return ED_OK;
}
static inline enum ed_status ed_backend_no_submit(void *state, uint64_t ticket, struct ed_error *err) {
    (void)state, (void)ticket;
    return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                   "this engine has no asynchronous execution through its adapter");
}
static inline enum ed_status ed_backend_no_wait(void *state, uint64_t *ticket, struct ed_error *err) {
    return ed_backend_no_submit(state, *ticket, err);
}
static inline enum ed_status ed_backend_no_prefill(void *state, const int32_t *tokens, size_t n,
                                                   const struct ed_host *host, struct ed_error *err) {
    (void)state, (void)tokens, (void)n, (void)host;
    return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "this engine has no language workload through its adapter");
}
static inline enum ed_status ed_backend_no_language(void *state, struct ed_language *out,
                                                    struct ed_error *err) {
    *out = (struct ed_language){-1, -1, -1, -1};
    return ed_backend_no_prefill(state, NULL, 0, NULL, err);
}
static inline enum ed_status ed_backend_no_tokenize(void *state, const char *text, size_t bytes,
                                                    int32_t *tokens, size_t capacity, size_t *n,
                                                    struct ed_error *err) {
    (void)text, (void)bytes, (void)tokens, (void)capacity;
    *n = 0;
    return ed_backend_no_prefill(state, NULL, 0, NULL, err);
}
static inline enum ed_status ed_backend_no_rewind(void *state, size_t keep, struct ed_error *err) {
    (void)keep;
    return ed_backend_no_prefill(state, NULL, 0, NULL, err);
}
static inline enum ed_status ed_backend_no_decode(void *state, size_t n, const struct ed_host *host,
                                                  struct ed_error *err) {
    return ed_backend_no_prefill(state, NULL, n, host, err);
}
static inline enum ed_status ed_backend_no_logits(void *state, const float **values, size_t *n,
                                                  struct ed_error *err) {
    *values = NULL, *n = 0;
    return ed_backend_no_prefill(state, NULL, 0, NULL, err);
}
static inline enum ed_status ed_backend_own_process(void *state, int64_t *pids, size_t capacity, size_t *n,
                                                    struct ed_error *err) {
    (void)state, (void)pids, (void)capacity, (void)err;
    *n = 0;
    return ED_OK;
}
static inline enum ed_status ed_backend_placement_not_proven(void *state, struct ed_placement *out,
                                                             struct ed_error *err) {
    (void)state, (void)err;
    memset(out, 0, sizeof *out);
    return ED_OK;
}
static inline enum ed_status ed_backend_no_op_profile(void *state, uint32_t runs,
                                                      struct ed_op_profile_row *rows, size_t capacity,
                                                      size_t *n, struct ed_error *err) {
    (void)state, (void)runs, (void)rows, (void)capacity;
    *n = 0;
    return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "this engine has no profile through its adapter");
}
static inline enum ed_status ed_backend_memory_unknown(void *state, struct ed_engine_memory *out,
                                                       struct ed_error *err) {
    (void)state, (void)err;
    *out = (struct ed_engine_memory){-1, -1, -1, -1};
    return ED_OK;
}

#endif
