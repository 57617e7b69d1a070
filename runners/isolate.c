// SPDX-License-Identifier: Apache-2.0
// Network namespaces.
#include "runners/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int put(const char *path, const char *text, size_t n) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    const int failed = write(fd, text, n) == (ssize_t)n ? 0 : errno;
    close(fd);
    return failed;
}

// The same numbers inside as outside, so that files and ourselves look as before.
static int map_same(const char *path, unsigned id) {
    char text[64];
    int n = snprintf(text, sizeof text, "%u %u 1\n", id, id);
    return put(path, text, (size_t)n);
}

// Some engines talk to helpers of their own over 127.0.0.1. Without it they are isolated all the same.
static void loopback_up(void) {
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags |= IFF_UP;
        ioctl(fd, SIOCSIFFLAGS, &request);
    }
    close(fd);
}

int ed_isolate(enum ed_isolation isolation) {
    const unsigned uid = geteuid(), gid = getegid();
    int failed = 0;
    if (isolation == ED_ISOLATION_NONE)
        return 0;
    if (unshare(isolation == ED_ISOLATION_NET ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return errno;
    if (isolation == ED_ISOLATION_USER_NET) {
        put("/proc/self/setgroups", "deny", 4);
        failed = map_same("/proc/self/uid_map", uid);
        if (!failed)
            failed = map_same("/proc/self/gid_map", gid);
    }
    if (!failed)
        loopback_up();
    return failed;
}

static int try_it(enum ed_isolation isolation) {
    int status = 0;
    pid_t pid = fork();
    if (pid < 0)
        return errno;
    if (pid == 0)
        _exit(ed_isolate(isolation) & 0xff);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

enum ed_isolation ed_isolation_find(char *reason, size_t bytes) {
    reason[0] = 0;
    if (try_it(ED_ISOLATION_NET) == 0)
        return ED_ISOLATION_NET;
    const int failed = try_it(ED_ISOLATION_USER_NET);
    if (failed == 0)
        return ED_ISOLATION_USER_NET;
    snprintf(reason, bytes, "no network namespace can be made on this device: %s", strerror(failed));
    return ED_ISOLATION_NONE;
}
