// SPDX-License-Identifier: Apache-2.0
// Reading the kernel's out-of-memory counters.
#include "runners/oom.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_text(int root_fd, const char *path, char *text, size_t bytes) {
    int fd = openat(root_fd, path[0] == '/' ? path + 1 : path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t used = 0;
    ssize_t n;
    while (used + 1 < bytes && (n = read(fd, text + used, bytes - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = 0;
    close(fd);
    return used > 0;
}

// The line "oom_kill N" of a file; -1 where it is missing.
static int64_t count_in(int root_fd, const char *path) {
    static const char key[] = "oom_kill ";
    char text[16384];
    if (!read_text(root_fd, path, text, sizeof text))
        return -1;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, sizeof key - 1))
            return strtoll(line + sizeof key - 1, NULL, 10);
    }
    return -1;
}

// Our own cgroup's file below `mount`; in a container the path may be the host's, so the mount's root is
// tried, too.
static int64_t cgroup_count(int root_fd, const char *mount, const char *group, const char *file, bool *own) {
    char path[1024];
    int64_t count = -1;
    if (snprintf(path, sizeof path, "%s%s/%s", mount, group, file) < (int)sizeof path)
        count = count_in(root_fd, path);
    *own = count >= 0;
    if (count < 0 && snprintf(path, sizeof path, "%s/%s", mount, file) < (int)sizeof path)
        count = count_in(root_fd, path);
    return count;
}

// Does a comma list of version 1 controllers hold "memory"?
static bool holds_memory(const char *controllers, size_t n) {
    static const char word[] = "memory";
    for (const char *at = controllers; at < controllers + n;) {
        size_t length = strcspn(at, ",:");
        if (length == sizeof word - 1 && !strncmp(at, word, length))
            return true;
        at += length + 1;
    }
    return false;
}

struct ed_oom_counts ed_oom_read(int root_fd) {
    struct ed_oom_counts counts = {-1, count_in(root_fd, "proc/vmstat"), false};
    char text[4096];
    if (!read_text(root_fd, "proc/self/cgroup", text, sizeof text))
        return counts;
    // Lines are "ID:CONTROLLERS:/PATH"; version 2 has an empty list of controllers.
    for (char *line = text, *end; line && *line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = 0;
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        size_t n = (size_t)(path - controllers - 1);
        const char *group = strcmp(path + 1, "/") ? path + 1 : "";
        int64_t count = -1;
        bool own = false;
        if (n == 0) {
            count = cgroup_count(root_fd, "sys/fs/cgroup", group, "memory.events", &own);
            if (count < 0)
                count = cgroup_count(root_fd, "sys/fs/cgroup/unified", group, "memory.events", &own);
        } else if (holds_memory(controllers + 1, n)) {
            count = cgroup_count(root_fd, "sys/fs/cgroup/memory", group, "memory.oom_control", &own);
        }
        if (count >= 0) {
            counts.cgroup = count;
            counts.own = own;
        }
    }
    return counts;
}

enum ed_oom_verdict ed_oom_judge(struct ed_oom_counts before, struct ed_oom_counts after) {
    if (before.cgroup >= 0 && after.cgroup > before.cgroup)
        return ED_OOM_CERTAIN;
    if (before.own && after.own && before.cgroup >= 0 && after.cgroup >= 0)
        return ED_OOM_NO;
    if (before.system >= 0 && after.system > before.system)
        return ED_OOM_PROBABLE;
    return ED_OOM_NO;
}
