// SPDX-License-Identifier: Apache-2.0
// Reading and resetting the worker's own memory figures.
#include "runners/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

void ed_memory_reader_init(struct ed_memory_reader *reader, int64_t own_bytes) {
    reader->status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    reader->reset_fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    reader->own_bytes = own_bytes;
    memset(reader->threads, 0, sizeof reader->threads);
    reader->backend = NULL;
    reader->n_pids = 0;
    reader->elsewhere = false;
}

enum ed_status ed_memory_follow(struct ed_memory_reader *reader, const struct ed_backend *backend,
                                void *state, struct ed_error *err) {
    size_t n = 0;
    const enum ed_status status = backend->processes(state, reader->pids, ED_PROCESSES_MAX, &n, err);
    reader->elsewhere = status == ED_ERR_UNSUPPORTED;
    reader->n_pids = status == ED_OK && n < ED_PROCESSES_MAX ? n : status == ED_OK ? ED_PROCESSES_MAX : 0;
    reader->backend = reader->n_pids ? backend : NULL;
    reader->state = state;
    return status;
}

void ed_memory_reader_release(struct ed_memory_reader *reader) {
    if (reader->status_fd >= 0)
        close(reader->status_fd);
    if (reader->reset_fd >= 0)
        close(reader->reset_fd);
    reader->status_fd = reader->reset_fd = -1;
}

// Value of a line "Key:   123 kB" in bytes, -1 where it is missing.
static int64_t field_bytes(const char *text, const char *key) {
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (!strncmp(line, key, n) && line[n] == ':') {
            char *end;
            long long kib = strtoll(line + n + 1, &end, 10);
            return end == line + n + 1 || kib < 0 ? -1 : (int64_t)kib * 1024;
        }
    }
    return -1;
}

static int64_t less_own(int64_t total, int64_t own) {
    return total < 0 ? -1 : total > own ? total - own : 0;
}

static void add(int64_t *sum, int64_t bytes) {
    *sum = *sum < 0 || bytes < 0 ? -1 : *sum + bytes;
}

// What a process that has ended since it was named had is no longer there to be read; that is left out, but
// where the first one, the engine itself, is gone, there is nothing.
static void mark_others(struct ed_memory_reader *reader, struct ed_mark *mark) {
    size_t n = 0;
    if (reader->backend->processes(reader->state, reader->pids, ED_PROCESSES_MAX, &n, NULL) == ED_OK)
        reader->n_pids = n < ED_PROCESSES_MAX ? n : ED_PROCESSES_MAX;
    mark->peak_bytes = mark->rss_bytes = mark->anon_bytes = mark->file_bytes = mark->shmem_bytes =
        mark->swap_bytes = reader->n_pids ? 0 : -1;
    mark->peak_reset = reader->n_pids > 0;
    for (size_t i = 0; i < reader->n_pids; i++) {
        char path[64], text[4096];
        snprintf(path, sizeof path, "/proc/%lld/status", (long long)reader->pids[i]);
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (fd >= 0)
            close(fd);
        text[got > 0 ? got : 0] = 0;
        if (i > 0 && got <= 0)
            continue;
        add(&mark->peak_bytes, field_bytes(text, "VmHWM"));
        add(&mark->rss_bytes, field_bytes(text, "VmRSS"));
        add(&mark->anon_bytes, field_bytes(text, "RssAnon"));
        add(&mark->file_bytes, field_bytes(text, "RssFile"));
        add(&mark->shmem_bytes, field_bytes(text, "RssShmem"));
        add(&mark->swap_bytes, field_bytes(text, "VmSwap"));
        snprintf(path, sizeof path, "/proc/%lld/clear_refs", (long long)reader->pids[i]);
        const int reset = open(path, O_WRONLY | O_CLOEXEC);
        mark->peak_reset = reset >= 0 && write(reset, "5", 1) == 1 && mark->peak_reset;
        if (reset >= 0)
            close(reset);
    }
    reader->most_pids = reader->n_pids > reader->most_pids ? reader->n_pids : reader->most_pids;
    ed_threads_read(&reader->threads[1], reader->pids, reader->n_pids);
}

void ed_memory_mark(struct ed_memory_reader *reader, struct ed_mark *mark) {
    char text[4096];
    mark->raw_ns = ed_clock_raw_ns();
    mark->monotonic_ns = ed_clock_monotonic_ns();
    mark->boot_ns = ed_clock_read_ns(ED_CLOCK_BOOT);
    mark->set = true;
    if (reader->elsewhere) {
        ed_mark_nothing(mark);
        return;
    }
    if (reader->backend) {
        reader->threads[0] = reader->threads[1];
        mark_others(reader, mark);
        return;
    }
    ssize_t n = reader->status_fd < 0 ? -1 : pread(reader->status_fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    mark->peak_bytes = less_own(field_bytes(text, "VmHWM"), reader->own_bytes);
    mark->rss_bytes = less_own(field_bytes(text, "VmRSS"), reader->own_bytes);
    mark->anon_bytes = field_bytes(text, "RssAnon");
    mark->file_bytes = field_bytes(text, "RssFile");
    mark->shmem_bytes = less_own(field_bytes(text, "RssShmem"), reader->own_bytes);
    mark->swap_bytes = field_bytes(text, "VmSwap");
    // Between the reading and the reset, so that what this allocates is in no phase.
    reader->threads[0] = reader->threads[1];
    ed_threads_read(&reader->threads[1], NULL, 0);
    // Without the reset the next peak would be the highest since the start: the mark says so, and the result
    // is null with a reason.
    mark->peak_reset = reader->reset_fd >= 0 && pwrite(reader->reset_fd, "5", 1, 0) == 1;
}
