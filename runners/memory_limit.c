// SPDX-License-Identifier: Apache-2.0
// Holding a worker to a limit of memory.
#include "runners/memory_limit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "runners/family.h"

// The number behind `key` at the beginning of a line; -1 where it is missing.
static int64_t number_of(const char *text, const char *key) {
    const size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, n)) {
            char *end;
            const long long value = strtoll(line + n, &end, 10);
            return end == line + n || value < 0 || value > INT64_MAX / 1024 ? -1 : (int64_t)value;
        }
    }
    return -1;
}

// What the system has written to swap since it started, in bytes.
static int64_t swapped_out(int root_fd) {
    char text[16384];
    const int fd = openat(root_fd, "proc/vmstat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    const int64_t pages = number_of(text, "pswpout ");
    return pages < 0 ? -1 : pages * sysconf(_SC_PAGESIZE);
}

void ed_memory_limit_begin(struct ed_memory_limit *limit, int64_t limit_bytes, int root_fd,
                           const char *work) {
    const char *way = getenv(ED_MEMORY_LIMIT_VARIABLE);
    *limit = (struct ed_memory_limit){
        .limit_bytes = limit_bytes, .group = {.procs_fd = -1}, .counts = {-1, -1}, .root_fd = root_fd};
    if (!limit_bytes)
        return;
    limit->period_ns = ED_MEMORY_LIMIT_PERIOD_NS;
    limit->swapped_out_before = swapped_out(root_fd);
    limit->swapped_out_bytes = -1;
    if (way && !strcmp(way, "sampled"))
        snprintf(limit->reason, sizeof limit->reason, "asked for by " ED_MEMORY_LIMIT_VARIABLE);
    else if (ed_memory_group_make(&limit->group, root_fd, work, limit_bytes, limit->reason,
                                  sizeof limit->reason))
        limit->period_ns = ED_MEMORY_LIMIT_GROUP_PERIOD_NS;
    if (limit->group.version)
        limit->reason[0] = 0;
}

void ed_memory_limit_watch(struct ed_memory_limit *limit, int64_t pid, bool family) {
    if (!limit->limit_bytes)
        return;
    limit->pids[0] = pid;
    limit->n_pids = limit->most_pids = 1;
    limit->family = family;
    limit->family_ns = 0;
}

// -1 where the process is gone.
static int64_t read_process(int64_t pid, int64_t *swap_bytes) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    const int64_t anon_kib = number_of(text, "RssAnon:"), swap_kib = number_of(text, "VmSwap:");
    *swap_bytes += anon_kib < 0 || swap_kib < 0 ? 0 : swap_kib * 1024;
    return anon_kib < 0 ? -1 : anon_kib * 1024;
}

static void take(struct ed_memory_limit *limit, int64_t anon_bytes, int64_t swap_bytes) {
    if (anon_bytes < 0)
        return;
    const int64_t swap = swap_bytes > 0 ? swap_bytes : 0;
    limit->readings++;
    if (anon_bytes + swap > limit->peak_bytes)
        limit->peak_bytes = anon_bytes + swap;
    if (swap > limit->swap_bytes)
        limit->swap_bytes = swap;
    // A cgroup counts more than this, and decides by itself.
    if (!limit->group.version && anon_bytes + swap > limit->limit_bytes)
        limit->over = true;
}

int64_t ed_memory_limit_step(struct ed_memory_limit *limit, int64_t now_ns, bool begun) {
    int64_t anon_bytes = -1, swap_bytes = 0;
    if (!limit->n_pids)
        return INT64_MAX;
    if (now_ns < limit->next_ns)
        return limit->next_ns;
    limit->next_ns = now_ns + limit->period_ns;
    if (!begun)
        return limit->next_ns;
    for (size_t i = 0; i < limit->n_pids; i++) {
        const int64_t one_bytes = read_process(limit->pids[i], &swap_bytes);
        if (one_bytes >= 0)
            anon_bytes = (anon_bytes < 0 ? 0 : anon_bytes) + one_bytes;
    }
    // Behind the reading: a process that has just been made may for a moment be its parent once more.
    if (limit->family && now_ns - limit->family_ns >= ED_MEMORY_LIMIT_FAMILY_NS) {
        limit->n_pids = ed_family_find(limit->pids[0], limit->pids, ED_MEMORY_LIMIT_PROCESSES_MAX);
        limit->most_pids = limit->n_pids > limit->most_pids ? limit->n_pids : limit->most_pids;
        limit->family_ns = now_ns;
    }
    if (anon_bytes < 0)
        return limit->next_ns;
    if (limit->last_ns && now_ns - limit->last_ns > limit->gap_ns)
        limit->gap_ns = now_ns - limit->last_ns;
    limit->last_ns = now_ns;
    take(limit, anon_bytes, swap_bytes);
    return limit->next_ns;
}

void ed_memory_limit_end(struct ed_memory_limit *limit, const struct ed_mapping *mapping, const char *work) {
    if (!limit->limit_bytes)
        return;
    limit->n_pids = 0;
    // The worker's own readings are a few more.
    for (size_t i = 0; mapping && i < ED_MARK_COUNT; i++)
        if (mapping->marks[i].set)
            take(limit, mapping->marks[i].anon_bytes, mapping->marks[i].swap_bytes);
    const int64_t after = swapped_out(limit->root_fd);
    if (limit->swapped_out_before >= 0 && after >= limit->swapped_out_before)
        limit->swapped_out_bytes = after - limit->swapped_out_before;
    if (!limit->group.version)
        return;
    limit->counts = ed_memory_group_read(&limit->group, limit->root_fd);
    const struct ed_memory_group was = limit->group;
    if (!ed_memory_group_remove(&limit->group, limit->root_fd, work))
        dprintf(STDERR_FILENO, "edgedyno-runner: /%s: cannot be removed now; the next start tries again\n",
                was.path);
    limit->group.version = was.version;
    limit->group.swap_excluded = was.swap_excluded;
}

bool ed_memory_limit_exceeded(const struct ed_memory_limit *limit, int signal, char *message, size_t bytes) {
    char size[32], peak[32], beyond[32], processes[32] = "";
    if (!limit->limit_bytes)
        return false;
    ed_units_print_size(size, sizeof size, limit->limit_bytes);
    if (limit->group.version) {
        // Before Linux 4.13 a group counts no kills, only its peak.
        const bool killed =
            limit->counts.kills > 0 || (limit->counts.kills < 0 && signal == SIGKILL &&
                                        limit->counts.peak_bytes >= limit->limit_bytes - 65536);
        if (killed)
            snprintf(message, bytes,
                     "over its memory limit of %s: the kernel killed it (memory cgroup of version %d)", size,
                     limit->group.version);
        return killed;
    }
    if (!limit->over)
        return false;
    ed_units_print_size(peak, sizeof peak, limit->peak_bytes);
    ed_units_print_size(beyond, sizeof beyond, limit->peak_bytes - limit->limit_bytes);
    if (limit->most_pids > 1)
        snprintf(processes, sizeof processes, " of %zu processes", limit->most_pids);
    snprintf(message, bytes,
             "over its memory limit of %s by %s when that was seen, and killed: %s of anonymous memory plus "
             "swap%s "
             "(sampled every %lld ms, the longest gap %lld ms)",
             size, beyond, peak, processes, (long long)(limit->period_ns / 1000000),
             (long long)(limit->gap_ns / 1000000));
    return true;
}

void ed_memory_limit_write(const struct ed_memory_limit *limit, struct ed_json_writer *writer) {
    if (!limit->limit_bytes)
        return;
    ed_json_object_begin(writer, "memory_limit");
    ed_json_int(writer, "bytes", limit->limit_bytes);
    ed_json_text(writer, "method",
                 limit->group.version == 1   ? "cgroup v1"
                 : limit->group.version == 2 ? "cgroup v2"
                                             : "sampled");
    if (limit->group.version)
        ed_json_bool(writer, "swap_excluded", limit->group.swap_excluded);
    if (limit->reason[0])
        ed_json_text(writer, "reason", limit->reason);
    ed_json_int(writer, "period_ns", limit->period_ns);
    ed_json_int(writer, "gap_ns", limit->gap_ns);
    ed_json_int(writer, "readings", limit->readings);
    if (limit->readings)
        ed_json_int(writer, "anon_swap_peak_bytes", limit->peak_bytes);
    if (limit->family)
        ed_json_uint(writer, "processes", limit->most_pids);
    if (limit->over)
        ed_json_int(writer, "overshoot_bytes", limit->peak_bytes - limit->limit_bytes);
    if (limit->counts.peak_bytes >= 0)
        ed_json_int(writer, "group_peak_bytes", limit->counts.peak_bytes);
    ed_json_int(writer, "swap_bytes", limit->swap_bytes);
    if (limit->swapped_out_bytes >= 0)
        ed_json_int(writer, "system_swapped_out_bytes", limit->swapped_out_bytes);
    ed_json_object_end(writer);
}
