// SPDX-License-Identifier: Apache-2.0
// A task in a child process, with a time limit.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/hardware/sources.h"

// The last byte of a task that returned. The exit status alone would not do: a caller may ignore SIGCHLD.
#define FINISHED 'F'

void ed_isolated_write(int out_fd, const void *bytes, size_t n) {
    const char *p = bytes;
    while (n > 0) {
        ssize_t written = write(out_fd, p, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            _exit(1);
        p += written;
        n -= (size_t)written;
    }
}

static void child_run(ed_isolated_task task, void *context, int out_fd, pid_t parent) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fd != out_fd && null >= 0)
            dup2(null, fd);
    task(context, out_fd);
    ed_isolated_write(out_fd, (const char[]){FINISHED}, 1);
    _exit(0);
}

// Reads until the end, the deadline, or more than `capacity` and the mark. Returns NULL or why not.
static const char *collect(int fd, int64_t deadline_ns, char *bytes, size_t capacity, size_t *size) {
    bool finished = false;
    *size = 0;
    for (;;) {
        char extra;
        int64_t left_ns = deadline_ns - ed_clock_monotonic_ns();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = left_ns <= 0 ? 0 : poll(&wait, 1, (int)(left_ns / 1000000) + 1);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return "it did not return in time";
        ssize_t n = *size < capacity ? read(fd, bytes + *size, capacity - *size) : read(fd, &extra, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (finished || (*size == capacity && extra != FINISHED))
            return "its answer is too long";
        finished = *size == capacity;
        *size += finished ? 0 : (size_t)n;
    }
    if (finished)
        return NULL;
    if (*size == 0 || bytes[*size - 1] != FINISHED)
        return "it ended early";
    --*size;
    return NULL;
}

bool ed_isolated_run(ed_isolated_task task, void *context, int64_t timeout_ns, void *bytes, size_t capacity,
                     size_t *size, char *reason, size_t reason_bytes) {
    int ends[2], status = 0;
    pid_t parent = getpid();
    if (pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(reason, reason_bytes, "no pipe to a child process: %s", strerror(errno));
        return false;
    }
    pid_t child = fork();
    if (child < 0) {
        snprintf(reason, reason_bytes, "no child process: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (child == 0)
        child_run(task, context, ends[1], parent);
    close(ends[1]);
    const char *why = collect(ends[0], ed_clock_monotonic_ns() + timeout_ns, bytes, capacity, size);
    close(ends[0]);
    if (why)
        kill(child, SIGKILL);
    pid_t waited;
    do
        waited = waitpid(child, &status, 0);
    while (waited < 0 && errno == EINTR);
    if (!why) {
        reason[0] = 0;
        return true;
    }
    if (waited == child && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        snprintf(reason, reason_bytes, "it was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(reason, reason_bytes, "%s", why);
    return false;
}
