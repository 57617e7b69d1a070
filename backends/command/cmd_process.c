// SPDX-License-Identifier: Apache-2.0
// The program: started, spoken to over two pipes, ended.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backends/adapter_text.h"
#include "backends/command/cmd.h"
#include "base/clock.h"

#define WORDS_BYTES 400
#define SECOND_NS INT64_C(1000000000)

// A word that is one of the files is that file.
static const char *resolve(const struct cmd_state *cmd, const char *word, char path[ED_PATH_BYTES]) {
    bool is_file = !strcmp(word, ed_path_base(cmd->path));
    for (size_t i = 0; i < cmd->file.n_files; i++)
        is_file = is_file || !strcmp(word, cmd->file.files[i]);
    return is_file && ed_path_join(path, cmd->directory, word, NULL) == ED_OK ? path : word;
}

// In the child, which is a copy of a process with one thread.
__attribute__((noreturn)) static void become_program(const struct cmd_state *cmd, pid_t parent, int in,
                                                     int out) {
    static char paths[ED_COMMAND_WORDS_MAX][ED_PATH_BYTES];
    const char *words[ED_COMMAND_WORDS_MAX + 1] = {NULL};
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    signal(SIGPIPE, SIG_DFL);
    unsetenv("EDGEDYNO_API_KEY"); // of a server, and nobody else's
    for (size_t i = 0; i < cmd->file.n_variables; i++)
        setenv(cmd->file.names[i], cmd->file.values[i], 1);
    setenv("EDGEDYNO_COMMAND_DIR", cmd->directory, 1);
    for (size_t i = 0; i < cmd->file.n_words; i++)
        words[i] = resolve(cmd, cmd->file.words[i], paths[i]);
    execvp(words[0], (char *const *)(uintptr_t)words);
    dprintf(STDERR_FILENO, "%s: %s%s\n", words[0], strerror(errno),
            errno == EACCES ? "; is it executable (chmod +x)?" : "");
    _exit(127);
}

static off_t words_now(void) {
    struct stat info;
    return fstat(STDERR_FILENO, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : -1;
}

enum ed_status cmd_start(struct cmd_state *cmd, struct ed_error *err) {
    struct cmd_process *process = &cmd->process;
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0)
        return ed_fail_errno(err, ED_ERR_IO, cmd->path, "no pipe to the program: %m");
    if (pipe2(from, O_CLOEXEC) != 0) {
        const int kept = errno;
        close(to[0]), close(to[1]);
        errno = kept;
        return ed_fail_errno(err, ED_ERR_IO, cmd->path, "no pipe from the program: %m");
    }
    // A program that is gone is an error to be told, not the end of this process.
    signal(SIGPIPE, SIG_IGN);
    process->words_begin = words_now();
    const pid_t parent = getpid();
    fflush(NULL);
    process->pid = fork();
    if (process->pid == 0)
        become_program(cmd, parent, to[0], from[1]);
    const int kept = errno;
    close(to[0]), close(from[1]);
    process->to = to[1], process->from = from[0];
    if (process->pid < 0) {
        process->pid = 0;
        close(process->to), close(process->from);
        errno = kept;
        return ed_fail_errno(err, ED_ERR_IO, cmd->path, "the program cannot be started: %m");
    }
    fcntl(process->to, F_SETFL, O_NONBLOCK);
    fcntl(process->from, F_SETFL, O_NONBLOCK);
    ed_buffer_init(&process->got, CMD_LINE_MAX_BYTES);
    process->used = 0;
    return ED_OK;
}

// The end of what was written to standard error since the program began, in one line; "" without any.
static void last_words(const struct cmd_process *process, char *out, size_t bytes) {
    char raw[WORDS_BYTES + 1];
    struct stat info;
    out[0] = 0;
    const int fd = process->words_begin >= 0 ? open("/proc/self/fd/2", O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0 && info.st_size > process->words_begin) {
        const off_t rest = info.st_size - process->words_begin;
        const off_t at = rest > WORDS_BYTES ? info.st_size - WORDS_BYTES : process->words_begin;
        const ssize_t n = pread(fd, raw, WORDS_BYTES, at);
        raw[n > 0 ? n : 0] = 0;
        ed_adapter_text(out, bytes, raw);
    }
    close(fd);
}

static bool wait_gone(pid_t pid, int64_t limit_ns, int *wait_status) {
    const int64_t deadline = ed_clock_monotonic_ns() + limit_ns;
    const struct timespec pause = {0, 2000000};
    for (;;) {
        if (waitpid(pid, wait_status, WNOHANG) == pid)
            return true;
        if (ed_clock_monotonic_ns() >= deadline)
            return false;
        nanosleep(&pause, NULL);
    }
}

static void forget(struct cmd_process *process) {
    close(process->to);
    close(process->from);
    ed_buffer_release(&process->got);
    process->pid = 0;
    process->used = 0;
}

static void kill_it(struct cmd_process *process) {
    int wait_status = 0;
    kill(process->pid, SIGKILL);
    waitpid(process->pid, &wait_status, 0);
    forget(process);
}

// The program closed a pipe: how it ended, with its words.
static enum ed_status tell_end(struct cmd_state *cmd, const char *what, struct ed_error *err) {
    char words[WORDS_BYTES + 1];
    int wait_status = 0;
    const pid_t pid = cmd->process.pid;
    const bool gone = wait_gone(pid, SECOND_NS, &wait_status);
    last_words(&cmd->process, words, sizeof words);
    if (!gone)
        kill_it(&cmd->process);
    else
        forget(&cmd->process);
    if (!gone)
        return ed_fail(err, ED_ERR_REFUSED, cmd->path, "the program closed its pipes at '%s' and ran on%s%s",
                       what, words[0] ? "; its last words: " : "", words);
    if (WIFSIGNALED(wait_status)) {
        const int number = WTERMSIG(wait_status);
        dprintf(STDERR_FILENO, "the program was ended by signal %d (%s) at '%s'\n", number, strsignal(number),
                what);
        signal(number, SIG_DFL);
        raise(number);
    }
    return ed_fail(err, ED_ERR_REFUSED, cmd->path, "the program ended with exit status %d at '%s'%s%s",
                   WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1, what,
                   words[0] ? "; its last words: " : " and said nothing", words);
}

static enum ed_status too_late(struct cmd_state *cmd, const char *what, int64_t limit_ns,
                               struct ed_error *err) {
    char words[WORDS_BYTES + 1];
    last_words(&cmd->process, words, sizeof words);
    kill_it(&cmd->process);
    return ed_fail(
        err, ED_ERR_TIMEOUT, cmd->path,
        "the program did not answer '%s' within %.3g s (-o answer_limit, load_limit, start_limit)%s%s", what,
        (double)limit_ns / 1e9, words[0] ? "; its last words: " : "", words);
}

// 1: ready, 0: not in time.
static int wait_for(int fd, short events, int64_t deadline_ns) {
    for (;;) {
        struct pollfd one = {.fd = fd, .events = events};
        const int64_t rest = deadline_ns - ed_clock_monotonic_ns();
        const int n =
            rest > 0 ? poll(&one, 1, (int)(rest / 1000000 < 1000000 ? rest / 1000000 + 1 : 1000000)) : 0;
        if (n > 0)
            return 1;
        if (n == 0 && ed_clock_monotonic_ns() >= deadline_ns)
            return 0;
    }
}

static enum ed_status send_line(struct cmd_state *cmd, const char *request, size_t bytes, const char *what,
                                int64_t limit_ns, int64_t deadline_ns, struct ed_error *err) {
    for (size_t done = 0; done < bytes;) {
        const ssize_t n = write(cmd->process.to, request + done, bytes - done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno == EAGAIN && !wait_for(cmd->process.to, POLLOUT, deadline_ns))
            return too_late(cmd, what, limit_ns, err);
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            return tell_end(cmd, what, err);
    }
    return ED_OK;
}

enum ed_status cmd_exchange(struct cmd_state *cmd, const char *request, size_t bytes, const char *what,
                            int64_t limit_ns, const char **line, size_t *line_bytes, struct ed_error *err) {
    struct cmd_process *process = &cmd->process;
    char chunk[65536];
    if (!process->pid)
        return ed_fail(err, ED_ERR_REFUSED, cmd->path, "the program is gone since an earlier failure");
    const int64_t deadline_ns = ed_clock_monotonic_ns() + limit_ns;
    if (process->used < process->got.size) {
        char words[WORDS_BYTES + 1];
        ed_adapter_text(words, sizeof words, ed_buffer_text(&process->got) + process->used);
        kill_it(process);
        return ed_fail(err, ED_ERR_REFUSED, cmd->path,
                       "the program wrote more than one line for one question: \"%.200s\"; what is no answer "
                       "belongs on standard error",
                       words);
    }
    ed_buffer_clear(&process->got);
    process->used = 0;
    enum ed_status status = send_line(cmd, request, bytes, what, limit_ns, deadline_ns, err);
    for (size_t looked = 0; status == ED_OK;) {
        const ssize_t n = read(process->from, chunk, sizeof chunk);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return tell_end(cmd, what, err);
        if (n < 0) {
            if (!wait_for(process->from, POLLIN, deadline_ns))
                return too_late(cmd, what, limit_ns, err);
            continue;
        }
        ed_buffer_append(&process->got, chunk, (size_t)n);
        if (process->got.too_large || process->got.no_memory) {
            kill_it(process);
            return ed_fail(err, ED_ERR_LIMIT, cmd->path,
                           "the program answered '%s' with a line of more than %u bytes; write large outputs "
                           "to .npy files",
                           what, CMD_LINE_MAX_BYTES);
        }
        char *end = memchr(process->got.data + looked, '\n', process->got.size - looked);
        if (end) {
            *end = 0;
            *line = process->got.data;
            *line_bytes = (size_t)(end - process->got.data);
            process->used = *line_bytes + 1;
            return ED_OK;
        }
        looked = process->got.size;
    }
    return status;
}

void cmd_stop(struct cmd_state *cmd) {
    struct cmd_process *process = &cmd->process;
    int wait_status = 0;
    if (!process->pid)
        return;
    close(process->to);
    process->to = -1;
    if (!wait_gone(process->pid, SECOND_NS, &wait_status)) {
        kill(process->pid, SIGKILL);
        waitpid(process->pid, &wait_status, 0);
    }
    forget(process);
}

// The parent's pid and no more of /proc/PID/stat; 0 where it cannot be read.
static pid_t parent_of(pid_t pid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    const char *name_end = strrchr(text, ')');
    int parent = 0;
    return name_end && sscanf(name_end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

size_t cmd_family(pid_t pid, int64_t *pids, size_t capacity) {
    size_t n = 0;
    if (!pid || !capacity)
        return 0;
    pids[n++] = pid;
    DIR *all = opendir("/proc");
    // Children are mostly listed behind their parents; what is missed by that is found by the next mark.
    for (struct dirent *entry; all && (entry = readdir(all)) && n < capacity;) {
        const pid_t other = (pid_t)strtol(entry->d_name, NULL, 10);
        const pid_t parent = other > 0 ? parent_of(other) : 0;
        for (size_t i = 0; parent && i < n; i++)
            if (pids[i] == parent) {
                pids[n++] = other;
                break;
            }
    }
    if (all)
        closedir(all);
    return n;
}
