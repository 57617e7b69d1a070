// SPDX-License-Identifier: Apache-2.0
// An adapter that obeys the contract but for one fault, chosen when it is compiled (-DFAULT=BAD_...), to
// prove that the conformance checks find it. With BAD_NONE it has none. Its model is a file of 64 bytes that
// begins with "MODEL".
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "edgedyno/backend.h"

enum fault {
    BAD_NONE,
    BAD_ABI,            // a table of another abi
    BAD_ENTRY,          // a table for every abi
    BAD_NULL_HOOK,      // a hook that is NULL
    BAD_OPTION_ROW,     // a word option whose default is none of its words
    BAD_MANIFEST,       // an option that the manifest does not have
    BAD_OPEN_ONCE,      // a global: the second open fails
    BAD_SURVEY,         // a row that is not available, without a reason
    BAD_BACKEND,        // loads on every backend
    BAD_OPTION_ANY,     // takes unknown options
    BAD_OPTION_VALUE,   // takes every value
    BAD_OPTION_REFUSED, // refuses the right value
    BAD_TOO_MANY,       // more tensors than there may be
    BAD_SAME_NAME,      // two outputs of one name
    BAD_BYTES,          // describe's bytes are wrong
    BAD_VIEW_BYTES,     // a view's bytes are wrong
    BAD_OVERRUN,        // outputs writes behind the room given
    BAD_RANDOM,         // another answer at every run
    BAD_CLOBBER,        // describe destroys the outputs
    BAD_WRITES_INPUT,   // run writes to its input
    BAD_RELOAD,         // another answer after a second load
    BAD_PLACEMENT,      // places that do not sum to the total
    BAD_MEMORY,         // a size of -5
    BAD_LOADS_ANYTHING, // never looks at the model
    BAD_LOADS_LONG,     // looks at the model's size only
    BAD_NO_WORDS,       // an error without a message
    BAD_AFTER_ERROR,    // cannot load after a failed load
    BAD_PRINTS_OPEN,    // prints in open
    BAD_PRINTS_RUN,     // prints in run
    BAD_WARNS_RUN,      // prints to standard error in run
    BAD_THREAD,         // leaves a thread behind
    BAD_LEAK,           // 1 MiB a load
    BAD_CRASH_UNLOAD,   // a null pointer in unload
    BAD_ABORT_SURVEY,   // abort in survey
    BAD_EXIT_RUN,       // exit(0) in run
    BAD_HANG_EMPTY      // hangs on an empty model
};

static const enum fault fault = FAULT;
static int opened, loads, runs; // an adapter has no globals; a fault has

struct bad_state {
    const float *input;
    float output[4];
    int loaded, failed, ran;
};

static const struct ed_option options[] = {
    {"mode", 0, ED_OPTION_WORD, "", FAULT == BAD_OPTION_ROW ? "medium" : "fast", 0, 0, "fast|slow",
     "how it runs", 0},
    {"extra", 0, ED_OPTION_FLAG, "", "", 0, 0, "", "only there to be too much", 0},
};

static void *wait_for_ever(void *argument) {
    pause();
    return argument;
}

static enum ed_status bad_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    (void)state, (void)args;
    if (fault == BAD_OPEN_ONCE && opened++)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "it is open already");
    if (fault == BAD_PRINTS_OPEN)
        printf("Welcome\n");
    if (fault == BAD_THREAD) {
        pthread_t thread;
        pthread_create(&thread, NULL, wait_for_ever, NULL);
    }
    return ED_OK;
}

static enum ed_status bad_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    (void)state, (void)err;
    if (fault == BAD_ABORT_SURVEY)
        abort();
    memset(out, 0, sizeof *out);
    snprintf(out->engine_version, sizeof out->engine_version, "1");
    out->n_rows = fault == BAD_SURVEY ? 2 : 1;
    snprintf(out->rows[0].backend, sizeof out->rows[0].backend, "cpu");
    snprintf(out->rows[1].backend, sizeof out->rows[1].backend, "gpu");
    out->rows[0].available = true;
    return ED_OK;
}

static enum ed_status check_options(const struct ed_load_args *args, struct ed_error *err) {
    for (size_t i = 0; i < args->n_options; i++) {
        const char *key = args->options[i].key, *value = args->options[i].value;
        if (strcmp(key, "mode") && fault != BAD_OPTION_ANY)
            return ed_fail(err, ED_ERR_USAGE, NULL, "there is no option '%s'", key);
        if (!strcmp(key, "mode") && fault != BAD_OPTION_VALUE &&
            ((strcmp(value, "fast") && strcmp(value, "slow")) || fault == BAD_OPTION_REFUSED))
            return ed_fail(err, ED_ERR_USAGE, NULL, "mode is fast or slow, not '%s'", value);
    }
    return ED_OK;
}

static enum ed_status check_model(const char *path, struct ed_error *err) {
    char text[65] = "";
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(text, 1, sizeof text, file) : 0;
    if (file)
        fclose(file);
    if (fault == BAD_LOADS_ANYTHING)
        return ED_OK;
    if (fault == BAD_HANG_EMPTY && file && !n)
        wait_for_ever(NULL);
    if (!file && fault == BAD_NO_WORDS)
        return ED_ERR_NOT_FOUND;
    bool good = fault == BAD_LOADS_LONG ? n >= 64 : n == 64 && !strncmp(text, "MODEL", 5);
    return good ? ED_OK : ed_fail(err, ED_ERR_PARSE, path, "is no model");
}

static enum ed_status bad_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    struct bad_state *bad = state;
    if (fault == BAD_AFTER_ERROR && bad->failed)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "it failed before");
    enum ed_status status = check_options(args, err);
    if (status == ED_OK && strcmp(args->backend, "cpu") && fault != BAD_BACKEND)
        status = ed_fail(err, ED_ERR_NOT_FOUND, NULL, "there is no backend '%s'", args->backend);
    if (status == ED_OK)
        status = check_model(args->model_files[0], err);
    bad->loaded = status == ED_OK;
    bad->failed = status == ED_ERR_PARSE || status == ED_ERR_NOT_FOUND;
    loads += bad->loaded;
    if (fault == BAD_LEAK && bad->loaded) {
        char *lost = malloc(1 << 20);
        if (lost)
            memset(lost, loads, 1 << 20);
        __asm__ volatile("" : : "r"(lost) : "memory");
    }
    return status;
}

static void info(struct ed_tensor_info *out, const char *name) {
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", name);
    out->dtype = ED_DTYPE_F32;
    out->rank = 1;
    out->shape[0] = 4;
    out->bytes = fault == BAD_BYTES ? 12 : 16;
}

static enum ed_status bad_describe(void *state, struct ed_io *out, struct ed_error *err) {
    struct bad_state *bad = state;
    (void)err;
    out->n_inputs = 1;
    out->n_outputs = fault == BAD_TOO_MANY ? ED_TENSORS_MAX + 1 : fault == BAD_SAME_NAME ? 2 : 1;
    info(&out->inputs[0], "x");
    info(&out->outputs[0], "y");
    info(&out->outputs[1], "y");
    if (fault == BAD_CLOBBER)
        bad->output[0] = -1;
    return ED_OK;
}

static enum ed_status bad_bind(void *state, const struct ed_tensor *inputs, size_t n, struct ed_error *err) {
    struct bad_state *bad = state;
    if (n != 1 || inputs[0].bytes != 16)
        return ed_fail(err, ED_ERR_USAGE, NULL, "one input of 16 bytes is wanted");
    bad->input = inputs[0].data;
    return ED_OK;
}

static enum ed_status bad_run(void *state, struct ed_error *err) {
    struct bad_state *bad = state;
    (void)err;
    runs++;
    for (int i = 0; i < 4; i++)
        bad->output[i] = 2 * bad->input[i];
    if (fault == BAD_WRITES_INPUT)
        *(float *)(uintptr_t)bad->input = 1;
    if (fault == BAD_RANDOM)
        bad->output[1] = (float)runs;
    if (fault == BAD_RELOAD)
        bad->output[1] = (float)loads;
    if (fault == BAD_PRINTS_RUN)
        printf("running\n");
    if (fault == BAD_WARNS_RUN)
        fprintf(stderr, "running\n");
    if (fault == BAD_EXIT_RUN)
        exit(0);
    bad->ran = 1;
    return ED_OK;
}

static enum ed_status bad_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                  struct ed_error *err) {
    struct bad_state *bad = state;
    *n = fault == BAD_SAME_NAME ? 2 : 1;
    if (!bad->ran)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "outputs before a run");
    for (size_t i = 0; i < *n && (i < capacity || fault == BAD_OVERRUN); i++) {
        memset(&views[i], 0, sizeof views[i]);
        snprintf(views[i].name, sizeof views[i].name, "y");
        views[i].dtype = ED_DTYPE_F32;
        views[i].rank = 1;
        views[i].shape[0] = 4;
        views[i].bytes = fault == BAD_VIEW_BYTES ? 12 : 16;
        views[i].data = bad->output;
    }
    return ED_OK;
}

static enum ed_status bad_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    (void)state, (void)err;
    memset(out, 0, sizeof *out);
    out->proven = true;
    snprintf(out->unit, sizeof out->unit, "node");
    snprintf(out->places[0].name, sizeof out->places[0].name, "cpu");
    out->n_places = 1;
    out->places[0].count = 2;
    out->total = fault == BAD_PLACEMENT ? 3 : 2;
    return ED_OK;
}

static enum ed_status bad_memory(void *state, struct ed_engine_memory *out, struct ed_error *err) {
    (void)state, (void)err;
    *out = (struct ed_engine_memory){fault == BAD_MEMORY ? -5 : 0, -1, -1, -1};
    return ED_OK;
}

static enum ed_status bad_unload(void *state, struct ed_error *err) {
    struct bad_state *bad = state;
    (void)err;
    if (fault == BAD_CRASH_UNLOAD)
        raise(SIGSEGV);
    bad->loaded = bad->ran = 0;
    return ED_OK;
}

static void bad_close(void *state) {
    (void)state;
}

static const struct ed_backend backend = {
    .abi = FAULT == BAD_ABI ? ED_BACKEND_ABI + 1 : ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = "bad",
    .summary = "breaks one rule",
    .options = options,
    .n_options = FAULT == BAD_MANIFEST ? 2 : 1,
    .state_bytes = sizeof(struct bad_state),
    .open = bad_open,
    .survey = bad_survey,
    .load = bad_load,
    .describe = bad_describe,
    .bind = bad_bind,
    .run = bad_run,
    .submit = ed_backend_no_submit,
    .wait = FAULT == BAD_NULL_HOOK ? NULL : ed_backend_no_wait,
    .outputs = bad_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = ed_backend_own_process,
    .placement = bad_placement,
    .op_profile = ed_backend_no_op_profile,
    .engine_memory = bad_memory,
    .unload = bad_unload,
    .close = bad_close,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI || fault == BAD_ENTRY ? &backend : NULL;
}
