// SPDX-License-Identifier: Apache-2.0
// What the files of the OpenVINO adapter share: its state, and what each file offers.
#ifndef EDGEDYNO_BACKENDS_OV_H
#define EDGEDYNO_BACKENDS_OV_H

#include "backends/openvino/ov_api.h"
#include "base/path.h"
#include "edgedyno/backend.h"

#define OV_OPTION_PREFIX "property." // `-o property.KEY=VALUE` is handed to the engine as KEY
#define OV_PROPERTIES_MAX 16
#define OV_MEMBERS_MAX 8
#define OV_REQUESTS_MAX 16

struct ov_property {
    char key[64], value[128];
};

// What a model is compiled with; kept so that a profile can compile it once more.
struct ov_plan {
    char model[4096], weights[4096]; // weights "": beside the model, by the engine's own rule
    char device[128];                // "CPU", "GPU.1", "HETERO:GPU,CPU"
    char native[16];                 // "CPU", "GPU", "NPU", "AUTO", "HETERO"
    bool several;                    // a device that hands the model to others
    char members[OV_MEMBERS_MAX][32];
    size_t n_members;
    struct ov_property properties[OV_PROPERTIES_MAX]; // for compile_model
    size_t n_properties;
    struct ov_property defaults[OV_PROPERTIES_MAX]; // for each member of a device of several
    size_t n_defaults;
};

struct ov_state {
    struct ov_api api;
    void *library; // stays open: the engine does not promise that it can be unloaded
    char version[64];
    char directory[ED_PATH_BYTES]; // of the library
    struct ov_core *core;

    struct ov_plan plan;
    struct ov_compiled *compiled;
    struct ed_io io;

    struct ov_request *requests[OV_REQUESTS_MAX]; // the first one is what `run` uses
    uint64_t tickets[OV_REQUESTS_MAX];
    size_t n_requests, n_waiting, oldest, last;
    struct ov_tensor *inputs[ED_TENSORS_MAX], *outputs[ED_TENSORS_MAX];
    bool bound, ran;
    int64_t empty; // what a tensor without elements points to
};

// --- ov_library.c
// Opens `path` with dlopen and finds version and functions. ED_ERR_REFUSED with the loader's words,
// ED_ERR_VERSION for a release without a function that is needed.
enum ed_status ov_library_open(struct ov_state *ov, const char *path, struct ed_error *err);
// 0: ED_OK. Otherwise ED_ERR_REFUSED with `doing` and the engine's words.
enum ed_status ov_check(const struct ov_state *ov, int status, const char *doing, struct ed_error *err);
// The engine's words of the last failure of this thread, on one line; what is too long loses its middle.
void ov_words(const struct ov_state *ov, int status, char *text, size_t bytes);

// --- ov_devices.c
enum ed_processor ov_device_processor(const char *name); // "GPU.1" and "(CPU)" as well
// The devices that the engine finds, separated by spaces, the CPU last.
enum ed_status ov_devices_list(const struct ov_state *ov, char *text, size_t bytes, struct ed_error *err);
enum ed_status ov_devices_survey(const struct ov_state *ov, struct ed_survey *out, struct ed_error *err);

// --- ov_plan.c
// Device and properties from backend, threads and options; every one is checked against what the engine
// knows.
enum ed_status ov_plan_make(const struct ov_state *ov, struct ov_plan *plan, const struct ed_load_args *args,
                            struct ed_error *err);
// Reads and compiles the plan's model. `profile`: the engine takes times of its operators.
enum ed_status ov_plan_compile(const struct ov_state *ov, const struct ov_plan *plan, bool profile,
                               struct ov_compiled **out, struct ed_error *err);

// --- ov_tensors.c
enum ed_status ov_tensors_describe(struct ov_state *ov, struct ed_error *err);
enum ed_status ov_tensors_bind(struct ov_state *ov, const struct ed_tensor *inputs, size_t n,
                               struct ed_error *err);
// The bound inputs into a request.
enum ed_status ov_tensors_give(const struct ov_state *ov, struct ov_request *request, struct ed_error *err);
enum ed_status ov_tensors_view(struct ov_state *ov, size_t index, struct ed_tensor *view,
                               struct ed_error *err);
void ov_tensors_release(struct ov_state *ov); // inputs and outputs

// --- ov_evidence.c
enum ed_status ov_evidence_placement(const struct ov_state *ov, struct ed_placement *out,
                                     struct ed_error *err);
// The engine takes less than it was asked for in silence: another precision is refused unless fallback is
// allowed, another number of threads always.
enum ed_status ov_evidence_taken(const struct ov_state *ov, bool allow_fallback, struct ed_error *err);
enum ed_status ov_evidence_profile(const struct ov_state *ov, uint32_t runs, struct ed_op_profile_row *rows,
                                   size_t capacity, size_t *n, struct ed_error *err);

#endif
