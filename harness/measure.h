// SPDX-License-Identifier: Apache-2.0
// From a suite to a finished campaign: plan it, freeze it on disk, drive the devices' runners, collect what
// they measured.
#ifndef EDGEDYNO_HARNESS_MEASURE_H
#define EDGEDYNO_HARNESS_MEASURE_H

#include <signal.h>

#include "base/log.h"
#include "devices/engines.h"
#include "devices/inventory.h"
#include "harness/campaign.h"
#include "harness/progress.h"
#include "harness/suite.h"

struct ed_measure_args {
    const struct ed_catalogue *catalogue;
    const struct ed_engines *engines;
    const struct ed_inventory *inventory;
    const char *library_dir; // PREFIX/lib/edgedyno: TARGET/edgedyno-runner and TARGET/adapters/*.so
    const char *out;         // --out DIR; NULL: runs/START-ID below the current directory
    const struct ed_log *log;
    struct ed_progress *progress;
    bool verify;                                  // rehash every file, here and on the devices
    const struct ed_transport_context *transport; // how transports ask people; may be NULL
    int64_t wait_ns;                              // for a busy device; 0: not at all
    int64_t patience_ns;                          // with a lost link; 0: two minutes
    bool leave_nothing;                           // remove models and data from the devices at the end
    const volatile sig_atomic_t *interrupted;     // set by Ctrl-C
};

// Text of the plan (--dry-run): devices, cases, blocks, estimated time; no campaign is made and no model
// is run.
enum ed_status ed_measure_plan(const struct ed_measure_args *args, const struct ed_suite *suite,
                               struct ed_buffer *text, struct ed_error *err);
// Makes the campaign directory (path into `directory`), runs every block. ED_ERR_CANCELLED after Ctrl-C: what
// was measured is on disk. A device that fails is logged and does not stop the others; the first failure is
// returned when all are done.
// *finished: nothing is left that a resume could do, though devices may have taken no part.
enum ed_status ed_measure_run(const struct ed_measure_args *args, const struct ed_suite *suite,
                              char directory[ED_PATH_BYTES], bool *finished, struct ed_error *err);
// Runs what is missing of a campaign, by its own frozen plan; re-attaches to jobs that still run.
enum ed_status ed_measure_resume(const struct ed_measure_args *args, const char *directory, bool *finished,
                                 struct ed_error *err);

#endif
