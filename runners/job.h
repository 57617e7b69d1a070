// SPDX-License-Identifier: Apache-2.0
// A job as it comes over the wire: engines, models, data, cases, blocks. Parsed strictly, since it is hostile
// until checked: every index is in range, every name is a name, every path absolute, every count below its
// limit.
//
// The worker's block.json is a job with one case and one block, so that supervisor and worker share this
// parser. Format:
//   {"type":"job","wire":"1.0","job":ID,"campaign":ID,"max_ns":N,"ballast_bytes":N,
//    "engines":[{"id","name","version","adapter":FILE,"directory":PATH or "","library":PATH or "","files":[FILE],"environment":["K=V"],"network":B,
//                "libc":{"directory":PATH,"loader":NAME,"version":TEXT or ""}}],  absent: the device's own C library
//    "models":[{"files":[FILE]}],
//    "data":[{"inputs":[{"input":NAME or "","file":FILE}],"questions":"choice" or "match","speech":B}],
//              questions: of a language model; absent: a text. speech: two files, runners/recordings.h
//    "cases":[{"id":ID,"engine":I,"model":I or -1,"backend":WORD,"threads":N,"allow_fallback":B,"pin":"0,2-3" or "",
//              "mem_limit_bytes":N,  of timing, pilot and cold blocks; 0 or absent: no limit
//              "workload":{"scenario":WORD,...} (base/workload.h; absent: single-stream),
//              "options":[{"key","value"}],"shapes":[{"input","shape":[..]}],"inputs":[{"input","file":FILE}],"data":I or -1,
//              "reference":I or -1}],     a model that a language model's accuracy block loads beside it
//    "blocks":[{"id":ID,"case":I,"pass":WORD,"repetition":N,"seed":N,"inferences":N,"min_inferences":N,"min_ns":N,"max_ns":N,
//               "max_samples":N,"timeout_ns":N}],
//    "papi":"EVENT,EVENT",                     absent: the common events (probes/papi.c)
//    "external_meter":B,                       absent: false
//    "cool_down":{"timeout_ns":N,"accelerated":B,"channel":ID,"start_mc":N},  absent: no block waits; the last two
//                                              where earlier jobs of the campaign had them
//    "lease":{"token":TOKEN,"for_ns":N},       absent: the job is started without a lease
//    "settings":[{"kind":WORD,"value":TEXT}]}  absent: nothing is changed on the device (runners/settings.h)
//   FILE = {"path":PATH,"bytes":N,"sha256":HEX}
#ifndef EDGEDYNO_RUNNERS_JOB_H
#define EDGEDYNO_RUNNERS_JOB_H

#include "base/buffer.h"
#include "base/digest.h"
#include "base/json_read.h"
#include "edgedyno/backend.h"
#include "edgedyno/wire.h"
#include "runners/settings.h"

struct ed_job_file {
    const char *path; // borrowed from the document
    int64_t bytes;
    const char *sha256;
};

struct ed_job_files {
    struct ed_job_file *items;
    size_t n;
};

struct ed_job_engine {
    const char *id, *name, *version, *directory, *library;
    // The C library of a pack, through whose loader the worker is started; "" where the device's own serves.
    const char *libc_directory, *libc_loader, *libc_version;
    struct ed_job_file adapter;
    struct ed_job_files files;
    const char **environment;
    size_t n_environment;
    bool network; // it needs one: a server, a remote API
};

struct ed_job_shape {
    const char *input;
    uint32_t rank;
    int64_t shape[ED_TENSOR_RANK_MAX];
};

struct ed_job_input {
    const char *input; // "" means the only one
    struct ed_job_file file;
};

struct ed_job_data {
    struct ed_job_input *inputs;
    size_t n_inputs;
    bool questions, match; // JSON lines of base/questions.h; their answers are words
    bool speech;           // recordings (runners/recordings.h)
};

struct ed_job_case {
    const char *id, *backend, *pin;
    size_t engine;
    int64_t model;     // -1: none
    int64_t data;      // -1: none
    int64_t reference; // model that accuracy blocks of a language model load beside it; -1: none
    int threads;
    int64_t mem_limit_bytes; // 0: no limit
    bool allow_fallback;
    struct ed_workload workload;
    struct ed_option_given options[ED_OPTIONS_GIVEN_MAX];
    size_t n_options;
    struct ed_job_shape *shapes;
    size_t n_shapes;
    struct ed_job_input *inputs;
    size_t n_inputs;
};

enum ed_pass {
    ED_PASS_KIND_TIMING,
    ED_PASS_KIND_COLD,
    ED_PASS_KIND_ACCURACY,
    ED_PASS_KIND_PROFILE,
    ED_PASS_KIND_PILOT,
    ED_PASS_KIND_COUNT
};

static inline bool ed_pass_is_timed(enum ed_pass pass) {
    return pass == ED_PASS_KIND_TIMING || pass == ED_PASS_KIND_PILOT;
}

struct ed_job_block {
    const char *id;
    size_t case_index;
    enum ed_pass pass;
    int64_t repetition, seed;
    int64_t inferences;             // exact number of timed inferences; 0: by the rule below
    int64_t min_inferences, min_ns; // time until both are reached,
    int64_t max_ns, max_samples;    // but never beyond either of these
    int64_t timeout_ns;             // of the whole block, after which the worker is killed
};

// How a device is waited for that has become warm (runners/cool_down.h).
struct ed_job_cool_down {
    int64_t timeout_ns;  // for each block; 0: it is not
    bool accelerated;    // a case runs on a GPU or NPU
    bool has_start;      // by earlier jobs of the campaign:
    const char *channel; // that told
    int64_t start_mc;    // the temperature at its start
};

struct ed_job {
    struct ed_json_document document; // everything above points into it
    const char *id, *campaign;
    int64_t max_ns;        // no block starts later than this after the job's start; 0: no limit
    const char *papi;      // events to count; "": the common ones
    bool external_meter;   // the device's power is measured from outside: windows of rest are wanted
    int64_t ballast_bytes; // held for the time of the job (runners/ballast.h); 0: none
    struct ed_job_cool_down cool_down;
    const char *lease_token; // "": without a lease
    int64_t lease_for_ns;
    struct ed_setting *settings; // checked, each kind once
    size_t n_settings;
    struct ed_job_engine *engines;
    size_t n_engines;
    struct ed_job_files *models;
    size_t n_models;
    struct ed_job_data *data;
    size_t n_data;
    struct ed_job_case *cases;
    size_t n_cases;
    struct ed_job_block *blocks;
    size_t n_blocks;
};

const char *ed_pass_word(enum ed_pass pass);

// Parses `bytes` of text; `name` is for messages. On failure the job is released.
enum ed_status ed_job_parse(struct ed_job *job, const char *name, const char *text, size_t bytes,
                            struct ed_error *err);
void ed_job_release(struct ed_job *job); // safe on a zeroed struct

// The job of one block, as JSON text, for the worker.
enum ed_status ed_job_write_block(const struct ed_job *job, size_t block_index, struct ed_buffer *out,
                                  struct ed_error *err);

#endif
