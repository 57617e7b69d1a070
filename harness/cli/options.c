// SPDX-License-Identifier: Apache-2.0
// Every flag of the program: one row each.
#include "harness/cli/options.h"

#include <string.h>

#include "edgedyno/wire.h"
#include "edgedyno/workload.h"
#include "harness/metrics.h"
#include "harness/suite_keys.h"
#include "reports/registry.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MANY ED_OPTION_REPEATABLE
#define SECOND_NS 1e9
#define DAY_NS (24 * 3600 * SECOND_NS)

#define ADAPTER_ROW                                                                                        \
    {                                                                                                      \
        "adapter", 0, ED_OPTION_PATH, "FILE", "", 0, 0, "",                                                \
            "an adapter from outside this installation (.so), with its manifest beside it (the same name " \
            "with .json, or manifest.json)",                                                               \
            0                                                                                              \
    }

static const struct ed_option measuring[] = {
    {"on", 0, ED_OPTION_LIST, "ENGINE,...", "the engine of the model's format, on the CPU", 0, 0, "",
     "engines, as NAME[@VERSION][/BACKEND]; NAME/* is all its backends; also command:FILE, openai:URL, "
     "ollama:URL",
     0},
    {"device", 'd', ED_OPTION_LIST, "DEVICE,...", "local", 0, 0, "", "devices, by id, tag or a glob over ids",
     0},
    {"threads", 't', ED_OPTION_INT_LIST, "N,...", "1", 0, 4096, "",
     "numbers of threads, such as 1,2 or 1-8*2; 0 is the engine's own default", 0},
    {"blocks", 'r', ED_OPTION_INT, "N", "10", 1, 1000, "", "blocks for each case; each is a fresh process",
     0},
    {"option", 'o', ED_OPTION_TEXT, "KEY=VALUE", "", 0, 0, "", "option of the engine", MANY},
    {"prompt", 'p', ED_OPTION_INT_LIST, "N,...", "512", 0, ED_WORKLOAD_TOKENS_MAX, "",
     "language models: process a prompt of N tokens; 0 for no such test", 0},
    {"generate", 'n', ED_OPTION_INT_LIST, "N,...", "128", 0, ED_WORKLOAD_TOKENS_MAX, "",
     "language models: generate N tokens; 0 for no such test", 0},
    {"pg", 0, ED_OPTION_TEXT, "N,N", "", 0, 0, "",
     "language models: process a prompt and generate behind it, as 512,128", MANY},
    {"depth", 0, ED_OPTION_INT_LIST, "N,...", "0", 0, ED_WORKLOAD_TOKENS_MAX, "",
     "language models: tokens that are in the cache before each test, untimed", 0},
    {"batch", 'b', ED_OPTION_INT_LIST, "N,...", "the engine's", 1, ED_WORKLOAD_TOKENS_MAX, "",
     "language models: tokens that are handed to the engine at once", 0},
    {"ub", 0, ED_OPTION_INT_LIST, "N,...", "the engine's", 1, ED_WORKLOAD_TOKENS_MAX, "",
     "language models: tokens that the engine processes at once", 0},
    {"ctk", 0, ED_OPTION_LIST, "TYPE,...", "the engine's", 0, 0, "",
     "language models: type of the keys in the cache, such as f16,q8_0", 0},
    {"ctv", 0, ED_OPTION_LIST, "TYPE,...", "the engine's", 0, 0, "",
     "language models: type of the values in the cache", 0},
    {"fa", 0, ED_OPTION_LIST, "0|1|auto,...", "the engine's", 0, 0, "", "language models: flash attention",
     0},
    {"ngl", 0, ED_OPTION_INT_LIST, "N,...", "all, on a GPU", -1, 100000, "",
     "language models: layers that are put onto the GPU; -1 is all", 0},
    {"scenario", 0, ED_OPTION_LIST, "SCENARIO,...", "single-stream", 0, 0, "",
     "when an inference begins: single-stream, fixed-rate:50/s, poisson:50/s, offline:4 (so many at a time), "
     "sustained:10min",
     MANY},
    {"rate", 0, ED_OPTION_LIST, "RATE,...", "", 0, 0, "",
     "arrivals a second, for fixed-rate and poisson given without one", 0},
    {"deadline", 0, ED_OPTION_DURATION, "TIME", "none", 1, DAY_NS, "",
     "by when an inference ought to have ended, from its intended start; the share of misses is reported", 0},
    {"shape", 0, ED_OPTION_TEXT, "[NAME=]N,...", "", 0, 0, "", "shape of an input that the model leaves open",
     MANY},
    {"input", 0, ED_OPTION_TEXT, "[NAME=]FILE", "", 0, 0, "",
     "an .npy file for an input; other inputs are made from the seed", MANY},
    {"require", 0, ED_OPTION_TEXT, "RULE", "", 0, 0, "",
     "what must hold, as KEY OP VALUE, such as 'latency_p90_ns <= 50 ms'; KEY is a result key, or a task's "
     "metric, such as 'perplexity <= 40'",
     MANY},
    {"label", 0, ED_OPTION_PAIR, "KEY=VALUE", "", 0, 0, "", "label of the campaign", MANY},
    {"pin", 0, ED_OPTION_TEXT, "CPUS", "not pinned", 0, 0, "",
     "bind the measured process to CPUs, such as 0,2-3", 0},
    {"papi", 0, ED_OPTION_LIST, "EVENT,...", "the common ones", 0, 0, "",
     "what the processor's counters count for each inference, by PAPI's names, such as PAPI_TOT_INS", 0},
    {"mem-limit", 0, ED_OPTION_SIZE, "SIZE", "no limit", ED_SUITE_MEMORY_MIN_BYTES, ED_WIRE_MEMORY_MAX_BYTES,
     "", "memory that the measured process may use, such as 512MiB; a block that wants more ends as oom", 0},
    {"ballast", 0, ED_OPTION_SIZE, "SIZE", "none", ED_SUITE_MEMORY_MIN_BYTES, ED_WIRE_MEMORY_MAX_BYTES, "",
     "hold so much memory beside the measured process, as the other apps of a small device do", 0},
    {"seed", 0, ED_OPTION_INT, "N", "chosen anew", 0, 9007199254740991.0, "",
     "seed of the random order and of made inputs", 0},
    {"max-time", 0, ED_OPTION_DURATION, "TIME", "no limit", SECOND_NS, 30 * DAY_NS, "",
     "start no block later than this on a device, such as '2 min'", 0},
    ADAPTER_ROW,
    {"allow-fallback", 0, ED_OPTION_FLAG, "", "", 0, 0, "",
     "operators that the backend cannot run may run elsewhere", 0},
    {"min-placed", 0, ED_OPTION_SHARE, "SHARE", "100 %", 0, 1, "",
     "share of the operators that has to run where it was asked to, such as 95%", 0},
    {"on-invalid", 0, ED_OPTION_WORD, "WORD", "repeat", 0, 0, "refuse|repeat|mark",
     "what a block does that was taken in a bad state of the device: end the run, be measured again, be "
     "marked",
     0},
    {"agree-with", 0, ED_OPTION_TEXT, "CASE", "each model's reference variant, on its first engine", 0, 0, "",
     "hold the answers against this case's, as 'MODEL[/VARIANT] [ENGINE[@VERSION][/BACKEND]]'", 0},
    {"profile", 0, ED_OPTION_FLAG, "", "", 0, 0, "",
     "after the timing, a pass of its own tells the time of each operator", 0},
    {"verify", 0, ED_OPTION_FLAG, "", "", 0, 0, "",
     "take every file's digest again instead of trusting what is remembered", 0},
    {"wait", 0, ED_OPTION_DURATION, "TIME", "not at all", 0, 30 * DAY_NS, "",
     "wait so long for a device that somebody else holds, first come first served", 0},
    {"leave-nothing", 0, ED_OPTION_FLAG, "", "", 0, 0, "",
     "remove models and data from the devices at the end; engines stay", 0},
    {"dry-run", 0, ED_OPTION_FLAG, "", "", 0, 0, "",
     "show what would run and how long it takes; measure nothing", 0},
    {"out", 0, ED_OPTION_PATH, "DIR", "runs/START-ID", 0, 0, "",
     "directory of the campaign; it must hold none yet", 0},
    {"resume", 0, ED_OPTION_PATH, "DIR", "", 0, 0, "", "run what is missing of a campaign, by its own plan",
     0},
};

static const struct ed_option fit[] = {
    {"search", 0, ED_OPTION_WORD, "WORD", "context of a language model, else batch", 0, 0,
     "batch|context|threads", "what is made as large as fits", 0},
};

static const struct ed_option gate[] = {
    {"baseline", 0, ED_OPTION_TEXT, "A", "the suite's", 0, 0, "",
     "what the candidate is compared with: a model's file, a variant, or on=ENGINE@VERSION/BACKEND", 0},
    {"candidate", 0, ED_OPTION_TEXT, "B", "the suite's", 0, 0, "", "what may ship or not, likewise", 0},
    {"mde", 0, ED_OPTION_TEXT, "SHARE,...", "2 %; 5 % for energy, 10 % for load_ns and first_inference_ns", 0,
     0, "", "the smallest slowdown that matters, and KEY=SHARE for single metrics", 0},
    {"metric", 0, ED_OPTION_TEXT, "KEY,...",
     "latency median and p90, load, first inference, tokens a second, energy, memory peak", 0, 0, "",
     "result keys that are compared block by block", 0},
    {"inconclusive", 0, ED_OPTION_WORD, "WORD", "exit status 3", 0, 0, "pass|fail",
     "what an inconclusive gate counts as", 0},
    {"need", 0, ED_OPTION_INT, "N", "every device that was asked for", 0, 256, "",
     "so many devices with a verdict are enough", 0},
    {"confirm", 0, ED_OPTION_FLAG, "", "", 0, 0, "", "repeat a fail by a fresh campaign before it blocks", 0},
};

static const struct ed_option tune[] = {
    {"reference", 0, ED_OPTION_TEXT, "VARIANT", "the suite's, else the first", 0, 0, "",
     "what accuracy is held against: a model's file, or a variant's name", 0},
    {"minimize", 0, ED_OPTION_TEXT, "KEY", "latency_p50_ns; of language models -decode_tokens_per_s", 0, 0,
     "", "result key to choose by; --minimize=-KEY where more is better", 0},
    {"inconclusive", 0, ED_OPTION_WORD, "WORD", "is not chosen", 0, 0, "pass",
     "what the measurements do not decide may be chosen", 0},
};

static const struct ed_option devices[] = {
    {"id", 0, ED_OPTION_TEXT, "ID", "made from the address", 0, 0, "",
     "`add`: the device's name in the fleet", 0},
    {"accept-new", 0, ED_OPTION_FLAG, "", "", 0, 0, "",
     "`add`, `scan`, `check`: take an unknown host key into known_hosts; a changed one is refused all the "
     "same",
     0},
    {"keep", 0, ED_OPTION_INT, "N", "nothing stays", 0, 1000, "",
     "`clean`: keep the newest N versions of each model and engine", 0},
    {"for", 0, ED_OPTION_TEXT, "TIME", "", 0, 0, "",
     "`reserve`: how long, such as 2h; 0 ends the reservation", 0},
    {"papi", 0, ED_OPTION_TEXT, "EVENT,...", "the common ones", 0, 0, "",
     "`probe`: hardware events to count, by PAPI's names", 0},
    {"out", 0, ED_OPTION_PATH, "DIR", "snapshot-DEVICE", 0, 0, "",
     "`snapshot`: directory to write, which must not be there", 0},
};

static const struct ed_option engines[] = {
    {"device", 'd', ED_OPTION_LIST, "DEVICE,...", "local", 0, 0, "",
     "devices on which the engines are asked what they offer", 0},
    {"target", 0, ED_OPTION_TEXT, "TARGET", "this machine's", 0, 0, "",
     "what `fetch` and `add` take a build for, such as linux-aarch64; in a list, a pattern of targets", 0},
    {"as", 0, ED_OPTION_TEXT, "NAME", "", 0, 0, "", "`add`: what the build is called, behind the @", 0},
    ADAPTER_ROW,
};

static const struct ed_option quantize[] = {
    {"on", 0, ED_OPTION_TEXT, "ENGINE", "llama.cpp", 0, 0, "", "engine build, as NAME[@VERSION]", 0},
    {"threads", 't', ED_OPTION_INT, "N", "the engine's", 0, 4096, "",
     "threads; 0 is the engine's own default", 0},
};

static const struct ed_option history[] = {
    {"store", 0, ED_OPTION_TEXT, "STORE", "$XDG_STATE_HOME/edgedyno/history.sqlite", 0, 0, "",
     "where the history is: a file, or postgresql://HOST/DATABASE", 0},
    {"label", 0, ED_OPTION_PAIR, "KEY=VALUE", "", 0, 0, "", "campaigns with this label alone", MANY},
    {"device", 'd', ED_OPTION_LIST, "DEVICE,...", "all", 0, 0, "",
     "cases on these devices alone: ids or globs", 0},
    {"metric", 0, ED_OPTION_LIST, "KEY,...", "latency_p50_ns or tokens a second", 0, 0, "",
     "result keys to show", 0},
    {"along", 0, ED_OPTION_TEXT, "LABEL", "by time", 0, 0, "",
     "`trend`: in the order in which the values of a label were first measured, such as commit", 0},
};

static const struct ed_option data[] = {
    {"data", 0, ED_OPTION_TEXT, "[INPUT=]PATH", "", 0, 0, "",
     "of a model's file: a folder of images, samples as .npy, a text (.txt), questions (.jsonl) or a "
     "recording (.wav)",
     0},
    {"labels", 0, ED_OPTION_PATH, "FILE", "", 0, 0, "",
     "of a model's file: the right classes, as .npy, or of images as .csv of FILE,CLASS", 0},
    {"metric", 0, ED_OPTION_WORD, "METRIC", "top-1; multiple-choice of questions, perplexity of a text", 0, 0,
     ED_METRIC_WORDS, "of a model's file: how the answers are judged", 0},
    {"preprocess", 0, ED_OPTION_TEXT, "JSON", "0..1, as NCHW", 0, 0, "",
     "of a model's file: how images become its input, the suite's object or a file that holds it", 0},
    {"against", 0, ED_OPTION_PATH, "FILE", "", 0, 0, "",
     "compare this .npy, dumped by the app for the first sample or the first few, instead of running the "
     "model",
     0},
    {"task", 0, ED_OPTION_TEXT, "NAME", "the first with a folder of images, else with labels", 0, 0, "",
     "the task to look at", 0},
    {"samples", 0, ED_OPTION_INT, "N", "200", 1, 1000000, "", "samples to run, spread over the data", 0},
    {"on", 0, ED_OPTION_TEXT, "ENGINE", "the suite's first", 0, 0, "",
     "engine to run the model on, as NAME[@VERSION][/BACKEND]", 0},
};

static const struct ed_option help[] = {
    {"man", 0, ED_OPTION_FLAG, "", "", 0, 0, "", "print the man page (roff)", 0},
    {"reference", 0, ED_OPTION_FLAG, "", "", 0, 0, "",
     "print every flag, engine option and result key as Markdown", 0},
    {"completion", 0, ED_OPTION_WORD, "SHELL", "", 0, 0, "bash|zsh", "print the completion script of a shell",
     0},
    {"schema", 0, ED_OPTION_WORD, "FILE", "", 0, 0, "suite|devices|record|choice",
     "print the JSON Schema of a file", 0},
};

#define EXPORT_ROW                                                                                    \
    {                                                                                                 \
        "export", 0, ED_OPTION_TEXT, "FORMAT=FILE", "", 0, 0, "",                                     \
            "write a file as well (several with commas between); FILE alone tells the format by its " \
            "ending; - is "                                                                           \
            "standard output",                                                                        \
            MANY                                                                                      \
    }
static const struct ed_option report_output[] = {
    {"format", 0, ED_OPTION_TEXT, "FORMAT", "table", 0, 0, "", "format of standard output", 0},
    {"export", 0, ED_OPTION_TEXT, "FORMAT=FILE", "", 0, 0, "",
     "write a file as well; FILE alone tells the format by its ending; - is standard output; svg=DIR and "
     "png=DIR "
     "write the figures into a directory",
     MANY},
    {"sort", 0, ED_OPTION_TEXT, "KEY,...", "by case", 0, 0, "",
     "order by result keys, such as latency_p50_ns; --sort=-KEY is the largest first; what was not measured "
     "is "
     "last",
     0},
    {"group", 0, ED_OPTION_TEXT, "KEY,...", "", 0, 0, "",
     "rows of one value together, under a line that says it: device, variant, threads or another result key",
     0},
};
static const struct ed_option report_own[] = {
    {"block", 0, ED_OPTION_TEXT, "BLOCK", "", 0, 0, "",
     "one block alone, such as c0.timing.7 (journal.jsonl names them), in the formats of a timeline: "
     "perfetto, "
     "timeline, csv",
     0},
};
static const struct ed_option list_output[] = {
    {"format", 0, ED_OPTION_WORD, "FORMAT", "table", 0, 0, "table|json", "format of standard output", 0},
    EXPORT_ROW,
};

static const struct ed_option history_output[] = {
    {"format", 0, ED_OPTION_WORD, "FORMAT", "table", 0, 0, "table|json|csv|plot",
     "format of standard output; a plot goes with `trend` alone", 0},
    EXPORT_ROW,
};

static const struct ed_option compare_output[] = {
    {"format", 0, ED_OPTION_WORD, "FORMAT", "table", 0, 0, "table|text|json|markdown|csv",
     "format of standard output", 0},
    EXPORT_ROW,
};

#define GENERAL_ROWS                                                                         \
    {"quiet", 'q', ED_OPTION_FLAG, "", "", 0, 0, "", "no progress, errors alone", 0},        \
        {"verbose", 'v', ED_OPTION_FLAG, "", "", 0, 0, "", "say more of what is done", 0}, { \
        "help", 'h', ED_OPTION_FLAG, "", "", 0, 0, "", "this help", 0                        \
    }
static const struct ed_option general[] = {GENERAL_ROWS};
static const struct ed_option fleet[] = {
    {"devices", 0, ED_OPTION_PATH, "FILE", "devices.json", 0, 0, "", "the fleet's file", 0},
    GENERAL_ROWS,
};

const struct ed_option_group ed_options_measuring = {"measuring", measuring, COUNT(measuring)};
const struct ed_option_group ed_options_fit = {"fit", fit, COUNT(fit)};
const struct ed_option_group ed_options_gate = {"gate", gate, COUNT(gate)};
const struct ed_option_group ed_options_tune = {"tune", tune, COUNT(tune)};
const struct ed_option_group ed_options_devices = {"devices", devices, COUNT(devices)};
const struct ed_option_group ed_options_engines = {"engines", engines, COUNT(engines)};
const struct ed_option_group ed_options_quantize = {"making", quantize, COUNT(quantize)};
const struct ed_option_group ed_options_history = {"history", history, COUNT(history)};
const struct ed_option_group ed_options_history_output = {"output", history_output, COUNT(history_output)};
const struct ed_option_group ed_options_data = {"checking", data, COUNT(data)};
const struct ed_option_group ed_options_compare_output = {"output", compare_output, COUNT(compare_output)};
const struct ed_option_group ed_options_help = {"instead of text", help, COUNT(help)};
const struct ed_option_group ed_options_report_output = {"output", report_output, COUNT(report_output)};
const struct ed_option_group ed_options_report = {"report", report_own, COUNT(report_own)};
const struct ed_option_group ed_options_list_output = {"output", list_output, COUNT(list_output)};
const struct ed_option_group ed_options_general = {"general", general, COUNT(general)};
const struct ed_option_group ed_options_fleet = {"general", fleet, COUNT(fleet)};

void ed_options_words(const struct ed_option *option, struct ed_buffer *out) {
    ed_buffer_text_append(out, option->words);
    if (option == &report_output[0]) {
        size_t n;
        const struct ed_report *const *reports = ed_reports(&n);
        for (size_t i = 0; i < n; i++)
            if (!reports[i]->directory)
                ed_buffer_printf(out, "%s%s", i ? "|" : "", reports[i]->name);
    }
}

const char *ed_options_value_name(const struct ed_option *option) {
    if (option->type == ED_OPTION_FLAG)
        return "";
    return option->unit[0] ? option->unit : "VALUE";
}

bool ed_options_takes_directory(const struct ed_option *option) {
    return option->type == ED_OPTION_PATH && strcmp(option->unit, "DIR") == 0;
}

static bool only_numbers(const char *text) {
    return text[0] >= '0' && text[0] <= '9' && text[strspn(text, "0123456789,-+*")] == '\0';
}

enum ed_status ed_options_check_habits(const struct ed_arguments *arguments, struct ed_error *err) {
    static const char *const formats[] = {"csv", "json", "jsonl", "md", "sql", "markdown", "table"};
    for (size_t i = 0; i < arguments->n_values; i++) {
        const struct ed_option *option = arguments->values[i].option;
        const char *text = arguments->values[i].text;
        if (option->letter == 'o' && !strchr(text, '=')) {
            for (size_t k = 0; k < COUNT(formats); k++)
                if (strcmp(text, formats[k]) == 0)
                    return ed_fail(
                        err, ED_ERR_USAGE, "-o",
                        "\"%s\" is a format, and -o is an option of the engine, KEY=VALUE; write --format %s",
                        text,
                        strcmp(text, "md") == 0    ? "markdown"
                        : strcmp(text, "sql") == 0 ? "json (there is no sql)"
                                                   : text);
            return ed_fail(err, ED_ERR_USAGE, "-o (--option)",
                           "\"%.80s\" has no '='; write KEY=VALUE (a format is --format)", text);
        }
        if (option->letter == 'd' && only_numbers(text))
            return ed_fail(err, ED_ERR_USAGE, "-d",
                           "\"%.80s\" is no device; -d takes devices, and the depth of llama-bench is "
                           "--depth: write --depth %.80s",
                           text, text);
    }
    return ED_OK;
}
