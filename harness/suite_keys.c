// SPDX-License-Identifier: Apache-2.0
// Every key of a suite: one row each.
#include "harness/suite_keys.h"

#include "base/buffer.h"
#include "edgedyno/wire.h"
#include "harness/metrics.h"
#include "harness/suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AT(type, member) .value = offsetof(struct type, member)
#define LIST(type, member) AT(type, member), .count = offsetof(struct type, n_##member)
#define PREPROCESS_LIST(member) \
    AT(ed_suite_model, preprocess.member), .count = offsetof(struct ed_suite_model, preprocess.n_##member)
#define MS_NS INT64_C(1000000)
#define HOUR_NS (INT64_C(3600) * 1000 * MS_NS)
#define DAY_NS (24 * HOUR_NS)

// Names that must differ are found by this place.
_Static_assert(offsetof(struct ed_suite_model, name) == 0, "a model begins with its name");
_Static_assert(offsetof(struct ed_suite_variant, name) == 0, "a variant begins with its name");
_Static_assert(offsetof(struct ed_suite_task, name) == 0, "a task begins with its name");

static const struct ed_suite_key variant_keys[] = {
    {"name", ED_SUITE_NAME, .required = true, AT(ed_suite_variant, name),
     .help = "name of the variant, such as int8"},
    {"file", ED_SUITE_ONE_FILE, LIST(ed_suite_variant, files), .help = "the model's file"},
    {"files", ED_SUITE_FILES, LIST(ed_suite_variant, files), .min = 1, .max = ED_SUITE_FILES_MAX,
     .help = "the model's files; the engine opens the first"},
    {"how", ED_SUITE_WORD, AT(ed_suite_variant, how), .words = "converted|ptq|qat|pruned|distilled",
     .help = "how the variant was made from the reference: converted (another precision or format), "
             "quantized after "
             "training or in it, pruned, distilled; shown where variants are chosen from"},
};

static const struct ed_suite_object variant_object = {
    .name = "variant",
    .help = "one form of a model",
    .keys = variant_keys,
    .n_keys = COUNT(variant_keys),
    .bytes = sizeof(struct ed_suite_variant),
    .either = "file",
    .or = "files",
    .check = ed_suite_variant_check,
};

static const struct ed_suite_key task_keys[] = {
    {"name", ED_SUITE_NAME, .required = true, AT(ed_suite_task, name), .help = "name of the task"},
    {"data", ED_SUITE_DATA, .required = true, LIST(ed_suite_task, data), .min = 1, .max = ED_TENSORS_MAX,
     .help = "samples as .npy, the first dimension counts them, or a folder of PNG and JPEG images: one for "
             "a model with one input, else one for each input; of a language model a text, or questions as "
             ".jsonl; of a speech model a folder of WAV files"},
    {"labels", ED_SUITE_FILE, AT(ed_suite_task, labels),
     .help =
         "the right class of every sample, as .npy; of a folder of images a .csv of FILE,CLASS, else "
         "its labels.csv, else the folders in it are the classes; of a folder of WAV files a .tsv with the "
         "columns path and sentence, else its transcripts.tsv, else FILE.txt beside FILE.wav"},
    {"metric", ED_SUITE_WORD, AT(ed_suite_task, metric), .words = ED_METRIC_WORDS, .fallback = "top-1",
     .help = "how the answers are judged"},
    {"output", ED_SUITE_TENSOR, AT(ed_suite_task, output),
     .help = "the output that is judged; the first where it is not given"},
    {"threshold", ED_SUITE_TEXT, AT(ed_suite_task, threshold),
     .help =
         "what is required of this task: \"accuracy_drop <= 1 %\", or of the figure itself, by the metric's "
         "name: \"perplexity <= 40\""},
    {"command", ED_SUITE_COMMAND, LIST(ed_suite_task, command), .min = 1, .max = ED_SUITE_COMMAND_MAX,
     .help = "of the metric command: a program and its arguments; it gets a folder with the outputs as .npy "
             "and prints {\"id\": 0, \"score\": 0.5} a line for each sample"},
    {"lower_is_better", ED_SUITE_BOOL, AT(ed_suite_task, lower_is_better),
     .help = "of the metric command: a higher score is the worse one"},
};

static const struct ed_suite_object task_object = {
    .name = "task",
    .check = ed_suite_task_check,
    .help = "data by which variants are judged",
    .keys = task_keys,
    .n_keys = COUNT(task_keys),
    .bytes = sizeof(struct ed_suite_task),
};

static const struct ed_suite_key preprocess_keys[] = {
    {"version", ED_SUITE_NAME, AT(ed_suite_model, preprocess.version), .fallback = "1",
     .help = "counted up when the app's own preprocessing changes; part of the digest"},
    {"command", ED_SUITE_COMMAND, PREPROCESS_LIST(command), .min = 1, .max = ED_SUITE_COMMAND_MAX,
     .help =
         "a program of your own instead of the keys below; it gets a list of files and the .npy to write"},
    {"resize", ED_SUITE_SIZES, PREPROCESS_LIST(resize), .min = 1, .max = 2,
     .help = "height and width in pixels; a single number is the shorter side, the longer one follows"},
    {"method", ED_SUITE_WORD, AT(ed_suite_model, preprocess.method),
     .words = "nearest|bilinear|bicubic|bilinear-no-antialias|bicubic-no-antialias", .fallback = "bilinear",
     .help =
         "of resizing, as Pillow does it; no-antialias looks at 2 or 4 pixels a side however much smaller "
         "the result is"},
    {"crop", ED_SUITE_SIZES, PREPROCESS_LIST(crop), .min = 1, .max = 2,
     .help = "height and width of the centre that is kept, after resizing; a single number is both"},
    {"color", ED_SUITE_WORD, AT(ed_suite_model, preprocess.color), .words = "rgb|bgr|gray", .fallback = "rgb",
     .help = "channels and their order"},
    {"layout", ED_SUITE_WORD, AT(ed_suite_model, preprocess.layout), .words = "nchw|nhwc", .fallback = "nchw",
     .help = "order of the input's dimensions"},
    {"scale", ED_SUITE_RATIO, AT(ed_suite_model, preprocess.scale),
     .help = "a pixel of 0 to 255 is multiplied by it, as a number or as \"1/255\", which it is where it is "
             "not given"},
    {"mean", ED_SUITE_REALS, PREPROCESS_LIST(mean), .min = 1, .max = 3,
     .help = "taken away after scaling, one number or one a channel, in the order of color"},
    {"std", ED_SUITE_REALS, PREPROCESS_LIST(std), .min = 1, .max = 3,
     .help = "what is left is divided by it, likewise"},
    {"dtype", ED_SUITE_WORD, AT(ed_suite_model, preprocess.dtype), .words = "float32|uint8",
     .fallback = "float32",
     .help = "type of the elements; the runner converts float32 for an input that is quantized"},
};

static const struct ed_suite_object preprocess_object = {
    .name = "preprocess",
    .help = "how images become the model's input",
    .keys = preprocess_keys,
    .n_keys = COUNT(preprocess_keys),
    .bytes = sizeof(struct ed_suite_model),
    .check = ed_suite_preprocess_check,
};

static const struct ed_suite_key model_keys[] = {
    {"name", ED_SUITE_NAME, .required = true, AT(ed_suite_model, name), .help = "name of the model"},
    {"reference", ED_SUITE_NAME, AT(ed_suite_model, reference),
     .help = "the variant that the others are judged against; the first where it is not given"},
    {"variants", ED_SUITE_OBJECTS, .required = true, LIST(ed_suite_model, variants), .min = 1,
     .max = ED_SUITE_VARIANTS_MAX, .object = &variant_object, .help = "the forms of the model"},
    {"shapes", ED_SUITE_SHAPES, LIST(ed_suite_model, shapes), .max = ED_TENSORS_MAX,
     .help = "shapes of inputs that the model leaves open, by the input's name"},
    {"inputs", ED_SUITE_INPUTS, LIST(ed_suite_model, inputs), .max = ED_TENSORS_MAX,
     .help = "an .npy file for an input, by the input's name; other inputs are made from the seed"},
    {"preprocess", ED_SUITE_MEMBERS, .object = &preprocess_object,
     .help = "how images become the model's input, for tasks whose data is a folder of images"},
    {"tasks", ED_SUITE_OBJECTS, LIST(ed_suite_model, tasks), .max = ED_SUITE_TASKS_MAX,
     .object = &task_object, .help = "what accuracy is measured on"},
};

static const struct ed_suite_object model_object = {
    .name = "model",
    .help = "a model in one or more variants",
    .keys = model_keys,
    .n_keys = COUNT(model_keys),
    .bytes = sizeof(struct ed_suite_model),
    .check = ed_suite_model_check,
};

static const struct ed_suite_key block_keys[] = {
    {"min_time", ED_SUITE_DURATION, AT(ed_suite, block_min_ns), .max = HOUR_NS,
     .help = "a block times at least this long"},
    {"max_time", ED_SUITE_DURATION, AT(ed_suite, block_max_ns), .min = MS_NS, .max = DAY_NS,
     .help = "a block times at most this long"},
    {"min_inferences", ED_SUITE_INT, AT(ed_suite, block_min_inferences), .min = 1, .max = ED_WIRE_SAMPLES_MAX,
     .help = "a block times at least this many inferences"},
    {"inferences", ED_SUITE_INT, AT(ed_suite, block_inferences), .max = ED_WIRE_SAMPLES_MAX,
     .help = "a block times exactly this many inferences; 0: by the three above"},
    {"timeout", ED_SUITE_DURATION, AT(ed_suite, block_timeout_ns), .min = 1000 * MS_NS, .max = 30 * DAY_NS,
     .help = "a block that lasts longer, load and warm-up included, is killed"},
};

static const struct ed_suite_object block_object = {
    .name = "block",
    .help = "when a block ends",
    .keys = block_keys,
    .n_keys = COUNT(block_keys),
    .bytes = sizeof(struct ed_suite),
};

static const struct ed_suite_key gate_keys[] = {
    {"baseline", ED_SUITE_SIDE, AT(ed_suite, gate.baseline),
     .help = "what the candidate is compared with: a variant's name, a model's file, or on=ENGINE"},
    {"candidate", ED_SUITE_SIDE, AT(ed_suite, gate.candidate),
     .help = "what may ship or not: likewise; without it the suite's own variant or engine"},
    {"mde", ED_SUITE_TEXT, AT(ed_suite, gate.mde),
     .help = "the smallest slowdown that matters: \"2 %\", or \"2 %, load_ns = 20 %\""},
    {"metric", ED_SUITE_TEXT, AT(ed_suite, gate.metric),
     .help = "result keys that are compared, separated by commas; the usual ones where none is given"},
    {"inconclusive", ED_SUITE_WORD, AT(ed_suite, gate.inconclusive), .words = "pass|fail",
     .help = "what an inconclusive gate counts as; exit status 3 where it is not given"},
    {"need", ED_SUITE_INT, AT(ed_suite, gate.need), .max = ED_SUITE_DEVICES_MAX,
     .help = "so many devices are enough; 0: every one that was asked for"},
    {"confirm", ED_SUITE_BOOL, AT(ed_suite, gate.confirm),
     .help = "repeat a fail by a fresh campaign before it blocks"},
};

static const struct ed_suite_object gate_object = {
    .name = "gate",
    .help = "what `edgedyno gate` compares; other commands do not read it",
    .keys = gate_keys,
    .n_keys = COUNT(gate_keys),
    .bytes = sizeof(struct ed_suite),
};

static const struct ed_suite_key tune_keys[] = {
    {"reference", ED_SUITE_SIDE, AT(ed_suite, tune.reference),
     .help = "the variant that accuracy is held against: its name in every model, or a model's file"},
    {"minimize", ED_SUITE_TEXT, AT(ed_suite, tune.minimize),
     .help = "the result key to choose by, -KEY where more is better; latency_p50_ns, of language models "
             "-decode_tokens_per_s, where it is not given"},
    {"inconclusive", ED_SUITE_WORD, AT(ed_suite, tune.inconclusive), .words = "pass",
     .help = "what the measurements do not decide may be chosen; it may not where this is not given"},
};

static const struct ed_suite_object tune_object = {
    .name = "tune",
    .help = "what `edgedyno tune` chooses by; other commands do not read it",
    .keys = tune_keys,
    .n_keys = COUNT(tune_keys),
    .bytes = sizeof(struct ed_suite),
};

static const struct ed_suite_key suite_keys[] = {
    {"name", ED_SUITE_NAME, AT(ed_suite, name),
     .help = "name of the suite; the file's where it is not given"},
    {"models", ED_SUITE_OBJECTS, LIST(ed_suite, models), .max = ED_SUITE_MODELS_MAX, .object = &model_object,
     .help = "what is measured"},
    {"on", ED_SUITE_ENGINES, LIST(ed_suite, on), .max = ED_SUITE_ON_MAX,
     .help = "engines, as NAME[@VERSION][/BACKEND], command:FILE, openai:URL or ollama:URL"},
    {"devices", ED_SUITE_SELECTORS, LIST(ed_suite, devices), .max = ED_SUITE_DEVICES_MAX,
     .help = "ids, tags or globs over ids; this machine where none is given"},
    {"threads", ED_SUITE_THREADS, LIST(ed_suite, threads), .max = ED_SUITE_THREADS_MAX,
     .help = "numbers of threads, or a list as a text such as \"1-8*2\"; 0 is the engine's own default"},
    {"options", ED_SUITE_OPTIONS, LIST(ed_suite, options), .max = ED_OPTIONS_GIVEN_MAX,
     .help = "options of the engine"},
    {"option_lists", ED_SUITE_CROSSINGS, LIST(ed_suite, crossings), .max = ED_OPTIONS_GIVEN_MAX,
     .help = "options of the engine, each with a list of values; every value makes cases of its own"},
    {"scenarios", ED_SUITE_SCENARIOS, LIST(ed_suite, scenarios), .max = ED_SUITE_WORKLOADS_MAX,
     .help = "when an inference begins: single-stream, fixed-rate:50/s, poisson:50/s, offline:4, "
             "sustained:10min; single-stream where none is given"},
    {"rates", ED_SUITE_RATES, LIST(ed_suite, rates), .max = ED_SUITE_WORKLOADS_MAX,
     .help = "arrivals a second, for every fixed-rate and poisson that is given without a rate"},
    {"deadline", ED_SUITE_DURATION, AT(ed_suite, deadline_ns), .min = 1, .max = DAY_NS,
     .help = "by when an inference ought to have ended, from its intended start; the share that did not is "
             "deadline_miss_share"},
    {"prompt_tokens", ED_SUITE_TOKENS, LIST(ed_suite, prompts), .max = ED_SUITE_WORKLOADS_MAX,
     .help = "language models: tests that process a prompt of so many tokens; 512 where it is not given, 0 "
             "for none"},
    {"generate_tokens", ED_SUITE_TOKENS, LIST(ed_suite, generates), .max = ED_SUITE_WORKLOADS_MAX,
     .help = "language models: tests that generate so many tokens; 128 where it is not given, 0 for none"},
    {"prompt_generate_tokens", ED_SUITE_PAIRS, LIST(ed_suite, pairs), .max = ED_SUITE_WORKLOADS_MAX,
     .help = "language models: tests that process a prompt and then generate, as \"512,128\""},
    {"depth_tokens", ED_SUITE_TOKENS, LIST(ed_suite, depths), .max = ED_SUITE_WORKLOADS_MAX,
     .help = "language models: tokens that are in the cache before a test, untimed"},
    {"blocks", ED_SUITE_INT, AT(ed_suite, blocks), .min = 1, .max = 1000, .help = "blocks for each case"},
    {"seed", ED_SUITE_INT, AT(ed_suite, seed), .max = (INT64_C(1) << 53) - 1,
     .help = "seed of the random order and of inputs; chosen anew where it is not given"},
    {"pin", ED_SUITE_CPUS, AT(ed_suite, pin),
     .help = "CPUs that the measured process is bound to, such as \"0,2-3\""},
    {"papi", ED_SUITE_EVENTS, LIST(ed_suite, papi), .max = ED_SUITE_EVENTS_MAX,
     .help =
         "events that the processor's counters count, by PAPI's names; the common ones where none is given"},
    {"mem_limit", ED_SUITE_SIZE, AT(ed_suite, mem_limit_bytes), .min = ED_SUITE_MEMORY_MIN_BYTES,
     .max = ED_WIRE_MEMORY_MAX_BYTES,
     .help = "memory that the measured process may use, such as \"512 MiB\""},
    {"ballast", ED_SUITE_SIZE, AT(ed_suite, ballast_bytes), .min = ED_SUITE_MEMORY_MIN_BYTES,
     .max = ED_WIRE_MEMORY_MAX_BYTES,
     .help = "memory that is held beside the measured process, as other apps would, such as \"1 GiB\""},
    {"max_time", ED_SUITE_DURATION, AT(ed_suite, max_time_ns), .min = 1000 * MS_NS, .max = 30 * DAY_NS,
     .help = "no block starts later than this on a device"},
    {"cool_down", ED_SUITE_DURATION, AT(ed_suite, cool_down_ns), .max = ED_WIRE_COOL_DOWN_MAX_NS,
     .help = "longest wait before a block for a device that became warm; 0 s: none"},
    {"allow_fallback", ED_SUITE_BOOL, AT(ed_suite, allow_fallback),
     .help = "operators that the backend cannot run may run elsewhere"},
    {"min_placed", ED_SUITE_SHARE, AT(ed_suite, min_placed),
     .help = "share of the operators that has to run where it was asked to, such as \"95 %\""},
    {"on_invalid", ED_SUITE_WORD, AT(ed_suite, on_invalid), .words = "refuse|repeat|mark",
     .fallback = "repeat",
     .help = "a block taken in a bad state of the device ends the run, or is measured again, or is marked"},
    {"agree_with", ED_SUITE_TEXT, AT(ed_suite, agree_with),
     .help = "the case whose answers all with the same data are held against, as MODEL[/VARIANT] "
             "[ENGINE[@VERSION][/BACKEND]] [tTHREADS]; without it each model's first case of the reference "
             "variant"},
    {"profile", ED_SUITE_BOOL, AT(ed_suite, profile),
     .help = "a pass of its own tells the time of each operator"},
    {"label", ED_SUITE_LABELS, LIST(ed_suite, labels), .max = ED_SUITE_LABELS_MAX,
     .help = "labels of the campaign"},
    {"block", ED_SUITE_MEMBERS, .object = &block_object, .help = "when a block ends"},
    {"gate", ED_SUITE_MEMBERS, .object = &gate_object, .help = "two builds compared"},
    {"tune", ED_SUITE_MEMBERS, .object = &tune_object, .help = "one variant and configuration chosen"},
    {"require", ED_SUITE_REQUIREMENTS, LIST(ed_suite, requirements), .max = ED_REQUIREMENTS_MAX,
     .help =
         "requirements, as KEY OP VALUE: \"latency_p90_ns <= 50 ms\"; KEY is a result key, or the name of a "
         "task's metric: \"perplexity <= 40\""},
};

static const struct ed_suite_object suite_object = {
    .name = "suite",
    .help = "what is to be measured; paths are relative to the folder of the suite's file",
    .keys = suite_keys,
    .n_keys = COUNT(suite_keys),
    .bytes = sizeof(struct ed_suite),
    .check = ed_suite_whole_check,
};

const struct ed_suite_object *ed_suite_object_root(void) {
    return &suite_object;
}
