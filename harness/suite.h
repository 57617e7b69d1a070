// SPDX-License-Identifier: Apache-2.0
// A suite: what is to be measured, as a file or as models on the command line. A suite is parsed wholly
// before anything runs; paths in it are relative to the suite's own directory and become absolute.
//
//   {"name": "digits",
//    "models": [{"name": "digits", "reference": "fp32",
//                "variants": [{"name": "fp32", "file": "models/a.onnx"}, {"name": "int8", "files": ["b.onnx"], "how": "ptq"}],
//                "shapes": {"image": [1, 1, 8, 8]}, "inputs": {"image": "x.npy"},
//                "preprocess": {"version": "1", "resize": [256], "crop": [224, 224], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
//                "tasks": [{"name": "held-out", "data": "data/x.npy" or "images/" or {"image": "data/x.npy"}, "labels": "data/y.npy",
//                           "metric": "top-1", "output": "logits", "threshold": "accuracy_drop <= 1 %"}]}],
//    "prompt_tokens": [512], "generate_tokens": "128,256", "prompt_generate_tokens": ["512,128"], "depth_tokens": [0, 4096],
//    "scenarios": ["single-stream", "fixed-rate:50/s", "poisson", "offline:4", "sustained:10min"], "rates": [50, 100], "deadline": "20 ms",
//    "on": ["onnxruntime/cpu"], "devices": ["local"], "threads": [1, 2], "options": {"KEY": "VALUE"},
//    "option_lists": {"KEY": ["VALUE", "VALUE"]},
//    "blocks": 10, "seed": 1, "pin": "0", "papi": ["PAPI_TOT_INS"], "mem_limit": "512 MiB", "ballast": "1 GiB", "max_time": "2 min", "cool_down": "2 min", "allow_fallback": false, "min_placed": "95 %", "on_invalid": "repeat", "agree_with": "digits/fp32 onnxruntime/cpu", "profile": false, "label": {"commit": "abc"},
//    "block": {"min_time": "1 s", "max_time": "10 s", "min_inferences": 100, "inferences": 0, "timeout": "10 min"},
//    "require": ["latency_p90_ns <= 50 ms", "accuracy_drop <= 1 %", "latency_p50_ns <= baseline + 2 %"],
//    "gate": {"baseline": "fp32" or "old.onnx" or "on=onnxruntime@1.26.0/cpu", "candidate": "int8", "mde": "2 %",
//             "metric": "latency_p50_ns,load_ns", "inconclusive": "fail", "need": 2, "confirm": true},
//    "tune": {"reference": "fp32" or "fp32.onnx", "minimize": "latency_p50_ns", "inconclusive": "pass"}}
// Only "models" is required ("on": ["null"] needs none). Every key may be overridden by its flag.
#ifndef EDGEDYNO_HARNESS_SUITE_H
#define EDGEDYNO_HARNESS_SUITE_H

#include "base/buffer.h"
#include "base/json_read.h"
#include "edgedyno/backend.h"
#include "edgedyno/workload.h"
#include "reports/verdict.h"

struct ed_suite_variant {
    char *name;   // "" for a model given alone on the command line
    char **files; // absolute
    size_t n_files;
    char *how; // converted, ptq, qat, pruned, distilled or ""
};

struct ed_suite_shape {
    char *input; // "" means the only one
    uint32_t rank;
    int64_t shape[ED_TENSOR_RANK_MAX];
};

struct ed_suite_input {
    char *input; // "" means the only one
    char *file;  // absolute .npy
};

struct ed_suite_task {
    char *name;
    struct ed_suite_input *data;
    size_t n_data;
    char *labels;    // absolute .npy or .csv; "": none, or in the data's folder
    char *metric;    // "top-1"
    char *output;    // the output that is judged; "" means the first
    char *threshold; // a requirement on a key of accuracy; ""
    char **command;  // program and arguments that judge the outputs
    size_t n_command;
    bool lower_is_better;       // of what the command says
    char preprocess_sha256[65]; // "" until the data was made from something else (harness/data/prepare.h)
};

// How images become a model's input; harness/data/preprocess.h says what the keys mean.
struct ed_suite_preprocess {
    char *version; // NULL: there is no such object
    char **command;
    size_t n_command;
    int64_t *resize, *crop; // height and width; a single one is the shorter side, or both
    size_t n_resize, n_crop;
    char *method, *color, *layout, *dtype;
    double scale; // 0: not said
    double *mean, *std;
    size_t n_mean, n_std;
};

struct ed_suite_model {
    char *name;
    char *reference; // variant name; "" is the first variant
    struct ed_suite_variant *variants;
    size_t n_variants;
    struct ed_suite_shape *shapes;
    size_t n_shapes;
    struct ed_suite_input *inputs;
    size_t n_inputs;
    struct ed_suite_task *tasks;
    size_t n_tasks;
    struct ed_suite_preprocess preprocess;
};

// What `edgedyno gate` compares, as written; texts are never NULL.
struct ed_suite_gate {
    bool active;                // the command is `gate`; else the rest is without effect
    char *baseline, *candidate; // a variant's name, a file (absolute), "on=ENGINE..."; "": not said
    char *mde;                  // "2 %" or "2 %, load_ns = 20 %"
    char *metric;               // keys, separated by commas; "": the usual ones
    char *inconclusive;         // "pass", "fail" or ""
    // Only the command sets these. Id and directory of the campaign whose fail is repeated; and the words of
    // the command line as one JSON object, so that a resume can repeat a fail of this one; and what that
    // campaign came to, likewise.
    char *confirms, *confirms_in, *asked, *first;
    int64_t need; // devices that are enough; 0: all
    bool confirm;
    // What the words came to (gate_sides.h): both engines, or both variants; NULL: not that.
    char *side_on[2], *side_variant[2]; // baseline, candidate
};

// What `edgedyno tune` chooses by, as written; texts are never NULL.
struct ed_suite_tune {
    bool active;        // the command is `tune`; else the rest is without effect
    char *reference;    // a variant's name, a file (absolute); "": the models' own
    char *minimize;     // a key, -KEY for the largest; "": latency_p50_ns, or tokens a second
    char *inconclusive; // "pass" or ""
};

struct ed_suite_pair {
    char *key, *value;
};

// An option of the engine with more than one value: every value makes cases of its own.
struct ed_suite_crossing {
    char *key;
    char **values;
    size_t n_values;
};

struct ed_suite_tokens {
    int32_t prompt, generate;
};

struct ed_suite {
    char *name;      // "" for the command line
    char *directory; // absolute, of the suite file; "" for the command line
    struct ed_suite_model *models;
    size_t n_models;
    char **on; // as written: NAME[@VERSION][/BACKEND] or NAME:ADDRESS, with a file's address absolute
    size_t n_on;
    char **devices; // selectors; none means local
    size_t n_devices;
    struct ed_workload *scenarios; // over tensors; none means single-stream. A rate of 0 is each of `rates`
    size_t n_scenarios;
    double *rates; // a second
    size_t n_rates;
    int64_t deadline_ns; // of every scenario; 0: none
    // Of language models: tests of a prompt, of generated tokens, of both, each at every depth. None
    // given means 512 and 128, as llama-bench has it; a 0 among them is no such test.
    int64_t *prompts, *generates, *depths;
    size_t n_prompts, n_generates, n_depths;
    struct ed_suite_tokens *pairs; // prompt and generated tokens in one test
    size_t n_pairs;
    int64_t *threads; // none means 1
    size_t n_threads;
    struct ed_suite_pair *options, *labels;
    size_t n_options, n_labels;
    struct ed_suite_crossing *crossings;
    size_t n_crossings;
    struct ed_requirement *requirements;
    size_t n_requirements;
    int64_t blocks; // 10
    int64_t seed;   // -1: to be chosen
    char *pin;      // "": unpinned
    char **papi;    // events of the processor's counters that are counted; none means the common ones
    size_t n_papi;
    int64_t cool_down_ns;                   // longest wait before a block; 0: none
    int64_t max_time_ns;                    // 0: no limit
    int64_t mem_limit_bytes, ballast_bytes; // 0: none
    bool allow_fallback;
    double min_placed; // share of the operators that has to be where it was asked to be; 1: all
    char *on_invalid;  // refuse, repeat, mark
    char *agree_with;  // the case whose answers the others are held against; "": each model's reference
    bool only_timing;  // no cold blocks: only `fit` sets it
    bool profile;      // a further pass a case tells the time of each operator
    struct ed_suite_gate gate;
    struct ed_suite_tune tune;
    int64_t block_min_ns, block_max_ns, block_min_inferences, block_inferences, block_timeout_ns;
};

#define ED_SUITE_SIDE_ENGINE "on="

// Defaults everywhere, no models.
void ed_suite_init(struct ed_suite *suite);
void ed_suite_release(struct ed_suite *suite);
// `suite` was initialised (or is all zero); what it held is released first, and after a failure it is all
// zero. Parses and checks everything that needs no device: known keys, values with units, requirements, names
// unique, files exist and are regular.
enum ed_status ed_suite_parse(struct ed_suite *suite, const char *name, const char *directory,
                              const char *text, size_t bytes, struct ed_error *err);
enum ed_status ed_suite_load(struct ed_suite *suite, const char *path, struct ed_error *err);
// Adds a model file from the command line: name is the file's without its ending (made unique by its
// directory where needed).
enum ed_status ed_suite_add_model(struct ed_suite *suite, const char *path, struct ed_error *err);
// Flags that override: each takes the flag's text. "--shape image=1,1,8,8" or "--shape 1,1,8,8"; "--input
// image=x.npy"; data likewise.
enum ed_status ed_suite_set_on(struct ed_suite *suite, const char *list, struct ed_error *err);
enum ed_status ed_suite_set_devices(struct ed_suite *suite, const char *list, struct ed_error *err);
enum ed_status ed_suite_set_papi(struct ed_suite *suite, const char *list, struct ed_error *err);
enum ed_status ed_suite_set_threads(struct ed_suite *suite, const char *list, struct ed_error *err);
enum ed_status ed_suite_add_option(struct ed_suite *suite, const char *pair, struct ed_error *err);
// One value sets the option, several make cases of their own each; a later call replaces an earlier one.
// `flag` is for messages; `values` are borrowed.
enum ed_status ed_suite_cross_option(struct ed_suite *suite, const char *flag, const char *key,
                                     const char *const *values, size_t n_values, struct ed_error *err);
// Lists of numbers of tokens; "512,128" is a prompt and what is generated behind it, and adds to those there
// are.
enum ed_status ed_suite_set_prompts(struct ed_suite *suite, const char *list, struct ed_error *err);
enum ed_status ed_suite_set_generates(struct ed_suite *suite, const char *list, struct ed_error *err);
enum ed_status ed_suite_set_depths(struct ed_suite *suite, const char *list, struct ed_error *err);
enum ed_status ed_suite_add_pair(struct ed_suite *suite, const char *text, struct ed_error *err);
// "fixed-rate:50/s,offline:4", added to those there are; "50,100/s", instead of those there are.
enum ed_status ed_suite_add_scenarios(struct ed_suite *suite, const char *list, struct ed_error *err);
enum ed_status ed_suite_set_rates(struct ed_suite *suite, const char *list, struct ed_error *err);
// Scenarios and rates fit each other, and a gate. After the last flag; ED_ERR_USAGE.
enum ed_status ed_suite_scenarios_check(const struct ed_suite *suite, struct ed_error *err);
enum ed_status ed_suite_add_label(struct ed_suite *suite, const char *pair, struct ed_error *err);
enum ed_status ed_suite_add_requirement(struct ed_suite *suite, const char *text, struct ed_error *err);
enum ed_status ed_suite_add_shape(struct ed_suite *suite, const char *text, struct ed_error *err);
enum ed_status ed_suite_add_input(struct ed_suite *suite, const char *text, struct ed_error *err);
// The JSON Schema of suites, generated from the parser's own tables of keys, so that the two cannot differ.
void ed_suite_schema(struct ed_buffer *out);

#endif
