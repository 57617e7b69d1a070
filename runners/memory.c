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

void ed_memory_mark(struct ed_memory_reader *reader, struct ed_mark *mark) {
    char text[4096];
    ssize_t n = reader->status_fd < 0 ? -1 : pread(reader->status_fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    mark->raw_ns = ed_clock_raw_ns();
    mark->monotonic_ns = ed_clock_monotonic_ns();
    mark->boot_ns = ed_clock_read_ns(ED_CLOCK_BOOT);
    mark->peak_bytes = less_own(field_bytes(text, "VmHWM"), reader->own_bytes);
    mark->rss_bytes = less_own(field_bytes(text, "VmRSS"), reader->own_bytes);
    mark->anon_bytes = field_bytes(text, "RssAnon");
    mark->file_bytes = field_bytes(text, "RssFile");
    mark->shmem_bytes = less_own(field_bytes(text, "RssShmem"), reader->own_bytes);
    mark->swap_bytes = field_bytes(text, "VmSwap");
    // Between the reading and the reset, so that what this allocates is in no phase.
    reader->threads[0] = reader->threads[1];
    ed_threads_read(&reader->threads[1]);
    // Without the reset the next peak would be the highest since the start: the mark says so, and the result
    // is null with a reason.
    mark->peak_reset = reader->reset_fd >= 0 && pwrite(reader->reset_fd, "5", 1, 0) == 1;
    mark->set = true;
}
