// SPDX-License-Identifier: Apache-2.0
// Commands and libraries of the running system, and the playback of recorded commands.
#include "runners/probe_host.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "probes/proc_file.h"

#define COMMAND_NS INT64_C(2000000000)
#define CANNOT_EXECUTE 126
#define NO_SUCH_PROGRAM 127

// After fork: nothing but calls that are safe there. What failed is told by `told`, which closes at exec.
static void child(const char *const *argv, int out, int told, pid_t parent) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
        dup2(out, STDOUT_FILENO) >= 0)
        execvp(argv[0], (char *const *)argv);
    const int number = errno;
    const ssize_t written = write(told, &number, sizeof number);
    _exit(written == sizeof number && number == ENOENT ? NO_SUCH_PROGRAM : CANNOT_EXECUTE);
}

// Reads to the end of the stream; what does not fit is read and dropped, so that the writer can end. False:
// the deadline passed first.
static bool collect(int fd, int64_t deadline_ns, char *out, size_t bytes) {
    size_t size = 0;
    char dropped[4096];
    for (;;) {
        const int64_t left_ns = deadline_ns - ed_clock_monotonic_ns();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        const int ready = left_ns <= 0 ? 0 : poll(&wait, 1, (int)(left_ns / 1000000) + 1);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        const bool room = size + 1 < bytes;
        const ssize_t n = room ? read(fd, out + size, bytes - 1 - size) : read(fd, dropped, sizeof dropped);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return true;
        size += room ? (size_t)n : 0;
        out[size] = 0;
    }
}

static pid_t start(const char *const *argv, int *out, int *told, struct ed_error *err) {
    int output[2], failure[2];
    const pid_t parent = getpid();
    if (pipe2(output, O_CLOEXEC) != 0) {
        ed_fail_errno(err, ED_ERR_IO, argv[0], "no pipe for a command: %m");
        return -1;
    }
    if (pipe2(failure, O_CLOEXEC) != 0) {
        ed_fail_errno(err, ED_ERR_IO, argv[0], "no pipe for a command: %m");
        close(output[0]);
        close(output[1]);
        return -1;
    }
    const pid_t pid = fork();
    if (pid == 0)
        child(argv, output[1], failure[1], parent);
    if (pid < 0) {
        ed_fail_errno(err, ED_ERR_IO, argv[0], "no process for a command: %m");
        close(output[0]);
        close(failure[0]);
    }
    close(output[1]);
    close(failure[1]);
    *out = output[0];
    *told = failure[0];
    return pid;
}

static bool wait_until(pid_t pid, int64_t deadline_ns, int *status) {
    for (;;) {
        const pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid)
            return true;
        if ((ended < 0 && errno != EINTR) || ed_clock_monotonic_ns() >= deadline_ns)
            return false;
        ed_clock_sleep_until(ed_clock_monotonic_ns() + 1000000, NULL);
    }
}

static enum ed_status live_command(void *context, const char *const *argv, char *out, size_t bytes,
                                   int *exit_status, struct ed_error *err) {
    const int64_t deadline_ns = ed_clock_monotonic_ns() + COMMAND_NS;
    int fd, told, number = 0, status = 0;
    (void)context;
    out[0] = 0;
    *exit_status = -1;
    const pid_t pid = start(argv, &fd, &told, err);
    if (pid < 0)
        return ED_ERR_IO;
    const bool refused = read(told, &number, sizeof number) == sizeof number;
    const bool whole = collect(fd, deadline_ns, out, bytes);
    close(told);
    close(fd);
    if (!whole || !wait_until(pid, deadline_ns, &status)) {
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        return ed_fail(err, ED_ERR_TIMEOUT, argv[0], "%s did not end within %d s", argv[0],
                       (int)(COMMAND_NS / 1000000000));
    }
    // What it left running has no business on a device that is measured.
    kill(-pid, SIGKILL);
    if (refused && number == ENOENT)
        return ed_fail(err, ED_ERR_NOT_FOUND, argv[0], "there is no program %s", argv[0]);
    if (refused)
        return ed_fail(err, ED_ERR_IO, argv[0], "%s cannot be run: %s", argv[0], strerror(number));
    if (!WIFEXITED(status))
        return ed_fail(err, ED_ERR_IO, argv[0], "%s was ended by signal %d", argv[0], WTERMSIG(status));
    *exit_status = WEXITSTATUS(status);
    return ED_OK;
}

static void *live_library(void *context, const char *name, struct ed_error *err) {
    (void)context;
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *why = dlerror();
        ed_fail(err, ED_ERR_NOT_FOUND, name, "%s", why ? why : "it cannot be opened");
    }
    return handle;
}

const struct ed_probe_host ed_probe_host_live = {.command = live_command, .library = live_library};

bool ed_probe_command_name(const char *const *argv, char name[ED_PROBE_COMMAND_NAME_BYTES]) {
    size_t size = 0;
    for (size_t i = 0; argv[i]; i++) {
        const int n =
            snprintf(name + size, ED_PROBE_COMMAND_NAME_BYTES - size, "%s%s", i ? "+" : "", argv[i]);
        if (n < 0 || (size_t)n >= ED_PROBE_COMMAND_NAME_BYTES - size)
            return false;
        for (char *p = name + size + (i > 0); *p; p++)
            if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') &&
                !strchr("._-", *p))
                *p = '_';
        size += (size_t)n;
    }
    return size > 0;
}

static enum ed_status recorded_status(const char *word, const char *program, int *exit_status,
                                      struct ed_error *err) {
    int64_t code;
    if (ed_proc_number_alone(word, &code) && code >= 0 && code <= 255) {
        *exit_status = (int)code;
        return ED_OK;
    }
    for (int i = ED_OK + 1; i < ED_STATUS_COUNT; i++)
        if (strcmp(ed_status_word((enum ed_status)i), word) == 0)
            return ed_fail(err, (enum ed_status)i, program, "%s: %s on the recorded machine", program, word);
    return ed_fail(err, ED_ERR_PARSE, program, "the recording of %s has no status that is known", program);
}

static enum ed_status recorded_command(void *context, const char *const *argv, char *out, size_t bytes,
                                       int *exit_status, struct ed_error *err) {
    const int root_fd = *(const int *)context;
    char name[ED_PROBE_COMMAND_NAME_BYTES], path[ED_PROBE_COMMAND_NAME_BYTES + 32], word[32];
    out[0] = 0;
    *exit_status = -1;
    if (!ed_probe_command_name(argv, name))
        return ed_fail(err, ED_ERR_LIMIT, argv[0], "a command too long for a recording");
    snprintf(path, sizeof path, ED_PROBE_COMMANDS "/%s.out", name);
    const ssize_t n = ed_proc_read(root_fd, path, out, bytes);
    *exit_status = n >= 0 ? 0 : -1;
    snprintf(path, sizeof path, ED_PROBE_COMMANDS "/%s.status", name);
    if (ed_proc_read_word(root_fd, path, word, sizeof word))
        return recorded_status(word, argv[0], exit_status, err);
    return n >= 0
               ? ED_OK
               : ed_fail(err, ED_ERR_NOT_FOUND, argv[0], "the recorded machine has no program %s", argv[0]);
}

static void *recorded_library(void *context, const char *name, struct ed_error *err) {
    (void)context;
    ed_fail(err, ED_ERR_NOT_FOUND, name, "a recorded machine has no libraries");
    return NULL;
}

struct ed_probe_host ed_probe_host_recorded(const int *root_fd) {
    return (struct ed_probe_host){
        .context = (void *)root_fd, .command = recorded_command, .library = recorded_library};
}

enum ed_status ed_probe_place_open(struct ed_probe_place *place, struct ed_error *err) {
    const char *recorded = getenv(ED_PROBE_ROOT_VARIABLE), *root = recorded ? recorded : "/";
    place->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    place->host = recorded ? ed_probe_host_recorded(&place->root_fd) : ed_probe_host_live;
    return place->root_fd < 0 ? ed_fail_errno(err, ED_ERR_IO, root, "cannot be opened: %m") : ED_OK;
}
