// SPDX-License-Identifier: Apache-2.0
// Running a program with a deadline. The child leads a process group of its own, so that nothing which it
// started outlives the deadline; its end is seen through a pidfd, so that a grandchild which keeps the pipes
// open holds nobody up.
#include "devices/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "devices/words.h"

#define ERR_LIMIT_BYTES (64u << 10)
#define PIECE_BYTES 65536
// How often a child is asked for on kernels without pidfd_open (before 5.3).
#define ASK_AGAIN_NS 5000000
#define WAIT_AT_MOST_NS 3600000000000

struct running {
    const struct ed_spawn_args *args;
    const struct ed_process_tick *tick; // NULL: none
    int64_t ticked_ns;                  // when it was called; 0 not yet
    pid_t pid;                          // 0: not started, or reaped
    int pidfd;                          // -1: not to be had
    int feed, out, err;                 // our ends of the pipes; -1: closed
    size_t fed_bytes;
    struct ed_buffer out_text, err_text;
};

static void close_end(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

// Both ends are above the standard streams, which the child's set-up overwrites, and ours does not block.
static enum ed_status make_pipe(int *ours, int *theirs, bool we_write, const char *program,
                                struct ed_error *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ed_fail_errno(err, ED_ERR_IO, program, "no pipe can be made for it: %m");
    for (int i = 0; i < 2; i++) {
        int moved = ends[i];
        if (ends[i] < 3) {
            moved = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
            close(ends[i]);
        }
        ends[i] = moved;
    }
    *ours = ends[we_write ? 1 : 0];
    *theirs = ends[we_write ? 0 : 1];
    if (*ours < 0 || *theirs < 0 || fcntl(*ours, F_SETFL, O_NONBLOCK) != 0)
        return ed_fail_errno(err, ED_ERR_IO, program, "no pipe can be made for it: %m");
    return ED_OK;
}

static enum ed_status start_failed(const char *program, int number, struct ed_error *err) {
    errno = number;
    switch (number) {
    case ENOENT:
        return ed_fail(err, ED_ERR_NO_PROGRAM, program, "the program does not exist%s",
                       strchr(program, '/') ? ", or its interpreter does not" : " in any directory of PATH");
    case EACCES:
    case ENOEXEC:
    case ENOTDIR:
    case ELOOP:
    case EISDIR:
    case ENAMETOOLONG:
        return ed_fail(err, ED_ERR_NO_PROGRAM, program, "the program cannot be run: %m");
    case E2BIG:
        return ed_fail(err, ED_ERR_LIMIT, program, "its arguments and environment are too long: %m");
    default:
        return ed_fail_errno(err, ED_ERR_IO, program, "the program cannot be started: %m");
    }
}

static enum ed_status start(struct running *running, struct ed_error *err) {
    const char *program = running->args->argv[0];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int feed = -1, out = -1, err_end = -1, number;
    enum ed_status status = ED_OK;
    sigset_t signals;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    if (running->args->input_bytes > 0)
        status = make_pipe(&running->feed, &feed, true, program, err);
    if (!status)
        status = make_pipe(&running->out, &out, false, program, err);
    if (!status)
        status = make_pipe(&running->err, &err_end, false, program, err);
    if (status)
        goto out;
    number = feed >= 0 ? posix_spawn_file_actions_adddup2(&actions, feed, 0)
                       : posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!number)
        number = posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (!number)
        number = posix_spawn_file_actions_adddup2(&actions, err_end, 2);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    // Ignored signals are inherited, and a program that ignores SIGPIPE behaves differently.
    sigaddset(&signals, SIGPIPE);
    sigaddset(&signals, SIGCHLD);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!number)
        number = posix_spawnp(&running->pid, program, &actions, &attributes,
                              (char *const *)running->args->argv, environ);
    if (number) {
        running->pid = 0;
        status = start_failed(program, number, err);
        goto out;
    }
    running->pidfd = (int)syscall(SYS_pidfd_open, running->pid, 0);
out:
    close_end(&feed);
    close_end(&out);
    close_end(&err_end);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

static void feed(struct running *running) {
    const char *input = running->args->input;
    while (running->feed >= 0) {
        ssize_t n =
            write(running->feed, input + running->fed_bytes, running->args->input_bytes - running->fed_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        // A child that stopped reading is no failure: its exit status tells.
        if (n < 0)
            close_end(&running->feed);
        else
            running->fed_bytes += (size_t)n;
        if (running->fed_bytes == running->args->input_bytes)
            close_end(&running->feed);
    }
}

// Reads up to `bytes` of what there is. Standard error beyond its limit is read and dropped, so that the
// child goes on.
static void collect(struct running *running, int *fd, size_t bytes) {
    struct ed_buffer *text = fd == &running->err ? &running->err_text : &running->out_text;
    char piece[PIECE_BYTES];
    while (*fd >= 0 && bytes > 0) {
        ssize_t n = read(*fd, piece, bytes < sizeof piece ? bytes : sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            close_end(fd);
            return;
        }
        bytes -= (size_t)n;
        if (fd == &running->err && (size_t)n > text->max_bytes - text->size)
            n = (ssize_t)(text->max_bytes - text->size);
        ed_buffer_append(text, piece, (size_t)n);
    }
}

// What the child itself wrote lies in the pipe once it has ended; whoever writes after that is not waited
// for.
static void collect_rest(struct running *running, int *fd) {
    int bytes = 0;
    if (*fd >= 0 && ioctl(*fd, FIONREAD, &bytes) == 0 && bytes > 0)
        collect(running, fd, (size_t)bytes);
}

static bool has_ended(const struct running *running) {
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)running->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno != EINTR;
    return info.si_pid == running->pid;
}

static bool tick_if_due(struct running *running) {
    const int64_t now_ns = ed_clock_monotonic_ns();
    if (!running->tick || now_ns - running->ticked_ns < running->tick->period_ns)
        return true;
    running->ticked_ns = now_ns;
    return running->tick->call(running->tick->context);
}

// Serves the pipes until the child has ended.
static enum ed_status serve(struct running *running, struct ed_error *err) {
    const char *program = running->args->argv[0];
    char said[ED_WORDS_BYTES];
    enum ed_status status;
    bool ended;
    do {
        struct pollfd ends[] = {{running->feed, POLLOUT, 0},
                                {running->out, POLLIN, 0},
                                {running->err, POLLIN, 0},
                                {running->pidfd, POLLIN, 0}};
        int64_t left_ns = running->args->deadline_ns - ed_clock_monotonic_ns();
        int64_t most_ns = running->pidfd >= 0 ? WAIT_AT_MOST_NS : ASK_AGAIN_NS;
        struct timespec wait;
        if (left_ns <= 0)
            return ed_fail(err, ED_ERR_TIMEOUT, program, "did not end in time and was killed%s",
                           ed_words_said(said, ed_buffer_text(&running->err_text)));
        if (running->tick && running->tick->period_ns < most_ns)
            most_ns = running->tick->period_ns;
        if (left_ns > most_ns)
            left_ns = most_ns;
        wait = (struct timespec){left_ns / 1000000000, left_ns % 1000000000};
        if (ppoll(ends, sizeof ends / sizeof ends[0], &wait, NULL) < 0 && errno != EINTR && errno != EAGAIN)
            return ed_fail_errno(err, ED_ERR_IO, program, "its output cannot be waited for: %m");
        ended = has_ended(running);
        if (!tick_if_due(running))
            return ed_fail(err, ED_ERR_CANCELLED, program, "was stopped before its end");
        feed(running);
        // One pipe's worth a round, so that a child which never stops writing does not outrun the deadline.
        if (!ended) {
            collect(running, &running->out, PIECE_BYTES);
            collect(running, &running->err, PIECE_BYTES);
        } else {
            collect_rest(running, &running->out);
            collect_rest(running, &running->err);
        }
        if (running->out_text.too_large)
            return ed_fail(err, ED_ERR_LIMIT, program,
                           "wrote more than the limit of %zu bytes and was killed",
                           running->args->out_limit_bytes);
        status = ed_buffer_status(&running->out_text, program, err);
        if (!status)
            status = ed_buffer_status(&running->err_text, program, err);
        if (status)
            return status;
    } while (!ended);
    return ED_OK;
}

// Until it is reaped the child's number, and so that of its group, belongs to nobody else.
static enum ed_status reap(struct running *running, bool kill_it, struct ed_spawn_result *out,
                           struct ed_error *err) {
    const char *program = running->args->argv[0];
    pid_t pid = running->pid, got;
    int word;
    if (kill_it) {
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
    }
    do
        got = waitpid(pid, &word, 0);
    while (got < 0 && errno == EINTR);
    running->pid = 0;
    if (got != pid)
        return ed_fail_errno(err, ED_ERR_IO, program, "its exit status was lost (is SIGCHLD ignored?): %m");
    out->exit_code = WIFEXITED(word) ? WEXITSTATUS(word) : -1;
    out->signal = WIFSIGNALED(word) ? WTERMSIG(word) : 0;
    return ED_OK;
}

enum ed_status ed_process_run(const struct ed_spawn_args *args, struct ed_spawn_result *out,
                              struct ed_error *err) {
    const struct ed_process_tick none = {0};
    return ed_process_run_ticking(args, &none, out, err);
}

enum ed_status ed_process_run_ticking(const struct ed_spawn_args *args, const struct ed_process_tick *tick,
                                      struct ed_spawn_result *out, struct ed_error *err) {
    struct running running = {.args = args, .pidfd = -1, .feed = -1, .out = -1, .err = -1};
    const struct timespec at_once = {0};
    sigset_t broken_pipe, kept, pending;
    enum ed_status status, reaped;
    ed_spawn_result_init(out);
    if (!args->argv || !args->argv[0] || !args->argv[0][0])
        return ed_fail(err, ED_ERR_INTERNAL, "", "a program was to be run, but none was named");
    if (args->deadline_ns <= ed_clock_monotonic_ns())
        return ed_fail(err, ED_ERR_TIMEOUT, args->argv[0], "was not started: its time was over already");
    running.tick = tick->call ? tick : NULL;
    ed_buffer_init(&running.out_text, args->out_limit_bytes);
    ed_buffer_init(&running.err_text, ERR_LIMIT_BYTES);
    // This thread alone shall not get a SIGPIPE from a child that stops reading; one that was pending before
    // stays so.
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, &kept);
    status = start(&running, err);
    if (!status)
        status = serve(&running, err);
    if (running.pid > 0) {
        reaped = reap(&running, status != ED_OK, out, status ? NULL : err);
        if (!status)
            status = reaped;
    }
    if (!sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&broken_pipe, NULL, &at_once) < 0 && errno == EINTR)
            continue;
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    close_end(&running.feed);
    close_end(&running.out);
    close_end(&running.err);
    close_end(&running.pidfd);
    if (!status) {
        out->out = ed_buffer_detach(&running.out_text, &out->out_bytes);
        out->err_out = ed_buffer_detach(&running.err_text, &out->err_bytes);
        if (!out->out || !out->err_out)
            status = ed_fail(err, ED_ERR_NO_MEMORY, args->argv[0], "no memory for its output");
    }
    if (status)
        ed_spawn_result_release(out);
    ed_buffer_release(&running.out_text);
    ed_buffer_release(&running.err_text);
    return status;
}

void ed_spawn_result_release(struct ed_spawn_result *result) {
    free(result->out);
    free(result->err_out);
    ed_spawn_result_init(result);
}
