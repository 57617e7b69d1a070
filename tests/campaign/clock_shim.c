// SPDX-License-Identifier: Apache-2.0
// Clocks of a device that sleeps or whose wall clock is set, preloaded into the program and the runner: the
// file that ED_CLOCK_SHIM names holds two numbers, nanoseconds that the boot clock and the real clock are
// ahead of the kernel's. CLOCK_MONOTONIC stands still while a device sleeps, so it is left alone.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000LL

static long long ahead_ns(clockid_t id) {
    const char *path = getenv("ED_CLOCK_SHIM");
    char text[64];
    long long boot_ns = 0, real_ns = 0;
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    const ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    if (sscanf(text, "%lld %lld", &boot_ns, &real_ns) != 2)
        return 0;
    return id == CLOCK_BOOTTIME ? boot_ns : real_ns;
}

int clock_gettime(clockid_t id, struct timespec *now) {
    if (syscall(SYS_clock_gettime, id, now) != 0)
        return -1;
    if (id == CLOCK_BOOTTIME || id == CLOCK_REALTIME) {
        const long long ns = now->tv_nsec + ahead_ns(id);
        now->tv_sec += ns / SECOND_NS;
        now->tv_nsec = ns % SECOND_NS;
    }
    return 0;
}
