// SPDX-License-Identifier: Apache-2.0
// Requests at a rate.
#include "runners/loop_requests.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "runners/loop_arrivals.h"
#include "runners/loop_language.h"

#define LEAD_NS 100000 // before the first request
#define LOOK_NS INT64_C(1000000000)

struct flight {
    bool used, over;
    int64_t due_ns, last_ns;
    size_t heard;
    int64_t *times; // of `stride` numbers
};

struct air {
    struct flight flights[ED_REQUESTS_MAX];
    size_t n, most;
    size_t stride;
    int32_t *at_send; // how many were under way when each was sent
    int64_t late_ns;  // the latest that one was sent
    size_t sent;
};

static void hear(void *context, enum ed_event event, uint32_t ticket) {
    struct air *air = context;
    const int64_t now = ed_clock_raw_ns();
    struct flight *flight = ticket < ED_REQUESTS_MAX ? &air->flights[ticket] : NULL;
    if (!flight || !flight->used || flight->over)
        return;
    if (event == ED_EVENT_STAGE) {
        flight->over = true;
        return;
    }
    if (flight->heard < air->stride)
        flight->times[flight->heard] = now - (flight->heard ? flight->last_ns : flight->due_ns);
    flight->last_ns = now;
    flight->heard++;
}

static enum ed_status send_one(struct air *air, const struct ed_backend *backend, void *state, int64_t due_ns,
                               struct ed_error *err) {
    uint32_t slot = 0;
    while (slot < ED_REQUESTS_MAX && air->flights[slot].used)
        slot++;
    if (slot == ED_REQUESTS_MAX)
        return ed_fail(
            err, ED_ERR_LIMIT, "--rate",
            "%d requests are under way and none is done: the server does not keep up with this rate",
            ED_REQUESTS_MAX);
    struct flight *flight = &air->flights[slot];
    int64_t *times = flight->times ? flight->times : calloc(air->stride, sizeof *times);
    if (!times)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the times of a request");
    *flight = (struct flight){.used = true, .due_ns = due_ns, .times = times};
    air->at_send[air->sent++] = (int32_t)air->n++;
    air->most = air->n > air->most ? air->n : air->most;
    const int64_t late = ed_clock_raw_ns() - due_ns;
    air->late_ns = late > air->late_ns ? late : air->late_ns;
    return backend->submit(state, slot, err);
}

// Those that are over, into the samples.
static enum ed_status collect(struct air *air, struct ed_mapping *mapping, uint64_t *done,
                              struct ed_error *err) {
    for (size_t i = 0; i < ED_REQUESTS_MAX; i++) {
        struct flight *flight = &air->flights[i];
        if (!flight->used || !flight->over)
            continue;
        if (flight->heard != air->stride)
            return ed_fail(err, ED_ERR_REFUSED, NULL,
                           "%zu tokens were to be generated, the engine told of %zu", air->stride,
                           flight->heard);
        memcpy(ed_mapping_samples(mapping) + *done * air->stride, flight->times,
               air->stride * sizeof(int64_t));
        ++*done;
        flight->used = false;
        air->n--;
        atomic_store_explicit(&mapping->n_samples, *done * air->stride, memory_order_relaxed);
    }
    return ED_OK;
}

// The two clocks run at one pace for so short a time.
static int64_t monotonic_of(int64_t raw_ns) {
    return ed_clock_monotonic_ns() + (raw_ns - ed_clock_raw_ns());
}

static void sleep_until(int64_t due_ns) {
    const int64_t wake = monotonic_of(due_ns) - LEAD_NS;
    const struct timespec when = {wake / 1000000000, wake % 1000000000};
    if (ed_clock_monotonic_ns() < wake)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

static enum ed_status serve(struct air *air, const struct ed_backend *backend, void *state,
                            const struct ed_job_block *block, const int64_t *offsets, size_t planned,
                            struct ed_mapping *mapping, struct ed_error *err) {
    const struct ed_host host = {air, hear};
    const uint64_t exact = (uint64_t)block->inferences,
                   enough = exact ? exact : (uint64_t)block->min_inferences;
    const int64_t begin = ed_clock_raw_ns() + LEAD_NS;
    const int64_t soft_end = begin + (exact ? 0 : block->min_ns);
    const int64_t hard_end = exact ? INT64_MAX : begin + block->max_ns;
    uint64_t done = 0;
    enum ed_status status = ED_OK;
    mapping->timed_begin_raw_ns = begin;
    while (status == ED_OK) {
        const int64_t now = ed_clock_raw_ns(),
                      due = air->sent < planned ? begin + offsets[air->sent] : INT64_MAX;
        const bool sending = due < hard_end && now < hard_end && !(done >= enough && now >= soft_end);
        if (!sending && !air->n)
            break;
        if (sending && due <= now) {
            status = send_one(air, backend, state, due, err);
        } else if (air->n) {
            const int64_t until = sending && due < now + LOOK_NS ? due : now + LOOK_NS;
            status = backend->progress(state, monotonic_of(until), &host, err);
            if (status == ED_OK)
                status = collect(air, mapping, &done, err);
        } else {
            sleep_until(due);
        }
    }
    mapping->timed_end_raw_ns = ed_clock_raw_ns();
    return status;
}

static double mean_of(const int32_t *values, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return n ? sum / (double)n : 0;
}

static void write_evidence(struct ed_json_writer *w, const struct air *air,
                           const struct ed_mapping *mapping) {
    const size_t half = air->sent / 2;
    ed_json_object_begin(w, "requests");
    ed_json_uint(w, "sent", air->sent);
    ed_json_uint(w, "served", atomic_load(&mapping->n_samples) / air->stride);
    ed_json_uint(w, "under_way_max", air->most);
    ed_json_real(w, "under_way_first_half", mean_of(air->at_send, half));
    ed_json_real(w, "under_way_second_half", mean_of(air->at_send + half, air->sent - half));
    ed_json_int(w, "late_sent_max_ns", air->late_ns);
    ed_json_object_end(w);
}

enum ed_status ed_loop_requests(const struct ed_backend *backend, void *state,
                                const struct ed_workload *workload, const struct ed_job_block *block,
                                struct ed_mapping *mapping, struct ed_json_writer *evidence,
                                struct ed_error *err) {
    const size_t stride = ed_workload_stride(workload), room = mapping->capacity / stride;
    const size_t most = (size_t)(block->inferences ? block->inferences : block->max_samples);
    // No more than can be due before the window ends, with some to spare for chance.
    const double due = workload->rate_per_s * (double)block->max_ns / 1e9 * 2 + 1000;
    const size_t wanted = most < room ? most : room;
    const size_t capacity = block->inferences || due > (double)wanted ? wanted : (size_t)due;
    int64_t *offsets = calloc(capacity + 1, sizeof *offsets);
    struct air *air = calloc(1, sizeof *air);
    enum ed_status status = ED_OK;
    if (!backend->progress)
        status = ed_fail(err, ED_ERR_UNSUPPORTED, ed_scenario_word(workload->scenario),
                         "this engine serves one request after the other");
    else if (!air || !offsets || !(air->at_send = calloc(capacity + 1, sizeof *air->at_send)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu requests", capacity);
    if (status == ED_OK) {
        air->stride = stride;
        const size_t planned = ed_arrivals_make(offsets, capacity, workload, (uint64_t)block->seed,
                                                block->inferences ? INT64_MAX : block->max_ns);
        status = serve(air, backend, state, block, offsets, planned, mapping, err);
    }
    if (status == ED_OK)
        write_evidence(evidence, air, mapping);
    for (size_t i = 0; air && i < ED_REQUESTS_MAX; i++)
        free(air->flights[i].times);
    if (air)
        free(air->at_send);
    free(air);
    free(offsets);
    return status;
}
