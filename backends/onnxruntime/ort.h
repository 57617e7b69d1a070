// SPDX-License-Identifier: Apache-2.0
// What the files of the ONNX Runtime adapter share: its state, and what each file offers.
#ifndef EDGEDYNO_BACKENDS_ORT_H
#define EDGEDYNO_BACKENDS_ORT_H

#include <stdatomic.h>

#include "backends/onnxruntime/ort_api.h"
#include "edgedyno/backend.h"

#define ORT_OPTION_PREFIX "ep." // `-o ep.KEY=VALUE` is handed to the execution provider as KEY

struct ort_version {
    char text[64];
    unsigned major, minor, patch;
    bool release; // plain X.Y.Z; anything behind it marks a snapshot
};

// The last error that the engine logged: often the reason is there, and its status only says that something
// failed.
struct ort_log {
    atomic_flag busy;
    char text[512];
};

// A library beside the engine's that brings execution providers.
#define ORT_PLUGINS_MAX 8
#define ORT_PATH_BYTES 4096
struct ort_plugin {
    char path[ORT_PATH_BYTES];
    char native[96]; // the name that it is registered under
    bool registered;
};

struct ort_state {
    struct ort_log log;
    char path[ORT_PATH_BYTES];    // of the engine's library
    char scratch[ORT_PATH_BYTES]; // a directory to write into
    struct ort_plugin plugins[ORT_PLUGINS_MAX];
    size_t n_plugins;
    void *library; // stays open: the engine does not promise that it can be unloaded
    const ort_function *api;
    struct ort_version version;
    uint32_t api_version;
    struct ort_env *env;
    struct ort_allocator *allocator; // the engine's own
    struct ort_memory_info *cpu_memory;

    struct ort_session *session;
    struct ed_load_args given; // a copy of what it was made of, for a further session under the profiler
    struct ed_option_given given_options[ED_OPTIONS_GIVEN_MAX];
    char *given_texts;
    char given_backend[64], model[ORT_PATH_BYTES];
    struct ort_plugin *plugin; // whose provider the session has; NULL: one of the engine's own
    bool cpu_alone;            // no provider but the CPU's was put into the session
    bool fallback_disabled;    // the engine was told to refuse nodes on the CPU
    bool records_assignment;   // the session can tell where its nodes run
    bool reuse_outputs;
    char provider[96];
    enum ed_processor processor; // of `provider`, with its options
    struct ed_io io;
    struct ed_placement profiled; // where the profile saw kernels; total 0: no profile was taken

    ort_run_fn run;
    const char *input_names[ED_TENSORS_MAX];
    const char *output_names[ED_TENSORS_MAX];
    const struct ort_value *inputs[ED_TENSORS_MAX];
    struct ort_value *outputs[ED_TENSORS_MAX];
    bool bound, ran;
    int64_t empty; // what a tensor without elements points to
};

// --- ort_library.c
// Opens `path` with dlopen and finds version and table. ED_ERR_REFUSED with the loader's words,
// ED_ERR_VERSION for a version outside the range. Nothing is left open on failure, except the library itself.
enum ed_status ort_library_open(struct ort_state *ort, const char *path, struct ed_error *err);
// Parses "1.27.0"; false when it does not begin with three numbers.
bool ort_version_parse(struct ort_version *version, const char *text);
// Whether `text` occurs in the file as a text of its own, or as the end of one behind a dot. Compilers keep
// some texts in pieces of eight bytes inside of code: with `pieces` it is enough that each whole piece
// occurs.
enum ed_status ort_library_has(const char *path, const char *text, bool pieces, bool *found,
                               struct ed_error *err);
// NULL status: ED_OK. Otherwise ED_ERR_REFUSED with `doing` and the engine's words; the status is released.
enum ed_status ort_check(struct ort_state *ort, struct ort_status *status, const char *doing,
                         struct ed_error *err);
// Copies text; what is too long loses its middle, since the engine's messages begin with a source line and
// end with the reason.
void ort_text_cut(char *text, size_t bytes, const char *words);
// The same, but the engine's words alone into `text`, with the error that it logged since the check before;
// true for success.
bool ort_check_text(struct ort_state *ort, struct ort_status *status, char *text, size_t bytes);
// The engine's log: errors go to standard error and, the last one, into the next failing ort_check.
void ort_log_line(void *context, int level, const char *category, const char *id, const char *place,
                  const char *text);

// --- ort_provider.c
// The word after the slash: "XnnpackExecutionProvider" gives "xnnpack".
void ort_provider_word(char *word, size_t bytes, const char *native);
// Kind of processor by the provider's name; `options` (ep.device_type, ep.backend_type) may refine it and may
// be NULL.
enum ed_processor ort_provider_processor(const char *native, const struct ed_load_args *options);
// Puts the provider into `options`. `plugin` is NULL for one of the engine's own, `args` for a survey. The
// error holds the engine's words.
enum ed_status ort_provider_append(struct ort_state *ort, struct ort_session_options *options,
                                   const char *native, struct ort_plugin *plugin,
                                   const struct ed_load_args *args, struct ed_error *err);
// The provider behind a backend's word into ort->provider; ED_ERR_NOT_FOUND lists what there is.
enum ed_status ort_provider_find(struct ort_state *ort, const char *backend, struct ed_error *err);
enum ed_status ort_provider_survey(struct ort_state *ort, struct ed_survey *out, struct ed_error *err);
// Whether the engine's graph assignment names every node of this provider. It does for those that compile
// subgraphs; of those with kernels of their own it leaves out what a change of the memory layout replaced.
bool ort_provider_assigned_whole(const char *native);
// "QNNExecutionProvider" for "qnn"; NULL for a word that this table does not know.
const char *ort_provider_native(const char *word);

// --- ort_options.c
// Checks every given option that is not the adapter's own: session keys (with a dot) against the table and
// the library, options of providers against the table and the provider's library; the engine ignores a key
// that it does not know. `provider` is the native name, `library` where it comes from.
enum ed_status ort_options_check(const struct ort_state *ort, const struct ed_load_args *args,
                                 const char *library, struct ed_error *err);
// Hands the session keys over.
enum ed_status ort_options_session(struct ort_state *ort, struct ort_session_options *session_options,
                                   const struct ed_load_args *args, struct ed_error *err);
// The provider's own key of a given option ("backend_type" for itself and for "ep.backend_type"); NULL where
// it is none.
const char *ort_options_provider_key(const char *key);
// The last value of a provider's option, under either name; NULL where it was not given.
const char *ort_options_provider_value(const struct ed_load_args *args, const char *key);

// --- ort_plugin.c
// Lists libonnxruntime_providers_*.so beside the engine that are plug-ins. Opens none.
void ort_plugins_find(struct ort_state *ort, const char *directory);
// NULL where no plug-in has this word.
struct ort_plugin *ort_plugin_of_word(struct ort_state *ort, const char *word);
// Registers it with the environment, once; the error holds the engine's words.
enum ed_status ort_plugin_register(struct ort_state *ort, struct ort_plugin *plugin, struct ed_error *err);
enum ed_status ort_plugin_append(struct ort_state *ort, struct ort_session_options *options,
                                 struct ort_plugin *plugin, const char *const *keys,
                                 const char *const *values, size_t n, struct ed_error *err);
// Some plug-ins and what they open print to standard output: between these two calls it goes to standard
// error. Nothing is done where there is no plug-in.
int ort_plugin_hush(const struct ort_state *ort);
void ort_plugin_unhush(int kept);
// Device name of a registered provider, and whether no device of that kind is there: then it is simulated.
void ort_plugin_describe(struct ort_state *ort, const char *native, struct ed_survey_row *row);

// --- ort_profile.c
enum ed_status ort_profile_take(struct ort_state *ort, uint32_t runs, struct ed_op_profile_row *rows,
                                size_t capacity, size_t *n, struct ed_error *err);
// One run under the profiler, only to see where kernels run: fills ort->profiled.
enum ed_status ort_profile_places(struct ort_state *ort, struct ed_error *err);

// --- ort_memory.c
// Bytes that the session's CPU arena holds from the system; -1 where the engine does not tell.
int64_t ort_memory_arena_bytes(struct ort_state *ort);

// --- ort_session.c
// On failure nothing is left loaded.
enum ed_status ort_session_load(struct ort_state *ort, const struct ed_load_args *args, struct ed_error *err);
void ort_session_unload(struct ort_state *ort);
// A session as the loaded one, with the engine's profiler writing to `prefix`. Options are made anew:
// providers keep state in them that two sessions must not share.
enum ed_status ort_session_profiled(struct ort_state *ort, const char *prefix, struct ort_session **out,
                                    struct ed_error *err);

// --- ort_tensors.c
enum ed_dtype ort_dtype_from_engine(int type); // ED_DTYPE_NONE for strings and others
int ort_dtype_to_engine(enum ed_dtype dtype);
// Fills ort->io and the name arrays from the session.
enum ed_status ort_tensors_describe(struct ort_state *ort, struct ed_error *err);
enum ed_status ort_tensors_bind(struct ort_state *ort, const struct ed_tensor *inputs, size_t n,
                                struct ed_error *err);
void ort_tensors_release_outputs(struct ort_state *ort);
void ort_tensors_release(struct ort_state *ort); // inputs and outputs
enum ed_status ort_tensors_view(struct ort_state *ort, size_t index, struct ed_tensor *view,
                                struct ed_error *err);

// --- ort_placement.c
// One more node of this type on this provider.
enum ed_status ort_placement_add(const struct ort_state *ort, struct ed_placement *out, const char *provider,
                                 const char *type, struct ed_error *err);
enum ed_status ort_placement_read(struct ort_state *ort, struct ed_placement *out, struct ed_error *err);

#endif
