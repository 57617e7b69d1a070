// SPDX-License-Identifier: Apache-2.0
// The open loop: fixed rate and Poisson arrivals.
#include "runners/loop_arrivals.h"

#include <math.h>
#include <time.h>

#include "base/clock.h"
#include "base/random.h"
#include "runners/loop.h"

#define SPIN_NS 100000 // before a begin: what a wake-up may take, so that it is not in the latency
#define SECOND_NS 1000000000
#define FARTHEST_NS 4e18 // so that a time of the clock can be added

// What the window saw, besides its samples.
struct tally {
    int64_t busy_ns;       // inside the engine
    uint64_t waited;       // arrivals that met an earlier one still running
    int64_t late_begin_ns; // the latest begin of one that met none: what waking up cost
    int64_t backlog_ns;    // how late the last one began
    uint64_t arrived;      // intended to begin before the window's end
};

size_t ed_arrivals_make(int64_t *offsets, size_t capacity, const struct ed_workload *workload, uint64_t seed,
                        int64_t until_ns) {
    struct ed_random random;
    double at = 0;
    size_t n = 0;
    ed_random_init(&random, ed_random_derive(seed, "arrivals"));
    while (n < capacity) {
        offsets[n++] = (int64_t)fmin(at, FARTHEST_NS);
        if (at > (double)until_ns)
            break;
        if (workload->scenario == ED_SCENARIO_POISSON)
            at += -log1p(-ed_random_uniform(&random)) * SECOND_NS / workload->rate_per_s;
        else
            at = (double)n * SECOND_NS / workload->rate_per_s;
    }
    return n;
}

// Sleeps, then spins: returns the first reading that is not before `due_ns`. The clock that can be slept by
// runs up to 0.05 % faster or slower than the one that is measured by, so a sleep ends a little early.
static int64_t wait_until(int64_t due_ns) {
    int64_t now = ed_clock_raw_ns();
    while (now < due_ns - SPIN_NS) {
        const int64_t rest = due_ns - SPIN_NS - now;
        const int64_t wake = ed_clock_monotonic_ns() + rest - rest / 1000;
        const struct timespec when = {wake / SECOND_NS, wake % SECOND_NS};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
        now = ed_clock_raw_ns();
    }
    while (now < due_ns)
        now = ed_clock_raw_ns();
    return now;
}

// `samples` holds the `planned` arrivals; the latency of one takes its place. One arrival more than is ever
// served stands behind them where there was room.
static enum ed_status serve(const struct ed_backend *backend, void *state, const struct ed_job_block *block,
                            size_t planned, struct ed_mapping *mapping, struct tally *tally,
                            struct ed_error *err) {
    enum ed_status (*const run)(void *, struct ed_error *) = backend->run;
    int64_t *const samples = ed_mapping_samples(mapping);
    const uint64_t exact = (uint64_t)block->inferences;
    const uint64_t most = exact ? exact : (uint64_t)block->max_samples;
    const uint64_t capacity = most < planned ? most : planned;
    const uint64_t enough = exact ? exact : (uint64_t)block->min_inferences;
    const int64_t begin = ed_clock_raw_ns() + SPIN_NS;
    const int64_t soft_end = begin + (exact ? 0 : block->min_ns);
    const int64_t hard_end = exact ? INT64_MAX : begin + block->max_ns;
    int64_t ended = begin, next = begin;
    uint64_t n = 0;
    mapping->timed_begin_raw_ns = begin;
    for (;;) {
        const int64_t due = next;
        const bool waited = ended > due;
        const int64_t before = waited ? ed_clock_raw_ns() : wait_until(due);
        const enum ed_status status = run(state, err);
        ended = ed_clock_raw_ns();
        if (__builtin_expect(status != ED_OK, 0))
            return status;
        samples[n++] = ended - due;
        atomic_store_explicit(&mapping->n_samples, n, memory_order_relaxed);
        tally->busy_ns += ended - before;
        tally->waited += waited;
        tally->backlog_ns = before - due;
        if (!waited && before - due > tally->late_begin_ns)
            tally->late_begin_ns = before - due;
        next = n < planned ? begin + samples[n] : ended;
        if (n >= capacity || ended >= hard_end || next >= hard_end || (n >= enough && ended >= soft_end))
            break;
    }
    // The rest of the last period belongs to the window: else its rate would be above that of the arrivals.
    const int64_t rest_end = next < hard_end ? next : hard_end;
    mapping->timed_end_raw_ns = rest_end > ended ? wait_until(rest_end) : ended;
    tally->arrived = n;
    while (tally->arrived < planned && begin + samples[tally->arrived] < mapping->timed_end_raw_ns)
        tally->arrived++;
    return ED_OK;
}

static void write_evidence(struct ed_json_writer *w, const struct tally *tally,
                           const struct ed_mapping *mapping) {
    ed_json_object_begin(w, "arrivals");
    ed_json_uint(w, "arrived", tally->arrived);
    ed_json_uint(w, "served", atomic_load(&mapping->n_samples));
    ed_json_uint(w, "waited", tally->waited);
    ed_json_int(w, "busy_ns", tally->busy_ns);
    ed_json_int(w, "late_begin_max_ns", tally->late_begin_ns);
    ed_json_int(w, "last_waited_ns", tally->backlog_ns);
    ed_json_object_end(w);
}

enum ed_status ed_loop_arrivals(const struct ed_backend *backend, void *state,
                                const struct ed_workload *workload, const struct ed_job_block *block,
                                struct ed_memory_reader *memory, struct ed_mapping *mapping,
                                struct ed_json_writer *evidence, struct ed_error *err) {
    struct tally tally = {0};
    int64_t once_ns = 0;
    enum ed_status status = ed_loop_warm_up(backend, state, mapping, &once_ns, err);
    if (status != ED_OK)
        return status;
    if (once_ns < ed_loop_shortest_ns(mapping))
        return ed_fail(err, ED_ERR_UNSUPPORTED, ed_scenario_word(workload->scenario),
                       "an inference takes %lld ns here, less than 1000 steps of the clock, so that arrivals "
                       "cannot be timed one by one; measure it as single-stream, which times several at once",
                       (long long)once_ns);
    mapping->batch = 1;
    // The arrivals lie where their latencies will: memory that is there, touched, and not counted as the
    // engine's.
    const size_t exact = (size_t)block->inferences;
    const size_t room = exact && exact < mapping->capacity ? exact + 1 : mapping->capacity;
    const size_t planned = ed_arrivals_make(ed_mapping_samples(mapping), room, workload,
                                            (uint64_t)block->seed, exact ? INT64_MAX : block->max_ns);
    ed_memory_mark(memory, &mapping->marks[ED_MARK_AFTER_WARMUP]);
    status = backend->run(state, err);
    if (status != ED_OK)
        return status;
    mapping->warmup_inferences++;
    atomic_store(&mapping->phase, ED_PHASE_TIMED);
    status = serve(backend, state, block, planned, mapping, &tally, err);
    if (status != ED_OK)
        return status;
    ed_memory_mark(memory, &mapping->marks[ED_MARK_AFTER_TIMED]);
    write_evidence(evidence, &tally, mapping);
    return ED_OK;
}
