// SPDX-License-Identifier: Apache-2.0
// Conformance of a model that loads: its description, its inputs and outputs, the evidence.
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runners/conformance_parts.h"

static void check_tensor_info(struct ed_check *check, const struct ed_tensor_info *infos, size_t i,
                              const char *kind) {
    const struct ed_tensor_info *info = &infos[i];
    bool symbolic = false;
    if (!memchr(info->name, 0, sizeof info->name) || !info->name[0])
        ed_check_fail(check, "%s %zu has no name, or one that is not terminated", kind, i);
    for (size_t k = 0; k < i; k++)
        if (!strcmp(infos[k].name, info->name))
            ed_check_fail(check, "%s '%s' is there twice", kind, info->name);
    if (!ed_dtype_bytes(info->dtype))
        ed_check_fail(check, "%s '%s' has no type", kind, info->name);
    if (info->rank > ED_TENSOR_RANK_MAX)
        ed_check_fail(check, "%s '%s' has %u dimensions; at most %d are allowed", kind, info->name,
                      info->rank, ED_TENSOR_RANK_MAX);
    for (uint32_t d = 0; d < info->rank; d++) {
        if (info->shape[d] < -1)
            ed_check_fail(check, "dimension %u of %s '%s' is %lld; a symbolic one is -1", d, kind, info->name,
                          (long long)info->shape[d]);
        if (!memchr(info->symbols[d], 0, sizeof info->symbols[d]))
            ed_check_fail(check, "a symbol of %s '%s' is not terminated", kind, info->name);
        symbolic = symbolic || info->shape[d] < 0;
    }
    const int64_t count = symbolic ? 0 : ed_shape_count(info->shape, info->rank);
    if (count < 0 || info->bytes != (size_t)count * ed_dtype_bytes(info->dtype))
        ed_check_fail(check, "%s '%s' says %zu bytes, its shape and type say %lld", kind, info->name,
                      info->bytes, (long long)count * (long long)ed_dtype_bytes(info->dtype));
}

static void check_describe(struct ed_check *check) {
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    ed_check_doing(check, "reading what describe gave");
    for (size_t i = 0; i < inputs->io.n_inputs; i++)
        check_tensor_info(check, inputs->io.inputs, i, "input");
    for (size_t i = 0; i < inputs->io.n_outputs; i++)
        check_tensor_info(check, inputs->io.outputs, i, "output");
}

static void check_outputs(struct ed_check *check) {
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    ed_check_run(check, &adapter);
    struct ed_check_outputs *outputs = ed_check_outputs(check, &adapter, &inputs->io);
    for (size_t i = 0; i < outputs->n; i++) {
        const struct ed_tensor *view = &outputs->views[i];
        const struct ed_tensor_info *info = &inputs->io.outputs[i];
        if (!memchr(view->name, 0, sizeof view->name) || strcmp(view->name, info->name))
            ed_check_fail(check, "output %zu has another name than describe gave it, '%s'", i, info->name);
        if (view->dtype != info->dtype || view->rank != info->rank)
            ed_check_fail(check, "output '%s' is %s with %u dimensions, describe said %s with %u", info->name,
                          ed_dtype_name(view->dtype), view->rank, ed_dtype_name(info->dtype), info->rank);
        for (uint32_t d = 0; d < view->rank; d++)
            if (view->shape[d] < 0 || (info->shape[d] >= 0 && view->shape[d] != info->shape[d]))
                ed_check_fail(check, "dimension %u of output '%s' is %lld, describe said %lld", d, info->name,
                              (long long)view->shape[d], (long long)info->shape[d]);
        const int64_t count = ed_shape_count(view->shape, view->rank);
        if (count < 0 || view->bytes != (size_t)count * ed_dtype_bytes(view->dtype))
            ed_check_fail(check, "output '%s' has %zu bytes, which do not fit its shape and type", info->name,
                          view->bytes);
    }
}

// `outputs` must not write behind the room it is given.
static void check_outputs_capacity(struct ed_check *check) {
    static struct ed_tensor views[2], before[2];
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    struct ed_error err = {0};
    size_t n = 0;
    if (!inputs->io.n_outputs)
        ed_check_skip(check, "the model has no outputs");
    ed_check_run(check, &adapter);
    for (size_t room = 0; room < 2; room++) {
        memset(views, 0xa5, sizeof views);
        memcpy(before, views, sizeof before);
        ed_check_doing(check, "outputs with room for %zu", room);
        enum ed_status status = adapter.backend->outputs(adapter.state, views, room, &n, &err);
        if (memcmp(&views[room], &before[room], sizeof views[room]))
            ed_check_fail(check, "outputs with room for %zu wrote more", room);
        if (status == ED_OK && n != inputs->io.n_outputs)
            ed_check_fail(check, "outputs with room for %zu says there are %zu, describe said %zu", room, n,
                          inputs->io.n_outputs);
    }
}

static void check_outputs_repeat(struct ed_check *check) {
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    ed_check_run(check, &adapter);
    struct ed_check_outputs *first = ed_check_outputs(check, &adapter, &inputs->io);
    ed_check_run(check, &adapter);
    ed_check_same(check, first, ed_check_outputs(check, &adapter, &inputs->io),
                  "a second run of the same input");
    struct ed_error err = {0};
    ed_check_doing(check, "bind, a second time");
    ed_check_ok(check, adapter.backend->bind(adapter.state, inputs->tensors, inputs->n, &err), &err);
    ed_check_run(check, &adapter);
    ed_check_same(check, first, ed_check_outputs(check, &adapter, &inputs->io),
                  "a run after binding the same input again");
}

// Views live until the next run, bind or unload, whatever else is asked.
static void check_outputs_stay(struct ed_check *check) {
    static struct ed_tensor views[ED_TENSORS_MAX];
    static struct ed_io again;
    static struct ed_placement placement;
    struct ed_engine_memory memory;
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    struct ed_error err = {0};
    size_t n = 0;
    if (!inputs->io.n_outputs)
        ed_check_skip(check, "the model has no outputs");
    ed_check_run(check, &adapter);
    struct ed_check_outputs *copies = ed_check_outputs(check, &adapter, &inputs->io);
    ed_check_ok(check, adapter.backend->outputs(adapter.state, views, ED_TENSORS_MAX, &n, &err), &err);
    ed_check_doing(check, "describe after a run");
    ed_check_ok(check, adapter.backend->describe(adapter.state, &again, &err), &err);
    if (again.n_inputs != inputs->io.n_inputs || again.n_outputs != inputs->io.n_outputs)
        ed_check_fail(check, "describe says something else after a run");
    ed_check_doing(check, "placement and engine_memory after a run");
    adapter.backend->placement(adapter.state, &placement, &err);
    adapter.backend->engine_memory(adapter.state, &memory, &err);
    ed_check_doing(check, "reading outputs that were given before describe");
    for (size_t i = 0; i < n; i++)
        if (memcmp(views[i].data, copies->views[i].data, views[i].bytes))
            ed_check_fail(check, "output %zu changed between a run and the next, while others were asked", i);
}

// The inputs lie in pages that cannot be written: an adapter that writes crashes here.
static void check_inputs_unchanged(struct ed_check *check) {
    static struct ed_tensor tensors[ED_TENSORS_MAX];
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    struct ed_error err = {0};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (!inputs->n)
        ed_check_skip(check, "the model has no inputs");
    for (size_t i = 0; i < inputs->n; i++) {
        tensors[i] = inputs->tensors[i];
        const size_t bytes = (tensors[i].bytes + page) / page * page;
        void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            ed_check_fail(check, "no memory for this check");
        memcpy(at, tensors[i].data, tensors[i].bytes);
        if (mprotect(at, bytes, PROT_READ) != 0)
            ed_check_fail(check, "the inputs cannot be protected: %m");
        tensors[i].data = at;
    }
    ed_check_doing(check, "bind of inputs that cannot be written");
    ed_check_ok(check, adapter.backend->bind(adapter.state, tensors, inputs->n, &err), &err);
    ed_check_doing(check, "run with inputs that cannot be written");
    for (int i = 0; i < 2; i++)
        ed_check_ok(check, adapter.backend->run(adapter.state, &err), &err);
    for (size_t i = 0; i < inputs->n; i++)
        if (memcmp(tensors[i].data, inputs->tensors[i].data, tensors[i].bytes))
            ed_check_fail(check, "input '%s' was changed", inputs->io.inputs[i].name);
}

static void check_reload(struct ed_check *check) {
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    ed_check_run(check, &adapter);
    struct ed_check_outputs *first = ed_check_outputs(check, &adapter, &inputs->io);
    ed_check_unload(check, &adapter);
    inputs = ed_check_bind(check, &adapter);
    ed_check_run(check, &adapter);
    ed_check_same(check, first, ed_check_outputs(check, &adapter, &inputs->io), "after unload and load");
    ed_check_unload(check, &adapter);
    ed_check_doing(check, "close");
    adapter.backend->close(adapter.state);
}

static void check_placement(struct ed_check *check) {
    static struct ed_placement placement;
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_error err = {0};
    ed_check_bind(check, &adapter);
    ed_check_run(check, &adapter);
    ed_check_doing(check, "placement");
    enum ed_status status = adapter.backend->placement(adapter.state, &placement, &err);
    if (status != ED_OK) {
        ed_check_refused(check, status, &err, NULL);
        ed_check_skip(check, "the adapter cannot say where the model ran: %.300s", err.message);
    }
    if (!memchr(placement.unit, 0, sizeof placement.unit) ||
        !memchr(placement.detail, 0, sizeof placement.detail))
        ed_check_fail(check, "a text is not terminated");
    if (placement.n_places > ED_PLACES_MAX)
        ed_check_fail(check, "%zu places; at most %d are allowed", placement.n_places, ED_PLACES_MAX);
    if (!placement.proven)
        ed_check_skip(check, "the placement is not proven");
    if (!placement.unit[0])
        ed_check_fail(check, "it is proven and does not say what it counts");
    uint64_t sum = 0;
    for (size_t i = 0; i < placement.n_places; i++) {
        if (!memchr(placement.places[i].name, 0, sizeof placement.places[i].name) ||
            !placement.places[i].name[0] ||
            !memchr(placement.places[i].operators, 0, sizeof placement.places[i].operators))
            ed_check_fail(check, "place %zu has no name, or a text that is not terminated", i);
        if ((unsigned)placement.places[i].processor >= ED_PROCESSOR_COUNT)
            ed_check_fail(check, "place '%s' is on processor %d, which does not exist",
                          placement.places[i].name, (int)placement.places[i].processor);
        sum += placement.places[i].count;
    }
    if (sum != placement.total)
        ed_check_fail(check, "its places have %llu %s, the total is %u", (unsigned long long)sum,
                      placement.unit, placement.total);
}

static void check_engine_memory(struct ed_check *check) {
    struct ed_engine_memory memory = {-2, -2, -2, -2};
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_error err = {0};
    ed_check_bind(check, &adapter);
    ed_check_run(check, &adapter);
    ed_check_doing(check, "engine_memory");
    enum ed_status status = adapter.backend->engine_memory(adapter.state, &memory, &err);
    if (status != ED_OK) {
        ed_check_refused(check, status, &err, NULL);
        ed_check_skip(check, "the adapter cannot tell: %.300s", err.message);
    }
    const int64_t sizes[] = {memory.weights_bytes, memory.arena_bytes, memory.kv_cache_bytes,
                             memory.compute_buffer_bytes};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i] < -1)
            ed_check_fail(check, "size %zu is %lld; -1 is for unknown", i, (long long)sizes[i]);
}

const struct ed_check_row ed_checks_model[] = {
    {"describe", check_describe},
    {"outputs", check_outputs},
    {"outputs_capacity", check_outputs_capacity},
    {"outputs_repeat", check_outputs_repeat},
    {"outputs_stay", check_outputs_stay},
    {"inputs_unchanged", check_inputs_unchanged},
    {"reload", check_reload},
    {"placement", check_placement},
    {"engine_memory", check_engine_memory},
};
const size_t ed_checks_model_n = sizeof ed_checks_model / sizeof *ed_checks_model;
