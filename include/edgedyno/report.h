// SPDX-License-Identifier: Apache-2.0
// The contract of an output format. A report reads no clock, no locale and no environment: the same records
// give the same bytes.
#ifndef EDGEDYNO_REPORT_H
#define EDGEDYNO_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/option.h"
#include "edgedyno/result.h"

#define ED_REPORT_ABI 1u

// Where the bytes go. `write` returns a status and is called with any number of bytes; the sink is the
// caller's.
struct ed_sink {
    void *context;
    enum ed_status (*write)(void *context, const char *bytes, size_t n, struct ed_error *err);
    // Only for a format that writes several files: what is written from here on is the file of this name.
    enum ed_status (*file)(void *context, const char *name, struct ed_error *err);
};

// What a report knows beside the records; all borrowed.
// What lies behind the records, for formats that draw it. All of it is borrowed from the source and stays
// until the report's end. What a campaign does not have is none (n = 0), never an error.
struct ed_report_block {
    const char *id, *outcome;
    int64_t started_ns, ended_ns; // since the campaign's first block on that device, on the device's clock
    int64_t loaded_ns, timed_begin_ns, timed_end_ns; // likewise; 0 where it did not get there
    const char *pass;                                // "timing", "cold", "accuracy"
    const int64_t *samples_ns;                       // of `batch` inferences each
    size_t n_samples;
    int64_t batch;
    bool valid;          // false: a rule of validity voids its latency
    const char *reasons; // codes separated by spaces; "" none
};

struct ed_report_channel {
    const char *id, *quantity, *unit, *scope;
    size_t n;
    const int64_t *at_ns; // as started_ns, rising
    const int64_t *values;
};

struct ed_report_op {
    const char *name, *op, *processor;
    uint64_t calls;
    int64_t total_ns;
    double share; // of the time of all ops, 0 to 1
};

struct ed_report_place {
    const char *name, *processor, *operators, *unit;
    uint32_t count, total;
};

// A hook that is NULL knows nothing.
struct ed_report_source {
    void *context;
    enum ed_status (*blocks)(void *context, const struct ed_result *result,
                             const struct ed_report_block **blocks, size_t *n, struct ed_error *err);
    // The device's timeline over all its blocks.
    enum ed_status (*channels)(void *context, const char *device, const struct ed_report_channel **channels,
                               size_t *n, struct ed_error *err);
    enum ed_status (*ops)(void *context, const struct ed_result *result, const struct ed_report_op **ops,
                          size_t *n, struct ed_error *err);
    enum ed_status (*places)(void *context, const struct ed_result *result,
                             const struct ed_report_place **places, size_t *n, struct ed_error *err);
};

// Runs commands of gnuplot and gives what they write to standard output. ED_ERR_NO_PROGRAM where this machine
// has no gnuplot: the format says so and shows its tables.
struct ed_report_plotter {
    void *context;
    enum ed_status (*draw)(void *context, const char *script, size_t bytes, const struct ed_sink *out,
                           struct ed_error *err);
};

// One comparison of a gate, or one requirement that it judged.
struct ed_report_gate_row {
    const char *device, *model; // model: with what else tells pairs of cases apart, where that is needed
    const char *baseline_case, *candidate_case;
    const char *key;         // result key
    const char *metric;      // of a key of accuracy: the task's, which decides the unit; NULL: no task
    const char *requirement; // as written; NULL: the gate's own comparison
    const char *verdict;     // pass, fail, inconclusive, invalid
    bool has_values;
    double baseline, candidate; // medians, in the key's unit
    bool has_change, has_interval;
    double change, low, high; // of the candidate's value against the baseline's, as a share; of differences
                              // in the key's unit where `absolute`
    bool absolute, more_is_worse;
    double mde;   // the smallest change that matters, a share; 0: a requirement
    size_t pairs; // of blocks that it is based on; 0: not by pairs
    const char *why;
    bool told; // it passed, and its why is shown all the same
};

struct ed_report_gate {
    const char *verdict;  // over all rows
    const char *summary;  // one line
    const char *confirms; // id of the campaign whose fail this one repeated; ""
    size_t n;
    const struct ed_report_gate_row *rows; // by device, then by pair of cases
    // What that campaign came to, its verdict, summary and rows alone; NULL: none, or an older campaign does
    // not say.
    const struct ed_report_gate *first;
};

// One configuration (variant, engine build, backend, threads, options) that `edgedyno tune` could choose.
struct ed_report_candidate {
    const struct ed_result *result; // of the workload that is chosen by
    const char *how;                // "ptq"; "" not said
    bool reference;                 // it runs the reference variant
    // chosen; tied: cannot be told apart from the best; slower: told apart; fail, inconclusive, invalid: what
    // was required of it, or how it ran; not measured.
    const char *state;
    const char *why; // of any state but chosen and tied; else ""
    bool has_value, has_interval;
    double value, low, high; // of the key that is chosen by
    // Against the chosen one, as a share of it (0.02 is 2 % more), round by round.
    bool has_change, has_change_interval;
    double change, change_low, change_high;
    size_t rounds;
    bool ran;         // its figures count for the front
    bool front;       // no other one is as good in all of `axes` and better in one, by the medians
    size_t beaten_by; // index of one that is; SIZE_MAX: none
};

// The choice for one model on one device.
struct ed_report_choice_row {
    const char *device, *model;
    const char *verdict; // pass: one is chosen; fail: none passes; inconclusive; invalid
    const char *why;     // one paragraph
    size_t chosen;       // index into candidates; SIZE_MAX: none
    size_t first, n;     // its candidates
    int key;             // chosen by: enum ed_result_index
    bool more_is_better;
    size_t n_axes;
    int axes[6];          // of the front: enum ed_result_index
    const char *left_out; // what the front does not have, and why; ""
};

struct ed_report_choice {
    const char *verdict; // over all rows
    const char *summary; // one line
    const char *ties;    // the rule, in words
    double alpha;        // 0.05: the best one is among those that are not told apart with chance 95 %
    bool inconclusive_pass;
    size_t n;
    const struct ed_report_choice_row *rows; // by device, then by model
    size_t n_candidates;
    const struct ed_report_candidate *candidates;
};

struct ed_report_info {
    const char *campaign;    // id
    const char *started_utc; // "2026-11-21T08:15:00Z"
    const char *version;     // edgedyno's
    const char *suite;       // name of the suite; "" for models on the command line
    int columns;             // width to keep to; 0: no limit (not a terminal)
    bool colour;
    size_t n_records;
    size_t n_hardware;
    const struct ed_report_hardware {
        const char *device;
        const char *summary; // one line: "AMD EPYC, 2 cores, 24 GiB, Linux 6.18"
    } * hardware;
    size_t n_requirements;
    const char *const *requirements; // as written in the suite
    // Devices that were asked for and could not take part. Formats for people say so first.
    size_t n_absent;
    const struct ed_report_absent { const char *device, *reason; } * absent;
    // Records come in the order in which they are to be shown. Those with equal values of these keys stand
    // together; formats for people say the values above them. Each is an enum ed_result_index, or -1 for the
    // case's own words.
    size_t n_groups;
    const int *groups;
    const struct ed_report_source *source;   // NULL: records alone
    const struct ed_report_plotter *plotter; // NULL: tables alone
    const struct ed_report_gate *gate;       // NULL: the campaign is no gate's
    const struct ed_report_choice *choice;   // NULL: nothing was to be chosen
    const char *figure; // result key by which devices are compared; NULL: the median latency or the like
};

struct ed_report {
    uint32_t abi;
    uint32_t struct_bytes;
    const char *name; // of --format
    const char *summary;
    const char *suffix; // usual file ending, ".md"
    bool directory;     // writes several files, by sink->file: an export of it names a directory
    const struct ed_option *options;
    size_t n_options;
    size_t state_bytes;

    enum ed_status (*begin)(void *state, const struct ed_report_info *info, const struct ed_sink *sink,
                            struct ed_error *err);
    // Borrows the record until `end`: formats that need every record before the first byte keep the pointer.
    enum ed_status (*record)(void *state, const struct ed_result *result, struct ed_error *err);
    enum ed_status (*end)(void *state, struct ed_error *err);
};

#endif
