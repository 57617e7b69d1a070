// SPDX-License-Identifier: Apache-2.0
// What a person would write who wants to know how fast ONNX Runtime is: open it, load a model, warm up, read
// the clock around Run. It shares the declarations of the engine's interface, the .npy reader and the warm-up
// rule with edgedyno, and nothing of its runner: no supervisor, no shared mapping, no marks, no adapter. The
// benchmark holds edgedyno's figures against these.
//   bare_ort LIBRARY MODEL INPUT.npy INFERENCES SAMPLES
// One thread, sequential, every graph optimization, outputs of the first run written again by the later ones,
// as edgedyno's defaults have it. SAMPLES receives int64 nanoseconds. Prints one JSON line; ends with 1 and a
// message where something fails.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "backends/onnxruntime/ort_api.h"
#include "base/npy.h"
#include "base/stats/warmup.h"

#define INFERENCES_MAX 10000000
#define DTYPE_FLOAT 1 // ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT

struct bare {
    const ort_function *api;
    struct ort_env *env;
    struct ort_session *session;
    struct ort_value *input;
    const char *input_name, *output_name;
    struct ort_value *output; // NULL before the first run, which makes it
    ort_run_fn run;
};

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void log_line(void *context, int level, const char *category, const char *id, const char *place,
                     const char *text) {
    (void)context, (void)level, (void)category, (void)id;
    fprintf(stderr, "onnxruntime: %s: %s\n", place ? place : "", text ? text : "");
}

static void check(const struct bare *bare, const struct ort_status *status, const char *doing) {
    if (!status)
        return;
    fprintf(stderr, "bare_ort: %s: %s\n", doing, ort_get_error_message(bare->api, status));
    exit(1);
}

static void open_library(struct bare *bare, const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct ort_api_base *(*get_base)(void) = NULL;
    if (library)
        *(void **)&get_base = dlsym(library, "OrtGetApiBase");
    bare->api = get_base ? get_base()->get_api(ORT_VERSION_MIN) : NULL;
    if (!bare->api) {
        fprintf(stderr, "bare_ort: %s is no ONNX Runtime library\n", path);
        exit(1);
    }
    bare->run = (ort_run_fn)bare->api[ORT_RUN];
}

static void load(struct bare *bare, const char *model) {
    const ort_function *api = bare->api;
    struct ort_session_options *options = NULL;
    struct ort_allocator *allocator = NULL;
    char *input = NULL, *output = NULL;
    check(bare, ort_create_env(api, log_line, NULL, ORT_LOGGING_ERROR, "bare", &bare->env), "environment");
    check(bare, ort_disable_telemetry(api, bare->env), "telemetry");
    check(bare, ort_create_session_options(api, &options), "options");
    check(bare, ort_set_option_int(api, ORT_SET_INTRA_OP_NUM_THREADS, options, 1), "threads");
    check(bare, ort_set_option_int(api, ORT_SET_INTER_OP_NUM_THREADS, options, 1), "threads");
    check(bare, ort_set_option_int(api, ORT_SET_SESSION_EXECUTION_MODE, options, ORT_MODE_SEQUENTIAL),
          "mode");
    check(bare, ort_set_option_int(api, ORT_SET_GRAPH_OPTIMIZATION_LEVEL, options, ORT_OPTIMIZE_ALL),
          "optimization");
    check(bare, ort_create_session(api, bare->env, model, options, &bare->session), "loading the model");
    ort_release_session_options(api, options);
    check(bare, ort_get_default_allocator(api, &allocator), "allocator");
    check(bare, ort_get_name(api, ORT_SESSION_GET_INPUT_NAME, bare->session, 0, allocator, &input), "input");
    check(bare, ort_get_name(api, ORT_SESSION_GET_OUTPUT_NAME, bare->session, 0, allocator, &output),
          "output");
    bare->input_name = input;
    bare->output_name = output;
}

static void bind(struct bare *bare, const struct ed_npy *npy) {
    struct ort_memory_info *memory = NULL;
    check(bare, ort_create_cpu_memory_info(bare->api, ORT_ALLOCATOR_DEVICE, ORT_MEMORY_DEFAULT, &memory),
          "memory");
    check(bare,
          ort_create_tensor_with_data(bare->api, memory, (void *)(uintptr_t)npy->data, npy->bytes, npy->shape,
                                      npy->rank, DTYPE_FLOAT, &bare->input),
          "input");
    ort_release_memory_info(bare->api, memory);
}

static struct ort_status *infer(struct bare *bare) {
    const struct ort_value *const inputs[] = {bare->input};
    return bare->run(bare->session, NULL, &bare->input_name, inputs, 1, &bare->output_name, 1, &bare->output);
}

static enum ed_warmup_state warm_up(struct bare *bare, struct ed_warmup *warmup) {
    enum ed_warmup_state state = ED_WARMUP_CONTINUE;
    const int64_t begin = now_ns();
    ed_warmup_init(warmup, NULL);
    while (state == ED_WARMUP_CONTINUE) {
        const int64_t before = now_ns();
        check(bare, infer(bare), "warming up");
        const int64_t after = now_ns();
        state = ed_warmup_add(warmup, after - before, after - begin);
    }
    return state;
}

static void time_runs(struct bare *bare, int64_t *samples, long n) {
    for (long i = 0; i < n; i++) {
        const int64_t before = now_ns();
        const struct ort_status *status = infer(bare);
        samples[i] = now_ns() - before;
        if (status)
            check(bare, status, "running");
    }
}

int main(int argc, char **argv) {
    struct bare bare = {0};
    struct ed_npy npy = {0};
    struct ed_warmup warmup;
    struct ed_error failure = {0};
    const long n = argc == 6 ? strtol(argv[4], NULL, 10) : 0;
    if (n < 1 || n > INFERENCES_MAX) {
        fprintf(stderr, "usage: bare_ort LIBRARY MODEL INPUT.npy INFERENCES SAMPLES\n");
        return 2;
    }
    if (ed_npy_open(&npy, argv[3], &failure) != ED_OK || npy.dtype != ED_DTYPE_F32) {
        fprintf(stderr, "bare_ort: %s: %s\n", argv[3],
                failure.message[0] ? failure.message : "is not float32");
        return 1;
    }
    int64_t *samples = calloc((size_t)n, sizeof *samples);
    FILE *out = fopen(argv[5], "wb");
    if (!samples || !out) {
        fprintf(stderr, "bare_ort: %s cannot be written, or there is no memory\n", argv[5]);
        free(samples);
        return 1;
    }
    // Touched before the loop, as calloc's pages are not there yet.
    for (long i = 0; i < n; i++)
        samples[i] = -1;
    open_library(&bare, argv[1]);
    load(&bare, argv[2]);
    bind(&bare, &npy);
    const enum ed_warmup_state state = warm_up(&bare, &warmup);
    time_runs(&bare, samples, n);
    const int written = fwrite(samples, sizeof *samples, (size_t)n, out) == (size_t)n && fclose(out) == 0;
    printf("{\"warmup_inferences\":%u,\"warmup_state\":\"%s\",\"inferences\":%ld}\n", warmup.inferences,
           ed_warmup_state_name(state), n);
    free(samples);
    ed_npy_close(&npy);
    ort_release_value(bare.api, bare.output);
    ort_release_value(bare.api, bare.input);
    ort_release_session(bare.api, bare.session);
    ort_release_env(bare.api, bare.env);
    return written ? 0 : 1;
}
