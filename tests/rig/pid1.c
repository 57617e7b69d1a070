// SPDX-License-Identifier: Apache-2.0
// The first process of a device of the rig: enters the device's root, keeps its servers running, and reaps
// what is orphaned. A server that dies is started again after 0.2 s, as a real device's service manager would
// do.
//
//     pid1 ROOT UID [NAME=VALUE...] PROGRAM [ARGUMENT...] [-- UID PROGRAM...]...
//
// SIGUSR1 ends the first server and keeps it down, SIGUSR2 starts it again. What a server started before
// lives on.
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SERVERS_MAX = 4 };

struct server {
    char **words; // UID, then assignments, then the program
    pid_t pid;    // 0: not running
    bool held;    // kept down
};

static pid_t server_start(char **words) {
    const pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    const long uid = strtol(*words++, NULL, 10);
    if (uid > 0 && (setgroups(0, NULL) != 0 || setgid((gid_t)uid) != 0 || setuid((uid_t)uid) != 0)) {
        perror("pid1: setuid");
        _exit(126);
    }
    while (*words != NULL && strchr(*words, '=') != NULL) {
        putenv(*words++);
    }
    if (*words != NULL) {
        execv(words[0], words);
        fprintf(stderr, "pid1: %s: %s\n", words[0], strerror(errno));
    }
    _exit(127);
}

// Fills `servers` from the words after ROOT; how many there are.
static size_t servers_split(struct server servers[SERVERS_MAX], char **words) {
    size_t n = 0;
    bool first = true;
    for (; *words != NULL; words++) {
        if (strcmp(*words, "--") == 0) {
            *words = NULL;
            first = true;
        } else if (first && n < SERVERS_MAX) {
            servers[n++].words = words;
            first = false;
        }
    }
    return n;
}

static void servers_reap(struct server servers[SERVERS_MAX], size_t n) {
    for (;;) {
        const pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid <= 0) {
            return;
        }
        for (size_t i = 0; i < n; i++) {
            if (servers[i].pid == pid) {
                servers[i].pid = 0;
            }
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 4) {
        return 2;
    }
    struct server servers[SERVERS_MAX] = {{NULL, 0, false}};
    const size_t n = servers_split(servers, argv + 2);
    if (chroot(argv[1]) != 0 || chdir("/") != 0) {
        perror(argv[1]);
        return 126;
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    for (size_t i = 0; i < n; i++) {
        servers[i].pid = server_start(servers[i].words);
    }
    for (;;) {
        bool down = false;
        for (size_t i = 0; i < n; i++) {
            down = down || (servers[i].pid == 0 && !servers[i].held);
        }
        const struct timespec restart = {.tv_sec = down ? 0 : 3600, .tv_nsec = down ? 200000000 : 0};
        const int signal = sigtimedwait(&signals, NULL, &restart);
        if (signal == SIGTERM) {
            return 0;
        }
        if (signal == SIGUSR1 && servers[0].pid > 0) {
            kill(servers[0].pid, SIGKILL);
        }
        if (signal == SIGUSR1 || signal == SIGUSR2) {
            servers[0].held = signal == SIGUSR1;
        }
        servers_reap(servers, n);
        for (size_t i = 0; i < n && (signal < 0 || signal == SIGUSR2); i++) {
            if (servers[i].pid == 0 && !servers[i].held) {
                servers[i].pid = server_start(servers[i].words);
            }
        }
    }
}
