// SPDX-License-Identifier: Apache-2.0
// Starting, watching and judging a worker.
#include "runners/block.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/cold.h"
#include "runners/launch.h"
#include "runners/worker.h"

static int64_t cpu_ns(const struct rusage *usage) {
    return ((int64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000 +
           ((int64_t)usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

// The job's parser has seen to it that one inference, and an exact number of them, have room.
static size_t capacity_of(const struct ed_job *job, const struct ed_job_block *block) {
    const size_t stride = ed_workload_stride(&job->cases[block->case_index].workload);
    if (!ed_pass_is_timed(block->pass))
        return 1;
    const size_t n =
        (size_t)(block->inferences > block->max_samples ? block->inferences : block->max_samples);
    return n < ED_WIRE_SAMPLES_MAX / stride ? n * stride : ED_WIRE_SAMPLES_MAX;
}

// The environment of the worker: ours, with the engine's on top. Returns an array that the caller frees (not
// its texts).
static char **make_environment(const struct ed_job_engine *engine) {
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **all = calloc(n + engine->n_environment + 1, sizeof *all);
    for (size_t i = 0; all && i < n; i++) {
        bool replaced = false;
        for (size_t k = 0; k < engine->n_environment; k++) {
            size_t name = strcspn(engine->environment[k], "=") + 1;
            replaced = replaced || !strncmp(environ[i], engine->environment[k], name);
        }
        if (!replaced)
            all[kept++] = environ[i];
    }
    for (size_t k = 0; all && k < engine->n_environment; k++)
        all[kept++] = (char *)(uintptr_t)engine->environment[k];
    return all;
}

// In the child. Nothing here may allocate: the parent could have threads one day.
static void become_worker(const struct ed_launch *launch, pid_t supervisor, int output, int mapping_fd,
                          char *const *environment, const sigset_t *mask) {
    struct rlimit core = {0, 0};
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(output, 1);
    dup2(output, 2);
    // dup2 clears close-on-exec, also where both numbers are equal it must be cleared by hand.
    if (mapping_fd == ED_WORKER_MAP_FD)
        fcntl(mapping_fd, F_SETFD, 0);
    else
        dup2(mapping_fd, ED_WORKER_MAP_FD);
    setrlimit(RLIMIT_CORE, &core);
    setpgid(0, 0);
    // It lives through exec. A supervisor that died before this line would never be noticed by it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor)
        _exit(127);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execve(ed_launch_file(launch), (char *const *)(uintptr_t)launch->argv, environment);
    dprintf(2, "%s: %s\n", ed_launch_file(launch), strerror(errno));
    _exit(127);
}

// The worker's CPUs; the supervisor itself moves to the others where there are any.
static enum ed_status keep_apart(const struct ed_pinning *pinning, const char *pin, struct ed_cpu_set *cpus,
                                 struct ed_error *err) {
    struct ed_cpu_set rest;
    enum ed_status status = ed_cpu_set_parse(pin, cpus, err);
    if (status == ED_OK)
        status = ed_pinning_check(pinning, cpus, err);
    if (status == ED_OK) {
        ed_pinning_rest(pinning, cpus, &rest);
        status = ed_pinning_bind(pinning, &rest, err);
    }
    return status;
}

static enum ed_status start_worker(const struct ed_block_context *context, const struct ed_job_block *block,
                                   struct ed_block_result *result, int output, pid_t *pid,
                                   struct ed_error *err) {
    const struct ed_job_case *c = &context->job->cases[block->case_index];
    struct ed_buffer text;
    struct ed_launch launch;
    ed_buffer_init(&text, ED_WIRE_JOB_MAX_BYTES);
    enum ed_status status =
        ed_job_write_block(context->job, (size_t)(block - context->job->blocks), &text, err);
    int fd = -1;
    if (status == ED_OK) {
        fd = open(ED_WORKER_BLOCK_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        status = fd < 0 ? ed_fail_errno(err, ED_ERR_IO, ED_WORKER_BLOCK_FILE, "cannot be made: %m")
                        : ed_path_write_all(fd, ed_buffer_text(&text), text.size, ED_WORKER_BLOCK_FILE, err);
    }
    if (fd >= 0)
        close(fd);
    ed_buffer_release(&text);
    char **environment = status == ED_OK ? make_environment(&context->job->engines[c->engine]) : NULL;
    if (status == ED_OK && !environment)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a worker's environment");
    if (status == ED_OK)
        status =
            ed_launch_worker(&launch, context->runner, &context->job->engines[c->engine], environment, err);
    if (status != ED_OK) {
        free(environment);
        return status;
    }
    struct ed_cpu_set cpus = {{0}};
    // A worker inherits where this process runs, and a pinned case before it may have moved that.
    if (c->pin[0])
        status = keep_apart(context->pinning, c->pin, &cpus, err);
    else if (context->pinning->topology)
        status = ed_pinning_bind(context->pinning, &context->pinning->start, err);
    if (status != ED_OK) {
        free(environment);
        return status;
    }
    sigset_t none;
    sigemptyset(&none);
    fflush(NULL);
    const pid_t supervisor = getpid();
    *pid = fork();
    if (*pid == 0) {
        struct ed_error failure = {0};
        if (c->pin[0] && ed_pinning_bind(context->pinning, &cpus, &failure) != ED_OK) {
            dprintf(output, "%s\n", failure.message);
            _exit(126);
        }
        const int kept_out = ed_memory_group_enter(&result->limit.group);
        if (kept_out) {
            dprintf(output, "the worker cannot enter its memory cgroup: %s\n", strerror(kept_out));
            _exit(125);
        }
        if (!context->job->engines[c->engine].network && context->isolation != ED_ISOLATION_NONE)
            result->mapping->isolation_errno = ed_isolate(context->isolation);
        become_worker(&launch, supervisor, output, result->mapping_fd, environment, &none);
    }
    free(environment);
    if (*pid < 0)
        return ed_fail_errno(err, ED_ERR_IO, NULL, "a worker cannot be started: %m");
    // Both sides set the group, whichever runs first, so that a kill of the group never misses.
    setpgid(*pid, *pid);
    return ED_OK;
}

static bool too_much_output(int output) {
    return lseek(output, 0, SEEK_END) > ED_WORKER_OUTPUT_MAX_BYTES;
}

// The pace of the timed window, taken from what the worker says while it runs: two looks at its number of
// samples.
struct pace {
    bool seen, told;
    int64_t seen_ns; // when the window was first seen
    uint64_t seen_samples;
};

// How long the window is going to last from now on; -1 while nothing can be said.
static int64_t window_left_ns(struct pace *pace, const struct ed_job_block *block, size_t stride,
                              const struct ed_mapping *mapping, int64_t now_ns) {
    const uint64_t n = atomic_load(&mapping->n_samples) / (uint64_t)stride;
    const int64_t passed_ns = now_ns - pace->seen_ns;
    if (!pace->seen) {
        *pace = (struct pace){.seen = true, .seen_ns = now_ns, .seen_samples = n};
        return -1;
    }
    if (n <= pace->seen_samples || passed_ns <= 0 || mapping->batch < 1)
        return -1;
    const double each_ns = (double)passed_ns / (double)(n - pace->seen_samples);
    const double asked = (double)(block->inferences ? block->inferences : block->min_inferences);
    const double rest_ns = each_ns * (asked / (double)mapping->batch - (double)n);
    const double least_ns = block->inferences ? 0 : (double)(block->min_ns - passed_ns);
    const double most_ns =
        block->inferences ? (double)block->timeout_ns : (double)(block->max_ns - passed_ns);
    const double left_ns = rest_ns > least_ns ? rest_ns : least_ns;
    return left_ns < 0 ? 0 : left_ns < most_ns ? (int64_t)left_ns : (int64_t)most_ns;
}

// Once the engine turns out to be another process, that one is sampled. Only one of the worker's group is:
// the number comes from the worker.
static void look_at_process(const struct ed_block_context *context, struct ed_block_result *result,
                            pid_t worker, int64_t *followed) {
    const int64_t pid = atomic_load(&result->mapping->measured_pid);
    if (pid == *followed || pid < -1 || pid > INT32_MAX || (pid > 0 && getpgid((pid_t)pid) != worker))
        return;
    *followed = pid;
    ed_sampler_follow(context->sampler, pid < 0 ? 0 : pid);
    if (pid > 0)
        ed_memory_limit_watch(&result->limit, pid, true);
}

static void look_at_pace(const struct ed_block_context *context, const struct ed_job_block *block,
                         const struct ed_mapping *mapping, struct pace *pace, int64_t now_ns) {
    if (pace->told || atomic_load(&mapping->phase) != ED_PHASE_TIMED)
        return;
    const int64_t left_ns = window_left_ns(
        pace, block, ed_workload_stride(&context->job->cases[block->case_index].workload), mapping, now_ns);
    if (left_ns < 0)
        return;
    context->timed(context->timed_context, left_ns);
    pace->told = true;
}

// Waits for the worker's end, sampling meanwhile; kills it at its deadline or when somebody asked to stop.
static void watch(const struct ed_block_context *context, const struct ed_job_block *block, pid_t pid,
                  int output, int64_t begin_ns, struct ed_block_result *result, int *wait_status,
                  struct rusage *usage) {
    const int64_t deadline_ns = begin_ns + block->timeout_ns;
    int64_t next_look_ns = begin_ns;
    struct pace pace = {0};
    int64_t followed = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    result->end = ED_BLOCK_ENDED;
    for (;;) {
        if (wait4(pid, wait_status, WNOHANG, usage) == pid)
            break;
        const int64_t next_sample_ns = ed_sampler_step(context->sampler);
        const int64_t now = ed_clock_monotonic_ns();
        if (now >= next_look_ns) {
            next_look_ns = now + ED_LOOK_PERIOD_NS;
            look_at_pace(context, block, result->mapping, &pace, now);
            look_at_process(context, result, pid, &followed);
            if (too_much_output(output) && ftruncate(output, 0) == 0)
                lseek(output, 0, SEEK_SET);
            if (result->end == ED_BLOCK_ENDED && access(ED_JOB_STOP, F_OK) == 0)
                result->end = ED_BLOCK_STOPPED;
        }
        const int64_t next_limit_ns =
            ed_memory_limit_step(&result->limit, now, atomic_load(&result->mapping->phase) > ED_PHASE_START);
        if (result->end == ED_BLOCK_ENDED && result->limit.over)
            result->end = ED_BLOCK_OVER_LIMIT;
        if (result->end == ED_BLOCK_ENDED && now >= deadline_ns)
            result->end = ED_BLOCK_TIMED_OUT;
        if (result->end != ED_BLOCK_ENDED)
            kill(-pid, SIGKILL);
        int64_t wake = next_sample_ns < next_look_ns ? next_sample_ns : next_look_ns;
        wake = next_limit_ns < wake ? next_limit_ns : wake;
        if (deadline_ns < wake && result->end == ED_BLOCK_ENDED)
            wake = deadline_ns;
        int64_t rest = wake > now ? wake - now : 0;
        const struct timespec timeout = {rest / 1000000000, rest % 1000000000};
        int got = sigtimedwait(&set, NULL, &timeout);
        if ((got == SIGTERM || got == SIGINT) && result->end == ED_BLOCK_ENDED)
            result->end = ED_BLOCK_STOPPED;
    }
    // Processes that an engine started in the worker's group go with it.
    kill(-pid, SIGKILL);
}

static void judge_killed(struct ed_block_result *result, int signal, struct ed_oom_counts before,
                         struct ed_oom_counts after) {
    enum ed_oom_verdict oom = signal == SIGKILL ? ed_oom_judge(before, after) : ED_OOM_NO;
    result->outcome = oom == ED_OOM_NO ? ED_OUTCOME_CRASHED : ED_OUTCOME_OOM;
    if (oom == ED_OOM_CERTAIN) {
        snprintf(result->evidence, sizeof result->evidence, "certain");
        snprintf(result->message, sizeof result->message,
                 "out of memory: the kernel killed it (its memory cgroup counts the kill)");
    } else if (oom == ED_OOM_PROBABLE) {
        snprintf(result->evidence, sizeof result->evidence, "probable");
        snprintf(result->message, sizeof result->message,
                 "probably out of memory: killed by signal 9 while the system counted an out-of-memory kill");
    } else {
        snprintf(result->message, sizeof result->message, "ended by signal %d (%s)", signal,
                 strsignal(signal));
    }
}

static void judge(struct ed_block_result *result, int wait_status, struct ed_oom_counts before,
                  struct ed_oom_counts after, const struct ed_job_block *block) {
    const struct ed_mapping *mapping = result->mapping;
    uint32_t phase = atomic_load(&result->mapping->phase);
    result->phase = phase < ED_PHASE_COUNT ? (enum ed_phase)phase : ED_PHASE_START;
    result->exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    result->signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    result->status = ED_ERR_INTERNAL;
    if (result->end == ED_BLOCK_STOPPED) {
        result->outcome = ED_OUTCOME_CANCELLED;
        snprintf(result->message, sizeof result->message, "stopped on request");
    } else if (result->end == ED_BLOCK_TIMED_OUT) {
        result->outcome = ED_OUTCOME_TIMEOUT;
        snprintf(result->message, sizeof result->message, "killed after its limit of %.0f s",
                 (double)block->timeout_ns / 1e9);
    } else if (ed_memory_limit_exceeded(&result->limit, result->signal, result->message,
                                        sizeof result->message)) {
        result->outcome = ED_OUTCOME_OOM;
        snprintf(result->evidence, sizeof result->evidence, "limit");
    } else if (mapping->finished == 1 && mapping->status >= 0 && mapping->status < ED_STATUS_COUNT &&
               result->exit_code == 0) {
        result->status = (enum ed_status)mapping->status;
        result->outcome = result->status == ED_OK ? ED_OUTCOME_OK : ED_OUTCOME_REFUSED;
        if (result->status != ED_OK) {
            snprintf(result->where, sizeof result->where, "%.*s", (int)sizeof result->where - 1,
                     mapping->error_where);
            snprintf(result->message, sizeof result->message, "%.*s", (int)sizeof result->message - 1,
                     mapping->error_message);
        }
    } else if (result->signal) {
        judge_killed(result, result->signal, before, after);
    } else {
        result->outcome = ED_OUTCOME_CRASHED;
        snprintf(result->message, sizeof result->message,
                 result->exit_code == 125   ? "the worker could not enter its memory cgroup"
                 : result->exit_code == 126 ? "the worker could not be pinned"
                 : result->exit_code == 127 ? "the worker could not be started"
                                            : "ended without a result (exit status %d)",
                 result->exit_code);
    }
}

static void drop_caches(const struct ed_block_context *context, const struct ed_job_block *block,
                        struct ed_block_result *result) {
    const struct ed_job_case *c = &context->job->cases[block->case_index];
    const struct ed_job_files *files = c->model >= 0 ? &context->job->models[c->model] : NULL;
    struct ed_error failure = {0};
    result->cold_resident_share = 0;
    for (size_t i = 0; files && i < files->n; i++) {
        double share = 0;
        if (ed_cold_drop(&files->items[i].path, 1, &share, &failure) != ED_OK)
            snprintf(result->cold_reason, sizeof result->cold_reason, "%.200s", failure.message);
        if (share > result->cold_resident_share)
            result->cold_resident_share = share;
    }
}

// The worker could write to all of the mapping, an engine's wild pointer too. What this process stands on is
// put back, and what is no truth value is none: reading it as one would be undefined.
static void distrust(struct ed_mapping *mapping, uint64_t total_bytes, uint64_t samples_offset,
                     uint64_t capacity) {
    mapping->total_bytes = total_bytes;
    mapping->samples_offset = samples_offset;
    mapping->capacity = capacity;
    if (atomic_load(&mapping->n_samples) > capacity)
        atomic_store(&mapping->n_samples, 0);
    for (size_t i = 0; i < ED_MARK_COUNT; i++) {
        unsigned char *const truths[] = {(unsigned char *)&mapping->marks[i].set,
                                         (unsigned char *)&mapping->marks[i].peak_reset};
        for (size_t k = 0; k < 2; k++)
            if (*truths[k] > 1)
                *truths[k] = 0;
    }
}

enum ed_status ed_block_run(const struct ed_block_context *context, size_t block_index,
                            struct ed_block_result *result, struct ed_error *err) {
    const struct ed_job_block *block = &context->job->blocks[block_index];
    struct rusage own_before, own_after, worker = {0};
    int wait_status = 0;
    pid_t pid = -1;
    memset(result, 0, sizeof *result);
    result->mapping_fd = -1;
    result->cold_resident_share = -1;
    result->spawn_ns = -1;
    int output = open(ED_JOB_WORKER_OUTPUT, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0)
        return ed_fail_errno(err, ED_ERR_IO, ED_JOB_WORKER_OUTPUT, "cannot be made: %m");
    enum ed_status status =
        ed_mapping_make(&result->mapping, &result->mapping_fd, capacity_of(context->job, block), err);
    const uint64_t total_bytes = status == ED_OK ? result->mapping->total_bytes : 0;
    const uint64_t samples_offset = status == ED_OK ? result->mapping->samples_offset : 0;
    const uint64_t capacity = status == ED_OK ? result->mapping->capacity : 0;
    const bool limited = ed_pass_is_timed(block->pass) || block->pass == ED_PASS_KIND_COLD;
    ed_memory_limit_begin(&result->limit,
                          status == ED_OK && limited ? context->job->cases[block->case_index].mem_limit_bytes
                                                     : 0,
                          context->root_fd, context->dir->work);
    if (status == ED_OK && block->pass == ED_PASS_KIND_COLD)
        drop_caches(context, block, result);
    const struct ed_oom_counts oom_before = ed_oom_read(context->root_fd);
    getrusage(RUSAGE_SELF, &own_before);
    result->started = ed_clock_stamp_now();
    if (status == ED_OK)
        status = start_worker(context, block, result, output, &pid, err);
    if (status == ED_OK) {
        ed_memory_limit_watch(&result->limit, pid, false);
        ed_sampler_begin(context->sampler, pid);
        watch(context, block, pid, output, result->started.monotonic_ns, result, &wait_status, &worker);
        ed_sampler_end(context->sampler);
        result->ended = ed_clock_stamp_now();
        getrusage(RUSAGE_SELF, &own_after);
        distrust(result->mapping, total_bytes, samples_offset, capacity);
        ed_memory_limit_end(&result->limit, result->mapping, context->dir->work);
        judge(result, wait_status, oom_before, ed_oom_read(context->root_fd), block);
        result->worker_cpu_ns = cpu_ns(&worker);
        result->supervisor_cpu_ns = cpu_ns(&own_after) - cpu_ns(&own_before);
        result->major_faults = worker.ru_majflt;
        result->minor_faults = worker.ru_minflt;
        result->voluntary_switches = worker.ru_nvcsw;
        result->involuntary_switches = worker.ru_nivcsw;
        if (result->mapping->started_raw_ns > 0)
            result->spawn_ns = result->mapping->started_raw_ns - result->started.raw_ns;
    }
    close(output);
    if (status != ED_OK)
        ed_memory_limit_end(&result->limit, NULL, context->dir->work);
    if (status != ED_OK)
        ed_block_result_release(result);
    return status;
}

void ed_block_result_release(struct ed_block_result *result) {
    ed_mapping_release(result->mapping);
    result->mapping = NULL;
    if (result->mapping_fd >= 0)
        close(result->mapping_fd);
    result->mapping_fd = -1;
}
