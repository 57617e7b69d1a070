// SPDX-License-Identifier: Apache-2.0
// Running Android's own commands, with a deadline.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/settings_change.h"

#define DEADLINE_NS INT64_C(10000000000)
#define WORDS_MAX 8
#define OUTPUT_BYTES 1024

// Android's programs may be scripts, whose interpreter wants a name and not a descriptor.
static enum ed_status find(int root_fd, const char *program, char path[ED_PATH_BYTES], struct ed_error *err) {
    char link[64], root[ED_PATH_BYTES], below[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", root_fd);
    const ssize_t n = readlink(link, root, sizeof root - 1);
    root[n > 0 ? n : 0] = 0;
    snprintf(below, sizeof below, "system/bin/%s", program);
    if (n <= 0)
        return ed_fail_errno(err, ED_ERR_IO, link, "the root directory has no name: %m");
    enum ed_status status = ed_path_join(path, root, below, err);
    if (status == ED_OK && access(path, X_OK) != 0)
        return ed_fail(err, ED_ERR_UNSUPPORTED, path,
                       "is not there, since this is no Android: leave the setting out for this device");
    return status;
}

enum ed_status ed_android_check(int root_fd, const char *program, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    return find(root_fd, program, path, err);
}

static void become(const char *path, char *const *argv, int output) {
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);
    sigemptyset(&none);
    if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) {
        dprintf(output, "its standard streams cannot be made: %s", strerror(errno));
        _exit(127);
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(path, argv, environ);
    dprintf(2, "cannot be executed: %s", strerror(errno));
    _exit(127);
}

// What it writes, until it closes its end or time is up. False: time is up.
static bool read_output(int fd, int64_t deadline_ns, char *text, size_t bytes) {
    size_t used = 0;
    for (;;) {
        struct pollfd wanted = {.fd = fd, .events = POLLIN};
        char chunk[512];
        const int64_t left_ns = deadline_ns - ed_clock_monotonic_ns();
        if (left_ns <= 0)
            return false;
        if (poll(&wanted, 1, (int)(left_ns / 1000000) + 1) <= 0)
            continue;
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return true;
        for (ssize_t i = 0; i < n && used + 1 < bytes; i++)
            text[used++] = chunk[i] ? chunk[i] : ' ';
        text[used] = 0;
    }
}

static bool reap(pid_t pid, int64_t deadline_ns, int *wait_status) {
    while (waitpid(pid, wait_status, WNOHANG) != pid) {
        if (ed_clock_monotonic_ns() > deadline_ns)
            return false;
        ed_clock_sleep_until(ed_clock_monotonic_ns() + 2000000, NULL);
    }
    return true;
}

enum ed_status ed_android_run(int root_fd, const char *program, const char *const *words, char *out,
                              size_t bytes, struct ed_error *err) {
    char path[ED_PATH_BYTES], text[OUTPUT_BYTES] = "";
    char *argv[WORDS_MAX + 2];
    int fds[2], wait_status = 0;
    size_t n = 0;
    out[0] = 0;
    enum ed_status status = find(root_fd, program, path, err);
    if (status != ED_OK)
        return status;
    argv[n++] = path;
    for (; *words && n <= WORDS_MAX; words++)
        argv[n++] = (char *)(uintptr_t)*words;
    argv[n] = NULL;
    if (pipe2(fds, O_CLOEXEC) != 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "no pipe to it: %m");
    fflush(NULL);
    const int64_t deadline_ns = ed_clock_monotonic_ns() + DEADLINE_NS;
    pid_t pid = fork();
    if (pid == 0)
        become(path, argv, fds[1]);
    close(fds[1]);
    if (pid < 0) {
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be started: %m");
        close(fds[0]);
        return status;
    }
    setpgid(pid, pid);
    const bool in_time =
        read_output(fds[0], deadline_ns, text, sizeof text) && reap(pid, deadline_ns, &wait_status);
    close(fds[0]);
    kill(-pid, SIGKILL);
    if (!in_time) {
        waitpid(pid, &wait_status, 0);
        return ed_fail(err, ED_ERR_TIMEOUT, path,
                       "did not end within %d s; Android's services may hang: restart the device",
                       (int)(DEADLINE_NS / 1000000000));
    }
    text[strcspn(text, "\r\n")] = 0;
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
        return ed_fail(err, ED_ERR_REFUSED, path,
                       "%s failed (%s %d): %.300s; leave the setting out for this device", argv[1],
                       WIFEXITED(wait_status) ? "exit status" : "signal",
                       WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status),
                       text[0] ? text : "without a word");
    snprintf(out, bytes, "%s", text);
    return ED_OK;
}
