// SPDX-License-Identifier: Apache-2.0
// Running the conformance checks, each in a process of its own, and what they share.
#include "runners/conformance_parts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_read.h"

#define TIMEOUT_NS INT64_C(60000000000)

const char *ed_conformance_word(enum ed_conformance_verdict verdict) {
    static const char *const words[] = {"ok", "failed", "not applicable"};
    return (unsigned)verdict < sizeof words / sizeof *words ? words[verdict] : "unknown";
}

__attribute__((noreturn, format(printf, 3, 0))) static void
end(struct ed_check *check, enum ed_conformance_verdict verdict, const char *format, va_list args) {
    check->verdict = verdict;
    vsnprintf(check->words, sizeof check->words, format, args);
    check->done = true;
    _exit(0);
}

void ed_check_fail(struct ed_check *check, const char *format, ...) {
    va_list args;
    va_start(args, format);
    end(check, ED_CONFORMANCE_FAILED, format, args);
}

void ed_check_skip(struct ed_check *check, const char *format, ...) {
    va_list args;
    va_start(args, format);
    end(check, ED_CONFORMANCE_NOT_APPLICABLE, format, args);
}

void ed_check_doing(struct ed_check *check, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(check->doing, sizeof check->doing, format, args);
    va_end(args);
}

void ed_check_ok(struct ed_check *check, enum ed_status status, const struct ed_error *err) {
    if (status != ED_OK)
        ed_check_fail(check, "%s: %s%s%s", check->doing, err->where, err->where[0] ? ": " : "",
                      err->message[0] ? err->message : "failed without a message");
}

void ed_check_refused(struct ed_check *check, enum ed_status status, const struct ed_error *err,
                      const char *must_name) {
    if (status == ED_OK)
        ed_check_fail(check, "%s: there was no error", check->doing);
    if ((unsigned)status >= ED_STATUS_COUNT)
        ed_check_fail(check, "%s: status %d does not exist", check->doing, (int)status);
    if (!memchr(err->message, 0, sizeof err->message) || !memchr(err->where, 0, sizeof err->where))
        ed_check_fail(check, "%s: the error's words are not terminated", check->doing);
    if (!err->message[0])
        ed_check_fail(check, "%s: an error without a message", check->doing);
    if (must_name && !strstr(err->message, must_name) && !strstr(err->where, must_name))
        ed_check_fail(check, "%s: the message does not name '%s': %.300s", check->doing, must_name,
                      err->message);
}

struct ed_adapter ed_check_open(struct ed_check *check) {
    const struct ed_conformance_subject *subject = check->subject;
    struct ed_adapter adapter;
    struct ed_error err = {0};
    const struct ed_open_args args = {.engine_dir = subject->engine_dir ? subject->engine_dir : "",
                                      .engine_library =
                                          subject->engine_library ? subject->engine_library : "",
                                      .scratch_dir = subject->scratch_dir};
    ed_check_doing(check, "opening the adapter");
    ed_check_ok(check, ed_adapter_open(&adapter, subject->adapter, &err), &err);
    ed_check_doing(check, "open");
    ed_check_ok(check, adapter.backend->open(adapter.state, &args, &err), &err);
    return adapter;
}

enum ed_status ed_check_load(struct ed_check *check, const struct ed_adapter *adapter,
                             const struct ed_option_given *options, size_t n_options, struct ed_error *err) {
    if (check->subject->model_wanted)
        ed_check_skip(check, "it needs a model, and none was given");
    const struct ed_conformance_subject *subject = check->subject;
    const struct ed_load_args args = {.model_files = subject->model_files,
                                      .n_model_files = subject->n_model_files,
                                      .backend = subject->backend,
                                      .threads = 1,
                                      .options = options,
                                      .n_options = n_options,
                                      .seed = 1};
    return adapter->backend->load(adapter->state, &args, err);
}

// Every symbolic dimension gets the subject's size; audio that nobody gave one is a second long.
static void make_inputs(struct ed_check *check, const struct ed_adapter *adapter, struct ed_inputs *inputs) {
    const int64_t usual = adapter->backend->transcribe ? ED_SPEECH_HZ : 1;
    static struct ed_job_shape shapes[ED_TENSORS_MAX];
    struct ed_job job = {0};
    struct ed_job_case c = {.model = -1, .data = -1, .pin = "", .shapes = shapes};
    struct ed_error err = {0};
    for (size_t i = 0; i < inputs->io.n_inputs; i++) {
        const struct ed_tensor_info *info = &inputs->io.inputs[i];
        struct ed_job_shape *shape = &shapes[c.n_shapes++];
        shape->input = info->name;
        shape->rank = info->rank;
        for (uint32_t d = 0; d < info->rank; d++)
            shape->shape[d] = info->shape[d] >= 0             ? info->shape[d]
                              : check->subject->symbolic_size ? check->subject->symbolic_size
                                                              : usual;
    }
    ed_check_doing(check, "making inputs for what it describes");
    ed_check_ok(check, ed_inputs_make(inputs, &job, &c, 1, &err), &err);
}

struct ed_inputs *ed_check_bind(struct ed_check *check, const struct ed_adapter *adapter) {
    struct ed_inputs *inputs = calloc(1, sizeof *inputs);
    struct ed_error err = {0};
    if (!inputs)
        ed_check_fail(check, "no memory for this check");
    ed_check_doing(check, "load");
    ed_check_ok(check, ed_check_load(check, adapter, NULL, 0, &err), &err);
    ed_check_doing(check, "describe");
    ed_check_ok(check, adapter->backend->describe(adapter->state, &inputs->io, &err), &err);
    if (inputs->io.n_inputs > ED_TENSORS_MAX || inputs->io.n_outputs > ED_TENSORS_MAX)
        ed_check_fail(check, "describe gives %zu inputs and %zu outputs; at most %d are allowed",
                      inputs->io.n_inputs, inputs->io.n_outputs, ED_TENSORS_MAX);
    make_inputs(check, adapter, inputs);
    ed_check_doing(check, "bind");
    ed_check_ok(check, adapter->backend->bind(adapter->state, inputs->tensors, inputs->n, &err), &err);
    return inputs;
}

void ed_check_run(struct ed_check *check, const struct ed_adapter *adapter) {
    struct ed_error err = {0};
    ed_check_doing(check, "run");
    ed_check_ok(check, adapter->backend->run(adapter->state, &err), &err);
}

void ed_check_unload(struct ed_check *check, const struct ed_adapter *adapter) {
    struct ed_error err = {0};
    ed_check_doing(check, "unload");
    ed_check_ok(check, adapter->backend->unload(adapter->state, &err), &err);
}

struct ed_check_outputs *ed_check_outputs(struct ed_check *check, const struct ed_adapter *adapter,
                                          const struct ed_io *io) {
    struct ed_check_outputs *outputs = calloc(1, sizeof *outputs);
    struct ed_error err = {0};
    if (!outputs)
        ed_check_fail(check, "no memory for this check");
    ed_check_doing(check, "outputs");
    ed_check_ok(check,
                adapter->backend->outputs(adapter->state, outputs->views, ED_TENSORS_MAX, &outputs->n, &err),
                &err);
    if (outputs->n != io->n_outputs)
        ed_check_fail(check, "outputs gives %zu tensors, describe %zu", outputs->n, io->n_outputs);
    for (size_t i = 0; i < outputs->n; i++) {
        struct ed_tensor *view = &outputs->views[i];
        if (view->bytes && !view->data)
            ed_check_fail(check, "output %zu has %zu bytes at address 0", i, view->bytes);
        void *copy = malloc(view->bytes ? view->bytes : 1);
        if (!copy)
            ed_check_fail(check, "no memory to copy output %zu of %zu bytes", i, view->bytes);
        memcpy(copy, view->data ? view->data : "", view->bytes);
        view->data = copy;
    }
    return outputs;
}

void ed_check_same(struct ed_check *check, const struct ed_check_outputs *a, const struct ed_check_outputs *b,
                   const char *what) {
    if (a->n != b->n)
        ed_check_fail(check, "%s: %zu outputs became %zu", what, a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        if (a->views[i].bytes != b->views[i].bytes ||
            memcmp(a->views[i].data, b->views[i].data, a->views[i].bytes))
            ed_check_fail(check, "%s: the bytes of output %zu differ", what, i);
}

// What the worker sets for this engine before it starts.
static void set_environment(const char *manifest) {
    struct ed_json_document document = {0};
    if (!manifest || !manifest[0] || ed_json_parse_file(&document, manifest, 1 << 20, NULL) != ED_OK)
        return;
    const struct ed_json_at root = ed_json_root(&document), list = ed_json_member(&root, "environment");
    for (struct ed_json_at at = ed_json_element(&list, 0); at.value; at = ed_json_next(&at)) {
        const char *pair = "";
        char name[128];
        if (ed_json_as_text(&at, &pair, NULL) != ED_OK || !strchr(pair, '='))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(pair, "="), pair);
        setenv(name, strchr(pair, '=') + 1, 1);
    }
    ed_json_document_release(&document);
}

// In the check's own process.
__attribute__((noreturn)) static void run_check(const struct ed_check_row *row, struct ed_check *check,
                                                pid_t parent) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    if (getppid() != parent)
        _exit(1);
    // Whoever calls may catch these; a check has to die of them.
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    int out = -1, words = -1;
    if (chdir(check->subject->scratch_dir) == 0) {
        out = open("stdout.txt", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
        words = open("stderr.txt", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
    }
    if (out < 0 || words < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(words, STDERR_FILENO) < 0)
        ed_check_fail(check, "cannot make files in the scratch directory %.200s: %m",
                      check->subject->scratch_dir);
    set_environment(check->subject->manifest);
    row->run(check);
    check->verdict = ED_CONFORMANCE_OK;
    check->words[0] = 0;
    check->done = true;
    _exit(0);
}

// Waits until the process is gone; false where it had to be killed.
static bool wait_until(pid_t pid, int64_t deadline_ns, int *wait_status) {
    bool in_time = true;
    while (waitpid(pid, wait_status, in_time ? WNOHANG : 0) != pid) {
        if (in_time && ed_clock_monotonic_ns() > deadline_ns) {
            in_time = false;
            kill(pid, SIGKILL);
        }
        const struct timespec pause = {0, 2000000};
        nanosleep(&pause, NULL);
    }
    kill(-pid, SIGKILL); // what the engine started in its group goes with it
    return in_time;
}

static void judge(struct ed_conformance_result *result, const struct ed_check *check, bool in_time,
                  int wait_status) {
    result->verdict = ED_CONFORMANCE_FAILED;
    if (check->done) {
        result->verdict = check->verdict;
        snprintf(result->words, sizeof result->words, "%s", check->words);
    } else if (!in_time) {
        snprintf(result->words, sizeof result->words, "%s: it did not return in time and was killed",
                 check->doing);
    } else if (WIFSIGNALED(wait_status)) {
        snprintf(result->words, sizeof result->words, "%s: it crashed with signal %d (%s)", check->doing,
                 WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    } else {
        snprintf(result->words, sizeof result->words, "%s: it ended the process with exit status %d",
                 check->doing, WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1);
    }
}

static enum ed_status run_rows(const struct ed_conformance_subject *subject, const struct ed_check_row *rows,
                               size_t n_rows, struct ed_check *check, struct ed_conformance_result *results,
                               size_t *n, struct ed_error *err) {
    const int64_t timeout_ns = subject->timeout_ns ? subject->timeout_ns : TIMEOUT_NS;
    const pid_t parent = getpid();
    for (size_t i = 0; i < n_rows; i++) {
        struct ed_conformance_result *result = &results[*n];
        int wait_status = 0;
        memset(check, 0, sizeof *check);
        check->subject = subject;
        ed_check_doing(check, "starting");
        fflush(NULL);
        pid_t pid = fork();
        if (pid < 0)
            return ed_fail_errno(err, ED_ERR_IO, NULL, "a check's process cannot be started: %m");
        if (pid == 0)
            run_check(&rows[i], check, parent);
        setpgid(pid, pid);
        bool in_time = wait_until(pid, ed_clock_monotonic_ns() + timeout_ns, &wait_status);
        memset(result, 0, sizeof *result);
        result->name = rows[i].name;
        judge(result, check, in_time, wait_status);
        ++*n;
    }
    return ED_OK;
}

enum ed_status ed_conformance_run(const struct ed_conformance_subject *subject,
                                  struct ed_conformance_result *results, size_t *n, struct ed_error *err) {
    *n = 0;
    if (!subject->adapter || subject->adapter[0] != '/' || !subject->scratch_dir ||
        subject->scratch_dir[0] != '/' || !subject->backend ||
        (subject->n_model_files && !subject->model_files))
        return ed_fail(
            err, ED_ERR_USAGE, NULL,
            "the checks need an adapter and a scratch directory by absolute paths, and a backend to load on");
    if (ed_checks_table_n + ed_checks_model_n + ed_checks_damage_n > ED_CONFORMANCE_MAX)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "there are more checks than results have room for");
    struct ed_check *check =
        mmap(NULL, sizeof *check, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (check == MAP_FAILED)
        return ed_fail_errno(err, ED_ERR_NO_MEMORY, NULL, "no shared memory for the checks: %m");
    enum ed_status status = run_rows(subject, ed_checks_table, ed_checks_table_n, check, results, n, err);
    if (status == ED_OK)
        status = run_rows(subject, ed_checks_model, ed_checks_model_n, check, results, n, err);
    if (status == ED_OK)
        status = run_rows(subject, ed_checks_damage, ed_checks_damage_n, check, results, n, err);
    munmap(check, sizeof *check);
    return status;
}
