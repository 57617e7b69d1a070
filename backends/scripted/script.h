// SPDX-License-Identifier: Apache-2.0
// A script for the scripted engine: a JSON file that says how long each step takes, what memory it touches,
// how it fails and what it answers. Every key but "type" is optional.
//
//   type            "edgedyno-script"
//   open load run unload   sections:
//       ns          time that the call takes, or a list that is used in turn, from the first again at its
//                   end; what the call does beside (touching, computing outputs) is part of it
//       sleep       true: the time is slept, without use of a CPU, and may be exceeded by what the system takes to
//                   wake a process; false (default): it is spent computing, as an engine does
//       touch_bytes anonymous memory that the call maps and touches
//       touch_file, touch_file_bytes
//                   a file beside the script; so many of its bytes are mapped read-only and read
//       keep        true (default): mapped by the first call and held until unload; false: by every call,
//                   and released at its end
//       fail, fail_at, message
//                   what goes wrong in call number fail_at (0, the default, is the first; runs are counted from
//                   each load); `message` is what a refusal says
//   warmup          {ns: [...]}: the times of the first runs after a load; run.ns begins after them
//   inputs outputs  lists of {name, dtype, shape}; a dimension may be a name; dtype is float32 if not given
//   output          seeded (default; from the inputs' bytes), echo (of the first input), constant, or
//                   nondeterministic (from the inputs' bytes and a counter of runs)
//   constant        the number of `constant`
//   argmax_wrong_share
//                   the first output is logits [N, C] that choose the class in the first element of each of N
//                   samples of the first input, but another class in this share of the samples
//   noise           so much at most is added to, or taken from, each value of a float32 output
//   broken          true: one value of each float32 output is no number
//   channels_last   true: a float32 output with three dimensions or more is [N, rest, C], and holds what it would
//                   hold as [N, C, rest]
//   scales          {by: batch (the first dimension of the first input), threads or context (tokens of the
//                   workload), bytes, at: {"SIZE": bytes}}: for each one of it so many bytes more than touch_bytes,
//                   by the run for a batch and by the load for the others; `at`: of that size so many in all
//   threads         threads that exist between load and unload, the calling one counted
//   spin            true: these threads use their CPUs all the time
//   placement       {unit, total, places: [{name, processor, count, operators}], detail, proven};
//                   absent: not proven
//   profile         {run_ns, crash, ops: [{name, op, processor, calls, ns}]}: of one run, told for each profiled
//                   run; crash: the profile ends the process; absent: no profile
//   engine_memory   {weights_bytes, arena_bytes, kv_cache_bytes, compute_buffer_bytes}
//   language        acts as a language engine, for workloads of tokens:
//       vocabulary, context_tokens, bos, eos
//                   of the model (256, what the workload needs, -1, -1); a text's tokens are its bytes modulo
//                   the vocabulary
//       prefill_ns_per_token, token_ns
//                   the times of a prompt's token, and of the generated tokens (a number or a list used in
//                   turn, from its start in every inference)
//       warmup_ns   what the first call behind each of the first two rewinds takes more
//       cut         true (default): the cache can be cut anywhere; false: it can only be emptied
//       emit        tokens told of for each that is generated: 1 (default); another number is a lie
//       sharpness, noise, noise_seed
//                   logits: sharpness (3) times a number in [-1, 1) that depends on the token before and the
//                   candidate, plus `noise` (0) times another one that depends on noise_seed (0) as well
//   engine_version, build_info, survey
//                   what a survey says; survey is a list of {backend, processor, device_name, simulated,
//                   available, reason, native}; absent: cpu, gpu and npu
//
// A survey and `open` know no model: for them the adapter reads the file script.json in the engine's
// directory, where there is one. An `open` section in a model's script is played at the start of load.
#ifndef EDGEDYNO_BACKENDS_SCRIPT_H
#define EDGEDYNO_BACKENDS_SCRIPT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/json_read.h"
#include "base/path.h"
#include "edgedyno/backend.h"

#define SCRIPT_BYTES_MAX (4u << 20)
#define SCRIPT_NS_MAX INT64_C(3600000000000)
#define SCRIPT_TOUCH_MAX (INT64_C(1) << 40)

enum script_fail {
    SCRIPT_FAIL_NONE = 0,
    SCRIPT_FAIL_REFUSE,
    SCRIPT_FAIL_SEGV,
    SCRIPT_FAIL_KILL,
    SCRIPT_FAIL_ABORT,
    SCRIPT_FAIL_EXIT0,
    SCRIPT_FAIL_EXIT3,
    SCRIPT_FAIL_HANG,
    SCRIPT_FAIL_SPIN,
    SCRIPT_FAIL_STOP,
    SCRIPT_FAIL_LEAK,
    SCRIPT_FAIL_GARBAGE,
    SCRIPT_FAIL_COUNT
};

// Words of `fail`, NULL-terminated, in the order of the enum from SCRIPT_FAIL_REFUSE on.
extern const char *const script_fail_words[];
enum script_fail script_fail_from_word(const char *word); // SCRIPT_FAIL_NONE for an unknown one

enum script_output {
    SCRIPT_OUTPUT_SEEDED = 0,
    SCRIPT_OUTPUT_ECHO,
    SCRIPT_OUTPUT_CONSTANT,
    SCRIPT_OUTPUT_NONDETERMINISTIC
};

struct script_section {
    int64_t *ns; // owned
    size_t n_ns;
    int64_t touch_bytes, touch_file_bytes, fail_at;
    char touch_file[ED_PATH_BYTES];
    bool keep, sleep;
    enum script_fail fail;
    char message[256];
};

#define SCRIPT_SCALES_MAX 16
enum script_scale { SCRIPT_SCALE_NONE = 0, SCRIPT_SCALE_BATCH, SCRIPT_SCALE_THREADS, SCRIPT_SCALE_CONTEXT };

enum script_step { SCRIPT_OPEN, SCRIPT_LOAD, SCRIPT_RUN, SCRIPT_UNLOAD, SCRIPT_STEPS };

struct script_language {
    bool is, cut;
    int64_t vocabulary, context_tokens, bos, eos; // context_tokens -1: what the workload needs
    int64_t prefill_ns_per_token, warmup_ns, emit, noise_seed;
    int64_t *token_ns; // owned
    size_t n_token_ns;
    double sharpness, noise;
};

struct script {
    struct script_language language;
    struct script_section steps[SCRIPT_STEPS];
    int64_t *warmup_ns; // owned
    size_t n_warmup;
    struct ed_io io;
    enum script_output output;
    double constant;
    double argmax_wrong_share; // -1: no logits
    double noise;
    bool broken, channels_last;
    enum script_scale scale;
    int64_t scale_bytes;
    int64_t scale_sizes[SCRIPT_SCALES_MAX], scale_at[SCRIPT_SCALES_MAX];
    size_t n_scale_at;
    int64_t threads;
    bool spin;
    struct ed_placement placement;
    struct ed_op_profile_row *ops; // of one run; owned
    size_t n_ops;
    int64_t profiled_run_ns; // -1: not told
    bool profiles, profile_crashes;
    struct ed_engine_memory memory;
    struct ed_survey survey; // n_rows 0: cpu, gpu and npu
};

// Reads a script. On failure *script needs no release. A wrong key or value is ED_ERR_USAGE and names its
// place.
enum ed_status script_read(struct script *script, const char *path, struct ed_error *err);
void script_release(struct script *script); // safe on a zeroed struct
enum ed_processor script_processor(const char *word, bool *known);

// --- script_scale.c

// Reads the section "scales".
enum ed_status script_scales_read(struct script *script, const struct ed_json_at *root, struct ed_error *err);
// What `size` of it takes; 0 where the script scales by something else.
int64_t script_scaled_bytes(const struct script *script, enum script_scale by, int64_t size);

// --- script_act.c

// One mapping made by a section.
struct script_mapping {
    void *at;
    size_t bytes;
};

// What has been played of one section: how often, and what it holds.
struct script_played {
    uint64_t calls;
    bool held;
    struct script_mapping memory, file;
};

// Plays one call of a section: touches, fails, and returns when `ns` have passed since `begin_ns`
// (CLOCK_MONOTONIC_RAW).
enum ed_status script_play(const struct script_section *section, struct script_played *played,
                           int64_t begin_ns, int64_t ns, struct ed_error *err);
// The time of call number `call` by a list; 0 where it is empty.
int64_t script_ns(const int64_t *list, size_t n, uint64_t call);
void script_played_release(struct script_played *played);

// Threads that do nothing until they are told to end.
struct script_threads {
    pthread_t *threads; // owned
    size_t n;
    bool spin;        // instead of waiting
    atomic_bool over; // for those that spin
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool made, end;
};
enum ed_status script_threads_start(struct script_threads *threads, size_t n, bool spin,
                                    struct ed_error *err);
void script_threads_stop(struct script_threads *threads); // safe on a zeroed struct

// --- script_language.c

// Reads the section "language" of a script.
enum ed_status script_language_read(struct script_language *language, const struct ed_json_at *root,
                                    struct ed_error *err);
// One state's cache and logits. Zeroed at first; released in any case.
struct script_speech {
    int32_t *cache;
    size_t n, capacity, rewinds, last; // last: tokens of the last prefill, which all have logits
    bool fresh;                        // nothing was called since the last rewind
    float *logits;
};
void script_speech_release(struct script_speech *speech);
enum ed_status script_speech_rewind(struct script_speech *speech, const struct script_language *language,
                                    size_t keep, struct ed_error *err);
enum ed_status script_speech_prefill(struct script_speech *speech, const struct script_language *language,
                                     const int32_t *tokens, size_t n, struct ed_error *err);
enum ed_status script_speech_decode(struct script_speech *speech, const struct script_language *language,
                                    size_t n, const struct ed_host *host, struct ed_error *err);
// Those of the last token, or of all of the last prefill.
enum ed_status script_speech_logits(struct script_speech *speech, const struct script_language *language,
                                    bool all, const float **values, size_t *n, struct ed_error *err);

// --- script_output.c

// Computes the outputs of one run from the inputs. `outputs` have their buffers.
void script_outputs_fill(const struct script *script, const struct ed_tensor *inputs, size_t n_inputs,
                         struct ed_tensor *outputs, size_t n_outputs, uint64_t run);

#endif
