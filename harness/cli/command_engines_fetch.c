// SPDX-License-Identifier: Apache-2.0
// `edgedyno engines fetch`: brings builds into the store, and shows how far it is.
#include <fnmatch.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "harness/cli/command_engines.h"
#include "harness/progress.h"

#define PACE_KNOWN_NS INT64_C(2000000000) // before that the time that is left is a guess

// A line of the progress.
struct line {
    int64_t bytes, total; // of its archives
    int64_t begin_ns;     // 0: not begun
};

struct fetch {
    struct ed_progress progress;
    struct line *lines;
    size_t n, now; // the one under way
    bool failed;   // one of them
    sigset_t stops;
};

enum ed_status ed_engine_word_parse(struct ed_engine_word *word, const char *text, bool with_backend,
                                    struct ed_error *err) {
    const char *slash = strchr(text, '/');
    const size_t n = slash ? (size_t)(slash - text) : strlen(text);
    const char *at = memchr(text, '@', n);
    const size_t name = at ? (size_t)(at - text) : n, version = at ? n - name - 1 : 0;
    memset(word, 0, sizeof *word);
    if (slash && !with_backend)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "'%.80s': a build has all its backends; write NAME or NAME@VERSION", text);
    if (at && !version)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "'%.80s' has no version behind the @; leave out the @ for the first of engines.json",
                       text);
    if (!name || (slash && !slash[1]))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.80s' is not NAME[@VERSION]%s", text,
                       with_backend ? "[/BACKEND]" : "");
    if (name >= sizeof word->name || version >= sizeof word->version ||
        (slash && strlen(slash + 1) >= sizeof word->backend))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.80s': no engine has so long a name", text);
    memcpy(word->name, text, name);
    if (at)
        memcpy(word->version, at + 1, version);
    if (slash)
        memcpy(word->backend, slash + 1, strlen(slash + 1));
    return ED_OK;
}

// Marks the builds that an operand means.
static enum ed_status choose(const struct ed_engines *engines, const char *operand, const char *target,
                             bool *chosen, struct ed_error *err) {
    struct ed_engine_word word;
    const struct ed_engine_build *build = NULL;
    enum ed_status status = ed_engine_word_parse(&word, operand, false, err);
    size_t n = 0;
    if (status)
        return status;
    if (!strpbrk(word.name, "*?[") && !strpbrk(word.version, "*?[")) {
        status = ed_engines_find(engines, word.name, word.version, target, &build, err);
        if (!status)
            chosen[build - engines->builds] = true;
        return status;
    }
    for (size_t i = 0; i < engines->n; i++) {
        const struct ed_engine_build *one = &engines->builds[i];
        if (!one->n_packages || one->added || strcmp(one->target, target) != 0 ||
            fnmatch(word.name, one->name, 0) != 0 ||
            (word.version[0] && fnmatch(word.version, one->version, 0) != 0))
            continue;
        chosen[i] = true;
        n++;
    }
    return n ? ED_OK
             : ed_fail(err, ED_ERR_NOT_FOUND, operand,
                       "matches no build for %s; `edgedyno engines --target %s` lists them", target, target);
}

static const int stop_signals[] = {SIGINT, SIGTERM};

// Ctrl-C and SIGTERM wait from init on, so that a client is ended and its files are removed.
static bool is_stopped(const struct fetch *fetch) {
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++)
        if (sigismember(&fetch->stops, stop_signals[i]) && sigismember(&waiting, stop_signals[i]))
            return true;
    return false;
}

static void update(struct fetch *fetch, size_t index, const char *doing) {
    struct line *line = &fetch->lines[index];
    const int64_t now_ns = ed_clock_monotonic_ns(), left_bytes = line->total - line->bytes;
    char text[96], bytes[32], total[32];
    int64_t left_ns = -1;
    if (!line->begin_ns)
        line->begin_ns = now_ns;
    // Nor does a client's small file, which comes before the archive, tell the pace.
    if (line->bytes > 0 && line->bytes >= line->total / 100 && now_ns - line->begin_ns > PACE_KNOWN_NS)
        left_ns = (int64_t)((double)(now_ns - line->begin_ns) / (double)line->bytes * (double)left_bytes);
    snprintf(text, sizeof text, "%s", doing);
    if (line->total) {
        ed_units_print_size(bytes, sizeof bytes, line->bytes);
        ed_units_print_size(total, sizeof total, line->total);
        snprintf(text, sizeof text, "%s%s%s of %s", doing, doing[0] ? ", " : "", bytes, total);
    }
    ed_progress_update(&fetch->progress, index, text, line->bytes, line->total, left_ns);
}

// Where there are several, the first line is the sum of the others.
static void update_all(struct fetch *fetch) {
    if (fetch->n < 2)
        return;
    fetch->lines[0].bytes = fetch->lines[0].total = 0;
    for (size_t i = 1; i < fetch->n; i++) {
        fetch->lines[0].bytes += fetch->lines[i].bytes;
        fetch->lines[0].total += fetch->lines[i].total;
    }
    update(fetch, 0, "");
}

static bool on_progress(void *context, const char *doing, int64_t bytes, int64_t total) {
    struct fetch *fetch = context;
    fetch->lines[fetch->now].bytes = bytes;
    fetch->lines[fetch->now].total = total;
    update(fetch, fetch->now, doing);
    update_all(fetch);
    ed_progress_draw(&fetch->progress);
    return !is_stopped(fetch);
}

static void end_line(struct fetch *fetch, const char *words, bool whole) {
    struct line *line = &fetch->lines[fetch->now];
    line->total = whole ? line->total : 0;
    line->bytes = line->total;
    ed_progress_update(&fetch->progress, fetch->now, words, line->bytes, line->total, -1);
    ed_progress_finish(&fetch->progress, fetch->now);
    update_all(fetch);
    if (fetch->n < 2 || fetch->now + 1 < fetch->n)
        return;
    if (fetch->failed || !fetch->lines[0].total)
        ed_progress_update(&fetch->progress, 0, fetch->failed ? "not all of them" : "done", 0, 0, -1);
    ed_progress_finish(&fetch->progress, 0);
}

static enum ed_status begin(struct fetch *fetch, struct ed_cli *cli, const struct ed_engines *engines,
                            const bool *chosen, struct ed_error *err) {
    const char **ids = calloc(engines->n + 1, sizeof *ids);
    size_t n = 0;
    fetch->lines = calloc(engines->n + 1, sizeof *fetch->lines);
    if (!ids || !fetch->lines) {
        free(ids);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of builds");
    }
    ids[n++] = "all";
    for (size_t i = 0; i < engines->n; i++)
        if (chosen[i] && engines->builds[i].n_packages) {
            const struct ed_engine_build *build = &engines->builds[i];
            ids[n] = build->id;
            fetch->lines[n++].total = build->state == ED_ENGINE_PRESENT ? 0 : ed_engine_archive_bytes(build);
        }
    fetch->n = n;
    if (n == 2) {
        ids[0] = ids[1];
        fetch->lines[0] = fetch->lines[1];
        fetch->n = 1;
    }
    ed_progress_init(&fetch->progress, STDERR_FILENO, cli->quiet || n < 2, cli->colour_err);
    fetch->progress.bytes = true;
    ed_progress_devices(&fetch->progress, ids, fetch->n);
    free(ids);
    cli->log.before = ed_progress_hide;
    cli->log.after = ed_progress_show;
    cli->log.context = &fetch->progress;
    sigemptyset(&fetch->stops);
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++) {
        struct sigaction before;
        // Who started this program with one ignored (nohup, a background job) wants it to stay so.
        if (sigaction(stop_signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaddset(&fetch->stops, stop_signals[i]);
    }
    sigprocmask(SIG_BLOCK, &fetch->stops, NULL);
    return ED_OK;
}

static void end(struct fetch *fetch, struct ed_cli *cli) {
    ed_progress_release(&fetch->progress);
    cli->log.before = cli->log.after = NULL;
    free(fetch->lines);
}

static enum ed_status fetch_one(struct ed_cli *cli, const struct ed_engines *engines,
                                struct ed_engine_build *build, struct fetch *fetch, struct ed_error *err) {
    const struct ed_engine_watch watch = {on_progress, fetch};
    bool brought = false;
    if (!build->n_packages) {
        if (build->state == ED_ENGINE_UNAVAILABLE && build->added)
            return ed_fail(err, ED_ERR_VERSION, build->id, "%s", build->reason);
        ed_log_line(&cli->log, ED_LOG_INFO, "%s is built in; there is nothing to fetch", build->id);
        return ED_OK;
    }
    // Also where it is present: the files' digests are taken again.
    enum ed_status status = ed_engines_fetch(engines, build, &cli->log, &watch, &brought, err);
    fetch->failed = fetch->failed || status;
    if (fetch->n > 1 || fetch->lines[fetch->now].begin_ns)
        end_line(fetch, status ? "not fetched" : brought ? "done" : "already present", !status && brought);
    if (!status)
        ed_log_line(&cli->log, ED_LOG_INFO, "%s for %s %s in %s", build->id, build->target,
                    brought ? "is present now" : "is already present", build->directory);
    return status;
}

int ed_engines_command_fetch(struct ed_cli *cli, struct ed_resources *resources,
                             const struct ed_output *output) {
    const struct ed_arguments *arguments = cli->arguments;
    struct ed_engines *engines = &resources->engines;
    const char *target = ed_arguments_get(arguments, "target");
    bool *chosen = calloc(engines->n + 1, sizeof *chosen);
    struct fetch fetch = {0};
    struct ed_error err = {0};
    enum ed_status status = ED_OK;
    int code = ED_EXIT_PASS;
    size_t n = 0;
    int64_t bytes = 0;
    char size[32];
    (void)output;
    if (!chosen)
        status = ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of builds");
    for (size_t i = 1; i < arguments->n_operands && !status; i++)
        status = choose(engines, arguments->operands[i], target ? target : ED_TARGET, chosen, &err);
    if (!status)
        status = begin(&fetch, cli, engines, chosen, &err);
    if (status) {
        free(fetch.lines);
        free(chosen);
        return ed_cli_fail(cli, &err);
    }
    for (size_t i = 0; i < engines->n; i++)
        if (chosen[i] && engines->builds[i].n_packages)
            n++, bytes += ed_engine_bytes(&engines->builds[i]);
    ed_units_print_size(size, sizeof size, bytes);
    if (n > 1)
        ed_log_line(&cli->log, ED_LOG_INFO, "%zu builds, %s in the store", n, size);
    fetch.now = fetch.n > 1;
    // One that cannot be had is no reason to leave out the others.
    for (size_t i = 0; i < engines->n && !is_stopped(&fetch); i++) {
        if (!chosen[i])
            continue;
        status = fetch_one(cli, engines, &engines->builds[i], &fetch, &err);
        if (status && !is_stopped(&fetch))
            code = ed_cli_exit_combine(code, ed_cli_fail(cli, &err));
        fetch.now += engines->builds[i].n_packages > 0;
    }
    if (is_stopped(&fetch)) {
        ed_log_line(&cli->log, ED_LOG_ERROR,
                    "stopped; builds that are whole stay, of others nothing is kept");
        code = ED_EXIT_INTERRUPTED;
    }
    end(&fetch, cli);
    free(chosen);
    return code;
}
