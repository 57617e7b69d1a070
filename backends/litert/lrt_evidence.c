// SPDX-License-Identifier: Apache-2.0
// Where the model runs, by what the compiled model says of itself; times of its operators.
#include <stdlib.h>

#include "backends/adapter_profile.h"
#include "backends/adapter_text.h"
#include "backends/litert/lrt.h"
#include "base/clock.h"

#define EVENTS_MAX 16384
#define RUNS_MAX 100000u

static void set_place(struct ed_placement *out, const char *name, enum ed_processor processor) {
    out->proven = true;
    out->total = out->n_places = 1;
    snprintf(out->unit, sizeof out->unit, "model");
    snprintf(out->places[0].name, sizeof out->places[0].name, "%s", name);
    out->places[0].processor = processor;
    out->places[0].count = 1;
}

enum ed_status lrt_evidence_placement(struct lrt_state *lrt, struct ed_placement *out, struct ed_error *err) {
    bool fully = false, beyond_cpu = false;
    memset(out, 0, sizeof *out);
    if (!lrt->compiled)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "placement was asked for before a model was loaded");
    lrt_words_begin(lrt);
    enum ed_status status = lrt_check(lrt, lrt->api.CompiledModelIsFullyAccelerated(lrt->compiled, &fully),
                                      "asking for the placement", err);
    const bool tells = lrt->api.CompiledModelIsNonCpuFullyAccelerated != NULL;
    if (!status && tells)
        status = lrt_check(lrt, lrt->api.CompiledModelIsNonCpuFullyAccelerated(lrt->compiled, &beyond_cpu),
                           "asking for the placement", err);
    if (status)
        return status;
    const struct lrt_plan *plan = &lrt->plan;
    const enum ed_processor asked = plan->asked == LRT_HARDWARE_GPU ? ED_PROCESSOR_GPU : ED_PROCESSOR_NPU;
    const char *name = plan->asked == LRT_HARDWARE_GPU ? "GPU" : "NPU";
    snprintf(out->detail, sizeof out->detail,
             "signature %.64s; IsFullyAccelerated=%d; IsNonCpuFullyAccelerated=%s", lrt->signature_key, fully,
             !tells       ? "not told"
             : beyond_cpu ? "1"
                          : "0");
    // "Accelerated" is true of XNNPACK on the CPU as well: alone it says nothing of a GPU or NPU.
    if (plan->hardware == LRT_HARDWARE_CPU)
        set_place(out, "CPU", ED_PROCESSOR_CPU);
    else if (beyond_cpu || (fully && !(plan->hardware & LRT_HARDWARE_CPU)))
        set_place(out, name, asked);
    else if (!(lrt_survey_registered(lrt) & plan->asked))
        set_place(out, "CPU", ED_PROCESSOR_CPU);
    else if (tells)
        set_place(out, "CPU, at least in part", ED_PROCESSOR_CPU); // how much of it, the engine does not say
    return ED_OK;
}

// Times of one operator, a run each.
struct op {
    char tag[96];
    uint64_t node;
    int64_t *run_ns;
};
struct ops {
    struct op *items;
    size_t n, capacity;
    uint32_t runs;
};

static struct op *find_op(struct ops *ops, const struct lrt_event *event) {
    char tag[sizeof ops->items->tag];
    ed_adapter_text(tag, sizeof tag, event->tag ? event->tag : "");
    for (size_t i = 0; i < ops->n; i++)
        if (ops->items[i].node == event->node && !strcmp(ops->items[i].tag, tag))
            return &ops->items[i];
    if (ops->n == ops->capacity)
        return NULL;
    struct op *made = &ops->items[ops->n];
    made->run_ns = calloc(ops->runs, sizeof *made->run_ns);
    if (!made->run_ns)
        return NULL;
    memcpy(made->tag, tag, sizeof tag);
    made->node = event->node;
    ops->n++;
    return made;
}

static enum ed_status profile_run(struct lrt_state *lrt, lrt_handle compiled, lrt_handle profiler,
                                  struct lrt_event *events, struct ops *ops, uint32_t run, int64_t *took_ns,
                                  struct ed_error *err) {
    int n = 0, failed = lrt->api.ResetProfiler(profiler);
    if (!failed)
        failed = lrt->api.StartProfiler(profiler);
    const int64_t before_ns = ed_clock_raw_ns();
    if (!failed)
        failed = lrt->api.RunCompiledModel(compiled, lrt->signature, lrt->io.n_inputs, lrt->inputs,
                                           lrt->io.n_outputs, lrt->outputs);
    *took_ns = ed_clock_raw_ns() - before_ns;
    if (!failed)
        failed = lrt->api.StopProfiler(profiler);
    if (!failed)
        failed = lrt->api.GetNumProfilerEvents(profiler, &n);
    n = n < 0 ? 0 : n > EVENTS_MAX ? EVENTS_MAX : n;
    if (!failed && n)
        failed = lrt->api.GetProfilerEvents(profiler, n, events);
    for (int i = 0; i < n && !failed; i++) {
        if (events[i].type != LRT_EVENT_OPERATOR && events[i].type != LRT_EVENT_DELEGATED_OPERATOR)
            continue;
        struct op *op = find_op(ops, &events[i]);
        if (op)
            op->run_ns[run] += (int64_t)(events[i].elapsed_us & UINT32_MAX) * 1000;
    }
    return lrt_check(lrt, failed, "running with a profile", err);
}

static void take_rows(struct lrt_state *lrt, struct ops *ops, int64_t *whole_ns,
                      struct ed_op_profile_row *rows, size_t capacity, size_t *n) {
    struct ed_placement placement;
    const bool known = !lrt_evidence_placement(lrt, &placement, NULL) && placement.proven;
    rows[(*n)++] = (struct ed_op_profile_row){.name = "inference",
                                              .op = ED_PROFILE_WHOLE_RUN,
                                              .processor = ED_PROCESSOR_UNKNOWN,
                                              .calls = ops->runs,
                                              .total_ns = ed_adapter_total_ns(whole_ns, ops->runs)};
    for (size_t i = 0; i < ops->n && *n < capacity; i++) {
        struct ed_op_profile_row *row = &rows[(*n)++];
        memset(row, 0, sizeof *row);
        snprintf(row->name, sizeof row->name, "node %llu", (unsigned long long)ops->items[i].node);
        snprintf(row->op, sizeof row->op, "%s", ops->items[i].tag);
        row->processor = known ? placement.places[0].processor : ED_PROCESSOR_UNKNOWN;
        row->calls = ops->runs;
        row->total_ns = ed_adapter_total_ns(ops->items[i].run_ns, ops->runs);
    }
}

enum ed_status lrt_evidence_profile(struct lrt_state *lrt, uint32_t runs, struct ed_op_profile_row *rows,
                                    size_t capacity, size_t *n, struct ed_error *err) {
    struct ops ops = {.capacity = ED_PROFILE_OPS_MAX, .runs = runs};
    struct lrt_event *events = calloc(EVENTS_MAX, sizeof *events);
    int64_t *whole_ns = calloc(runs ? runs : 1, sizeof *whole_ns);
    lrt_handle compiled = NULL, profiler = NULL;
    enum ed_status status = ED_OK;
    *n = 0;
    ops.items = calloc(ops.capacity, sizeof *ops.items);
    if (!events || !whole_ns || !ops.items)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a profile");
    else if (!lrt->bound)
        status = ed_fail(err, ED_ERR_INTERNAL, NULL, "a profile was asked for before inputs were bound");
    else if (!runs || runs > RUNS_MAX)
        status =
            ed_fail(err, ED_ERR_LIMIT, NULL, "a profile of %u runs; 1 to %u are possible", runs, RUNS_MAX);
    else if (lrt->plan.asked == LRT_HARDWARE_GPU)
        // Seen with 2.3.0: runs fail once profiling is on.
        status = ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "LiteRT %s cannot profile what runs on its GPU",
                         lrt->version);
    lrt_words_begin(lrt);
    lrt_tensors_unlock(lrt);
    if (!status)
        status = lrt_compile(lrt, &lrt->plan, lrt->model, true, &compiled, err);
    if (!status)
        status = lrt_check(lrt, lrt->api.CompiledModelGetProfiler(compiled, &profiler),
                           "asking for its profiler", err);
    // The first run allocates and packs: it is left out.
    for (uint32_t run = 0; run <= runs && !status; run++) {
        status = profile_run(lrt, compiled, profiler, events, &ops, run ? run - 1 : 0,
                             &whole_ns[run ? run - 1 : 0], err);
        for (size_t i = 0; i < ops.n && !run; i++)
            ops.items[i].run_ns[0] = 0;
    }
    if (!status && capacity)
        take_rows(lrt, &ops, whole_ns, rows, capacity, n);
    if (compiled)
        lrt->api.DestroyCompiledModel(compiled);
    for (size_t i = 0; i < ops.n; i++)
        free(ops.items[i].run_ns);
    free(ops.items);
    free(whole_ns);
    free(events);
    return status;
}
