// SPDX-License-Identifier: Apache-2.0
// `edgedyno fit`: what fits a memory limit. Each size is a campaign of its own in a directory of the search,
// so that a search that was stopped goes on where it was.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "base/units.h"
#include "harness/addresses.h"
#include "harness/cli/fit_points.h"
#include "harness/cli/kept_words.h"
#include "harness/cli/suite_args.h"
#include "harness/suite_values.h"

#define FIT_FILE "fit.json"
#define FIT_TYPE "edgedyno-fit"
#define FIT_MAX_BYTES (1u << 20)

// What a search goes by: the words of its first run.
struct fit {
    struct ed_cli *cli;
    const struct ed_arguments *arguments;
    struct ed_arguments kept; // of a resumed search
    struct ed_json_document document;
    char directory[ED_PATH_BYTES]; // of the search, absolute
    struct ed_output output;
    struct ed_resources resources;
    struct ed_measuring measuring;
    struct ed_fit_run *runs; // one a device
    size_t n;
};

static const struct ed_output_format formats[] = {
    {"table", ".txt", false}, {"json", ".json", false}, {"csv", ".csv", false}, {"markdown", ".md", false}};

static bool asks_tokens(const struct ed_arguments *arguments) {
    return ed_arguments_has(arguments, "prompt") || ed_arguments_has(arguments, "generate") ||
           ed_arguments_has(arguments, "pg") || ed_arguments_has(arguments, "depth");
}

static enum ed_status check(const struct ed_arguments *arguments, struct ed_error *err) {
    static const char *const never[] = {"require", "profile", "on-invalid", "papi", "sort", "group"};
    enum ed_status status = ed_options_check_habits(arguments, err);
    if (status != ED_OK)
        return status;
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (ed_arguments_has(arguments, never[i])) {
            char flag[32];
            snprintf(flag, sizeof flag, "--%s", never[i]);
            return ed_fail(err, ED_ERR_USAGE, flag,
                           "`fit` looks at memory alone; measure what it finds with `edgedyno run`");
        }
    if (arguments->n_operands != 1)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "name one model, as in `edgedyno fit model.onnx --mem-limit 512MiB`");
    if (!ed_arguments_has(arguments, "mem-limit"))
        return ed_fail(err, ED_ERR_USAGE, "--mem-limit",
                       "is what the model has to fit; add it, such as --mem-limit 512MiB");
    return ED_OK;
}

// Flags of what is searched are the search's own.
static enum ed_status check_search(const struct ed_fit_run *run, struct ed_error *err) {
    static const struct {
        const char *flag;
        bool of[3]; // batch, context, threads
    } rows[] = {{"threads", {false, false, true}}, {"prompt", {true, true, false}},
                {"generate", {true, true, false}}, {"pg", {true, true, false}},
                {"depth", {true, true, false}},    {"batch", {true, false, false}},
                {"ub", {true, false, false}}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].of[run->what] && ed_arguments_has(run->arguments, rows[i].flag)) {
            char flag[32];
            snprintf(flag, sizeof flag, "--%s", rows[i].flag);
            return ed_fail(err, ED_ERR_USAGE, flag, "is set by the search for the largest %s; leave it out",
                           ed_fit_what_word(run->what));
        }
    return ED_OK;
}

// A limit holds for processes of the device, and what a server takes is taken where it runs.
static enum ed_status check_no_server(const struct fit *fit, const struct ed_suite *suite,
                                      struct ed_error *err) {
    for (size_t i = 0; i < suite->n_on; i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)ed_suite_on_name_bytes(suite->on[i]), suite->on[i]);
        const struct ed_manifest *manifest = ed_catalogue_find(&fit->resources.catalogue, name);
        if (manifest && !strcmp(manifest->address, "url"))
            return ed_fail(
                err, ED_ERR_USAGE, "--on",
                "%.200s is a server: its memory is not on this device, where `fit` sets the limit "
                "and measures. Search with the model's file on the server's own machine (-d DEVICE "
                "--on llama.cpp/cpu); `edgedyno run` measures how fast the server is",
                suite->on[i]);
    }
    return ED_OK;
}

// The engine of the model, or of --on.
static enum ed_status find_manifest(const struct fit *fit, const struct ed_suite *suite,
                                    const struct ed_manifest **manifest, struct ed_error *err) {
    char name[64];
    const char *file = fit->arguments->operands[0];
    if (!suite->n_models)
        return ed_fail(err, ED_ERR_USAGE, file, "is a suite; `fit` takes a model");
    if (suite->n_on > 1)
        return ed_fail(err, ED_ERR_USAGE, "--on", "`fit` searches for one engine at a time");
    if (suite->n_on) {
        snprintf(name, sizeof name, "%.*s", (int)ed_suite_on_name_bytes(suite->on[0]), suite->on[0]);
        *manifest = ed_catalogue_find(&fit->resources.catalogue, name);
    } else {
        *manifest = ed_catalogue_for_file(&fit->resources.catalogue, suite->models[0].variants[0].files[0]);
    }
    if (!*manifest)
        return ed_fail(err, ED_ERR_USAGE, suite->n_on ? "--on" : file,
                       suite->n_on ? "there is no such engine; `edgedyno engines` lists them"
                                   : "no engine opens a file of this ending; name one with --on");
    return ED_OK;
}

static enum ed_status fill_run(const struct fit *fit, struct ed_fit_run *run, const struct ed_suite *suite,
                               const char *device, struct ed_error *err) {
    const char *search = ed_arguments_get(fit->arguments, "search");
    enum ed_status status = find_manifest(fit, suite, &run->manifest, err);
    if (status != ED_OK)
        return status;
    run->cli = fit->cli;
    run->arguments = fit->arguments;
    run->measuring = (struct ed_measuring *)&fit->measuring;
    run->device = device;
    run->limit_bytes = suite->mem_limit_bytes;
    run->ballast_bytes = suite->ballast_bytes;
    run->language =
        run->manifest->language || (run->manifest->language_asked &&
                                    (asks_tokens(fit->arguments) || (search && !strcmp(search, "context"))));
    run->what = !search                      ? run->language ? ED_FIT_CONTEXT : ED_FIT_BATCH
                : !strcmp(search, "batch")   ? ED_FIT_BATCH
                : !strcmp(search, "context") ? ED_FIT_CONTEXT
                                             : ED_FIT_THREADS;
    status = check_search(run, err);
    return status == ED_OK ? ed_fit_run_init(run, err) : status;
}

// A search a device, one after the other.
static enum ed_status make_runs(struct fit *fit, struct ed_error *err) {
    struct ed_suite suite;
    size_t *indices = NULL, n = 0;
    struct ed_cli words = *fit->cli;
    words.arguments = fit->arguments;
    ed_suite_init(&suite);
    enum ed_status status = ed_suite_of_arguments(&suite, fit->arguments, err);
    if (status == ED_OK)
        status = check_no_server(fit, &suite, err);
    if (status == ED_OK)
        status = ed_addresses_add(&fit->resources.engines, &suite, err);
    if (status == ED_OK)
        status = ed_resources_select(&fit->resources, &words, &indices, &n, err);
    if (status == ED_OK && !(fit->runs = calloc(n + 1, sizeof *fit->runs)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the search");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        struct ed_fit_run *run = &fit->runs[i];
        const char *device = fit->resources.inventory.devices[indices[i]].id;
        fit->n = i + 1;
        status = fill_run(fit, run, &suite, device, err);
        if (status == ED_OK && fit->directory[0])
            status = ed_path_join(run->directory, fit->directory, device, err);
        // The time is that of the whole search.
        if (status == ED_OK && suite.max_time_ns)
            run->deadline_ns = ed_clock_monotonic_ns() + suite.max_time_ns;
    }
    free(indices);
    ed_suite_release(&suite);
    return status;
}

// The words, as they can be parsed again; not those that a resume may choose anew.
static enum ed_status keep_words(const struct fit *fit, struct ed_error *err) {
    static const char *const left_out[] = {"out", "format", "export", "quiet", "verbose", "resume", NULL};
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    struct ed_json_writer w;
    ed_buffer_init(&text, FIT_MAX_BYTES);
    ed_json_writer_init(&w, &text, true);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", FIT_TYPE);
    ed_json_int(&w, "format", 1);
    ed_json_text(&w, "edgedyno", ED_VERSION);
    enum ed_status status = ed_kept_words_write(&w, fit->arguments, left_out, err);
    ed_json_object_end(&w);
    ed_buffer_text_append(&text, "\n");
    if (status == ED_OK)
        status = ed_buffer_status(&text, FIT_FILE, err);
    if (status == ED_OK)
        status = ed_path_join(path, fit->directory, FIT_FILE, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    return status;
}

// The words of the first run, in its directory, since paths among them are relative to it.
static enum ed_status read_words(struct fit *fit, const char *resume, struct ed_error *err) {
    const char *type = "", *here = "";
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_path_real(fit->directory, resume, err);
    if (status == ED_OK)
        status = ed_path_join(path, fit->directory, FIT_FILE, err);
    if (status == ED_OK && !ed_path_exists(path))
        return ed_fail(err, ED_ERR_NOT_FOUND, resume,
                       "holds no " FIT_FILE ": it is no search of `edgedyno fit`");
    if (status == ED_OK)
        status = ed_json_parse_file(&fit->document, path, FIT_MAX_BYTES, err);
    const struct ed_json_at root = ed_json_root(&fit->document);
    if (status == ED_OK)
        status = ed_json_get_text(&root, "type", &type, err);
    if (status == ED_OK && strcmp(type, FIT_TYPE) != 0)
        return ed_json_fail(&root, err, "expected a search of `edgedyno fit`, found '%.32s'", type);
    if (status == ED_OK)
        status = ed_kept_words_read(&fit->kept, &here, &root, fit->cli->command, err);
    if (status == ED_OK && chdir(here) != 0)
        status = ed_fail_errno(err, ED_ERR_NOT_FOUND, here,
                               "the search began there, and it cannot be entered: %m");
    fit->arguments = &fit->kept;
    return status;
}

static enum ed_status begin(struct fit *fit, struct ed_error *err) {
    const char *out = ed_arguments_get(fit->arguments, "out");
    char made[ED_PATH_BYTES], name[96], started[32], file[ED_PATH_BYTES];
    ed_clock_format_utc(started, ed_clock_read_ns(CLOCK_REALTIME));
    snprintf(name, sizeof name, "runs/%.4s%.2s%.2sT%.2s%.2s%.2sZ-fit-%lx", started, started + 5, started + 8,
             started + 11, started + 14, started + 17, (unsigned long)getpid());
    enum ed_status status = ed_path_join(made, "", out ? out : name, err);
    if (status == ED_OK)
        status = ed_path_make(made, 0755, err);
    if (status == ED_OK)
        status = ed_path_real(fit->directory, made, err);
    if (status == ED_OK)
        status = ed_path_join(file, fit->directory, FIT_FILE, err);
    if (status == ED_OK && (ed_path_exists(file) || ed_show_check_campaign(fit->directory, NULL) == ED_OK))
        status =
            ed_fail(err, ED_ERR_USAGE, made,
                    "holds a search or a campaign already: name another directory, or go on by --resume");
    return status == ED_OK ? keep_words(fit, err) : status;
}

static enum ed_status check_resume(const struct ed_arguments *arguments, struct ed_error *err) {
    static const char *const allowed[] = {"resume", "format", "export", "quiet", "verbose", NULL};
    if (arguments->n_operands)
        return ed_fail(err, ED_ERR_USAGE, "--resume", "goes by the search's own words; leave out %.200s",
                       arguments->operands[0]);
    for (size_t i = 0; i < arguments->n_values; i++) {
        const char *const *name = allowed;
        while (*name && strcmp(*name, arguments->values[i].option->name) != 0)
            name++;
        if (!*name)
            return ed_fail(err, ED_ERR_USAGE, "--resume", "goes by the search's own words; leave out --%s",
                           arguments->values[i].option->name);
    }
    return ED_OK;
}

// What would be done, without measuring; the sizes of a context and of threads end where the model or the
// device does.
static int plan(struct fit *fit) {
    struct ed_error err = {0};
    struct ed_suite suite;
    struct ed_buffer text;
    int code = ED_EXIT_PASS;
    for (size_t i = 0; i < fit->n && code == ED_EXIT_PASS; i++) {
        const struct ed_fit_run *run = &fit->runs[i];
        const struct ed_fit_point first = {.size = run->fit.least};
        if (ed_fit_run_suite(run, &first, &suite, &err) != ED_OK)
            return ed_cli_fail(fit->cli, &err);
        ed_buffer_init(&text, FIT_MAX_BYTES);
        ed_buffer_printf(
            &text,
            "search on %s: the largest %s, from %lld up to %lld at most, doubled until one does not "
            "fit; then halves\nthen levers, one by one, and those that save together:",
            run->device, ed_fit_what_word(run->what), (long long)run->fit.least, (long long)run->fit.most);
        for (size_t l = 0; l < run->fit.n_levers; l++)
            ed_buffer_printf(&text, " %s=%s", run->fit.levers[l].option, run->fit.levers[l].value);
        ed_buffer_printf(&text, "%s\nthe first point:\n", run->fit.n_levers ? "" : " none");
        code = ed_cli_print_buffer(fit->cli, &text);
        ed_buffer_release(&text);
        if (code == ED_EXIT_PASS)
            code = ed_measuring_plan(fit->cli, &fit->measuring, &suite);
        ed_suite_release(&suite);
    }
    return code;
}

static int search(struct fit *fit) {
    int code = ED_EXIT_PASS;
    size_t done = 0;
    bool interrupted = false;
    for (size_t i = 0; i < fit->n && !interrupted; i++) {
        struct ed_fit_run *run = &fit->runs[i];
        const struct ed_fit_hooks hooks = {run, ed_fit_run_measure};
        struct ed_error err = {0};
        const enum ed_status status = ed_fit_search(&run->fit, &hooks, &err);
        interrupted = run->interrupted;
        done = i + 1;
        if (interrupted)
            code = ED_EXIT_INTERRUPTED;
        else if (status != ED_OK)
            code = ed_cli_exit_combine(code, ed_cli_fail(fit->cli, &err));
        else
            code = ed_cli_exit_combine(code, ed_fit_exit_code(&run->fit));
    }
    // A usage error at the first point has nothing to show.
    const struct ed_fit_results results = {fit->runs, done};
    bool any = false;
    for (size_t i = 0; i < done; i++)
        any = any || fit->runs[i].fit.n;
    if (any)
        code = ed_cli_exit_combine(code, ed_output_write(&fit->output, fit->cli, ed_fit_render, &results));
    char quoted[2 * ED_PATH_BYTES];
    ed_show_quote(quoted, sizeof quoted, fit->directory);
    if (interrupted)
        ed_log_line(&fit->cli->log, ED_LOG_INFO, "stopped; resume with: edgedyno fit --resume %s", quoted);
    else if (any)
        ed_log_line(&fit->cli->log, ED_LOG_INFO, "search: %s", fit->directory);
    return code;
}

static int fit_command(struct ed_cli *cli) {
    struct fit fit = {.cli = cli, .arguments = cli->arguments};
    const char *resume = ed_arguments_get(cli->arguments, "resume");
    const bool dry = ed_arguments_has(cli->arguments, "dry-run");
    struct ed_error err = {0};
    int code;
    enum ed_status status = resume ? check_resume(cli->arguments, &err) : check(cli->arguments, &err);
    if (status == ED_OK)
        status = ed_output_parse_among(&fit.output, cli->arguments, formats,
                                       sizeof formats / sizeof formats[0], &err);
    if (status == ED_OK && resume)
        status = read_words(&fit, resume, &err);
    struct ed_cli words = *cli;
    words.arguments = fit.arguments;
    if (status == ED_OK)
        status = ed_resources_load(&fit.resources, &words, &err);
    if (status == ED_OK)
        status = ed_measuring_fill(&fit.measuring, &words, &fit.resources, &err);
    // What is wrong with the words is found before a directory is made.
    if (status == ED_OK)
        status = make_runs(&fit, &err);
    if (status == ED_OK && !dry && !resume)
        status = begin(&fit, &err);
    for (size_t i = 0; status == ED_OK && !dry && i < fit.n; i++)
        status = ed_path_join(fit.runs[i].directory, fit.directory, fit.runs[i].device, &err);
    if (status != ED_OK)
        code = ed_cli_fail(cli, &err);
    else
        code = dry ? plan(&fit) : search(&fit);
    for (size_t i = 0; i < fit.n; i++)
        ed_fit_run_release(&fit.runs[i]);
    free(fit.runs);
    ed_resources_release(&fit.resources);
    ed_output_release(&fit.output);
    ed_arguments_release(&fit.kept);
    ed_json_document_release(&fit.document);
    return code;
}

static const char *const usages[] = {"[OPTION...] MODEL --mem-limit SIZE", "--resume DIR", NULL};
static const char *const notes[] = {
    "Searches the largest batch, context or number of threads with which a model runs within a memory limit, "
    "on each device. Sizes double until one does not fit, then the gap is halved; the one beyond is tried as "
    "well, so that a larger size that fits where a smaller does not is seen and said.",
    "Then the levers that the engine's adapter marks (memory mapping, arena, type of the cache, threads) are "
    "tried one by one at that size, with what each saves, and those that save together for a larger size.",
    "Each size is two blocks in fresh processes under the limit (-r). Exit status: 0 something fits, 1 "
    "nothing "
    "does, 3 not concluded (swap grew, or the time was over), 4 a device or the engine failed.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno fit examples/digits/models/digits-fp32.onnx --mem-limit 512MiB", "the largest batch"},
    {"edgedyno fit model.gguf --mem-limit 2GiB -t 4", "the largest context of a language model"},
    {"edgedyno fit model.onnx --mem-limit 512MiB --search threads -d phone --ballast 1GiB",
     "how many threads, on a phone with other apps"},
    {"edgedyno fit model.onnx --mem-limit 512MiB --dry-run", "what would be tried"},
};

const struct ed_cli_command ed_cli_fit = {
    .name = "fit",
    .summary = "what fits a memory limit",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_fit, &ed_options_measuring, &ed_options_report_output, &ed_options_fleet},
    .n_groups = 4,
    .operand_is_file = true,
    .run = fit_command,
};
