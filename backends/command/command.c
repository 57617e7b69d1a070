// SPDX-License-Identifier: Apache-2.0
// The command adapter: its table of hooks.
#include <stdlib.h>
#include <unistd.h>

#include "backends/adapter_options.h"
#include "backends/command/cmd.h"
#include "base/clock.h"
#include "base/stats/quantile.h"
#include "base/units.h"
#include "command_manifest.h"

#define PREFIX "program."
#define PINGS 200

static const char run_line[] = "{\"do\":\"run\"}\n";

static int64_t limit_of(const struct ed_load_args *args, const char *name, const char *fallback) {
    const char *given = args ? ed_adapter_option(args, name) : NULL;
    int64_t ns = 0;
    return ed_units_duration(given ? given : fallback, &ns, NULL) == ED_OK && ns > 0 ? ns : 1;
}

static enum ed_status ask_plain(struct cmd_state *cmd, const char *what, int64_t limit_ns,
                                struct ed_error *err) {
    struct ed_buffer request;
    ed_buffer_init(&request, 256);
    ed_buffer_printf(&request, "{\"do\":\"%s\",\"protocol\":%d}\n", what, CMD_PROTOCOL);
    enum ed_status status = cmd_ask(cmd, &request, what, limit_ns, err);
    ed_buffer_release(&request);
    return status;
}

// Starts the program where none runs, and has it say what it is.
static enum ed_status greet(struct cmd_state *cmd, int64_t limit_ns, struct ed_error *err) {
    int64_t protocol = 0;
    if (cmd->process.pid)
        return ED_OK;
    if (!cmd->path[0])
        return ed_fail(err, ED_ERR_USAGE, "command", "no program was named; write --on command:FILE");
    enum ed_status status = cmd_start(cmd, err);
    if (status == ED_OK)
        status = ask_plain(cmd, "hello", limit_ns, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&cmd->answer);
    status = ed_json_get_int(&root, "protocol", 0, INT32_MAX, &protocol, err);
    if (status == ED_OK && protocol != CMD_PROTOCOL)
        status = ed_fail(err, ED_ERR_VERSION, cmd->path, "the program speaks protocol %lld, this edgedyno %d",
                         (long long)protocol, CMD_PROTOCOL);
    if (status == ED_OK)
        status = ed_json_opt_string(&root, "name", cmd->name, sizeof cmd->name, err);
    if (status == ED_OK)
        status = ed_json_opt_string(&root, "version", cmd->version, sizeof cmd->version, err);
    if (status != ED_OK)
        cmd_stop(cmd);
    return status;
}

static enum ed_status hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    struct cmd_state *cmd = state;
    if (!args->engine_library || !args->engine_library[0])
        return ED_OK;
    enum ed_status status = ed_path_join(cmd->path, "", args->engine_library, err);
    if (status == ED_OK)
        ed_path_directory(cmd->directory, cmd->path);
    if (status == ED_OK)
        status = ed_command_file_read(&cmd->file, cmd->path, err);
    if (status == ED_OK)
        status = ed_path_real(cmd->scratch, args->scratch_dir, err);
    const size_t used = strlen(cmd->scratch);
    if (status == ED_OK && used + 32 > sizeof cmd->scratch)
        status = ed_fail(err, ED_ERR_LIMIT, NULL, "the path of the scratch directory is too long");
    if (status == ED_OK) {
        snprintf(cmd->scratch + used, sizeof cmd->scratch - used, "/command-XXXXXX");
        if (!mkdtemp(cmd->scratch)) {
            cmd->scratch[0] = 0;
            status =
                ed_fail_errno(err, ED_ERR_IO, args->scratch_dir, "no folder for the program's tensors: %m");
        }
    }
    return status == ED_OK ? greet(cmd, limit_of(NULL, "", "60 s"), err) : status;
}

static enum ed_status hook_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    static const struct {
        const char *backend;
        enum ed_processor processor;
    } rows[] = {{"cpu", ED_PROCESSOR_CPU}, {"gpu", ED_PROCESSOR_GPU}, {"npu", ED_PROCESSOR_NPU}};
    const struct cmd_state *cmd = state;
    (void)err;
    memset(out, 0, sizeof *out);
    snprintf(out->engine_version, sizeof out->engine_version, "%s", cmd->version[0] ? cmd->version : "1");
    snprintf(out->build_info, sizeof out->build_info, "%s", cmd->name[0] ? cmd->name : "any program");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ed_survey_row *row = &out->rows[out->n_rows++];
        snprintf(row->backend, sizeof row->backend, "%s", rows[i].backend);
        row->processor = rows[i].processor;
        row->available = cmd->path[0] && !strcmp(cmd->file.processor, rows[i].backend);
        if (!cmd->path[0])
            snprintf(row->reason, sizeof row->reason, "no program was named: --on command:FILE");
        else if (!row->available)
            snprintf(row->reason, sizeof row->reason,
                     "the description of the program says \"processor\": \"%s\"", cmd->file.processor);
    }
    return ED_OK;
}

static enum ed_status send_load(struct cmd_state *cmd, const struct ed_load_args *args,
                                struct ed_error *err) {
    struct ed_buffer request;
    struct ed_json_writer w;
    ed_buffer_init(&request, 1u << 20);
    ed_json_writer_init(&w, &request, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "do", "load");
    ed_json_array_begin(&w, "model");
    for (size_t i = 0; i < args->n_model_files; i++)
        ed_json_text(&w, NULL, args->model_files[i]);
    ed_json_array_end(&w);
    ed_json_int(&w, "threads", args->threads);
    ed_json_text(&w, "backend", args->backend);
    ed_json_bool(&w, "allow_fallback", args->allow_fallback);
    ed_json_object_begin(&w, "options");
    for (size_t i = 0; i < args->n_options; i++)
        if (!strncmp(args->options[i].key, PREFIX, sizeof PREFIX - 1))
            ed_json_text(&w, args->options[i].key + sizeof PREFIX - 1, args->options[i].value);
    ed_json_object_end(&w);
    ed_json_object_end(&w);
    ed_buffer_text_append(&request, "\n");
    enum ed_status status = cmd_ask(cmd, &request, "load", cmd->load_limit_ns, err);
    ed_buffer_release(&request);
    return status;
}

static enum ed_status hook_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    struct cmd_state *cmd = state;
    enum ed_status status = ed_adapter_options_check(ED_MANIFEST_NAME, ed_manifest_options,
                                                     ED_MANIFEST_N_OPTIONS, PREFIX, args, err);
    if (status == ED_OK)
        status = greet(cmd, limit_of(args, "start_limit", "60 s"), err);
    if (status != ED_OK)
        return status;
    if (strcmp(args->backend, cmd->file.processor))
        return ed_fail(
            err, ED_ERR_NOT_FOUND, cmd->path,
            "command has no backend '%s' here: the description of the program says \"processor\": \"%s\"",
            args->backend, cmd->file.processor);
    cmd->load_limit_ns = limit_of(args, "load_limit", "5 min");
    cmd->answer_limit_ns = limit_of(args, "answer_limit", "60 s");
    status = send_load(cmd, args, err);
    if (status == ED_OK)
        status = cmd_read_io(cmd, err);
    cmd->loaded = status == ED_OK;
    cmd->bound = cmd->ran = false;
    cmd->n_told = 0;
    return status;
}

static enum ed_status hook_describe(void *state, struct ed_io *out, struct ed_error *err) {
    const struct cmd_state *cmd = state;
    if (!cmd->loaded)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was described before it was loaded");
    *out = cmd->io;
    return ED_OK;
}

static enum ed_status hook_bind(void *state, const struct ed_tensor *inputs, size_t n, struct ed_error *err) {
    struct cmd_state *cmd = state;
    if (!cmd->loaded)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "inputs were bound before a model was loaded");
    cmd->ran = cmd->fetched = false;
    enum ed_status status = cmd_write_inputs(cmd, inputs, n, err);
    cmd->bound = status == ED_OK;
    return status;
}

// An answer with more in it than "ok": the program tells its own time.
static enum ed_status read_told(struct cmd_state *cmd, const char *line, size_t bytes, struct ed_error *err) {
    int64_t ns = -1;
    enum ed_status status = cmd_take_answer(cmd, line, bytes, "run", err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&cmd->answer);
    status = ed_json_opt_int(&root, "ns", 0, INT64_C(1) << 53, &ns, err);
    if (status == ED_OK && ns >= 0)
        cmd->told_ns[cmd->n_told++ % CMD_TOLD_MAX] = ns;
    return status;
}

static enum ed_status hook_run(void *state, struct ed_error *err) {
    struct cmd_state *cmd = state;
    const char *line = NULL;
    size_t bytes = 0;
    if (!cmd->bound)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a run was asked for before inputs were bound");
    cmd->ran = cmd->fetched = false;
    enum ed_status status =
        cmd_exchange(cmd, run_line, sizeof run_line - 1, "run", cmd->answer_limit_ns, &line, &bytes, err);
    if (status == ED_OK && strcmp(line, "{\"ok\": true}") && strcmp(line, "{\"ok\":true}"))
        status = read_told(cmd, line, bytes, err);
    cmd->ran = status == ED_OK;
    return status;
}

static enum ed_status hook_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                                   struct ed_error *err) {
    struct cmd_state *cmd = state;
    *n = cmd->io.n_outputs;
    if (!cmd->ran)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "outputs were asked for before a run");
    enum ed_status status = cmd->fetched ? ED_OK : cmd_fetch_outputs(cmd, err);
    for (size_t i = 0; status == ED_OK && i < cmd->io.n_outputs && i < capacity; i++) {
        const struct cmd_output *output = &cmd->outputs[i];
        views[i] = (struct ed_tensor){.dtype = cmd->io.outputs[i].dtype,
                                      .rank = output->rank,
                                      .data = output->data,
                                      .bytes = output->bytes};
        memcpy(views[i].name, cmd->io.outputs[i].name, sizeof views[i].name);
        memcpy(views[i].shape, output->shape, sizeof views[i].shape);
    }
    return status;
}

static enum ed_status hook_processes(void *state, int64_t *pids, size_t capacity, size_t *n,
                                     struct ed_error *err) {
    const struct cmd_state *cmd = state;
    (void)err;
    *n = cmd_family(cmd->process.pid, pids, capacity);
    return ED_OK;
}

static enum ed_status hook_placement(void *state, struct ed_placement *out, struct ed_error *err) {
    struct cmd_state *cmd = state;
    memset(out, 0, sizeof *out);
    if (!cmd->loaded)
        return ED_OK;
    // A program that does not know the question says so; then nothing is proven.
    if (ask_plain(cmd, "placement", cmd->answer_limit_ns, NULL) != ED_OK)
        return ED_OK;
    return cmd_read_placement(cmd, out, err);
}

static void add_fact(struct ed_facts *facts, const char *key, int64_t value) {
    snprintf(facts->items[facts->n].key, sizeof facts->items[0].key, "%s", key);
    facts->items[facts->n++].value = value;
}

// What asking costs: the time of questions that the program answers at once.
static int64_t round_trip_ns(struct cmd_state *cmd) {
    int64_t times[PINGS], middle = -1;
    static const char ping[] = "{\"do\":\"ping\"}\n";
    for (size_t i = 0; i < PINGS; i++) {
        const char *line = NULL;
        size_t bytes = 0;
        const int64_t before = ed_clock_raw_ns();
        if (cmd_exchange(cmd, ping, sizeof ping - 1, "ping", cmd->answer_limit_ns, &line, &bytes, NULL) !=
            ED_OK)
            return -1;
        times[i] = ed_clock_raw_ns() - before;
        if (i == 0 && cmd_take_answer(cmd, line, bytes, "ping", NULL) != ED_OK)
            return -1;
    }
    ed_quantile_median(times, PINGS, times, &middle);
    return middle;
}

static enum ed_status hook_facts(void *state, struct ed_facts *out, struct ed_error *err) {
    struct cmd_state *cmd = state;
    int64_t told_ns = -1, trip_ns = -1;
    (void)err;
    memset(out, 0, sizeof *out);
    if (!cmd->loaded)
        return ED_OK;
    const size_t n = cmd->n_told < CMD_TOLD_MAX ? (size_t)cmd->n_told : CMD_TOLD_MAX;
    if (n) {
        ed_quantile_median(cmd->told_ns, n, cmd->told_ns, &told_ns);
        add_fact(out, "program_inference_p50_ns", told_ns);
        add_fact(out, "program_inferences", (int64_t)n);
        cmd->n_told = 0;
    }
    trip_ns = round_trip_ns(cmd);
    if (trip_ns >= 0)
        add_fact(out, "pipe_round_trip_p50_ns", trip_ns);
    size_t used = 0;
    if (trip_ns >= 0)
        used +=
            (size_t)snprintf(out->note, sizeof out->note,
                             "every latency holds a question and its answer over pipes, which take %.1f us "
                             "with nothing to do",
                             (double)trip_ns / 1e3);
    if (n)
        snprintf(
            out->note + used, sizeof out->note - used,
            "%sthe program says that an inference takes %.1f us (median of its last %zu), which is its own "
            "word and in no figure",
            used ? "; " : "", (double)told_ns / 1e3, n);
    return ED_OK;
}

static enum ed_status hook_unload(void *state, struct ed_error *err) {
    struct cmd_state *cmd = state;
    const bool loaded = cmd->loaded;
    cmd->loaded = cmd->bound = cmd->ran = false;
    cmd_forget_outputs(cmd);
    return loaded ? ask_plain(cmd, "unload", cmd->answer_limit_ns, err) : ED_OK;
}

static void hook_close(void *state) {
    struct cmd_state *cmd = state;
    cmd_stop(cmd);
    cmd_forget_outputs(cmd);
    ed_json_document_release(&cmd->answer);
    ed_command_file_release(&cmd->file);
    if (cmd->scratch[0])
        ed_path_remove(cmd->scratch, NULL);
    cmd->scratch[0] = 0;
}

static const struct ed_backend cmd_backend = {
    .abi = ED_BACKEND_ABI,
    .struct_bytes = sizeof(struct ed_backend),
    .name = ED_MANIFEST_NAME,
    .summary = ED_MANIFEST_SUMMARY,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .state_bytes = sizeof(struct cmd_state),
    .open = hook_open,
    .survey = hook_survey,
    .load = hook_load,
    .describe = hook_describe,
    .bind = hook_bind,
    .run = hook_run,
    .submit = ed_backend_no_submit,
    .wait = ed_backend_no_wait,
    .outputs = hook_outputs,
    .language = ed_backend_no_language,
    .tokenize = ed_backend_no_tokenize,
    .rewind = ed_backend_no_rewind,
    .prefill = ed_backend_no_prefill,
    .decode = ed_backend_no_decode,
    .logits = ed_backend_no_logits,
    .processes = hook_processes,
    .placement = hook_placement,
    .op_profile = ed_backend_no_op_profile,
    .engine_memory = ed_backend_memory_unknown,
    .unload = hook_unload,
    .close = hook_close,
    .facts = hook_facts,
};

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &cmd_backend : NULL;
}
