// SPDX-License-Identifier: Apache-2.0
// The scripted engine: plays a script (script.h) as if it were a model, so that the harness is tested with
// latencies, peaks and deaths that are known beforehand.
#include <stdlib.h>

#include "backends/adapter_options.h"
#include "backends/scripted/script.h"
#include "base/clock.h"
#include "scripted_manifest.h"

struct scripted_state {
    struct script engine, model; // zeroed where there is none
    bool loaded, bound;
    struct script_played engine_open, played[SCRIPT_STEPS];
    struct script_threads threads;
    int64_t touch_percent, run_bytes; // run_bytes: what a run touches by the script, without a batch's part
    int64_t latency_ns;               // of -o latency_ns; -1: the script's
    struct script_speech speech;
    struct ed_workload workload; // what was asked for at the load
    bool all_logits;
    struct ed_tensor inputs[ED_TENSORS_MAX], outputs[ED_TENSORS_MAX];
};

static void outputs_release(struct scripted_state *scripted) {
    for (size_t i = 0; i < ED_TENSORS_MAX; i++) {
        free(scripted->outputs[i].data);
        scripted->outputs[i].data = NULL;
    }
    scripted->bound = false;
}

static void model_release(struct scripted_state *scripted) {
    outputs_release(scripted);
    script_speech_release(&scripted->speech);
    script_threads_stop(&scripted->threads);
    for (int i = 0; i < SCRIPT_STEPS; i++)
        script_played_release(&scripted->played[i]);
    script_release(&scripted->model);
    scripted->loaded = false;
}

static enum ed_status play(struct scripted_state *scripted, enum script_step step, int64_t begin_ns,
                           struct ed_error *err) {
    const struct script_section *section = &scripted->model.steps[step];
    struct script_played *played = &scripted->played[step];
    return script_play(section, played, begin_ns, script_ns(section->ns, section->n_ns, played->calls), err);
}

static enum ed_status scripted_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    struct scripted_state *scripted = state;
    int64_t begin_ns = ed_clock_raw_ns();
    char path[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    if (!args->engine_dir || !args->engine_dir[0])
        return ED_OK;
    if ((status = ed_path_join(path, args->engine_dir, "script.json", err)))
        return status;
    if (!ed_path_exists(path))
        return ED_OK;
    if ((status = script_read(&scripted->engine, path, err)))
        return status;
    const struct script_section *open = &scripted->engine.steps[SCRIPT_OPEN];
    status = script_play(open, &scripted->engine_open, begin_ns, script_ns(open->ns, open->n_ns, 0), err);
    if (status)
        script_release(&scripted->engine);
    return status;
}

static const struct script *survey_script(const struct scripted_state *scripted) {
    return scripted->loaded ? &scripted->model : &scripted->engine;
}

static void survey_fill(const struct script *script, struct ed_survey *out) {
    *out = script->survey;
    if (!out->engine_version[0])
        snprintf(out->engine_version, sizeof out->engine_version, "1");
    if (out->n_rows)
        return;
    out->n_rows = 3;
    for (size_t i = 0; i < out->n_rows; i++) {
        out->rows[i].processor = (enum ed_processor)(ED_PROCESSOR_CPU + i);
        out->rows[i].available = true;
        snprintf(out->rows[i].backend, sizeof out->rows[i].backend, "%s",
                 ed_processor_word(out->rows[i].processor));
        snprintf(out->rows[i].native, sizeof out->rows[i].native, "scripted");
    }
}

static enum ed_status scripted_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    (void)err;
    survey_fill(survey_script(state), out);
    return ED_OK;
}

static enum ed_status backend_check(const struct scripted_state *scripted, const struct script *model,
                                    const char *backend, struct ed_error *err) {
    struct ed_survey *survey = calloc(1, sizeof *survey);
    enum ed_status status = ED_OK;
    if (!survey)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a survey");
    survey_fill(model->survey.n_rows ? model : &scripted->engine, survey);
    const struct ed_survey_row *row = NULL;
    for (size_t i = 0; i < survey->n_rows && !row; i++)
        row = strcmp(survey->rows[i].backend, backend) ? NULL : &survey->rows[i];
    if (!row)
        status = ed_fail(err, ED_ERR_NOT_FOUND, NULL, "the script has no backend '%s'; its first is %s",
                         backend, survey->rows[0].backend);
    else if (!row->available)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "the backend %s is not available: %s", backend,
                         row->reason[0] ? row->reason : "the script says so");
    free(survey);
    return status;
}

static int64_t share_of(const struct scripted_state *scripted, int64_t bytes) {
    return scripted->touch_percent == 100 ? bytes : bytes / 100 * scripted->touch_percent;
}

// Lays the -o options over the script.
static enum ed_status options_apply(struct scripted_state *scripted, struct script *model,
                                    const struct ed_load_args *args, struct ed_error *err) {
    const char *latency = ed_adapter_option(args, "latency_ns"), *fail = ed_adapter_option(args, "fail");
    const char *in = ed_adapter_option(args, "fail_in"), *at = ed_adapter_option(args, "fail_at");
    const char *percent = ed_adapter_option(args, "touch_percent");
    const struct ed_workload *w = &args->workload;
    // It may be said, and does nothing.
    (void)ed_adapter_option(args, "nothing");
    scripted->touch_percent = percent ? strtoll(percent, NULL, 10) : 100;
    model->steps[SCRIPT_LOAD].touch_bytes +=
        script_scaled_bytes(model, SCRIPT_SCALE_THREADS, args->threads) +
        script_scaled_bytes(model, SCRIPT_SCALE_CONTEXT,
                            (int64_t)w->depth_tokens + w->prompt_tokens + w->generate_tokens);
    scripted->run_bytes = model->steps[SCRIPT_RUN].touch_bytes;
    model->steps[SCRIPT_LOAD].touch_bytes = share_of(scripted, model->steps[SCRIPT_LOAD].touch_bytes);
    scripted->latency_ns = latency ? strtoll(latency, NULL, 10) : -1;
    if (!fail && (in || at))
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "-o fail_in and -o fail_at say when -o fail happens; give -o fail as well");
    if (fail) {
        enum script_step step = in && !strcmp(in, "load")     ? SCRIPT_LOAD
                                : in && !strcmp(in, "unload") ? SCRIPT_UNLOAD
                                                              : SCRIPT_RUN;
        for (int i = 0; i < SCRIPT_STEPS; i++)
            model->steps[i].fail = SCRIPT_FAIL_NONE;
        model->steps[step].fail = script_fail_from_word(fail);
        model->steps[step].fail_at = at ? strtoll(at, NULL, 10) : 0;
    }
    return ED_OK;
}

static enum ed_status scripted_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    struct scripted_state *scripted = state;
    int64_t begin_ns = ed_clock_raw_ns();
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, NULL, args, err);
    if (status)
        return status;
    if (!args->n_model_files)
        return ed_fail(err, ED_ERR_USAGE, NULL, "the scripted engine needs a script; name a .json file");
    model_release(scripted);
    if ((status = script_read(&scripted->model, args->model_files[0], err)))
        return status;
    scripted->loaded = true;
    scripted->workload = args->workload;
    scripted->all_logits = args->all_logits;
    scripted->played[SCRIPT_RUN].calls = 0;
    status = backend_check(scripted, &scripted->model, args->backend, err);
    if (!status)
        status = options_apply(scripted, &scripted->model, args, err);
    if (!status)
        status = play(scripted, SCRIPT_OPEN, begin_ns, err);
    if (!status)
        status = script_threads_start(&scripted->threads, (size_t)scripted->model.threads - 1,
                                      scripted->model.spin, err);
    if (!status) {
        // An open section's time has passed already and is not part of the load section's.
        bool opened = scripted->model.steps[SCRIPT_OPEN].n_ns > 0;
        status = play(scripted, SCRIPT_LOAD, opened ? ed_clock_raw_ns() : begin_ns, err);
    }
    if (status)
        model_release(scripted);
    return status;
}

static enum ed_status scripted_describe(void *state, struct ed_io *out, struct ed_error *err) {
    struct scripted_state *scripted = state;
    if (!scripted->loaded)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a script was described before it was loaded");
    *out = scripted->model.io;
    return ED_OK;
}

// The size of a named dimension, from the inputs that were bound.
static int64_t symbol_size(const struct scripted_state *scripted, const char *symbol) {
    for (size_t i = 0; i < scripted->model.io.n_inputs; i++)
        for (uint32_t d = 0; d < scripted->model.io.inputs[i].rank; d++)
            if (symbol[0] && !strcmp(scripted->model.io.inputs[i].symbols[d], symbol))
                return scripted->inputs[i].shape[d];
    return -1;
}

static enum ed_status input_check(const struct ed_tensor_info *info, const struct ed_tensor *given,
                                  struct ed_error *err) {
    size_t bytes = ed_dtype_bytes(info->dtype);
    if (given->dtype != info->dtype || given->rank != info->rank)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "input '%s' is %s with %u dimensions, data of %s with %u were given", info->name,
                       ed_dtype_name(info->dtype), info->rank, ed_dtype_name(given->dtype), given->rank);
    for (uint32_t d = 0; d < info->rank; d++)
        if (given->shape[d] < 0 || (info->shape[d] >= 0 && info->shape[d] != given->shape[d]) ||
            __builtin_mul_overflow(bytes, (size_t)given->shape[d], &bytes))
            return ed_fail(err, ED_ERR_USAGE, NULL,
                           "dimension %u of input '%s' is %lld, data with %lld were given", d, info->name,
                           (long long)info->shape[d], (long long)given->shape[d]);
    if (bytes != given->bytes || (bytes && !given->data))
        return ed_fail(err, ED_ERR_USAGE, NULL, "input '%s' needs %zu bytes for its shape, %zu were given",
                       info->name, bytes, given->bytes);
    return ED_OK;
}

static enum ed_status output_make(const struct scripted_state *scripted, const struct ed_tensor_info *info,
                                  struct ed_tensor *out, struct ed_error *err) {
    size_t bytes = ed_dtype_bytes(info->dtype);
    memset(out, 0, sizeof *out);
    memcpy(out->name, info->name, sizeof out->name);
    out->dtype = info->dtype;
    out->rank = info->rank;
    for (uint32_t d = 0; d < info->rank; d++) {
        out->shape[d] = info->shape[d] >= 0 ? info->shape[d] : symbol_size(scripted, info->symbols[d]);
        if (out->shape[d] < 0)
            return ed_fail(err, ED_ERR_USAGE, NULL, "dimension '%s' of output '%s' is in no input",
                           info->symbols[d], info->name);
        if (__builtin_mul_overflow(bytes, (size_t)out->shape[d], &bytes))
            return ed_fail(err, ED_ERR_LIMIT, NULL, "output '%s' is larger than the address space",
                           info->name);
    }
    out->bytes = bytes;
    out->data = calloc(1, bytes ? bytes : 1);
    return out->data ? ED_OK
                     : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for output '%s', %zu bytes",
                               info->name, bytes);
}

// From now on a run touches what this batch takes.
static void batch_apply(struct scripted_state *scripted) {
    const int64_t batch =
        scripted->model.io.n_inputs && scripted->inputs[0].rank ? scripted->inputs[0].shape[0] : 1;
    const int64_t bytes =
        scripted->run_bytes + script_scaled_bytes(&scripted->model, SCRIPT_SCALE_BATCH, batch);
    scripted->model.steps[SCRIPT_RUN].touch_bytes = share_of(scripted, bytes);
}

static enum ed_status scripted_bind(void *state, const struct ed_tensor *inputs, size_t n,
                                    struct ed_error *err) {
    struct scripted_state *scripted = state;
    const struct ed_io *io = &scripted->model.io;
    enum ed_status status = ED_OK;
    if (!scripted->loaded)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "inputs were bound before a script was loaded");
    if (n != io->n_inputs)
        return ed_fail(err, ED_ERR_USAGE, NULL, "the script has %zu inputs, %zu were given", io->n_inputs, n);
    outputs_release(scripted);
    for (size_t i = 0; i < n && !status; i++) {
        status = input_check(&io->inputs[i], &inputs[i], err);
        scripted->inputs[i] = inputs[i];
    }
    for (size_t i = 0; i < io->n_outputs && !status; i++)
        status = output_make(scripted, &io->outputs[i], &scripted->outputs[i], err);
    if (status)
        outputs_release(scripted);
    scripted->bound = !status;
    batch_apply(scripted);
    return status;
}

static enum ed_status scripted_run(void *state, struct ed_error *err) {
    int64_t begin_ns = ed_clock_raw_ns();
    struct scripted_state *scripted = state;
    const struct script *model = &scripted->model;
    const struct script_section *section = &model->steps[SCRIPT_RUN];
    struct script_played *played = &scripted->played[SCRIPT_RUN];
    enum ed_status status = ED_OK;
    if (!scripted->bound && (model->io.n_inputs || (status = scripted_bind(state, NULL, 0, err))))
        return status ? status
                      : ed_fail(err, ED_ERR_INTERNAL, NULL, "a run was asked for before inputs were bound");
    uint64_t call = played->calls;
    int64_t ns = call < model->n_warmup ? model->warmup_ns[call]
                                        : script_ns(section->ns, section->n_ns, call - model->n_warmup);
    script_outputs_fill(model, scripted->inputs, model->io.n_inputs, scripted->outputs, model->io.n_outputs,
                        call);
    return script_play(section, played, begin_ns, scripted->latency_ns >= 0 ? scripted->latency_ns : ns, err);
}

static enum ed_status scripted_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                       struct ed_error *err) {
    struct scripted_state *scripted = state;
    *n = scripted->model.io.n_outputs;
    if (!scripted->played[SCRIPT_RUN].calls || !scripted->bound)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "outputs were asked for before a run");
    for (size_t i = 0; i < *n && i < capacity; i++)
        views[i] = scripted->outputs[i];
    return ED_OK;
}

static enum ed_status speech_check(const struct scripted_state *scripted, struct ed_error *err) {
    if (!scripted->loaded)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "tokens were given before a script was loaded");
    return scripted->model.language.is
               ? ED_OK
               : ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                         "the script has no \"language\": it takes tensors, no tokens");
}

static enum ed_status scripted_language(void *state, struct ed_language *out, struct ed_error *err) {
    const struct scripted_state *scripted = state;
    const struct script_language *language = &scripted->model.language;
    const struct ed_workload *workload = &scripted->workload;
    enum ed_status status = speech_check(scripted, err);
    const int64_t needed =
        (int64_t)workload->depth_tokens + workload->prompt_tokens + workload->generate_tokens;
    *out = (struct ed_language){
        .vocabulary = (int32_t)language->vocabulary,
        .context_tokens = (int32_t)(language->context_tokens >= 0 ? language->context_tokens : needed),
        .bos = (int32_t)language->bos,
        .eos = (int32_t)language->eos};
    return status;
}

static enum ed_status scripted_tokenize(void *state, const char *text, size_t bytes, int32_t *tokens,
                                        size_t capacity, size_t *n, struct ed_error *err) {
    const struct scripted_state *scripted = state;
    enum ed_status status = speech_check(scripted, err);
    *n = bytes;
    for (size_t i = 0; !status && i < bytes && i < capacity; i++)
        tokens[i] = (int32_t)((unsigned char)text[i] % scripted->model.language.vocabulary);
    return status;
}

static enum ed_status scripted_rewind(void *state, size_t keep, struct ed_error *err) {
    struct scripted_state *scripted = state;
    enum ed_status status = speech_check(scripted, err);
    return status ? status : script_speech_rewind(&scripted->speech, &scripted->model.language, keep, err);
}

static enum ed_status scripted_prefill(void *state, const int32_t *tokens, size_t n,
                                       const struct ed_host *host, struct ed_error *err) {
    struct scripted_state *scripted = state;
    enum ed_status status = speech_check(scripted, err);
    (void)host;
    return status ? status
                  : script_speech_prefill(&scripted->speech, &scripted->model.language, tokens, n, err);
}

static enum ed_status scripted_decode(void *state, size_t n, const struct ed_host *host,
                                      struct ed_error *err) {
    struct scripted_state *scripted = state;
    enum ed_status status = speech_check(scripted, err);
    return status ? status : script_speech_decode(&scripted->speech, &scripted->model.language, n, host, err);
}

static enum ed_status scripted_logits(void *state, const float **values, size_t *n, struct ed_error *err) {
    struct scripted_state *scripted = state;
    enum ed_status status = speech_check(scripted, err);
    *values = NULL;
    *n = 0;
    return status ? status
                  : script_speech_logits(&scripted->speech, &scripted->model.language, scripted->all_logits,
                                         values, n, err);
}

static enum ed_status scripted_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    struct scripted_state *scripted = state;
    if (!scripted->loaded)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "placement was asked for before a script was loaded");
    *out = scripted->model.placement;
    return ED_OK;
}

static enum ed_status scripted_op_profile(void *state, uint32_t runs, struct ed_op_profile_row *rows,
                                          size_t capacity, size_t *n, struct ed_error *err) {
    const struct script *model = &((struct scripted_state *)state)->model;
    *n = 0;
    if (!model->profiles)
        return ed_backend_no_op_profile(state, runs, rows, capacity, n, err);
    if (model->profile_crashes)
        abort();
    for (size_t i = 0; i < model->n_ops; i++, ++*n) {
        if (*n >= capacity)
            continue;
        rows[*n] = model->ops[i];
        rows[*n].calls *= runs;
        rows[*n].total_ns *= runs;
    }
    if (model->profiled_run_ns >= 0 && (*n)++ < capacity) {
        struct ed_op_profile_row *run = &rows[*n - 1];
        *run = (struct ed_op_profile_row){.calls = runs, .total_ns = model->profiled_run_ns * runs};
        snprintf(run->op, sizeof run->op, "%s", ED_PROFILE_WHOLE_RUN);
    }
    return ED_OK;
}

static enum ed_status scripted_memory(void *state, struct ed_engine_memory *out, struct ed_error *err) {
    struct scripted_state *scripted = state;
    if (!scripted->loaded)
        return ed_backend_memory_unknown(state, out, err);
    *out = scripted->model.memory;
    return ED_OK;
}

static enum ed_status scripted_unload(void *state, struct ed_error *err) {
    struct scripted_state *scripted = state;
    if (!scripted->loaded)
        return ED_OK;
    enum ed_status status = play(scripted, SCRIPT_UNLOAD, ed_clock_raw_ns(), err);
    model_release(scripted);
    return status;
}

static void scripted_close(void *state) {
    struct scripted_state *scripted = state;
    model_release(scripted);
    script_played_release(&scripted->engine_open);
    script_release(&scripted->engine);
}

static const struct ed_backend scripted_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct scripted_state),
    .open = scripted_open,
    .survey = scripted_survey,
    .load = scripted_load,
    .describe = scripted_describe,
    .bind = scripted_bind,
    .run = scripted_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = scripted_outputs,
    .language = scripted_language,
    .tokenize = scripted_tokenize,
    .rewind = scripted_rewind,
    .prefill = scripted_prefill,
    .decode = scripted_decode,
    .logits = scripted_logits,
    .processes = ed_backend_own_process,
    .placement = scripted_placement,
    .op_profile = scripted_op_profile,
    .engine_memory = scripted_memory,
    .unload = scripted_unload,
    .close = scripted_close,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &scripted_backend : NULL;
}
