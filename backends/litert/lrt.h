// SPDX-License-Identifier: Apache-2.0
// What the files of the LiteRT adapter share: its state, and what each file offers.
#ifndef EDGEDYNO_BACKENDS_LRT_H
#define EDGEDYNO_BACKENDS_LRT_H

#include "backends/litert/lrt_api.h"
#include "edgedyno/backend.h"

// What a model is compiled with; kept so that a profile can compile it once more.
struct lrt_plan {
    int hardware; // LRT_HARDWARE_ bits that the engine may use
    int asked;    // the one that was asked for
    int threads;
    char backend[16], precision[16];
};

struct lrt_state {
    struct lrt_api api;
    void *library; // stays open: the engine does not promise that it can be unloaded
    char version[64];
    lrt_handle environment;
    int64_t words_from; // where standard error stood when the last call began; -1: it is no file

    struct lrt_plan plan;
    lrt_handle model, compiled;
    size_t signature;
    char signature_key[128];
    struct ed_io io;
    lrt_handle inputs[ED_TENSORS_MAX], outputs[ED_TENSORS_MAX];
    void *locked[ED_TENSORS_MAX]; // outputs that the caller has views of
    bool bound, ran;
};

// --- lrt_library.c
// Opens `path` with dlopen and finds functions and version. ED_ERR_REFUSED with the loader's words,
// ED_ERR_VERSION for a release without a function that is needed.
enum ed_status lrt_library_open(struct lrt_state *lrt, const char *path, struct ed_error *err);
// The words of the calls from here on are those of the next failing lrt_check.
void lrt_words_begin(struct lrt_state *lrt);
// Where standard error is no file it is made one, until the restore, which hands on what was written. Only in
// a survey, since other threads' words go the same way.
int lrt_words_divert(struct lrt_state *lrt);
void lrt_words_restore(int kept);
// 0: ED_OK. Otherwise ED_ERR_REFUSED with `doing`, the status by its name, and what the engine wrote to
// standard error meanwhile: it has no other words.
enum ed_status lrt_check(const struct lrt_state *lrt, int status, const char *doing, struct ed_error *err);
int lrt_model_from_file(const struct lrt_state *lrt, const char *path, lrt_handle *model);
int lrt_model_from_buffer(const struct lrt_state *lrt, const void *bytes, size_t n, lrt_handle *model);

// --- lrt_survey.c
// The kinds of hardware that accelerators were registered for, as LRT_HARDWARE_ bits.
int lrt_survey_registered(const struct lrt_state *lrt);
enum ed_status lrt_survey_rows(struct lrt_state *lrt, struct ed_survey *out, struct ed_error *err);

// --- lrt_compile.c
enum ed_status lrt_plan_make(struct lrt_plan *plan, const struct ed_load_args *args, struct ed_error *err);
// `profile`: with times of its operators.
enum ed_status lrt_compile(const struct lrt_state *lrt, const struct lrt_plan *plan, lrt_handle model,
                           bool profile, lrt_handle *compiled, struct ed_error *err);
// The signature of `key`, the first where it is NULL, into the state.
enum ed_status lrt_signature_find(struct lrt_state *lrt, const char *key, struct ed_error *err);

// --- lrt_tensors.c
enum ed_status lrt_tensors_describe(struct lrt_state *lrt, struct ed_error *err);
// Buffers for the compiled model; made once.
enum ed_status lrt_tensors_make(struct lrt_state *lrt, struct ed_error *err);
enum ed_status lrt_tensors_bind(struct lrt_state *lrt, const struct ed_tensor *inputs, size_t n,
                                struct ed_error *err);
enum ed_status lrt_tensors_view(struct lrt_state *lrt, size_t index, struct ed_tensor *view,
                                struct ed_error *err);
void lrt_tensors_unlock(struct lrt_state *lrt);
void lrt_tensors_release(struct lrt_state *lrt);

// --- lrt_evidence.c
enum ed_status lrt_evidence_placement(struct lrt_state *lrt, struct ed_placement *out, struct ed_error *err);
enum ed_status lrt_evidence_profile(struct lrt_state *lrt, uint32_t runs, struct ed_op_profile_row *rows,
                                    size_t capacity, size_t *n, struct ed_error *err);

#endif
