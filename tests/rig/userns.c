// SPDX-License-Identifier: Apache-2.0
// Runs a program as root of a user namespace that has all of this machine's ids. A user namespace has a
// binfmt_misc of its own since Linux 6.7, so that programs of another processor run there and nowhere else.
// Needs root.
//
//     userns PROGRAM [ARGUMENT...]
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int map_write(pid_t pid, const char *what) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    const char *all = "0 0 65536\n";
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const int failed = fd < 0 || write(fd, all, strlen(all)) != (ssize_t)strlen(all);
    if (failed) {
        perror(path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return failed;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        return 2;
    }
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) {
        return 1;
    }
    // The maps are written by a process that is still outside.
    const pid_t outside = fork();
    if (outside == 0) {
        char byte;
        close(ready[1]);
        const pid_t inside = getppid();
        if (read(ready[0], &byte, 1) != 1) {
            _exit(1);
        }
        _exit(map_write(inside, "uid_map") != 0 || map_write(inside, "gid_map") != 0);
    }
    int status = 0;
    if (outside < 0 || unshare(CLONE_NEWUSER) != 0 || write(ready[1], "x", 1) != 1 ||
        waitpid(outside, &status, 0) != outside || status != 0) {
        fprintf(stderr, "userns: no user namespace: %s\n", strerror(errno));
        return 1;
    }
    if (setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) {
        perror("userns: setresuid");
        return 1;
    }
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
