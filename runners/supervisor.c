// SPDX-License-Identifier: Apache-2.0
// Running a job's blocks.
#include "runners/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runners/ballast.h"
#include "runners/idle.h"
#include "runners/journal.h"
#include "runners/lease_record.h"
#include "runners/probe_host.h"

// A case whose blocks fail is not tried for ever: one refusal is the engine's answer, two crashes, kills or
// timeouts are enough.
#define FAILURES_MAX 2
#define AFTER_TIMED_NS INT64_C(50000000) // evidence, unload, the journal

struct progress {
    int64_t *expected_ns; // per case and pass: how long a block takes
    int *failures;        // per case
    const char **last_outcome;
    size_t done;
    int64_t begin_ns;
    bool rested;              // an idle window was the last thing that happened
    int64_t lease_cooling_ns; // by which the lease ends later, for waits to cool down
};

static enum ed_status check_file(const struct ed_job_file *file, struct ed_digest_cache *digests,
                                 struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES];
    int64_t bytes = 0;
    enum ed_status status = ed_digest_cache_file(digests, hex, &bytes, file->path, false, err);
    if (status != ED_OK)
        return status;
    if (bytes != file->bytes || strcmp(hex, file->sha256))
        return ed_fail(err, ED_ERR_VERSION, file->path,
                       "is not the file that the controller measured by: %lld bytes with digest %.12s..., "
                       "expected %lld bytes with %.12s...; "
                       "it changed since the campaign began",
                       (long long)bytes, hex, (long long)file->bytes, file->sha256);
    return ED_OK;
}

static enum ed_status check_files(const struct ed_job_files *files, struct ed_digest_cache *digests,
                                  struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < files->n; i++)
        status = check_file(&files->items[i], digests, err);
    return status;
}

static enum ed_status check_inputs(const struct ed_job_input *inputs, size_t n,
                                   struct ed_digest_cache *digests, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < n; i++)
        status = check_file(&inputs[i].file, digests, err);
    return status;
}

// The files that one case stands on. Cheap after the first time: the cache looks at size and times only.
static enum ed_status check_case(const struct ed_job *job, const struct ed_job_case *c,
                                 struct ed_digest_cache *digests, struct ed_error *err) {
    enum ed_status status = check_file(&job->engines[c->engine].adapter, digests, err);
    if (status == ED_OK)
        status = check_files(&job->engines[c->engine].files, digests, err);
    if (status == ED_OK && c->model >= 0)
        status = check_files(&job->models[c->model], digests, err);
    if (status == ED_OK && c->reference >= 0)
        status = check_files(&job->models[c->reference], digests, err);
    if (status == ED_OK && c->data >= 0)
        status = check_inputs(job->data[c->data].inputs, job->data[c->data].n_inputs, digests, err);
    if (status == ED_OK)
        status = check_inputs(c->inputs, c->n_inputs, digests, err);
    return status;
}

enum ed_status ed_supervisor_check_files(const struct ed_job *job, struct ed_digest_cache *digests,
                                         struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < job->n_cases; i++)
        status = check_case(job, &job->cases[i], digests, err);
    return status;
}

static bool is_pinned(const struct ed_job *job) {
    for (size_t i = 0; i < job->n_cases; i++)
        if (job->cases[i].pin[0])
            return true;
    return false;
}

enum ed_status ed_supervisor_check_pins(const struct ed_job *job, struct ed_error *err) {
    struct ed_pinning pinning = {0};
    enum ed_status status = is_pinned(job) ? ed_pinning_init(&pinning, err) : ED_OK;
    for (size_t i = 0; status == ED_OK && i < job->n_cases; i++) {
        struct ed_cpu_set set;
        if (job->cases[i].pin[0])
            status = ed_cpu_set_parse(job->cases[i].pin, &set, err);
        if (status == ED_OK && job->cases[i].pin[0])
            status = ed_pinning_check(&pinning, &set, err);
    }
    ed_pinning_release(&pinning);
    return status;
}

enum ed_status ed_supervisor_check_ballast(const struct ed_job *job, struct ed_error *err) {
    if (!job->ballast_bytes)
        return ED_OK;
    const int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    enum ed_status status = root_fd < 0 ? ed_fail_errno(err, ED_ERR_IO, "/", "cannot be opened: %m")
                                        : ed_ballast_check(root_fd, job->ballast_bytes, err);
    if (root_fd >= 0)
        close(root_fd);
    return status;
}

static int64_t *expected(struct progress *progress, const struct ed_job_block *block) {
    return &progress->expected_ns[block->case_index * ED_PASS_KIND_COUNT + block->pass];
}

// Before a block of that kind has run: warm-up at its least, the timed window, and something for the load.
static int64_t first_guess_ns(const struct ed_job_block *block) {
    return ed_pass_is_timed(block->pass) ? block->min_ns + INT64_C(500000000) : INT64_C(500000000);
}

static int64_t left_ns(const struct ed_job *job, struct progress *progress, size_t from) {
    int64_t sum = 0;
    for (size_t i = from; i < job->n_blocks; i++)
        sum += *expected(progress, &job->blocks[i]);
    return sum;
}

// A device that cools down before a block.
struct cooling {
    int64_t most_ns, now_mc, limit_mc;
};

// What `status` tells the controller; only a hint, so it is neither synced nor allowed to fail the job.
// `expected_ns`: how long from now until the block has ended, or until there are news of the device that
// cools down before it.
static void write_state(const struct ed_job *job, struct progress *progress, size_t next, int64_t expected_ns,
                        const struct cooling *cooling) {
    struct ed_buffer text;
    struct ed_json_writer w;
    const int64_t now = ed_clock_read_ns(ED_CLOCK_BOOT);
    ed_buffer_init(&text, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "block", next < job->n_blocks ? job->blocks[next].id : "");
    ed_json_uint(&w, "done", progress->done);
    ed_json_uint(&w, "total", job->n_blocks);
    ed_json_int(&w, "block_started_boot_ns", now);
    ed_json_int(&w, "block_expected_ns", expected_ns);
    ed_json_int(&w, "left_ns",
                (cooling ? cooling->most_ns : expected_ns) + left_ns(job, progress, next + !cooling));
    if (cooling) {
        ed_json_int(&w, "cooling_ns", cooling->most_ns);
        ed_json_int(&w, "cooling_now_mc", cooling->now_mc);
        ed_json_int(&w, "cooling_limit_mc", cooling->limit_mc);
    }
    ed_json_object_end(&w);
    int fd = open(ED_JOB_STATE ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        bool written = ed_path_write_all(fd, ed_buffer_text(&text), text.size, ED_JOB_STATE, NULL) == ED_OK;
        close(fd);
        if (written && rename(ED_JOB_STATE ".new", ED_JOB_STATE) != 0)
            unlink(ED_JOB_STATE ".new");
    }
    ed_buffer_release(&text);
}

// The timed window is the one time at which nobody ought to ask: now that its length is known, it is said.
struct timed {
    const struct ed_job *job;
    struct progress *progress;
    size_t index;
    int64_t idle_ns; // of the window behind it
};

static void say_timed(void *context, int64_t window_ns) {
    const struct timed *timed = context;
    write_state(timed->job, timed->progress, timed->index, window_ns + AFTER_TIMED_NS + timed->idle_ns, NULL);
}

static void say_cooling(void *context, int64_t most_ns, int64_t now_mc, int64_t limit_mc) {
    const struct timed *timed = context;
    const struct cooling cooling = {most_ns, now_mc, limit_mc};
    const int64_t block_ns = *expected(timed->progress, &timed->job->blocks[timed->index]);
    write_state(timed->job, timed->progress, timed->index, ED_COOL_DOWN_TELL_NS + (most_ns ? 0 : block_ns),
                most_ns ? &cooling : NULL);
}

static bool give_up(const struct progress *progress, size_t case_index) {
    return progress->failures[case_index] >= FAILURES_MAX;
}

static void learn(struct progress *progress, const struct ed_job_block *block,
                  const struct ed_block_result *result, int64_t took_ns) {
    *expected(progress, block) = took_ns;
    if (result->outcome == ED_OUTCOME_OK)
        return;
    progress->failures[block->case_index] += result->outcome == ED_OUTCOME_REFUSED ? FAILURES_MAX : 1;
    progress->last_outcome[block->case_index] = result->outcome == ED_OUTCOME_REFUSED   ? "refused"
                                                : result->outcome == ED_OUTCOME_OOM     ? "oom"
                                                : result->outcome == ED_OUTCOME_TIMEOUT ? "timeout"
                                                                                        : "crashed";
}

// A file that changed is an answer for its case and no reason to stop the others.
static enum ed_status refuse_changed(struct ed_journal *journal, const struct ed_block_context *context,
                                     size_t index, struct progress *progress, const struct ed_error *why,
                                     struct ed_error *err) {
    char message[ED_ERROR_MESSAGE_BYTES];
    snprintf(message, sizeof message, "%.200s: %.700s", why->where, why->message);
    progress->failures[context->job->blocks[index].case_index] = FAILURES_MAX;
    progress->last_outcome[context->job->blocks[index].case_index] = "refused";
    return ed_journal_skipped(journal, context->job, index, ED_OUTCOME_REFUSED, message, err);
}

// Why the job ends, for its end line.
struct ending {
    const char *reason; // NULL: it goes on
    char message[ED_ERROR_MESSAGE_BYTES];
};

static void add_message(struct ending *ending, const char *separator, const char *text) {
    const size_t used = strlen(ending->message);
    snprintf(ending->message + used, sizeof ending->message - used, "%s%s", used ? separator : "", text);
}

// The stop file may say who.
static void stopped(struct ending *ending) {
    char by[ED_WIRE_OWNER_MAX_BYTES + 1];
    int fd = open(ED_JOB_STOP, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, by, sizeof by - 1) : 0;
    if (fd >= 0)
        close(fd);
    by[n > 0 ? n : 0] = 0;
    ending->reason = "stopped";
    if (ed_lease_text_ok(by, ED_WIRE_OWNER_MAX_BYTES, false))
        snprintf(ending->message, sizeof ending->message, "stopped by %s", by);
}

// One block. ending->reason becomes non-NULL when the job is to end.
static enum ed_status step(struct ed_journal *journal, const struct ed_block_context *context,
                           const struct ed_lease_job *whose, struct ed_digest_cache *digests,
                           struct progress *progress, size_t index, struct ending *ending,
                           struct ed_error *err) {
    const struct ed_job *job = context->job;
    const struct ed_job_block *block = &job->blocks[index];
    struct ed_block_result result;
    struct ed_error changed = {0};
    struct ed_cool_down_result cooled = {0};
    if (access(ED_JOB_STOP, F_OK) == 0) {
        stopped(ending);
        return ED_OK;
    }
    if (job->lease_token[0] &&
        !ed_lease_job_goes_on(context->dir->work, whose, ending->message, sizeof ending->message)) {
        ending->reason = "lease";
        return ED_OK;
    }
    if (give_up(progress, block->case_index)) {
        char message[128];
        snprintf(message, sizeof message, "not run: earlier blocks of this case ended %s",
                 progress->last_outcome[block->case_index]);
        return ed_journal_skipped(journal, job, index, ED_OUTCOME_CANCELLED, message, err);
    }
    if (job->max_ns &&
        ed_clock_monotonic_ns() - progress->begin_ns + *expected(progress, block) > job->max_ns) {
        ending->reason = "deadline";
        return ED_OK;
    }
    write_state(job, progress, index, *expected(progress, block), NULL);
    if (check_case(job, &job->cases[block->case_index], digests, &changed) != ED_OK)
        return refuse_changed(journal, context, index, progress, &changed, err);
    if (ed_cool_down_wanted(context->cool_down, block)) {
        struct timed telling = {job, progress, index, 0};
        const int64_t most_ns = job->max_ns ? job->max_ns - (ed_clock_monotonic_ns() - progress->begin_ns) -
                                                  *expected(progress, block)
                                            : -1;
        ed_cool_down_wait(context->cool_down, job->max_ns && most_ns < 0 ? 0 : most_ns, say_cooling, &telling,
                          &cooled);
    }
    if (cooled.end == ED_COOL_DOWN_STOPPED) {
        stopped(ending);
        return ED_OK;
    }
    if (cooled.waited && job->lease_token[0])
        ed_lease_job_cooled(context->dir->work, whose, cooled.waited_ns, &progress->lease_cooling_ns);
    const int64_t begin_ns = ed_clock_monotonic_ns();
    const bool wanted = ed_idle_wanted(context, index);
    struct ed_idle_window before = {0};
    ed_sampler_clear(context->sampler);
    if (wanted && !progress->rested && !ed_idle_watch(context, &before)) {
        stopped(ending);
        return ED_OK;
    }
    progress->rested = false;
    ed_context_take(context->before, context->sampler);
    struct timed timed = {job, progress, index, wanted ? ed_idle_length_ns(context) : 0};
    struct ed_block_context telling = *context;
    telling.timed = say_timed;
    telling.timed_context = &timed;
    enum ed_status status = ed_block_run(&telling, index, &result, err);
    if (status != ED_OK)
        return status;
    ed_context_take(context->after, context->sampler);
    if (result.end == ED_BLOCK_STOPPED) {
        stopped(ending);
    } else {
        result.idle_before = before;
        result.cool_down = cooled;
        if (wanted) {
            progress->rested = ed_idle_watch(context, &result.idle_after);
            // The block is whole all the same.
            if (!progress->rested)
                stopped(ending);
        }
        status = ed_journal_block(journal, context, index, &result, err);
        learn(progress, block, &result, ed_clock_monotonic_ns() - begin_ns);
    }
    ed_block_result_release(&result);
    return status;
}

// What cannot be put back now stays in the device's own journal for the next contact.
static void put_back(const struct ed_block_context *context, struct ending *ending) {
    struct ed_buffer restored, failed;
    struct ed_error why = {0};
    ed_buffer_init(&restored, ED_WIRE_LINE_MAX_BYTES);
    ed_buffer_init(&failed, ED_WIRE_LINE_MAX_BYTES);
    if (ed_settings_restore(context->dir->work, context->root_fd, &restored, &failed, &why) != ED_OK)
        ed_buffer_printf(&failed, "%s: %s\n", why.where, why.message);
    dprintf(STDERR_FILENO, "%s%s", ed_buffer_text(&restored), ed_buffer_text(&failed));
    if (failed.size) {
        add_message(ending, "; ",
                    "the device's settings are not all back (edgedyno tries again at the next contact): ");
        const size_t used = strlen(ending->message);
        snprintf(ending->message + used, sizeof ending->message - used, "%.*s", (int)failed.size - 1,
                 ed_buffer_text(&failed));
        for (char *c = ending->message; *c; c++)
            *c = *c == '\n' ? ';' : *c;
    }
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
}

// Before the first block. A failure is the job's end, for a reason that its journal tells.
static bool apply_settings(const struct ed_block_context *context, struct ending *ending) {
    const struct ed_job *job = context->job;
    struct ed_error why = {0};
    if (job->n_settings == 0 || ed_settings_apply(context->dir->work, context->root_fd, job->settings,
                                                  job->n_settings, &why) == ED_OK)
        return true;
    ending->reason = "error";
    snprintf(ending->message, sizeof ending->message, "%s%s%.700s", why.where, why.where[0] ? ": " : "",
             why.message);
    dprintf(STDERR_FILENO, "edgedyno-runner: settings: %s\n", ending->message);
    return false;
}

// Likewise.
static void hold_ballast(const struct ed_block_context *context, struct ed_ballast *ballast,
                         struct ending *ending) {
    struct ed_error why = {0};
    if (ed_ballast_start(ballast, context->root_fd, context->job->ballast_bytes, &why) == ED_OK)
        return;
    ending->reason = "error";
    snprintf(ending->message, sizeof ending->message, "%s: %.700s", why.where, why.message);
}

static enum ed_status run_blocks(struct ed_journal *journal, const struct ed_block_context *context,
                                 const struct ed_lease_job *whose, struct ed_digest_cache *digests,
                                 struct progress *progress, struct ed_error *err) {
    const struct ed_job *job = context->job;
    struct ending ending = {0};
    struct ed_ballast ballast = {0};
    const bool applied = apply_settings(context, &ending);
    if (applied)
        hold_ballast(context, &ballast, &ending);
    enum ed_status status = ed_journal_begin(journal, job, context->sampler, applied, &ballast, err);
    if (!ending.reason)
        ed_cool_down_init(context->cool_down, job, context->sampler);
    for (size_t i = 0; status == ED_OK && !ending.reason && i < job->n_blocks; i++) {
        status = step(journal, context, whose, digests, progress, i, &ending, err);
        progress->done = i + (ending.reason ? 0 : 1);
        if (status == ED_OK && !ending.reason && !ed_ballast_holds(&ballast)) {
            ending.reason = "error";
            add_message(
                &ending, "; ",
                "the ballast was lost: something ended the process that held it, as a kernel short of "
                "memory does; ask for less");
        }
    }
    ed_ballast_stop(&ballast);
    write_state(job, progress, job->n_blocks, 0, NULL);
    if (status != ED_OK) {
        ending.reason = "error";
        if (err)
            snprintf(ending.message, sizeof ending.message, "%s%s%.700s", err->where,
                     err->where[0] ? ": " : "", err->message);
        // The journal may be what failed, for lack of space: some was kept for its end line, so that the
        // controller hears the reason.
        unlink(ED_JOB_RESERVE);
    }
    if (job->n_settings)
        put_back(context, &ending);
    enum ed_status ended = ed_journal_end(journal, job, ending.reason ? ending.reason : "done",
                                          ending.message, status == ED_OK ? err : NULL);
    return status == ED_OK ? ended : status;
}

enum ed_status ed_supervisor_run(const struct ed_job *job, const struct ed_jobdir *dir,
                                 const struct ed_lease_job *whose, struct ed_digest_cache *digests,
                                 const char *runner, struct ed_error *err) {
    struct progress progress = {0};
    struct ed_journal journal = {-1, -1, -1, 0, 0};
    struct ed_pinning pinning = {0};
    struct ed_context before = {0}, after = {0};
    struct ed_cool_down cool_down = {0};
    struct ed_block_context context = {.job = job,
                                       .dir = dir,
                                       .runner = runner,
                                       .pinning = &pinning,
                                       .before = &before,
                                       .after = &after,
                                       .cool_down = &cool_down,
                                       .root_fd = -1};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    progress.begin_ns = ed_clock_monotonic_ns();
    progress.expected_ns = calloc(job->n_cases * ED_PASS_KIND_COUNT, sizeof *progress.expected_ns);
    progress.failures = calloc(job->n_cases, sizeof *progress.failures);
    progress.last_outcome = calloc(job->n_cases, sizeof *progress.last_outcome);
    enum ed_status status = progress.expected_ns && progress.failures && progress.last_outcome
                                ? ED_OK
                                : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the job's progress");
    for (size_t i = 0; status == ED_OK && i < job->n_blocks; i++)
        *expected(&progress, &job->blocks[i]) = first_guess_ns(&job->blocks[i]);
    if (status == ED_OK && is_pinned(job))
        status = ed_pinning_init(&pinning, err);
    context.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    ed_memory_group_sweep(context.root_fd, dir->work);
    const char *probe_root = getenv(ED_PROBE_ROOT_VARIABLE);
    int probe_root_fd = open(probe_root ? probe_root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct ed_probe_host recorded = ed_probe_host_recorded(&probe_root_fd);
    const struct ed_sampler_args sampling = {.root_fd = probe_root_fd,
                                             .host = probe_root ? &recorded : &ed_probe_host_live,
                                             .events = job->papi,
                                             .seed = (uint64_t)progress.begin_ns};
    if (status == ED_OK && probe_root_fd < 0)
        status = ed_fail_errno(err, ED_ERR_IO, probe_root, "cannot be opened: %m");
    char reason[128];
    context.isolation = ed_isolation_find(reason, sizeof reason);
    context.isolation_reason = reason;
    if (status == ED_OK)
        status = ed_sampler_new(&context.sampler, &sampling, err);
    if (status == ED_OK)
        status = ed_context_init(&before, context.sampler, err);
    if (status == ED_OK)
        status = ed_context_init(&after, context.sampler, err);
    if (status == ED_OK)
        status = ed_journal_open(&journal, err);
    if (status == ED_OK)
        status = run_blocks(&journal, &context, whose, digests, &progress, err);
    ed_journal_close(&journal);
    ed_context_release(&before);
    ed_context_release(&after);
    ed_sampler_free(context.sampler);
    ed_pinning_release(&pinning);
    if (context.root_fd >= 0)
        close(context.root_fd);
    if (probe_root_fd >= 0)
        close(probe_root_fd);
    free(progress.expected_ns);
    free(progress.failures);
    free(progress.last_outcome);
    return status;
}
