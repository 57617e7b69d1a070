// SPDX-License-Identifier: Apache-2.0
// What the files of the ExecuTorch adapter share: its state, and what each file offers.
#ifndef EDGEDYNO_BACKENDS_ET_H
#define EDGEDYNO_BACKENDS_ET_H

#include "backends/executorch/et_abi.h"
#include "backends/executorch/et_program.h"
#include "base/path.h"
#include "edgedyno/backend.h"

#define ET_VERSION "1.5" // the library does not tell its own; it has what this release has

// One loaded method with the memory that it works in.
struct et_session {
    struct et_method_result method;
    struct et_allocator for_method, temporary;
    struct et_hierarchy planned;
    struct et_memory memory;
    struct et_span spans[ET_ARENAS_MAX];
    void *outputs[ED_TENSORS_MAX]; // of those that the program plans no memory for
};

struct et_state {
    struct et_api api;
    void *library; // stays open, as those of kernels and backends do: what they registered cannot be taken
                   // back
    char directory[ED_PATH_BYTES];
    int64_t words_from; // where standard error stood when the last call began

    char backend[16];
    int threads;      // in the pool; 0: there is none
    char opened[160]; // libraries that the program needed, for the evidence
    struct et_program program;
    struct et_loader_result loader;
    struct et_program_result loaded;
    struct et_session session;

    struct et_tensor inputs[ED_TENSORS_MAX];
    struct et_value values[ED_TENSORS_MAX];
    int32_t sizes[ED_TENSORS_MAX][ED_TENSOR_RANK_MAX], strides[ED_TENSORS_MAX][ED_TENSOR_RANK_MAX];
    uint8_t order[ED_TENSOR_RANK_MAX];
    size_t again[ED_TENSORS_MAX], n_again; // inputs that a run may overwrite
    bool bound, ran;
};

// --- et_library.c
enum ed_status et_library_open(struct et_state *et, const struct ed_open_args *args, struct ed_error *err);
// The words of the calls from here on are those of the next failing et_check.
void et_words_begin(struct et_state *et);
// 0: ED_OK. Otherwise ED_ERR_REFUSED with `doing`, the error by its name and the engine's words.
enum ed_status et_check(const struct et_state *et, uint32_t error, const char *doing, struct ed_error *err);
// Whether the build has libexecutorch_NAME.so.
bool et_library_has(const struct et_state *et, const char *name);
// Opens libexecutorch_NAME.so, whose operators or backends are registered by that.
enum ed_status et_library_more(struct et_state *et, const char *name, struct ed_error *err);
// -t: how many threads the pool has; 0 leaves it as it is.
enum ed_status et_library_threads(struct et_state *et, int threads, struct ed_error *err);

// --- et_survey.c
struct et_offer {
    const char *backend, *native; // native "": any processor of the kind
    const char *library;          // that the build must have; "" none
    const char *driver;           // that must be there beside it; "" none
    enum ed_processor processor;
};
const struct et_offer *et_offer_find(const char *backend);
// Of a delegate's name: "XnnpackBackend"; NULL where no library here has it.
const struct et_offer *et_offer_of_delegate(const char *id);
enum ed_status et_survey_rows(struct et_state *et, struct ed_survey *out, struct ed_error *err);
// Why this build does not offer it; ED_OK where it does.
enum ed_status et_offer_check(struct et_state *et, const struct et_offer *offer, struct ed_error *err);
// The name of the kernels that run what no delegate takes: "optimized" or "portable"; NULL: there are none.
const char *et_kernels(const struct et_state *et, const char *backend);

// --- et_session.c
// Loads the program's method; `tracer` may be NULL. The session is released by the caller, also on failure.
enum ed_status et_session_open(struct et_state *et, struct et_session *session, struct et_tracer *tracer,
                               struct ed_error *err);
void et_session_release(struct et_state *et, struct et_session *session);
// The bound inputs into it; `all` false: only those that a run may have overwritten.
uint32_t et_session_give(const struct et_state *et, struct et_session *session, bool all);

// --- et_tensors.c
enum ed_status et_tensors_bind(struct et_state *et, const struct ed_tensor *inputs, size_t n,
                               struct ed_error *err);
enum ed_status et_tensors_view(const struct et_state *et, size_t index, struct ed_tensor *view,
                               struct ed_error *err);

// --- et_evidence.c
enum ed_processor et_processor_of(const struct et_delegate *delegate);
enum ed_status et_evidence_placement(const struct et_state *et, struct ed_placement *out,
                                     struct ed_error *err);

// --- et_profile.c
enum ed_status et_profile(struct et_state *et, uint32_t runs, struct ed_op_profile_row *rows, size_t capacity,
                          size_t *n, struct ed_error *err);

#endif
