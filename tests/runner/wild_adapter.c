// SPDX-License-Identifier: Apache-2.0
// An engine with a wild pointer: its first run overwrites all memory that the worker shares with the
// supervisor, then it dies.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "edgedyno/backend.h"

static enum ed_status wild_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    (void)state, (void)args, (void)err;
    return ED_OK;
}

static enum ed_status wild_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    (void)state, (void)err;
    memset(out, 0, sizeof *out);
    return ED_OK;
}

static enum ed_status wild_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    (void)state, (void)args, (void)err;
    return ED_OK;
}

static enum ed_status wild_describe(void *state, struct ed_io *out, struct ed_error *err) {
    (void)state, (void)err;
    out->n_inputs = out->n_outputs = 0;
    return ED_OK;
}

static enum ed_status wild_run(void *state, struct ed_error *err) {
    char line[512];
    (void)state, (void)err;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long begin = 0, end = 0;
        if (strstr(line, "edgedyno-block") && sscanf(line, "%lx-%lx", &begin, &end) == 2)
            for (volatile uint64_t *at = (uint64_t *)begin; at < (uint64_t *)end; at++)
                *at = (uint64_t)WILD_WORD;
    }
    kill(getpid(), SIGTERM);
    return ED_OK;
}

static enum ed_status wild_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                   struct ed_error *err) {
    (void)state, (void)views, (void)capacity, (void)err;
    *n = 0;
    return ED_OK;
}

static enum ed_status wild_unload(void *state, struct ed_error *err) {
    (void)state, (void)err;
    return ED_OK;
}

static void wild_close(void *state) {
    (void)state;
}

static const struct ed_backend wild = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = "wild",
    .summary = "overwrites shared memory",
    .open = wild_open,
    .survey = wild_survey,
    .load = wild_load,
    .describe = wild_describe,
    .bind = ed_backend_no_bind,
    .run = wild_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = wild_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = ed_backend_own_process,
    .placement = ed_backend_placement_not_proven,
    .op_profile = ed_backend_no_op_profile,
    .engine_memory = ed_backend_memory_unknown,
    .unload = wild_unload,
    .close = wild_close,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &wild : NULL;
}
