// SPDX-License-Identifier: Apache-2.0
// `edgedyno quantize`: variants of a GGUF model by llama.cpp's own interface, beside the model.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/units.h"
#include "devices/process.h"
#include "edgedyno/wire.h"
#include "harness/cli/cli.h"
#include "harness/cli/resources.h"

#define HOURS_MAX 24
#define WORDS_MAX 64

struct job {
    const struct ed_engine_build *build;
    char runner[ED_PATH_BYTES], model[ED_PATH_BYTES];
    const char *threads; // NULL: the engine's own
};

// m-f16.gguf to m-Q8_0.gguf: the ending that tells the model's own type gives way.
static enum ed_status name_output(char out[ED_PATH_BYTES], const char *model, const char *type,
                                  struct ed_error *err) {
    static const char *const own[] = {"-f16",  "-f32", "-bf16", ".f16", ".f32",
                                      ".bf16", "_f16", "_f32",  "_bf16"};
    char directory[ED_PATH_BYTES], name[512];
    const char *base = ed_path_base(model);
    size_t n = strlen(base);
    if (n > 5 && !strcasecmp(base + n - 5, ".gguf"))
        n -= 5;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        const size_t length = strlen(own[i]);
        if (n > length && !strncasecmp(base + n - length, own[i], length)) {
            n -= length;
            break;
        }
    }
    if (n > 200)
        return ed_fail(err, ED_ERR_USAGE, model, "has a name of more than 200 bytes");
    snprintf(name, sizeof name, "%.*s-%s.gguf", (int)n, base, type);
    ed_path_directory(directory, model);
    return ed_path_join(out, directory, name, err);
}

// The runner's reply says how it went; one that is none is what an engine left that died.
static enum ed_status read_reply(const struct ed_spawn_result *result, const char *type,
                                 struct ed_error *err) {
    struct ed_json_document reply = {0};
    const char *kind = "", *message = "", *where = "";
    if (!result->out_bytes || ed_json_parse(&reply, "reply", result->out, result->out_bytes, NULL) != ED_OK) {
        const size_t n = result->err_bytes < 300 ? result->err_bytes : 300;
        return ed_fail(err, ED_ERR_REFUSED, type, "the engine ended by %s %d without an answer%s%.*s",
                       result->signal ? "signal" : "exit status",
                       result->signal ? result->signal : result->exit_code, n ? ": " : "", (int)n,
                       n ? result->err_out + result->err_bytes - n : "");
    }
    const struct ed_json_at root = ed_json_root(&reply);
    enum ed_status status = ed_json_get_text(&root, "type", &kind, err);
    if (status == ED_OK && strcmp(kind, "converted") != 0) {
        const char *word = "";
        ed_json_opt_text(&root, "message", &message, NULL);
        ed_json_opt_text(&root, "where", &where, NULL);
        ed_json_opt_text(&root, "status", &word, NULL);
        status = ed_fail(err, strcmp(word, ed_status_word(ED_ERR_USAGE)) ? ED_ERR_REFUSED : ED_ERR_USAGE,
                         where, "%s", message);
    }
    ed_json_document_release(&reply);
    return status;
}

// `check`: writes nothing, and says whether the engine has the type.
static enum ed_status run_runner(const struct job *job, const char *type, const char *output, bool check,
                                 struct ed_error *err) {
    const char *words[WORDS_MAX] = {job->runner, "convert",  "--adapter", job->build->adapter,
                                    "--model",   job->model, "--output",  output,
                                    "--type",    type};
    size_t n = 10;
    char **pair = job->build->manifest->environment;
    struct ed_spawn_result result;
    if (job->build->directory[0]) {
        words[n++] = "--engine-dir";
        words[n++] = job->build->directory;
        words[n++] = "--library";
        words[n++] = job->build->library;
    }
    if (job->threads) {
        words[n++] = "--threads";
        words[n++] = job->threads;
    }
    if (check)
        words[n++] = "--check";
    for (; pair && *pair && n + 3 < WORDS_MAX; pair++) {
        words[n++] = "--environment";
        words[n++] = *pair;
    }
    const struct ed_spawn_args args = {.argv = words,
                                       .out_limit_bytes = ED_WIRE_LINE_MAX_BYTES,
                                       .deadline_ns =
                                           ed_clock_monotonic_ns() + HOURS_MAX * INT64_C(3600000000000)};
    ed_spawn_result_init(&result);
    enum ed_status status = ed_process_run(&args, &result, err);
    if (status == ED_OK)
        status = read_reply(&result, type, err);
    ed_spawn_result_release(&result);
    return status;
}

// What was written is on the disk before it gets its name, and whatever has that name already stays.
static enum ed_status publish(const char *part, const char *output, int64_t *bytes, struct ed_error *err) {
    struct stat file;
    char directory[ED_PATH_BYTES];
    const int fd = open(part, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &file) != 0 || fsync(fd) != 0) {
        ed_fail_errno(err, ED_ERR_IO, part, "cannot be synced: %m");
        if (fd >= 0)
            close(fd);
        return ED_ERR_IO;
    }
    close(fd);
    *bytes = file.st_size;
    if (link(part, output) != 0)
        return errno == EEXIST
                   ? ed_fail(err, ED_ERR_USAGE, output, "exists already; move it away to make it anew")
                   : ed_fail_errno(err, ED_ERR_IO, output, "cannot be made: %m");
    ed_path_directory(directory, output);
    return ed_path_sync_directory(directory, err);
}

// Before the first is made: hours of work shall not end with a name that is taken, or a word that is no type.
static enum ed_status check_types(const struct job *job, char *const *types, size_t n, struct ed_error *err) {
    char output[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        status = name_output(output, job->model, types[i], err);
        if (status == ED_OK && ed_path_exists(output))
            status = ed_fail(err, ED_ERR_USAGE, output, "exists already; move it away to make it anew");
        for (size_t k = 0; status == ED_OK && k < i; k++)
            if (!strcasecmp(types[i], types[k]))
                status = ed_fail(err, ED_ERR_USAGE, "TYPES", "\"%.60s\" stands there twice", types[i]);
    }
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        status = name_output(output, job->model, types[i], err);
        if (status == ED_OK)
            status = run_runner(job, types[i], output, true, err);
    }
    return status;
}

static enum ed_status make(const struct job *job, const char *type, struct ed_error *err) {
    char output[ED_PATH_BYTES], part[ED_PATH_BYTES + 32], size[32];
    int64_t bytes = 0;
    enum ed_status status = name_output(output, job->model, type, err);
    if (status != ED_OK)
        return status;
    snprintf(part, sizeof part, "%s.part-%ld", output, (long)getpid());
    status = run_runner(job, type, part, false, err);
    if (status == ED_OK)
        status = publish(part, output, &bytes, err);
    unlink(part);
    if (status == ED_OK) {
        ed_units_print_size(size, sizeof size, bytes);
        struct ed_buffer line;
        ed_buffer_init(&line, ED_PATH_BYTES + 64);
        ed_buffer_printf(&line, "%s  %s\n", output, size);
        status = ed_cli_print(ed_buffer_text(&line), line.size, err);
        ed_buffer_release(&line);
    }
    return status;
}

static enum ed_status find_build(struct job *job, const struct ed_resources *resources, struct ed_cli *cli,
                                 struct ed_error *err) {
    const char *on = ed_arguments_get(cli->arguments, "on");
    char name[130], *version;
    snprintf(name, sizeof name, "%s", on ? on : "llama.cpp");
    version = strchr(name, '@');
    if (version)
        *version++ = 0;
    enum ed_status status = ed_engines_find(&resources->engines, name, version, ED_TARGET, &job->build, err);
    if (status == ED_OK && job->build->state == ED_ENGINE_FETCHABLE)
        status = ed_fail(err, ED_ERR_USAGE, NULL, "%s is not here yet: run 'edgedyno engines fetch %s'",
                         job->build->id, job->build->id);
    if (status == ED_OK && job->build->state != ED_ENGINE_PRESENT)
        status =
            ed_fail(err, ED_ERR_USAGE, NULL, "%s cannot be used: %s", job->build->id, job->build->reason);
    if (status == ED_OK)
        status = ed_path_join(job->runner, cli->library_dir, ED_TARGET "/edgedyno-runner", err);
    return status;
}

static int quantize(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_resources resources = {0};
    struct ed_error err = {0};
    struct job job = {.threads = ed_arguments_get(arguments, "threads")};
    char **types = NULL;
    size_t n = 0;
    if (arguments->n_operands != 2)
        return ed_cli_usage(cli, "quantize takes a model and types, as in `edgedyno quantize m-f16.gguf "
                                 "Q8_0,Q5_K_M,Q4_K_M`");
    enum ed_status status = ed_path_real(job.model, arguments->operands[0], &err);
    if (status == ED_OK)
        status = ed_options_list(arguments->operands[1], "TYPES", &types, &n, &err);
    for (size_t i = 0; status == ED_OK && i < n; i++)
        if (!ed_path_name_ok(types[i]))
            status =
                ed_fail(&err, ED_ERR_USAGE, "TYPES", "\"%.60s\" is no type; write Q8_0,Q4_K_M", types[i]);
    if (status == ED_OK)
        status = ed_resources_load(&resources, cli, &err);
    if (status == ED_OK)
        status = find_build(&job, &resources, cli, &err);
    if (status == ED_OK)
        status = check_types(&job, types, n, &err);
    for (size_t i = 0; status == ED_OK && i < n; i++)
        status = make(&job, types[i], &err);
    free(types);
    ed_resources_release(&resources);
    return status == ED_OK ? ED_EXIT_PASS : ed_cli_fail(cli, &err);
}

static const char *const usages[] = {"[OPTION...] GGUF TYPE,...", NULL};
static const char *const notes[] = {
    "Writes each type beside the model: m-f16.gguf gives m-Q8_0.gguf. A file that exists is not touched. The "
    "engine's own interface does it, in a process of its own; a suite with these files as variants then "
    "compares "
    "them in speed, memory and quality.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno quantize m-f16.gguf Q8_0,Q5_K_M,Q4_K_M", "three variants of a model"},
};

const struct ed_cli_command ed_cli_quantize = {
    .name = "quantize",
    .summary = "make variants of a GGUF model by llama.cpp",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_quantize, &ed_options_fleet},
    .n_groups = 2,
    .operand_is_file = true,
    .run = quantize,
};
