// SPDX-License-Identifier: Apache-2.0
// Running one block: a worker made by fork and exec, watched until it is gone, and everything known of it
// afterwards.
#ifndef EDGEDYNO_RUNNERS_BLOCK_H
#define EDGEDYNO_RUNNERS_BLOCK_H

#include "base/clock.h"
#include "runners/context.h"
#include "runners/cool_down.h"
#include "runners/hardware/pinning.h"
#include "runners/isolate.h"
#include "runners/job.h"
#include "runners/jobdir.h"
#include "runners/mapping.h"
#include "runners/memory_limit.h"
#include "runners/oom.h"
#include "runners/sampler.h"

#define ED_LOOK_PERIOD_NS INT64_C(100000000) // between two looks at the stop file and the output
#define ED_WORKER_OUTPUT_MAX_BYTES \
    (1 << 20) // what a worker has printed is cut to nothing when it grows beyond

enum ed_block_end { ED_BLOCK_ENDED, ED_BLOCK_TIMED_OUT, ED_BLOCK_STOPPED, ED_BLOCK_OVER_LIMIT };

// A time without a worker, in which the device's own power was sampled; CLOCK_MONOTONIC.
struct ed_idle_window {
    int64_t begin_ns, end_ns; // 0, 0: none
};

struct ed_block_result {
    enum ed_block_end end;
    enum ed_outcome outcome;
    enum ed_status status; // what the worker reported; ED_ERR_INTERNAL where it reported nothing
    char evidence[64];     // of an oom: "limit", "certain", "probable"; "" otherwise
    char where[ED_ERROR_WHERE_BYTES];
    char message[ED_ERROR_MESSAGE_BYTES]; // the engine's own words, or what ended it; "" when ok
    int exit_code, signal;                // of the process; exit_code -1 when a signal ended it
    enum ed_phase phase;                  // the last one it entered
    struct ed_clock_stamp started, ended;
    struct ed_cool_down_result cool_down;          // likewise
    struct ed_idle_window idle_before, idle_after; // filled by the supervisor
    int64_t spawn_ns; // from fork to the worker's first statement; -1 where it never came there
    int64_t worker_cpu_ns, supervisor_cpu_ns;
    int64_t major_faults, minor_faults, voluntary_switches, involuntary_switches;
    double cold_resident_share;   // cold pass: what stayed in the page cache; -1 in other passes
    struct ed_memory_limit limit; // of this worker's memory, and what was seen of it
    char cold_reason[256];        // why the cold pass could not be cold; "" where it was
    struct ed_mapping *mapping;   // what the worker left; released by ed_block_result_release
    int mapping_fd;
};

struct ed_block_context {
    const struct ed_job *job;
    const struct ed_jobdir *dir;
    const char *runner; // path of this program, for exec
    struct ed_sampler *sampler;
    struct ed_cool_down *cool_down;    // of the job
    struct ed_context *before, *after; // of the device, around this block
    const struct ed_pinning *pinning;  // loaded where a case of the job is pinned
    int root_fd;
    enum ed_isolation isolation;  // of workers whose engine needs no network
    const char *isolation_reason; // why there is none; "" where there is
    // Told once a block, soon after its timed window began: how long it is going to last by what warm-up
    // showed.
    void (*timed)(void *timed_context, int64_t left_ns);
    void *timed_context;
};

// The job directory is the current one; SIGCHLD, SIGTERM and SIGINT are blocked in the caller. A failure here
// is the supervisor's own (no memory, no fork, a full disk); whatever happens to the worker is in *result.
enum ed_status ed_block_run(const struct ed_block_context *context, size_t block_index,
                            struct ed_block_result *result, struct ed_error *err);
void ed_block_result_release(struct ed_block_result *result);

#endif
