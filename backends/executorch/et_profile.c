// SPDX-License-Identifier: Apache-2.0
// Times of operators. The method is loaded once more, with a tracer, and run instruction by instruction: what
// an instruction takes is ours to measure, and what a delegate tells of its own operators comes by the
// tracer.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/adapter_profile.h"
#include "backends/adapter_text.h"
#include "backends/executorch/et.h"
#include "base/clock.h"

#define RUNS_MAX 100000u
#define STEPS_MAX 10000000u

struct op {
    size_t chain, instruction;
    uint32_t node; // within a delegate, from 1 on; 0: the instruction itself
    char name[64];
    int64_t *run_ns;
    uint64_t calls;
};

struct profile {
    struct et_tracer tracer; // first: the engine's pointer is ours
    struct op *ops;
    size_t n_ops;
    size_t chain, instruction; // that runs
    uint32_t node, run, runs;
    int64_t delegated_ns; // of this instruction, by the delegate's own account
};

static struct op *find_op(struct profile *profile, uint32_t node, const char *name) {
    struct op *op = profile->ops;
    for (; op < profile->ops + profile->n_ops; op++)
        if (op->node == node && op->instruction == profile->instruction && op->chain == profile->chain)
            return op;
    if (profile->n_ops == ED_PROFILE_OPS_MAX || !(op->run_ns = calloc(profile->runs, sizeof *op->run_ns)))
        return NULL;
    op->chain = profile->chain;
    op->instruction = profile->instruction;
    op->node = node;
    ed_adapter_text(op->name, sizeof op->name, name);
    profile->n_ops++;
    return op;
}

static void add_time(struct profile *profile, uint32_t node, const char *name, int64_t ns) {
    struct op *op = find_op(profile, node, name);
    if (!op)
        return;
    op->run_ns[profile->run] += ns > 0 ? ns : 0;
    op->calls++;
}

// XNNPACK numbers those of a name: "Convolution (NHWC, F32) IGEMM #2".
static void log_delegate(void *self, const char *name, int32_t id, uint64_t begin, uint64_t end,
                         const void *more, size_t bytes) {
    struct profile *profile = self;
    char text[64];
    (void)more, (void)bytes;
    if (name)
        snprintf(text, sizeof text, "%.*s", (int)strcspn(name, "#"), name);
    else
        snprintf(text, sizeof text, "delegated operator %d", (int)id);
    profile->delegated_ns += (int64_t)(end - begin);
    add_time(profile, ++profile->node, text, (int64_t)(end - begin));
}

static struct et_event begin(void *self, const char *name, int32_t chain, uint32_t instruction) {
    (void)self, (void)name;
    return (struct et_event){.chain = chain, .instruction = instruction};
}

static struct et_event begin_delegate(void *self, const char *name, int32_t id) {
    struct profile *profile = self;
    char text[64];
    snprintf(text, sizeof text, "delegated operator %d", (int)id);
    find_op(profile, ++profile->node, name ? name : text);
    return (struct et_event){.id = profile->node, .begin = (uint64_t)ed_clock_raw_ns(), .kind = 1};
}

static void end_delegate(void *self, struct et_event event, const void *more, size_t bytes) {
    struct profile *profile = self;
    const int64_t ns = ed_clock_raw_ns() - (int64_t)event.begin;
    (void)more, (void)bytes;
    profile->delegated_ns += ns;
    add_time(profile, (uint32_t)event.id, "", ns);
}

static void end(void *self, struct et_event event) {
    (void)self, (void)event;
}
static void text_nothing(void *self, const char *name) {
    (void)self, (void)name;
}
static void track(void *self, uint32_t allocator, size_t bytes) {
    (void)self, (void)allocator, (void)bytes;
}
static uint32_t track_allocator(void *self, const char *name) {
    (void)self, (void)name;
    return 0;
}
static void filter(void *self, void *wanted) {
    (void)self, (void)wanted;
}
static void nothing(void *self) {
    (void)self;
}
static void never(void) {
    abort();
}

static const struct et_tracer_table tracer_table = {
    .begin_block = text_nothing,
    .begin = begin,
    .begin_delegate = begin_delegate,
    .end_delegate = end_delegate,
    .log_delegate = log_delegate,
    .end = end,
    .track = track,
    .track_allocator = track_allocator,
    .values = {never, never, never, never, never, never},
    .filter = filter,
    .destroy = nothing,
    .remove = nothing,
};

static const struct et_instruction *instruction_at(const struct et_program *program, size_t chain,
                                                   size_t index) {
    for (size_t i = 0; i < program->n_instructions; i++)
        if (program->instructions[i].chain == chain)
            return index < program->n_instructions - i ? &program->instructions[i + index] : NULL;
    return NULL;
}

static void take_instruction(struct et_state *et, struct profile *profile, int64_t took_ns) {
    const struct et_instruction *instruction =
        instruction_at(&et->program, profile->chain, profile->instruction);
    if (!instruction || instruction->call == ET_CALL_OTHER)
        return;
    add_time(profile, 0,
             instruction->call == ET_CALL_KERNEL ? et->program.operators[instruction->index].name
                                                 : et->program.delegates[instruction->index].id,
             took_ns - profile->delegated_ns);
}

static enum ed_status profile_run(struct et_state *et, struct et_session *session, struct profile *profile,
                                  int64_t *whole_ns, struct ed_error *err) {
    struct et_engine_method *method = &session->method.value;
    uint32_t error = et_session_give(et, session, true);
    *whole_ns = 0;
    for (uint32_t steps = 0; !error && steps < STEPS_MAX; steps++) {
        profile->chain = method->chain;
        profile->instruction = method->instruction;
        profile->node = 0;
        profile->delegated_ns = 0;
        const int64_t before_ns = ed_clock_raw_ns();
        error = et->api.step(method);
        const int64_t took_ns = ed_clock_raw_ns() - before_ns;
        if (error)
            break;
        *whole_ns += took_ns;
        take_instruction(et, profile, took_ns);
    }
    if (error == ET_END_OF_METHOD)
        error = et->api.reset(method);
    else if (!error)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "a run takes more than %u instructions", STEPS_MAX);
    return et_check(et, error, "running with a profile", err);
}

static void take_rows(const struct et_state *et, struct profile *profile, int64_t *whole_ns,
                      struct ed_op_profile_row *rows, size_t capacity, size_t *n) {
    rows[(*n)++] = (struct ed_op_profile_row){.name = "inference",
                                              .op = ED_PROFILE_WHOLE_RUN,
                                              .processor = ED_PROCESSOR_UNKNOWN,
                                              .calls = profile->runs,
                                              .total_ns = ed_adapter_total_ns(whole_ns, profile->runs)};
    for (size_t i = 0; i < profile->n_ops && *n < capacity; i++) {
        struct op *op = &profile->ops[i];
        struct ed_op_profile_row *row = &rows[(*n)++];
        const struct et_instruction *instruction = instruction_at(&et->program, op->chain, op->instruction);
        const bool delegate = instruction && instruction->call == ET_CALL_DELEGATE;
        memset(row, 0, sizeof *row);
        if (op->node)
            snprintf(row->name, sizeof row->name, "instruction %zu, operator %u", op->instruction, op->node);
        else
            snprintf(row->name, sizeof row->name, "instruction %zu%s", op->instruction,
                     delegate ? ", beside its operators" : "");
        snprintf(row->op, sizeof row->op, "%s", op->name);
        row->processor =
            delegate ? et_processor_of(&et->program.delegates[instruction->index]) : ED_PROCESSOR_CPU;
        row->calls = op->calls;
        row->total_ns = ed_adapter_total_ns(op->run_ns, profile->runs);
    }
}

// What the first run left, which allocates and packs.
static void forget(struct profile *profile) {
    for (size_t i = 0; i < profile->n_ops; i++) {
        profile->ops[i].calls = 0;
        memset(profile->ops[i].run_ns, 0, profile->runs * sizeof *profile->ops[i].run_ns);
    }
}

enum ed_status et_profile(struct et_state *et, uint32_t runs, struct ed_op_profile_row *rows, size_t capacity,
                          size_t *n, struct ed_error *err) {
    struct profile profile = {.tracer = {.table = &tracer_table.begin_block,
                                         .chain = -1,
                                         .bundled = -1,
                                         .profiling_level = ET_PROFILE_ALL},
                              .runs = runs};
    struct et_session *session = NULL;
    int64_t *whole_ns = NULL;
    enum ed_status status = ED_OK;
    *n = 0;
    if (!et->bound)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a profile was asked for before inputs were bound");
    if (!runs || runs > RUNS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "a profile of %u runs; 1 to %u are possible", runs, RUNS_MAX);
    session = calloc(1, sizeof *session);
    whole_ns = calloc(runs, sizeof *whole_ns);
    profile.ops = calloc(ED_PROFILE_OPS_MAX, sizeof *profile.ops);
    if (!session || !whole_ns || !profile.ops) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a profile");
        goto out;
    }
    status = et_session_open(et, session, &profile.tracer, err);
    for (uint32_t run = 0; run <= runs && !status; run++) {
        profile.run = run ? run - 1 : 0;
        status = profile_run(et, session, &profile, &whole_ns[profile.run], err);
        if (!run)
            forget(&profile);
    }
    et_session_release(et, session);
    if (!status && capacity)
        take_rows(et, &profile, whole_ns, rows, capacity, n);
out:
    for (size_t i = 0; profile.ops && i < profile.n_ops; i++)
        free(profile.ops[i].run_ns);
    free(profile.ops);
    free(whole_ns);
    free(session);
    return status;
}
