// SPDX-License-Identifier: Apache-2.0
// A loaded method and its memory: areas for what the program plans, and allocators as the engine's own
// Module has them, one malloc for each request.
#include <stdlib.h>
#include <string.h>

#include "backends/executorch/et.h"

#define ARENA_ALIGNMENT 64

struct et_allocation {
    struct et_allocation *next;
    void *data;
};

static void nothing(void *self) {
    (void)self;
}

static void *allocate(void *self, size_t bytes, size_t alignment) {
    struct et_allocator *allocator = self;
    struct et_allocation *made = NULL;
    const size_t step = alignment < _Alignof(max_align_t) ? _Alignof(max_align_t) : alignment;
    size_t room = 0;
    if ((step & (step - 1)) || __builtin_add_overflow(bytes, step + sizeof *made, &room))
        return NULL;
    char *block = malloc(room);
    if (!block)
        return NULL;
    // The data come first that is aligned behind the record.
    made = (struct et_allocation *)(void *)block;
    made->data = (void *)(((uintptr_t)(block + sizeof *made) + step - 1) & ~(uintptr_t)(step - 1));
    made->next = allocator->first;
    allocator->first = made;
    return made->data;
}

static void release_all(void *self) {
    struct et_allocator *allocator = self;
    while (allocator->first) {
        struct et_allocation *gone = allocator->first;
        allocator->first = gone->next;
        free(gone);
    }
}

static uint8_t *no_base(const void *self) {
    (void)self;
    return NULL;
}

static uint32_t no_size(const void *self) {
    (void)self;
    return 0;
}

static size_t no_bytes(const void *self) {
    (void)self;
    return 0;
}

static const struct et_allocator_table allocator_table = {
    .destroy = nothing,
    .remove = nothing,
    .allocate = allocate,
    .base = no_base,
    .size = no_size,
    .used = no_bytes,
    .unused = no_bytes,
    .reset = release_all,
};

static void make_allocator(struct et_allocator *allocator) {
    *allocator = (struct et_allocator){.table = &allocator_table.destroy, .profile = -1};
}

static enum ed_status make_arenas(const struct et_program *program, struct et_session *session,
                                  struct ed_error *err) {
    for (size_t i = 0; i < program->n_arenas; i++) {
        const size_t bytes = (size_t)program->arenas[i], step = ARENA_ALIGNMENT;
        const size_t room = (bytes / step + 1) * step;
        void *data = aligned_alloc(step, room);
        if (!data)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL,
                           "no memory for an area of %zu bytes that the model plans", bytes);
        session->spans[i] = (struct et_span){data, bytes};
    }
    session->planned.buffers = (struct et_span){session->spans, program->n_arenas};
    return ED_OK;
}

// Outputs that the program plans no memory for get some of ours.
static enum ed_status make_outputs(struct et_state *et, struct et_session *session, struct ed_error *err) {
    const struct ed_io *io = &et->program.io;
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < io->n_outputs && !status; i++) {
        if (!et->program.unplanned[i])
            continue;
        session->outputs[i] = calloc(1, io->outputs[i].bytes + 1);
        if (!session->outputs[i])
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for '%s'", io->outputs[i].name);
        status = et_check(
            et, et->api.set_output(&session->method.value, session->outputs[i], io->outputs[i].bytes, i),
            io->outputs[i].name, err);
    }
    return status;
}

enum ed_status et_session_open(struct et_state *et, struct et_session *session, struct et_tracer *tracer,
                               struct ed_error *err) {
    const struct et_program *program = &et->program;
    memset(session, 0, sizeof *session);
    make_allocator(&session->for_method);
    make_allocator(&session->temporary);
    enum ed_status status = make_arenas(program, session, err);
    if (status)
        return status;
    session->memory = (struct et_memory){&session->for_method, &session->planned, &session->temporary};
    et_words_begin(et);
    session->method = et->api.load_method(&et->loaded.value, program->method, &session->memory, tracer, NULL,
                                          NULL, (struct et_span){NULL, 0});
    if (!session->method.ok)
        return et_check(et, session->method.error ? session->method.error : 1, "loading the method", err);
    // What the library says and what the file says must be the same, or its classes are not those of
    // et_abi.h.
    if (et->api.n_inputs(&session->method.value) != program->io.n_inputs ||
        et->api.n_outputs(&session->method.value) != program->io.n_outputs)
        return ed_fail(
            err, ED_ERR_VERSION, NULL,
            "the library counts %zu inputs and %zu outputs, the file has %zu and %zu: it is not of "
            "ExecuTorch " ET_VERSION,
            et->api.n_inputs(&session->method.value), et->api.n_outputs(&session->method.value),
            program->io.n_inputs, program->io.n_outputs);
    return make_outputs(et, session, err);
}

void et_session_release(struct et_state *et, struct et_session *session) {
    if (session->method.ok)
        et->api.method_destroy(&session->method.value);
    for (size_t i = 0; i < ED_TENSORS_MAX; i++)
        free(session->outputs[i]);
    for (size_t i = 0; i < ET_ARENAS_MAX; i++)
        free(session->spans[i].data);
    release_all(&session->for_method);
    release_all(&session->temporary);
    memset(session, 0, sizeof *session);
}

uint32_t et_session_give(const struct et_state *et, struct et_session *session, bool all) {
    const size_t n = all ? et->program.io.n_inputs : et->n_again;
    uint32_t error = 0;
    for (size_t i = 0; i < n && !error; i++) {
        const size_t index = all ? i : et->again[i];
        error = et->api.set_input(&session->method.value, &et->values[index], index);
    }
    return error;
}
