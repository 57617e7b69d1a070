// SPDX-License-Identifier: Apache-2.0
// The memory that supervisor and worker share during one block. The supervisor makes and touches it before
// the worker starts; the worker only stores into it, so that whatever was known when it died is still there.
// One writer (the worker), one reader that reads while it is written only `phase` and `n_samples`, and
// everything else after the worker is gone.
#ifndef EDGEDYNO_RUNNERS_MAPPING_H
#define EDGEDYNO_RUNNERS_MAPPING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/wire.h"

#define ED_MAPPING_MAGIC 0x4f4e594445474445u
#define ED_MAPPING_VERSION 3u
#define ED_EVIDENCE_MAX_BYTES (96u << 10)

// Moments at which memory is read. Peaks are those since the mark before.
enum ed_mark_at {
    ED_MARK_BEFORE_LOAD,  // before the engine is opened
    ED_MARK_AFTER_LOAD,   // peak: engine opened and model loaded
    ED_MARK_AFTER_WARMUP, // peak: inputs bound, first inference, warm-up
    ED_MARK_AFTER_TIMED,  // peak: timed inferences
    ED_MARK_AFTER_UNLOAD, // after the model is gone
    ED_MARK_COUNT
};

// -1 in a size that the system does not tell.
struct ed_mark {
    bool set;
    int64_t raw_ns, monotonic_ns, boot_ns;
    int64_t peak_bytes; // VmHWM less our own mapping
    int64_t rss_bytes;  // VmRSS less our own mapping
    int64_t anon_bytes, file_bytes, shmem_bytes, swap_bytes;
    bool peak_reset; // the high-water mark could be reset after this reading
};

// Nothing of memory is known at this moment.
static inline void ed_mark_nothing(struct ed_mark *mark) {
    mark->peak_bytes = mark->rss_bytes = mark->anon_bytes = mark->file_bytes = mark->shmem_bytes =
        mark->swap_bytes = -1;
    mark->peak_reset = false;
}

struct ed_mapping {
    uint64_t magic;
    uint32_t version;
    uint32_t struct_bytes;
    uint64_t total_bytes; // of the whole mapping
    uint64_t samples_offset;
    uint64_t capacity;      // samples
    _Atomic uint32_t phase; // enum ed_phase
    _Atomic uint64_t n_samples;
    _Atomic int64_t measured_pid; // of the engine where that is another process; 0: the worker, -1: elsewhere

    int32_t isolation_errno; // of the network, by the process that becomes the worker: 0 done, -1 not tried
    int64_t started_raw_ns;  // first statement of the worker
    struct ed_mark marks[ED_MARK_COUNT];
    int64_t clock_step_ns, clock_floor_ns;
    int64_t open_ns, load_ns, first_inference_ns; // -1 until known
    int64_t warmup_inferences, warmup_ns;
    int32_t warmup_state; // enum ed_warmup_state
    int64_t batch;        // inferences per sample
    int64_t stride;       // numbers of one inference among the samples; 1 for tensors
    int64_t timed_begin_raw_ns, timed_end_raw_ns;

    int32_t finished; // 1 when the worker ended by its own will, whatever the status
    int32_t status;   // enum ed_status of the block
    char error_where[ED_ERROR_WHERE_BYTES];
    char error_message[ED_ERROR_MESSAGE_BYTES];

    uint32_t evidence_bytes; // JSON object, not terminated
    char evidence[ED_EVIDENCE_MAX_BYTES];
};

// Supervisor: makes the mapping on an anonymous file, touches every page, and gives the descriptor for the
// worker (inherited over exec). `capacity` 1..ED_WIRE_SAMPLES_MAX.
enum ed_status ed_mapping_make(struct ed_mapping **mapping, int *fd, size_t capacity, struct ed_error *err);
// Worker: maps `fd`, checks every header field, populates it.
enum ed_status ed_mapping_attach(struct ed_mapping **mapping, int fd, struct ed_error *err);
void ed_mapping_release(struct ed_mapping *mapping); // NULL is fine
int64_t *ed_mapping_samples(struct ed_mapping *mapping);

#endif
