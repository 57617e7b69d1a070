// SPDX-License-Identifier: Apache-2.0
// Running gnuplot.
#include "harness/gnuplot.h"

#include <string.h>

#include "base/clock.h"
#include "devices/process.h"

#define DEADLINE_NS INT64_C(60000000000)
#define OUTPUT_MAX_BYTES ((size_t)256 << 20)

static enum ed_status draw(void *context, const char *script, size_t bytes, const struct ed_sink *out,
                           struct ed_error *err) {
    // -d: neither the system's nor the person's start file.
    static const char *const argv[] = {"gnuplot", "-d", NULL};
    const struct ed_spawn_args args = {.argv = argv,
                                       .input = script,
                                       .input_bytes = bytes,
                                       .out_limit_bytes = OUTPUT_MAX_BYTES,
                                       .deadline_ns = ed_clock_monotonic_ns() + DEADLINE_NS};
    struct ed_spawn_result result;
    (void)context;
    ed_spawn_result_init(&result);
    enum ed_status status = ed_process_run(&args, &result, err);
    if (status == ED_OK && result.exit_code != 0)
        status = ed_fail(err, ED_ERR_IO, "gnuplot", "does not draw: %.300s",
                         result.err_out ? result.err_out : "it says nothing");
    if (status == ED_OK)
        status = out->write(out->context, result.out, result.out_bytes, err);
    ed_spawn_result_release(&result);
    return status;
}

const struct ed_report_plotter ed_gnuplot = {.draw = draw};
