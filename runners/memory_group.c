// SPDX-License-Identifier: Apache-2.0
// Memory cgroups of both versions.
#include "runners/memory_group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"

#define REMOVE_WAIT_NS INT64_C(2000000000)
#define REMOVE_STEP_NS INT64_C(2000000)
#define MOUNT "sys/fs/cgroup"

static bool read_text(int root_fd, const char *directory, const char *name, char *text, size_t bytes) {
    char path[ED_MEMORY_GROUP_PATH_BYTES + 64];
    if (snprintf(path, sizeof path, "%s%s%s", directory, name[0] ? "/" : "", name) >= (int)sizeof path)
        return false;
    const int fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
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

static bool put(int root_fd, const char *directory, const char *name, const char *text) {
    char path[ED_MEMORY_GROUP_PATH_BYTES + 64];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return false;
    const int fd = openat(root_fd, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    const int kept = errno;
    close(fd);
    errno = kept;
    return written;
}

// -1 where the file is missing or holds no number.
static int64_t number_in(int root_fd, const char *directory, const char *name) {
    char text[64], *end;
    if (!read_text(root_fd, directory, name, text, sizeof text))
        return -1;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    return end == text || errno || value < 0 ? -1 : (int64_t)value;
}

// The number behind `key` at the beginning of a line; -1 where there is none.
static int64_t number_of_key(int root_fd, const char *directory, const char *name, const char *key) {
    char text[4096];
    const size_t n = strlen(key);
    if (!read_text(root_fd, directory, name, text, sizeof text))
        return -1;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, n) && line[n] == ' ')
            return strtoll(line + n + 1, NULL, 10);
    }
    return -1;
}

// Is `word` one of a list's, whose words are parted by commas or white space?
static bool has_word(const char *list, size_t n, const char *word) {
    for (const char *at = list; at < list + n;) {
        const size_t length = strcspn(at, ", \n:");
        if (length == strlen(word) && !strncmp(at, word, length))
            return true;
        at += length + 1;
    }
    return false;
}

// The group works as a limit only if the kernel says the very number, down to a page of up to 64 KiB.
static bool is_set(int root_fd, const char *path, const char *name, int64_t limit_bytes) {
    const int64_t found = number_in(root_fd, path, name);
    return found > 0 && found <= limit_bytes && found > limit_bytes - 65536;
}

static bool limit_v1(struct ed_memory_group *group, int root_fd, int64_t limit_bytes) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)limit_bytes);
    if (!put(root_fd, group->path, "memory.limit_in_bytes", text) ||
        !is_set(root_fd, group->path, "memory.limit_in_bytes", limit_bytes))
        return false;
    put(root_fd, group->path, "memory.swappiness", "0");
    group->swap_excluded = put(root_fd, group->path, "memory.memsw.limit_in_bytes", text) &&
                           is_set(root_fd, group->path, "memory.memsw.limit_in_bytes", limit_bytes);
    return true;
}

static bool limit_v2(struct ed_memory_group *group, int root_fd, int64_t limit_bytes) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)limit_bytes);
    if (!put(root_fd, group->path, "memory.max", text) ||
        !is_set(root_fd, group->path, "memory.max", limit_bytes))
        return false;
    put(root_fd, group->path, "memory.oom.group", "1");
    group->swap_excluded = put(root_fd, group->path, "memory.swap.max", "0") &&
                           number_in(root_fd, group->path, "memory.swap.max") == 0;
    return true;
}

static bool note(const struct ed_memory_group *group, const char *work) {
    char path[ED_PATH_BYTES];
    return ed_path_join(path, work, ED_MEMORY_GROUP_NOTE, NULL) == ED_OK &&
           ed_path_write_unsynced(path, group->path, strlen(group->path), 0600, NULL) == ED_OK;
}

static void forget_note(const char *work) {
    char path[ED_PATH_BYTES];
    if (ed_path_join(path, work, ED_MEMORY_GROUP_NOTE, NULL) == ED_OK)
        unlink(path);
}

// Below `parent`. The reason of the last try is what is told.
static bool make_below(struct ed_memory_group *group, int version, int root_fd, const char *parent,
                       const char *work, int64_t limit_bytes, char *reason, size_t bytes) {
    char text[4096];
    *group = (struct ed_memory_group){.procs_fd = -1};
    if (version == 2 && (!read_text(root_fd, parent, "cgroup.subtree_control", text, sizeof text) ||
                         !has_word(text, strlen(text), "memory"))) {
        snprintf(reason, bytes, "cgroup v2 hands no memory controller down in /%.120s", parent);
        return false;
    }
    const int length =
        snprintf(group->path, sizeof group->path, "%s/" ED_MEMORY_GROUP_PREFIX "%d", parent, (int)getpid());
    if (length >= (int)sizeof group->path || !note(group, work)) {
        snprintf(reason, bytes, "the group's path cannot be noted in the work directory");
        return false;
    }
    // An earlier block's that could not be removed then has its counts, and is of no use.
    unlinkat(root_fd, group->path, AT_REMOVEDIR);
    if (mkdirat(root_fd, group->path, 0755) != 0) {
        snprintf(reason, bytes, "no cgroup can be made in /%.120s: %s", parent, strerror(errno));
        if (errno != EEXIST)
            forget_note(work);
        return false;
    }
    group->version = version;
    const bool limited =
        version == 1 ? limit_v1(group, root_fd, limit_bytes) : limit_v2(group, root_fd, limit_bytes);
    const int failed = errno;
    char procs[ED_MEMORY_GROUP_PATH_BYTES + 16];
    snprintf(procs, sizeof procs, "%s/cgroup.procs", group->path);
    if (limited)
        group->procs_fd = openat(root_fd, procs, O_WRONLY | O_CLOEXEC);
    if (group->procs_fd >= 0)
        return true;
    snprintf(reason, bytes, "the cgroup in /%.120s takes no %s: %s", parent, limited ? "process" : "limit",
             strerror(limited ? errno : failed));
    ed_memory_group_remove(group, root_fd, work);
    return false;
}

// The runner's own group by a hierarchy, then what else may hold one: in a container the path may be the
// host's, and in version 2 a group with processes in it hands nothing down, but the one above does.
static bool make_in(struct ed_memory_group *group, int version, int root_fd, const char *mount,
                    const char *own, const char *work, int64_t limit_bytes, char *reason, size_t bytes) {
    char parent[ED_MEMORY_GROUP_PATH_BYTES];
    if (snprintf(parent, sizeof parent, "%s%s", mount, strcmp(own, "/") ? own : "") >= (int)sizeof parent)
        return false;
    if (strstr(parent, "/.."))
        snprintf(parent, sizeof parent, "%s", mount);
    if (make_below(group, version, root_fd, parent, work, limit_bytes, reason, bytes))
        return true;
    if (version == 2 && strlen(parent) > strlen(mount)) {
        char above[ED_MEMORY_GROUP_PATH_BYTES];
        snprintf(above, sizeof above, "%s", parent);
        *strrchr(above, '/') = 0;
        if (make_below(group, version, root_fd, above, work, limit_bytes, reason, bytes))
            return true;
    }
    return faccessat(root_fd, parent, F_OK, 0) != 0 &&
           make_below(group, version, root_fd, mount, work, limit_bytes, reason, bytes);
}

bool ed_memory_group_make(struct ed_memory_group *group, int root_fd, const char *work, int64_t limit_bytes,
                          char *reason, size_t bytes) {
    char text[8192];
    *group = (struct ed_memory_group){.procs_fd = -1};
    snprintf(reason, bytes, "this system has no memory cgroup");
    if (!read_text(root_fd, "proc/self/cgroup", "", text, sizeof text))
        return false;
    // Lines are "ID:CONTROLLERS:/PATH"; version 2 has an empty list of controllers.
    for (char *line = text, *end; line && *line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = 0;
        char *controllers = strchr(line, ':');
        char *own = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!own)
            continue;
        const size_t n = (size_t)(own - controllers - 1);
        own++;
        if (n == 0 && (make_in(group, 2, root_fd, MOUNT, own, work, limit_bytes, reason, bytes) ||
                       (faccessat(root_fd, MOUNT "/unified", F_OK, 0) == 0 &&
                        make_in(group, 2, root_fd, MOUNT "/unified", own, work, limit_bytes, reason, bytes))))
            return true;
        if (n && has_word(controllers + 1, n, "memory"))
            return make_in(group, 1, root_fd, MOUNT "/memory", own, work, limit_bytes, reason, bytes);
    }
    return false;
}

int ed_memory_group_enter(const struct ed_memory_group *group) {
    return group->version == 0 || write(group->procs_fd, "0", 1) == 1 ? 0 : errno;
}

struct ed_memory_group_counts ed_memory_group_read(const struct ed_memory_group *group, int root_fd) {
    struct ed_memory_group_counts counts = {-1, -1};
    if (group->version == 1) {
        counts.kills = number_of_key(root_fd, group->path, "memory.oom_control", "oom_kill");
        counts.peak_bytes = number_in(root_fd, group->path, "memory.max_usage_in_bytes");
    } else if (group->version == 2) {
        counts.kills = number_of_key(root_fd, group->path, "memory.events", "oom_kill");
        counts.peak_bytes = number_in(root_fd, group->path, "memory.peak");
    }
    return counts;
}

// A process that was killed leaves its group a moment later.
static bool remove_path(int root_fd, const char *path) {
    const int64_t deadline_ns = ed_clock_monotonic_ns() + REMOVE_WAIT_NS;
    while (unlinkat(root_fd, path, AT_REMOVEDIR) != 0) {
        if (errno == ENOENT)
            return true;
        if (errno != EBUSY || ed_clock_monotonic_ns() >= deadline_ns)
            return false;
        ed_clock_sleep_until(ed_clock_monotonic_ns() + REMOVE_STEP_NS, NULL);
    }
    return true;
}

bool ed_memory_group_remove(struct ed_memory_group *group, int root_fd, const char *work) {
    bool gone = true;
    if (group->procs_fd >= 0)
        close(group->procs_fd);
    if (group->version) {
        gone = remove_path(root_fd, group->path);
        if (gone)
            forget_note(work);
    }
    *group = (struct ed_memory_group){.procs_fd = -1};
    return gone;
}

// The note is a file that somebody could have damaged: nothing but an empty cgroup with our name is removed.
static bool is_ours(const char *path) {
    const char *name = strrchr(path, '/');
    return !strncmp(path, MOUNT "/", sizeof MOUNT) && !strstr(path, "..") && name &&
           !strncmp(name + 1, ED_MEMORY_GROUP_PREFIX, sizeof ED_MEMORY_GROUP_PREFIX - 1);
}

void ed_memory_group_sweep(int root_fd, const char *work) {
    char file[ED_PATH_BYTES];
    struct ed_buffer text;
    if (ed_path_join(file, work, ED_MEMORY_GROUP_NOTE, NULL) != ED_OK || !ed_path_exists(file))
        return;
    ed_buffer_init(&text, ED_MEMORY_GROUP_PATH_BYTES);
    if (ed_path_read(file, ED_MEMORY_GROUP_PATH_BYTES - 1, &text, NULL) == ED_OK && text.size &&
        !memchr(text.data, 0, text.size)) {
        const char *path = ed_buffer_text(&text);
        if (!is_ours(path) || remove_path(root_fd, path))
            unlink(file);
        else
            dprintf(STDERR_FILENO, "edgedyno-runner: /%s: left by an earlier job, cannot be removed: %s\n",
                    path, strerror(errno));
    }
    ed_buffer_release(&text);
}
