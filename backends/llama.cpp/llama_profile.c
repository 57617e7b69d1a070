// SPDX-License-Identifier: Apache-2.0
// The time of each operator, by the engine's own callback before and behind every node of its graph. The
// engine then computes node by node and waits for each, so a profiled run takes longer than a timed one; the
// row of the whole run says by how much. Only on the CPU: on a GPU the wait would be most of what is seen.
#include <dlfcn.h>
#include <stdlib.h>

#include "backends/adapter_profile.h"
#include "backends/llama.cpp/llama_state.h"
#include "base/clock.h"

#define RUNS_MAX 1000u

struct collector {
    const char *(*name)(const void *node), *(*op)(const void *node);
    struct ed_op_profile_row *rows;
    int64_t *run_ns; // of each row, one after the other: its time in each run; owned
    size_t capacity, n, runs, run;
    size_t next; //  where the node of the graph's order ought to be
    int64_t begin_ns;
    bool on; // off while the cache is filled to its depth
};

static bool is_row(const struct ed_op_profile_row *row, const char *name, const char *op) {
    return !strncmp(row->name, name, sizeof row->name - 1) && !strncmp(row->op, op, sizeof row->op - 1);
}

static void add(struct collector *c, const char *name, const char *op, int64_t ns) {
    size_t at = c->next < c->n && is_row(&c->rows[c->next], name, op) ? c->next : 0;
    while (at < c->n && !is_row(&c->rows[at], name, op))
        at++;
    if (at == c->capacity)
        return;
    struct ed_op_profile_row *row = &c->rows[at];
    if (at == c->n) {
        *row = (struct ed_op_profile_row){.processor = ED_PROCESSOR_CPU};
        snprintf(row->name, sizeof row->name, "%s", name);
        snprintf(row->op, sizeof row->op, "%s", op);
        c->n++;
    }
    row->calls++;
    c->run_ns[at * c->runs + c->run] += ns;
    c->next = at + 1;
}

// Nodes that only look at another one's data otherwise: nothing is computed.
static bool is_view(const char *op) {
    static const char *const views[] = {"NONE", "RESHAPE", "VIEW", "PERMUTE", "TRANSPOSE"};
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        if (!strcmp(op, views[i]))
            return true;
    return false;
}

// Asked before a node whether it is of interest, and told when it was computed.
static bool on_node(void *node, bool ask, void *context) {
    struct collector *c = context;
    const int64_t now_ns = ed_clock_raw_ns();
    if (ask && (!c->on || is_view(c->op(node))))
        return false;
    if (ask)
        c->begin_ns = ed_clock_raw_ns();
    else
        add(c, c->name(node), c->op(node), now_ns - c->begin_ns);
    return true;
}

static void no_emit(void *context, enum ed_event event, uint32_t detail) {
    (void)context, (void)event, (void)detail;
}

// What the case times: a prompt, then tokens, behind what is in the cache before.
static enum ed_status run_once(struct llama_state *llama, struct collector *c, int32_t *tokens,
                               int64_t *took_ns, struct ed_error *err) {
    const struct ed_workload *workload = &llama->workload;
    const struct ed_host host = {NULL, no_emit};
    const size_t depth = (size_t)workload->depth_tokens, prompt = (size_t)workload->prompt_tokens;
    enum ed_status status = llama_rewind(llama, 0, err);
    c->on = false;
    if (status == ED_OK && depth)
        status = llama_prefill(llama, tokens, depth, err);
    c->on = true;
    const int64_t begin_ns = ed_clock_raw_ns();
    if (status == ED_OK && prompt)
        status = llama_prefill(llama, tokens, prompt, err);
    else if (status == ED_OK && !workload->generate_tokens)
        status = llama_prefill(llama, llama->ids, llama->n_ids, err); // as one of tensors
    if (status == ED_OK && workload->generate_tokens)
        status = llama_generate(llama, (size_t)workload->generate_tokens, &host, err);
    *took_ns = ed_clock_raw_ns() - begin_ns;
    c->on = false;
    return status;
}

static enum ed_status run_all(struct llama_state *llama, struct collector *c, uint32_t runs,
                              struct ed_error *err) {
    const struct ed_workload *workload = &llama->workload;
    const size_t most = (size_t)(workload->depth_tokens > workload->prompt_tokens ? workload->depth_tokens
                                                                                  : workload->prompt_tokens);
    struct ed_op_profile_row whole = {.processor = ED_PROCESSOR_CPU, .name = "inference"};
    int32_t *tokens = calloc(most + 1, sizeof *tokens);
    int64_t *whole_ns = calloc(runs, sizeof *whole_ns);
    c->run_ns = calloc(c->capacity * runs, sizeof *c->run_ns);
    enum ed_status status =
        tokens && whole_ns && c->run_ns
            ? ED_OK
            : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the profile of %u runs", runs);
    for (size_t i = 0; status == ED_OK && i < most; i++)
        tokens[i] = (int32_t)(i % (size_t)llama->vocabulary);
    // The first one finds buffers that nothing has touched yet.
    if (status == ED_OK)
        status = run_once(llama, c, tokens, whole_ns, err);
    if (status == ED_OK)
        memset(c->run_ns, 0, c->n * runs * sizeof *c->run_ns);
    c->n = c->next = 0;
    for (c->run = 0; status == ED_OK && c->run < runs; c->run++)
        status = run_once(llama, c, tokens, &whole_ns[c->run], err);
    for (size_t i = 0; status == ED_OK && i < c->n; i++)
        c->rows[i].total_ns = ed_adapter_total_ns(&c->run_ns[i * runs], runs);
    if (status == ED_OK && c->n < c->capacity) {
        whole.calls = runs;
        whole.total_ns = ed_adapter_total_ns(whole_ns, runs);
        snprintf(whole.op, sizeof whole.op, ED_PROFILE_WHOLE_RUN);
        c->rows[c->n++] = whole;
    }
    free(tokens);
    free(whole_ns);
    free(c->run_ns);
    c->run_ns = NULL;
    return status;
}

enum ed_status llama_profile(struct llama_state *llama, uint32_t runs, struct ed_op_profile_row *rows,
                             size_t capacity, size_t *n, struct ed_error *err) {
    struct collector c = {.rows = rows, .capacity = capacity, .runs = runs};
    struct llama_context_parameters parameters = llama->parameters;
    bool (*callback)(void *, bool, void *) = on_node;
    *n = 0;
    if (!llama->context)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a profile was asked for before a model was loaded");
    if (!runs || runs > RUNS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "a profile of %u runs; 1 to %u are possible", runs, RUNS_MAX);
    if (strcmp(llama->backend, "cpu") != 0)
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, NULL,
            "llama.cpp tells the time of an operator by waiting for each one, which on a GPU is most "
            "of what would be seen; the profile is offered on the CPU alone");
    *(void **)&c.name = dlsym(llama->library, "ggml_get_name");
    *(void **)&c.op = dlsym(llama->library, "ggml_op_desc");
    if (!c.name || !c.op)
        return ed_fail(err, ED_ERR_VERSION, NULL, "the library does not tell the names of operators");
    memcpy(&parameters.cb_eval, &callback, sizeof callback);
    parameters.cb_eval_context = &c;
    void *const timed = llama->context;
    const size_t kept = llama->n;
    llama->context = llama->f.llama_init_from_model(llama->model, parameters);
    enum ed_status status = llama->context ? ED_OK
                                           : ed_fail(err, ED_ERR_REFUSED, NULL,
                                                     "llama.cpp makes no second context, with the callback");
    if (status == ED_OK && llama->pool)
        llama->f.llama_attach_threadpool(llama->context, llama->pool, NULL);
    llama->n = 0;
    if (status == ED_OK)
        status = run_all(llama, &c, runs, err);
    if (llama->context)
        llama->f.llama_free(llama->context);
    llama->context = timed;
    llama->n = kept;
    llama->answered = false;
    *n = status == ED_OK ? c.n : 0;
    return status;
}
