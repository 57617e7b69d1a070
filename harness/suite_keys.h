// SPDX-License-Identifier: Apache-2.0
// The tables of keys that a suite may have, and the rules for its texts. The parser, the flags and the JSON
// Schema all read these tables, so that they cannot differ.
#ifndef EDGEDYNO_HARNESS_SUITE_KEYS_H
#define EDGEDYNO_HARNESS_SUITE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_read.h"
#include "edgedyno/error.h"

#define ED_SUITE_FILE_BYTES_MAX (1u << 20)
#define ED_SUITE_MODELS_MAX 1000
#define ED_SUITE_VARIANTS_MAX 64
#define ED_SUITE_TASKS_MAX 64
#define ED_SUITE_FILES_MAX 64
#define ED_SUITE_ON_MAX 64
#define ED_SUITE_DEVICES_MAX 256
#define ED_SUITE_THREADS_MAX 64
#define ED_SUITE_THREADS_VALUE_MAX 4096
#define ED_SUITE_LABELS_MAX 32
#define ED_SUITE_VALUES_MAX 64 // of one option
#define ED_SUITE_WORKLOADS_MAX 64
#define ED_SUITE_DIMENSION_MAX (INT64_C(1) << 40)
#define ED_SUITE_CPU_MAX 1023
#define ED_SUITE_COMMAND_MAX 64
#define ED_SUITE_PIXELS_MAX 16384                    // of a side of an image
#define ED_SUITE_EVENTS_MAX 16                       // as many as probes/papi.c counts
#define ED_SUITE_MEMORY_MIN_BYTES (INT64_C(1) << 20) // of a memory limit or a ballast

// What a text may be.
enum ed_suite_rule {
    ED_SUITE_RULE_NAME,     // one path component: ed_path_name_ok
    ED_SUITE_RULE_WORD,     // an engine, the key of an option or label
    ED_SUITE_RULE_GLOB,     // a version or backend, '*' standing for any part
    ED_SUITE_RULE_SELECTOR, // a device's id, a tag, a glob
    ED_SUITE_RULE_EVENT,    // an event of a hardware counter, by PAPI's name
    ED_SUITE_RULE_TENSOR,   // name of an input or output
    ED_SUITE_RULE_LABEL,    // value of a label
    ED_SUITE_RULE_VALUE,    // value of an option, may be empty
    ED_SUITE_RULE_PATH,     // name of a file
    ED_SUITE_RULE_COUNT
};

// ED_OK, or ED_ERR_USAGE with a message that quotes the text and says what may stand; err->where stays empty.
enum ed_status ed_suite_rule_check(enum ed_suite_rule rule, const char *text, struct ed_error *err);
// Likewise by the rule that a device's selector has, and an event of the processor's counters.
enum ed_status ed_suite_selector_check(const char *text, struct ed_error *err);
enum ed_status ed_suite_event_check(const char *text, struct ed_error *err);
// The same rule as a regular expression (the common part of ECMA 262 and Python).
void ed_suite_rule_pattern(enum ed_suite_rule rule, char *pattern, size_t bytes);

enum ed_suite_kind {
    ED_SUITE_NAME,         // char *
    ED_SUITE_TENSOR,       // char *, name of an output
    ED_SUITE_WORD,         // char *, one of `words`
    ED_SUITE_FILE,         // char *, an existing file, absolute
    ED_SUITE_CPUS,         // char *, "0,2-3"
    ED_SUITE_TEXT,         // char *, as the value of an option, checked where it is used
    ED_SUITE_SIDE,         // char *, the same; where a file of that name exists, its absolute path
    ED_SUITE_INT,          // int64_t
    ED_SUITE_DURATION,     // int64_t, nanoseconds
    ED_SUITE_SIZE,         // int64_t, bytes
    ED_SUITE_SHARE,        // double, 0 to 1
    ED_SUITE_BOOL,         // bool
    ED_SUITE_MEMBERS,      // an object whose keys lie in the same struct
    ED_SUITE_OBJECTS,      // array of `object`, with names that differ
    ED_SUITE_ONE_FILE,     // char **, a single file
    ED_SUITE_FILES,        // char **, array of files
    ED_SUITE_ENGINES,      // char **, array of NAME[@VERSION][/BACKEND] or NAME:ADDRESS
    ED_SUITE_SELECTORS,    // char **, array
    ED_SUITE_EVENTS,       // char **, array
    ED_SUITE_THREADS,      // int64_t *, array of whole numbers, or a list as a text
    ED_SUITE_TOKENS,       // likewise, up to ED_WORKLOAD_TOKENS_MAX
    ED_SUITE_PAIRS,        // struct ed_suite_tokens *, array of "512,128"
    ED_SUITE_SCENARIOS,    // struct ed_workload *, array of "WORD[:VALUE]"
    ED_SUITE_RATES,        // double *, array of numbers
    ED_SUITE_SHAPES,       // struct ed_suite_shape *, object of arrays
    ED_SUITE_INPUTS,       // struct ed_suite_input *, object of files
    ED_SUITE_DATA,         // struct ed_suite_input *, object of files or one file for the only input
    ED_SUITE_OPTIONS,      // struct ed_suite_pair *, object of texts
    ED_SUITE_CROSSINGS,    // struct ed_suite_crossing *, object of arrays of texts
    ED_SUITE_LABELS,       // struct ed_suite_pair *, object of texts
    ED_SUITE_REQUIREMENTS, // struct ed_requirement *, array of texts
    ED_SUITE_COMMAND, // char **, array of texts; those that name a file of the suite's folder are absolute
    ED_SUITE_SIZES,   // int64_t *, array of whole numbers that may be equal
    ED_SUITE_REALS,   // double *, array of numbers that may be equal
    ED_SUITE_RATIO,   // double above 0: a number, or "1/255"
};

struct ed_suite_object;

struct ed_suite_key {
    const char *name;
    enum ed_suite_kind kind;
    bool required;
    size_t value, count;  // offsets into the struct; count only for arrays and maps
    int64_t min, max;     // of a number or a duration in ns; number of elements of an array or a map
    const char *words;    // "a|b"
    const char *fallback; // of a text that is not given; NULL for ""
    const struct ed_suite_object *object;
    const char *help;
};

struct ed_suite_object {
    const char *name, *help;
    const struct ed_suite_key *keys;
    size_t n_keys;
    size_t bytes;              // of the struct
    const char *either, * or ; // exactly one of these two keys; NULL where there are none such
    // What no single key can tell; `value` is the struct.
    enum ed_status (*check)(const struct ed_json_at *at, const void *value, struct ed_error *err);
};

// Of struct ed_suite; every other object is reached from it.
const struct ed_suite_object *ed_suite_object_root(void);
// True where every engine named needs no model ("null", and those with an address), so that "models" may be
// absent.
bool ed_suite_on_needs_no_model(char *const *on, size_t n_on);
#define ED_SUITE_NO_MODEL_ENGINE "null"
#define ED_SUITE_FILE_ENGINE "command" // whose address is a file

enum ed_status ed_suite_model_check(const struct ed_json_at *at, const void *value, struct ed_error *err);
enum ed_status ed_suite_variant_check(const struct ed_json_at *at, const void *value, struct ed_error *err);
enum ed_status ed_suite_task_check(const struct ed_json_at *at, const void *value, struct ed_error *err);
enum ed_status ed_suite_preprocess_check(const struct ed_json_at *at, const void *value,
                                         struct ed_error *err);
enum ed_status ed_suite_whole_check(const struct ed_json_at *at, const void *value, struct ed_error *err);

#endif
