// SPDX-License-Identifier: Apache-2.0
// Holding memory in a child.
#include "runners/ballast.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"

#define FILLED 'f'
#define LOCKED 'l'
#define FD_MAX 1024
#define SCORE_FILE "/proc/self/oom_score_adj"

static int64_t meminfo(const char *text, const char *key) {
    const char *line = strstr(text, key);
    const long long kib = line ? strtoll(line + strlen(key), NULL, 10) : -1;
    return kib < 0 || kib > INT64_MAX / 1024 ? -1 : (int64_t)kib * 1024;
}

enum ed_status ed_ballast_check(int root_fd, int64_t bytes, struct ed_error *err) {
    char text[8192], asked[32], free_text[32], room_text[32];
    const int fd = openat(root_fd, "proc/meminfo", O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    const int64_t total = meminfo(text, "MemTotal:"), available = meminfo(text, "MemAvailable:");
    if (total < 0 || available < 0)
        return ed_fail(err, ED_ERR_UNSUPPORTED, "ballast",
                       "this system does not tell how much memory is available (MemAvailable of "
                       "/proc/meminfo), so none is held: run without --ballast");
    const int64_t margin = total / 20 > ED_BALLAST_MARGIN_BYTES ? total / 20 : ED_BALLAST_MARGIN_BYTES;
    const int64_t room = available > margin ? available - margin : 0;
    if (bytes <= room)
        return ED_OK;
    ed_units_print_size(asked, sizeof asked, bytes);
    ed_units_print_size(free_text, sizeof free_text, available);
    ed_units_print_size(room_text, sizeof room_text, room);
    return ed_fail(err, ED_ERR_LIMIT, "ballast",
                   "%s do not fit: %s are available, and at most %s of that can be held without starving the "
                   "device; ask for less",
                   asked, free_text, room_text);
}

static void put_score(const char *score) {
    const int fd = open(SCORE_FILE, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    // Where it cannot be changed, the kernel chooses as it always does.
    if (write(fd, score, strlen(score)) < 0) {
    }
    close(fd);
}

// In the child, for ever. Nothing here may allocate from the heap: it is a copy of the parent's.
__attribute__((noreturn)) static void hold(int64_t bytes, pid_t supervisor, int ready) {
    char score[16] = "0";
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "edgedyno-ballast");
    if (getppid() != supervisor)
        _exit(0);
    // Locks and pipes of the supervisor are none of its.
    for (int fd = 0; fd < FD_MAX; fd++)
        if (fd != ready)
            close(fd);
    const int fd = open(SCORE_FILE, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? 0 : read(fd, score, sizeof score - 1);
    if (fd >= 0)
        close(fd);
    score[n > 0 ? n : 1] = 0;
    // While it grows it is the one to be killed, not what else runs on the device; later that is the worker.
    put_score("1000");
    uint64_t *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(1);
    uint64_t number = 0x9e3779b97f4a7c15u;
    for (int64_t i = 0; i < bytes / 8; i++) {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        memory[i] = number;
    }
    put_score(score);
    const char word = mlock(memory, (size_t)bytes) == 0 ? LOCKED : FILLED;
    if (write(ready, &word, 1) != 1)
        _exit(1);
    close(ready);
    for (;;)
        pause();
}

static ssize_t read_word(int fd, char *word) {
    ssize_t n;
    do
        n = read(fd, word, 1);
    while (n < 0 && errno == EINTR);
    return n;
}

enum ed_status ed_ballast_start(struct ed_ballast *ballast, int root_fd, int64_t bytes,
                                struct ed_error *err) {
    int ready[2];
    char word = 0, size[32];
    *ballast = (struct ed_ballast){.bytes = bytes};
    enum ed_status status = bytes ? ed_ballast_check(root_fd, bytes, err) : ED_OK;
    if (status != ED_OK || !bytes)
        return status;
    if (pipe2(ready, O_CLOEXEC) != 0)
        return ed_fail_errno(err, ED_ERR_IO, "ballast", "no pipe to the process that holds it: %m");
    const pid_t supervisor = getpid();
    fflush(NULL);
    ballast->pid = fork();
    if (ballast->pid == 0)
        hold(bytes, supervisor, ready[1]);
    close(ready[1]);
    if (ballast->pid < 0) {
        ballast->pid = 0;
        status = ed_fail_errno(err, ED_ERR_IO, "ballast", "no process to hold it: %m");
    } else if (read_word(ready[0], &word) != 1) {
        ed_ballast_stop(ballast);
        ed_units_print_size(size, sizeof size, bytes);
        status =
            ed_fail(err, ED_ERR_LIMIT, "ballast",
                    "%s could not be held: the process that filled them was ended, as by a kernel short of "
                    "memory or the limit of this runner's own cgroup; ask for less",
                    size);
    }
    ballast->locked = word == LOCKED;
    close(ready[0]);
    return status;
}

bool ed_ballast_holds(const struct ed_ballast *ballast) {
    siginfo_t info = {0};
    return !ballast->pid ||
           (waitid(P_PID, (id_t)ballast->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid);
}

void ed_ballast_stop(struct ed_ballast *ballast) {
    if (ballast->pid > 0) {
        kill(ballast->pid, SIGKILL);
        while (waitpid(ballast->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    ballast->pid = 0;
}
