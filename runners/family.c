// SPDX-License-Identifier: Apache-2.0
// Descendants, by the lists that the kernel keeps for each thread.
#include "runners/family.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static size_t add_children(const char *path, int64_t *pids, size_t n, size_t capacity) {
    char text[4096], *at = text, *end;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return n;
    const ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    text[got > 0 ? got : 0] = 0;
    for (; n < capacity; at = end) {
        const long long pid = strtoll(at, &end, 10);
        if (end == at || pid <= 0)
            break;
        pids[n++] = pid;
    }
    return n;
}

size_t ed_family_find(int64_t pid, int64_t *pids, size_t capacity) {
    size_t n = 1;
    pids[0] = pid;
    for (size_t i = 0; i < n && n < capacity; i++) {
        char path[96];
        snprintf(path, sizeof path, "/proc/%lld/task", (long long)pids[i]);
        DIR *tasks = opendir(path);
        for (struct dirent *entry; tasks && (entry = readdir(tasks)) && n < capacity;) {
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "/proc/%lld/task/%.20s/children", (long long)pids[i], entry->d_name);
            n = add_children(path, pids, n, capacity);
        }
        if (tasks)
            closedir(tasks);
    }
    return n;
}
