// SPDX-License-Identifier: Apache-2.0
// The offline loop. Every stream goes through the same steps, with a barrier after each; a stream that failed
// goes through the barriers alone, so that nobody waits for it.
#include "runners/loop_streams.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "runners/loop.h"

struct shared {
    const struct ed_stream_work *work;
    const struct ed_job_block *block;
    struct ed_mapping *mapping;
    struct ed_memory_reader *memory;
    pthread_barrier_t step;
    atomic_bool failed, stop;
    _Atomic uint64_t n; // inferences that ended; may pass the capacity by the number of streams
};

struct stream {
    struct shared *shared;
    pthread_t thread;
    void *state;
    struct ed_mapping *own; // where its warm-up is told; the block's own for the first
    int64_t begin_ns, end_ns;
    enum ed_status status;
    struct ed_error error;
};

static void take(struct stream *stream, enum ed_status status) {
    if (status == ED_OK)
        return;
    stream->status = status;
    atomic_store(&stream->shared->failed, true);
}

static bool goes_on(const struct stream *stream) {
    return !atomic_load(&stream->shared->failed);
}

static enum ed_status prepare(struct stream *stream) {
    const struct ed_stream_work *work = stream->shared->work;
    struct ed_error *err = &stream->error;
    enum ed_status status = work->backend->open(stream->state, work->open_args, err);
    if (status != ED_OK)
        return status;
    status = work->backend->load(stream->state, work->load_args, err);
    if (status != ED_OK)
        return status;
    struct ed_io *io = calloc(1, sizeof *io);
    status = io ? work->backend->describe(stream->state, io, err)
                : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the description of the model");
    free(io);
    return status == ED_OK ? work->backend->bind(stream->state, work->inputs, work->n_inputs, err) : status;
}

static enum ed_status warm_up(struct stream *stream) {
    const struct ed_mapping *mapping = stream->shared->mapping;
    int64_t once_ns = 0;
    enum ed_status status =
        ed_loop_warm_up(stream->shared->work->backend, stream->state, stream->own, &once_ns, &stream->error);
    if (status == ED_OK && once_ns < ed_loop_shortest_ns(mapping))
        return ed_fail(
            &stream->error, ED_ERR_UNSUPPORTED, "offline",
            "an inference takes %lld ns here, less than 1000 steps of the clock, so that it cannot "
            "be timed by itself; measure it as single-stream, which times several at once",
            (long long)once_ns);
    return status;
}

static enum ed_status time_stream(struct stream *stream) {
    struct shared *shared = stream->shared;
    const struct ed_job_block *block = shared->block;
    enum ed_status (*const run)(void *, struct ed_error *) = shared->work->backend->run;
    int64_t *const samples = ed_mapping_samples(shared->mapping);
    const uint64_t exact = (uint64_t)block->inferences;
    const uint64_t capacity = exact ? exact : (uint64_t)block->max_samples;
    const uint64_t enough = exact ? exact : (uint64_t)block->min_inferences;
    stream->begin_ns = stream->end_ns = ed_clock_raw_ns();
    const int64_t soft_end = stream->begin_ns + (exact ? 0 : block->min_ns);
    const int64_t hard_end = exact ? INT64_MAX : stream->begin_ns + block->max_ns;
    while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
        const int64_t before = ed_clock_raw_ns();
        const enum ed_status status = run(stream->state, &stream->error);
        const int64_t after = ed_clock_raw_ns();
        if (__builtin_expect(status != ED_OK, 0)) {
            atomic_store(&shared->stop, true);
            return status;
        }
        stream->end_ns = after;
        const uint64_t n = atomic_fetch_add(&shared->n, 1);
        if (n < shared->mapping->capacity) {
            samples[n] = after - before;
            atomic_fetch_add_explicit(&shared->mapping->n_samples, 1, memory_order_relaxed);
        }
        if (n + 1 >= capacity || after >= hard_end || (n + 1 >= enough && after >= soft_end))
            atomic_store(&shared->stop, true);
    }
    return ED_OK;
}

// `first` is the stream of the calling thread, which keeps the block's marks and phases.
static void go(struct stream *stream, bool first) {
    struct shared *shared = stream->shared;
    const struct ed_backend *backend = shared->work->backend;
    if (!first)
        take(stream, prepare(stream));
    pthread_barrier_wait(&shared->step);
    if (goes_on(stream))
        take(stream, warm_up(stream));
    pthread_barrier_wait(&shared->step);
    if (first && goes_on(stream)) {
        ed_memory_mark(shared->memory, &shared->mapping->marks[ED_MARK_AFTER_WARMUP]);
        atomic_store(&shared->mapping->phase, ED_PHASE_TIMED);
    }
    pthread_barrier_wait(&shared->step);
    if (goes_on(stream)) {
        take(stream, backend->run(stream->state, &stream->error));
        stream->own->warmup_inferences++;
    }
    pthread_barrier_wait(&shared->step);
    if (goes_on(stream))
        take(stream, time_stream(stream));
    pthread_barrier_wait(&shared->step);
    if (first && goes_on(stream))
        ed_memory_mark(shared->memory, &shared->mapping->marks[ED_MARK_AFTER_TIMED]);
    pthread_barrier_wait(&shared->step);
    if (first)
        return;
    if (goes_on(stream))
        take(stream, backend->unload(stream->state, &stream->error));
    backend->close(stream->state);
}

static void *go_thread(void *context) {
    go(context, false);
    return NULL;
}

// The window is that of all, the warm-up the longest and least settled.
static void sum_up(const struct stream *streams, size_t n, struct ed_mapping *mapping) {
    static const int rank[] = {[ED_WARMUP_STEADY] = 0, [ED_WARMUP_NOT_TESTABLE] = 1, [ED_WARMUP_LIMIT] = 2};
    mapping->batch = 1;
    mapping->timed_begin_raw_ns = streams[0].begin_ns;
    mapping->timed_end_raw_ns = streams[0].end_ns;
    for (size_t i = 1; i < n; i++) {
        const struct ed_mapping *own = streams[i].own;
        mapping->warmup_inferences += own->warmup_inferences;
        if (own->warmup_ns > mapping->warmup_ns)
            mapping->warmup_ns = own->warmup_ns;
        if (rank[own->warmup_state] > rank[mapping->warmup_state])
            mapping->warmup_state = own->warmup_state;
        if (streams[i].begin_ns < mapping->timed_begin_raw_ns)
            mapping->timed_begin_raw_ns = streams[i].begin_ns;
        if (streams[i].end_ns > mapping->timed_end_raw_ns)
            mapping->timed_end_raw_ns = streams[i].end_ns;
    }
}

static enum ed_status make_streams(struct stream *streams, size_t n, struct shared *shared, void *state,
                                   struct ed_error *err) {
    const size_t bytes = shared->work->backend->state_bytes;
    for (size_t i = 0; i < n; i++) {
        streams[i].shared = shared;
        streams[i].state = i ? calloc(1, bytes ? bytes : 1) : state;
        streams[i].own = i ? calloc(1, sizeof *streams[i].own) : shared->mapping;
        if (!streams[i].state || !streams[i].own)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu streams", n);
        streams[i].own->clock_step_ns = shared->mapping->clock_step_ns;
        streams[i].own->clock_floor_ns = shared->mapping->clock_floor_ns;
        streams[i].own->first_inference_ns = -1;
    }
    return ED_OK;
}

enum ed_status ed_loop_streams(const struct ed_stream_work *work, void *state, size_t n_streams,
                               const struct ed_job_block *block, struct ed_memory_reader *memory,
                               struct ed_mapping *mapping, struct ed_error *err) {
    struct shared *shared = calloc(1, sizeof *shared);
    struct stream *streams = calloc(n_streams, sizeof *streams);
    enum ed_status status = ED_OK;
    atomic_store(&mapping->phase, ED_PHASE_WARMUP);
    if (!shared || !streams) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu streams", n_streams);
        goto out;
    }
    shared->work = work, shared->block = block, shared->mapping = mapping, shared->memory = memory;
    status = make_streams(streams, n_streams, shared, state, err);
    if (status == ED_OK && pthread_barrier_init(&shared->step, NULL, (unsigned)n_streams) != 0)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no barrier for %zu streams", n_streams);
    for (size_t i = 1; status == ED_OK && i < n_streams; i++)
        // Those that run already wait at a barrier that will never be full: what they hold stays, until this
        // process ends with its block.
        if ((errno = pthread_create(&streams[i].thread, NULL, go_thread, &streams[i])) != 0)
            return ed_fail_errno(err, ED_ERR_NO_MEMORY, "offline", "stream %zu of %zu cannot be started: %m",
                                 i + 1, n_streams);
    if (status != ED_OK)
        goto out;
    go(&streams[0], true);
    for (size_t i = 1; i < n_streams; i++)
        pthread_join(streams[i].thread, NULL);
    pthread_barrier_destroy(&shared->step);
    for (size_t i = 0; status == ED_OK && i < n_streams; i++)
        if (streams[i].status != ED_OK)
            status = ed_fail(err, streams[i].status, streams[i].error.where, "stream %zu of %zu: %s", i + 1,
                             n_streams, streams[i].error.message);
    if (status == ED_OK)
        sum_up(streams, n_streams, mapping);
out:
    for (size_t i = 1; streams && i < n_streams; i++) {
        free(streams[i].state);
        free(streams[i].own);
    }
    free(streams);
    free(shared);
    return status;
}
