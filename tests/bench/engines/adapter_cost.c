// SPDX-License-Identifier: Apache-2.0
// What an adapter adds to an inference over a bare call of its engine: in one process, with one loaded model
// and the same bound inputs, an inference through the adapter's hook and one by the engine's own function
// take turns (A B, B A, ...), each between two readings of the clock. Shown is the median of the differences
// and its 95 % interval by order statistics.
//   adapter_cost ENGINE ADAPTER LIBRARY ENGINE_DIR MODEL PAIRS
// ENGINE is onnxruntime, litert, openvino, executorch, llama.cpp or whisper.cpp, ADAPTER its shared object.
// One thread, made inputs. Of a language model an inference is one token behind an empty cache. The least
// that whisper.cpp can be asked for takes milliseconds, in which nanoseconds are lost: in the place of its
// function stands one that only calls back, as the engine does for a window and a token. Prints one JSON
// line; ends with 1 and a message where something fails.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "backends/executorch/et.h"
#include "backends/litert/lrt.h"
#include "backends/llama.cpp/llama_state.h"
#include "backends/onnxruntime/ort.h"
#include "backends/openvino/ov.h"
#include "backends/whisper.cpp/whisper_state.h"
#include "runners/adapter.h"

#define PAIRS_MAX 10000000
#define WARM_UP 200
#define INPUT_BYTES (1u << 20)

static int bare_onnxruntime(void *state) {
    struct ort_state *ort = state;
    return ort->run(ort->session, NULL, ort->input_names, ort->inputs, ort->io.n_inputs, ort->output_names,
                    ort->io.n_outputs, ort->outputs) != NULL;
}

static int bare_litert(void *state) {
    struct lrt_state *lrt = state;
    return lrt->api.RunCompiledModel(lrt->compiled, lrt->signature, lrt->io.n_inputs, lrt->inputs,
                                     lrt->io.n_outputs, lrt->outputs);
}

static int bare_openvino(void *state) {
    struct ov_state *ov = state;
    return ov->api.infer_request_infer(ov->requests[0]);
}

// Its inputs are part of an inference: a run may write over them.
static int bare_executorch(void *state) {
    struct et_state *et = state;
    const uint32_t error = et->api.set_input(&et->session.method.value, &et->values[0], 0);
    return (int)(error ? error : et->api.execute(&et->session.method.value));
}

static int bare_llama(void *state) {
    struct llama_state *llama = state;
    int32_t token = llama->ids[0];
    const struct llama_tokens batch = {.n_tokens = 1, .token = &token};
    const int32_t code = llama->f.llama_decode(llama->context, batch);
    llama->f.llama_synchronize(llama->context);
    return code;
}

static int heard_nothing(void *context, struct whisper_full_parameters parameters, const float *samples,
                         int n_samples) {
    (void)samples, (void)n_samples;
    if (parameters.encoder_begin)
        parameters.encoder_begin(context, NULL, parameters.encoder_begin_context);
    if (parameters.logits_filter)
        parameters.logits_filter(context, NULL, NULL, 0, NULL, parameters.logits_filter_context);
    return 0;
}

static void replace_whisper(void *state) {
    ((struct whisper_adapter *)state)->f.whisper_full = heard_nothing;
}

// Without what the adapter listens to.
static int bare_whisper(void *state) {
    static const struct whisper_full_parameters deaf;
    struct whisper_adapter *whisper = state;
    return whisper->f.whisper_full(whisper->context, deaf, whisper->samples, whisper->n_samples);
}

static const struct engine {
    const char *name;
    int (*bare)(void *state);
    bool language;
    int64_t size;                 // of a dimension that the model leaves open
    void (*replace)(void *state); // NULL: the engine's function is called
} engines[] = {{"onnxruntime", bare_onnxruntime, false, 1, NULL},
               {"litert", bare_litert, false, 1, NULL},
               {"openvino", bare_openvino, false, 1, NULL},
               {"executorch", bare_executorch, false, 1, NULL},
               {"llama.cpp", bare_llama, true, 1, NULL},
               {"whisper.cpp", bare_whisper, false, ED_SPEECH_HZ, replace_whisper}};

struct subject {
    const struct engine *engine;
    struct ed_adapter adapter;
    struct ed_tensor input;
};

static void need(enum ed_status status, const struct ed_error *err) {
    if (status == ED_OK)
        return;
    fprintf(stderr, "adapter_cost: %s: %s\n", err->where, err->message);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void load(struct subject *subject, char **argv) {
    static char data[INPUT_BYTES];
    static struct ed_io io;
    struct ed_error err = {0};
    const char *const files[] = {argv[5]};
    const struct ed_open_args open_args = {argv[4], argv[3], "/tmp"};
    const struct ed_load_args load_args = {
        .model_files = files, .n_model_files = 1, .backend = "cpu", .threads = 1};
    need(ed_adapter_open(&subject->adapter, argv[2], &err), &err);
    const struct ed_backend *backend = subject->adapter.backend;
    need(backend->open(subject->adapter.state, &open_args, &err), &err);
    need(backend->load(subject->adapter.state, &load_args, &err), &err);
    need(backend->describe(subject->adapter.state, &io, &err), &err);
    subject->input = (struct ed_tensor){.dtype = io.inputs[0].dtype, .rank = io.inputs[0].rank, .data = data};
    subject->input.bytes = ed_dtype_bytes(io.inputs[0].dtype);
    for (uint32_t d = 0; d < io.inputs[0].rank; d++) {
        subject->input.shape[d] = io.inputs[0].shape[d] < 0 ? subject->engine->size : io.inputs[0].shape[d];
        subject->input.bytes *= (size_t)subject->input.shape[d];
    }
    if (io.n_inputs != 1 || subject->input.bytes > INPUT_BYTES) {
        fprintf(stderr, "adapter_cost: %s: has %zu inputs, or one that is too large\n", argv[5], io.n_inputs);
        exit(1);
    }
    need(backend->bind(subject->adapter.state, &subject->input, 1, &err), &err);
}

static int64_t through_adapter(struct subject *subject) {
    const struct ed_backend *backend = subject->adapter.backend;
    struct ed_error err = {0};
    const int32_t token =
        subject->engine->language ? ((struct llama_state *)subject->adapter.state)->ids[0] : 0;
    if (subject->engine->language)
        need(backend->rewind(subject->adapter.state, 0, &err), &err);
    const int64_t before = now_ns();
    const enum ed_status status = subject->engine->language
                                      ? backend->prefill(subject->adapter.state, &token, 1, NULL, &err)
                                      : backend->run(subject->adapter.state, &err);
    const int64_t taken = now_ns() - before;
    need(status, &err);
    return taken;
}

static int64_t bare_call(struct subject *subject) {
    struct ed_error err = {0};
    if (subject->engine->language)
        need(subject->adapter.backend->rewind(subject->adapter.state, 0, &err), &err);
    const int64_t before = now_ns();
    const int failed = subject->engine->bare(subject->adapter.state);
    const int64_t taken = now_ns() - before;
    if (failed) {
        fprintf(stderr, "adapter_cost: the bare call of %s failed\n", subject->engine->name);
        exit(1);
    }
    return taken;
}

static int by_value(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    struct subject subject = {0};
    const long n = argc == 7 ? strtol(argv[6], NULL, 10) : 0;
    for (size_t i = 0; argc > 1 && i < sizeof engines / sizeof engines[0]; i++)
        if (!strcmp(engines[i].name, argv[1]))
            subject.engine = &engines[i];
    if (n < 10 || n > PAIRS_MAX || !subject.engine) {
        fprintf(stderr, "usage: adapter_cost ENGINE ADAPTER LIBRARY ENGINE_DIR MODEL PAIRS\n");
        return 2;
    }
    int64_t *bare = calloc((size_t)n, sizeof *bare), *differences = calloc((size_t)n, sizeof *differences);
    if (!bare || !differences) {
        fprintf(stderr, "adapter_cost: no memory for %ld pairs\n", n);
        free(bare);
        free(differences);
        return 1;
    }
    load(&subject, argv);
    if (subject.engine->replace)
        subject.engine->replace(subject.adapter.state);
    for (long i = 0; i < n && i < WARM_UP; i++) {
        through_adapter(&subject);
        bare_call(&subject);
    }
    for (long i = 0; i < n; i++) {
        const int64_t first = i % 2 ? bare_call(&subject) : through_adapter(&subject);
        const int64_t second = i % 2 ? through_adapter(&subject) : bare_call(&subject);
        bare[i] = i % 2 ? first : second;
        differences[i] = i % 2 ? second - first : first - second;
    }
    qsort(bare, (size_t)n, sizeof *bare, by_value);
    qsort(differences, (size_t)n, sizeof *differences, by_value);
    // Ranks about the median: the binomial's normal approximation.
    const long half = (long)ceil(0.98 * sqrt((double)n));
    const long low = n / 2 - half > 0 ? n / 2 - half : 0, high = n / 2 + half < n ? n / 2 + half : n - 1;
    printf("{\"pairs\":%ld,\"replaced\":%s,\"bare_ns\":%lld,\"added_ns\":%lld,\"added_low_ns\":%lld,"
           "\"added_high_ns\":%lld}\n",
           n, subject.engine->replace ? "true" : "false", (long long)bare[n / 2],
           (long long)differences[n / 2], (long long)differences[low], (long long)differences[high]);
    free(bare);
    free(differences);
    fflush(stdout);
    // Engines leave threads behind that would run in what is being torn down.
    _Exit(0);
}
