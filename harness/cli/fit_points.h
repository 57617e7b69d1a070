// SPDX-License-Identifier: Apache-2.0
// A point of `edgedyno fit` as a campaign of its own: the suite for a size and a set of levers, its run, and
// what its journal says of memory.
#ifndef EDGEDYNO_HARNESS_CLI_FIT_POINTS_H
#define EDGEDYNO_HARNESS_CLI_FIT_POINTS_H

#include "harness/cli/measuring.h"
#include "harness/fit.h"

enum ed_fit_what { ED_FIT_BATCH, ED_FIT_CONTEXT, ED_FIT_THREADS };
const char *ed_fit_what_word(enum ed_fit_what what);

// One device's search. What is no result is borrowed.
struct ed_fit_run {
    struct ed_cli *cli;
    const struct ed_arguments *arguments; // flags and the model, as given first
    struct ed_measuring *measuring;
    const struct ed_manifest *manifest; // of the engine
    const char *device;
    char directory[ED_PATH_BYTES]; // of the points; made when the first is measured
    enum ed_fit_what what;
    bool language;
    int64_t limit_bytes, ballast_bytes;
    int64_t deadline_ns; // CLOCK_MONOTONIC; 0: none
    struct ed_fit fit;
    // Shapes that the first point bound, whose first dimension becomes the batch.
    struct ed_suite_shape *shapes; // owned
    size_t n_shapes;
    bool described;
    bool interrupted;
};

// Sizes and levers of the search. ED_ERR_USAGE where the engine has no such size.
enum ed_status ed_fit_run_init(struct ed_fit_run *run, struct ed_error *err);
void ed_fit_run_release(struct ed_fit_run *run);
// The suite of a point; the caller releases it.
enum ed_status ed_fit_run_suite(const struct ed_fit_run *run, const struct ed_fit_point *point,
                                struct ed_suite *suite, struct ed_error *err);
// The hook of ed_fit_hooks; `context` is a struct ed_fit_run.
enum ed_status ed_fit_run_measure(void *context, struct ed_fit_point *point, struct ed_error *err);

// The result in a format: table, markdown, csv, json; for ed_output_write. `context` is this.
struct ed_fit_results {
    const struct ed_fit_run *runs; // one a device
    size_t n;
};
enum ed_status ed_fit_render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err);

#endif
