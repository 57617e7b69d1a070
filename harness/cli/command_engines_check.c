// SPDX-License-Identifier: Apache-2.0
// `edgedyno engines check`: the conformance checks of runners/, run by this machine's runner, each in a
// process of its own.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/nearest.h"
#include "devices/process.h"
#include "devices/words.h"
#include "harness/cli/command_engines.h"
#include "harness/cli/grid.h"

#define ARGUMENTS_MAX 160
#define MODELS_MAX 16
#define REPLY_MAX_BYTES (1u << 20)
#define CHECKS_TIME_NS 2700000000000ll // forty checks of a minute each, and some

struct check {
    char name[64], verdict[32], words[512];
};

struct checks {
    const struct ed_engine_build *build;
    const char *backend;
    struct check *items;
    size_t n, n_failed, n_skipped;
};

struct call {
    const char *argv[ARGUMENTS_MAX];
    char models[MODELS_MAX][ED_PATH_BYTES];
    char runner[ED_PATH_BYTES], scratch[ED_PATH_BYTES], manifest[ED_PATH_BYTES];
};

static enum ed_status find_build(const struct ed_resources *resources, const char *operand,
                                 struct checks *checks, struct ed_error *err) {
    struct ed_engine_word word;
    const char *known[ED_SURVEY_MAX + 1] = {NULL};
    enum ed_status status = ed_engine_word_parse(&word, operand, true, err);
    if (!status)
        status =
            ed_engines_find(&resources->engines, word.name, word.version, ED_TARGET, &checks->build, err);
    if (status)
        return status;
    const struct ed_engine_build *build = checks->build;
    if (build->state != ED_ENGINE_PRESENT || !build->adapter[0])
        return ed_fail(err, ED_ERR_NOT_FOUND, build->id, "cannot be checked: %s",
                       build->reason[0] ? build->reason : "its adapter is not built");
    for (size_t i = 0; i < build->manifest->n_backends; i++) {
        known[i] = build->manifest->backends[i].name;
        if (!word.backend[0] ? i == 0 : strcmp(known[i], word.backend) == 0)
            checks->backend = known[i];
    }
    if (checks->backend)
        return ED_OK;
    const char *near = ed_nearest(word.backend, known);
    return ed_fail(err, ED_ERR_USAGE, NULL, "%s has no backend '%s'%s%s%s", build->name, word.backend,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

// The manifest of --adapter where it is this engine's, else the built-in one, written down.
static enum ed_status find_manifest(struct call *call, const struct ed_resources *resources,
                                    const struct ed_engine_build *build, struct ed_error *err) {
    struct ed_buffer text;
    if (build->adapter_given)
        return ed_path_join(call->manifest, "", resources->manifest, err);
    ed_buffer_init(&text, REPLY_MAX_BYTES);
    enum ed_status status = ed_path_join(call->manifest, call->scratch, "manifest.json", err);
    if (!status)
        status = ed_catalogue_text(build->name, &text, err);
    if (!status)
        status = ed_buffer_status(&text, build->name, err);
    if (!status)
        status = ed_path_write_atomic(call->manifest, text.data, text.size, 0600, err);
    ed_buffer_release(&text);
    return status;
}

// "gpu_precision" is refused where a model runs on the CPU, and rightly.
static bool is_for_another(const struct ed_option *option, enum ed_processor processor) {
    static const struct {
        const char *begin;
        enum ed_processor processor;
    } kinds[] = {{"gpu_", ED_PROCESSOR_GPU}, {"npu_", ED_PROCESSOR_NPU}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (processor != kinds[i].processor && !strncmp(option->name, kinds[i].begin, strlen(kinds[i].begin)))
            return true;
    return false;
}

// An option whose default is a value that it takes, and that refuses nonsense.
static const struct ed_option *find_option(const struct ed_manifest *manifest, const char *backend) {
    const struct ed_manifest_backend *on = ed_manifest_find_backend(manifest, backend);
    for (size_t i = 0; i < manifest->n_options; i++) {
        const struct ed_option *option = &manifest->options[i];
        if (on && is_for_another(option, on->processor))
            continue;
        if (option->fallback[0] && (option->type == ED_OPTION_WORD || option->type == ED_OPTION_INT))
            return option;
    }
    return NULL;
}

static enum ed_status prepare(struct call *call, const struct ed_cli *cli,
                              const struct ed_resources *resources, const struct checks *checks,
                              struct ed_error *err) {
    const struct ed_engine_build *build = checks->build;
    const struct ed_option *option = find_option(build->manifest, checks->backend);
    char name[64], made[] = P_tmpdir "/edgedyno-check-XXXXXX";
    size_t n = 0;
    snprintf(name, sizeof name, ED_TARGET "/edgedyno-runner");
    if (!mkdtemp(made))
        return ed_fail_errno(err, ED_ERR_IO, P_tmpdir, "no directory can be made in it: %m");
    enum ed_status status = ed_path_real(call->scratch, made, err);
    if (!status)
        status = ed_path_join(call->runner, cli->library_dir, name, err);
    if (!status)
        status = find_manifest(call, resources, build, err);
    const char *const given[] = {"--adapter",      build->adapter,
                                 "--manifest",     call->manifest,
                                 "--backend",      checks->backend,
                                 "--scratch",      call->scratch,
                                 "--engine-dir",   build->directory,
                                 "--library",      build->library,
                                 "--option-key",   option ? option->name : "",
                                 "--option-value", option ? option->fallback : "",
                                 "--option-wrong", option ? "no such value" : ""};
    call->argv[n++] = call->runner;
    call->argv[n++] = "conformance";
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i += 2)
        if (given[i + 1][0]) {
            call->argv[n++] = given[i];
            call->argv[n++] = given[i + 1];
        }
    for (char **pair = build->manifest->environment; pair && *pair && n + 4 < ARGUMENTS_MAX; pair++) {
        call->argv[n++] = "--environment";
        call->argv[n++] = *pair;
    }
    if (build->manifest->formats[0])
        call->argv[n++] = "--needs-model";
    for (size_t i = 2; i < cli->arguments->n_operands && n + 4 < ARGUMENTS_MAX && !status; i++) {
        status = ed_path_real(call->models[i - 2], cli->arguments->operands[i], err);
        call->argv[n++] = "--model";
        call->argv[n++] = call->models[i - 2];
    }
    call->argv[n] = NULL;
    return status;
}

static enum ed_status read_reply(struct checks *checks, const char *text, size_t bytes,
                                 struct ed_error *err) {
    struct ed_json_document document = {0};
    enum ed_status status = ed_json_parse(&document, "the runner's reply", text, bytes, err);
    const struct ed_json_at root = ed_json_root(&document);
    const struct ed_json_at array = ed_json_member(&root, "checks");
    const size_t n = status ? 0 : ed_json_count(&array);
    checks->items = calloc(n + 1, sizeof *checks->items);
    if (!checks->items)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu checks", n);
    for (size_t i = 0; i < n && !status; i++) {
        const struct ed_json_at at = ed_json_element(&array, i);
        struct check *check = &checks->items[checks->n++];
        const char *words = "";
        status = ed_json_get_string(&at, "name", check->name, sizeof check->name, err);
        if (!status)
            status = ed_json_get_string(&at, "verdict", check->verdict, sizeof check->verdict, err);
        if (!status)
            status = ed_json_opt_text(&at, "words", &words, err);
        snprintf(check->words, sizeof check->words, "%s", words ? words : "");
        checks->n_failed += strcmp(check->verdict, "failed") == 0;
        checks->n_skipped += strcmp(check->verdict, "not applicable") == 0;
    }
    if (!status && !checks->n)
        status = ed_fail(err, ED_ERR_PARSE, checks->build->id, "the runner made no check");
    ed_json_document_release(&document);
    return status;
}

static enum ed_status run(struct checks *checks, const struct call *call, struct ed_error *err) {
    struct ed_spawn_args args = {.argv = call->argv, .out_limit_bytes = REPLY_MAX_BYTES};
    struct ed_spawn_result result = {0};
    char said[ED_WORDS_BYTES];
    args.deadline_ns = ed_clock_monotonic_ns() + CHECKS_TIME_NS;
    enum ed_status status = ed_process_run(&args, &result, err);
    if (!status && result.exit_code != 0)
        status = ed_fail(err, ED_ERR_REFUSED, checks->build->id, "the checks could not be run%s",
                         ed_words_said(said, result.out && result.out[0] ? result.out : result.err_out));
    if (!status)
        status = read_reply(checks, result.out, result.out_bytes, err);
    ed_spawn_result_release(&result);
    return status;
}

static void write_json(const struct checks *checks, struct ed_buffer *out) {
    struct ed_json_writer json;
    ed_json_writer_init(&json, out, true);
    ed_json_object_begin(&json, NULL);
    ed_json_text(&json, "id", checks->build->id);
    ed_json_text(&json, "target", checks->build->target);
    ed_json_text(&json, "backend", checks->backend);
    ed_json_array_begin(&json, "checks");
    for (size_t i = 0; i < checks->n; i++) {
        ed_json_object_begin(&json, NULL);
        ed_json_text(&json, "name", checks->items[i].name);
        ed_json_text(&json, "verdict", checks->items[i].verdict);
        ed_json_text(&json, "words", checks->items[i].words);
        ed_json_object_end(&json);
    }
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    ed_buffer_append(out, "\n", 1);
}

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    static const char *const heads[] = {"check", "verdict", "about"};
    const struct checks *checks = context;
    struct ed_grid grid;
    if (strcmp(target->format, "json") == 0) {
        write_json(checks, out);
        return ED_OK;
    }
    ed_grid_init(&grid, heads, 3);
    for (size_t i = 0; i < checks->n; i++) {
        ed_grid_add(&grid, "%s", checks->items[i].name);
        ed_grid_add(&grid, "%s", checks->items[i].verdict);
        ed_grid_add(&grid, "%s", checks->items[i].words);
    }
    enum ed_status status = ed_grid_print(&grid, target->columns, out, err);
    ed_buffer_printf(out, "%s/%s: %zu of %zu checks passed, %zu failed, %zu do not apply\n",
                     checks->build->id, checks->backend, checks->n - checks->n_failed - checks->n_skipped,
                     checks->n, checks->n_failed, checks->n_skipped);
    ed_grid_release(&grid);
    return status;
}

int ed_engines_command_check(struct ed_cli *cli, struct ed_resources *resources,
                             const struct ed_output *output) {
    struct checks checks = {0};
    struct call *call = calloc(1, sizeof *call);
    struct ed_error err = {0};
    int code;
    enum ed_status status = call ? find_build(resources, cli->arguments->operands[1], &checks, &err)
                                 : ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the checks");
    for (size_t i = 2; i < cli->arguments->n_operands && !status; i++)
        if (access(cli->arguments->operands[i], R_OK) != 0)
            status = ed_fail_errno(&err, ED_ERR_USAGE, cli->arguments->operands[i],
                                   "the model cannot be read: %m");
    if (!status)
        status = prepare(call, cli, resources, &checks, &err);
    if (!status)
        status = run(&checks, call, &err);
    if (call && call->scratch[0])
        ed_path_remove(call->scratch, NULL);
    if (status)
        code = ed_cli_fail(cli, &err);
    else
        code = ed_cli_exit_combine(checks.n_failed ? ED_EXIT_FAIL : ED_EXIT_PASS,
                                   ed_output_write(output, cli, render, &checks));
    if (!status && checks.n_skipped && checks.build->manifest->formats[0] && cli->arguments->n_operands == 2)
        ed_log_line(&cli->log, ED_LOG_INFO,
                    "without a model most checks do not apply: edgedyno engines check %s MODEL",
                    checks.build->id);
    free(checks.items);
    free(call);
    return code;
}
