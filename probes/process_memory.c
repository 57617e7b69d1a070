// SPDX-License-Identifier: Apache-2.0
// Memory of the worker by kind, and its page faults that went to disk, from /proc/PID/status and
// /proc/PID/stat (proc(5)). The descriptors are kept, so a reading can never be of another process that got
// the same number.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

enum { ANON, FILE_PAGES, SWAP, MAJOR_FAULTS, N_CHANNELS };

struct process_memory {
    bool open;
    int root_fd, status_fd, stat_fd;
    bool available[N_CHANNELS];
};

static const char *const keys[] = {[ANON] = "RssAnon", [FILE_PAGES] = "RssFile", [SWAP] = "VmSwap"};

static const struct ed_channel channels_known[N_CHANNELS] = {
    [ANON] = {.id = "process_memory.anon",
              .quantity = "memory",
              .unit = "bytes",
              .source = "/proc/PID/status RssAnon"},
    [FILE_PAGES] = {.id = "process_memory.file",
                    .quantity = "memory",
                    .unit = "bytes",
                    .source = "/proc/PID/status RssFile"},
    [SWAP] = {.id = "process_memory.swap",
              .quantity = "memory",
              .unit = "bytes",
              .source = "/proc/PID/status VmSwap"},
    [MAJOR_FAULTS] = {.id = "process_memory.major_faults",
                      .quantity = "page_faults",
                      .unit = "count",
                      .kind = ED_CHANNEL_COUNTER,
                      .source = "/proc/PID/stat majflt"},
};

static void process_memory_attach(void *opaque, int64_t pid) {
    struct process_memory *state = opaque;
    char path[64];
    ed_proc_close(&state->status_fd);
    ed_proc_close(&state->stat_fd);
    if (pid <= 0)
        return;
    snprintf(path, sizeof path, "proc/%" PRId64 "/status", pid);
    state->status_fd = ed_proc_open(state->root_fd, path);
    snprintf(path, sizeof path, "proc/%" PRId64 "/stat", pid);
    state->stat_fd = ed_proc_open(state->root_fd, path);
}

static enum ed_status process_memory_detect(void *opaque, const struct ed_probe_args *args,
                                            struct ed_channel *channels, size_t capacity, size_t *n,
                                            struct ed_error *err) {
    (void)err;
    struct process_memory *state = opaque;
    char status[8192], stat[2048], folder[40] = "proc/self", path[64];
    *state = (struct process_memory){.open = true, .root_fd = args->root_fd, .status_fd = -1, .stat_fd = -1};
    // Before the worker exists, our own files tell what this kernel shows.
    if (args->pid > 0)
        snprintf(folder, sizeof folder, "proc/%" PRId64, args->pid);
    snprintf(path, sizeof path, "%s/status", folder);
    ssize_t status_size = ed_proc_read(args->root_fd, path, status, sizeof status);
    snprintf(path, sizeof path, "%s/stat", folder);
    ssize_t stat_size = ed_proc_read(args->root_fd, path, stat, sizeof stat);

    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        int64_t value;
        ssize_t size = i == MAJOR_FAULTS ? stat_size : status_size;
        channels[i] = channels_known[i];
        channels[i].scope = ED_SCOPE_PROCESS;
        channels[i].period_ns = 10000000;
        // A thread may keep up to 64 pages that are not yet in the process's sum.
        channels[i].resolution = i == MAJOR_FAULTS ? 1 : 64 * sysconf(_SC_PAGESIZE);
        if (size < 0)
            ed_channel_missing(&channels[i], "/%s/%s: %s", folder, i == MAJOR_FAULTS ? "stat" : "status",
                               strerror((int)-size));
        else if (i == MAJOR_FAULTS ? ed_proc_stat_field(stat, ED_STAT_MAJOR_FAULTS, &value)
                                   : ed_proc_kib_field(status, keys[i], &value))
            ed_channel_found(&channels[i]);
        else
            ed_channel_missing(
                &channels[i], "/%s/%s has no %s that can be read (RssAnon and RssFile need Linux 4.5)",
                folder, i == MAJOR_FAULTS ? "stat" : "status", i == MAJOR_FAULTS ? "majflt" : keys[i]);
        state->available[i] = channels[i].available;
    }
    process_memory_attach(state, args->pid);
    return ED_OK;
}

static void process_memory_sample(void *opaque, int64_t *values, size_t n) {
    struct process_memory *state = opaque;
    char text[8192];
    int64_t value;
    ed_values_clear(values, n);
    if (state->status_fd >= 0 && ed_proc_pread(state->status_fd, text, sizeof text) > 0)
        for (size_t i = 0; i < MAJOR_FAULTS && i < n; i++)
            if (state->available[i] && ed_proc_kib_field(text, keys[i], &value))
                values[i] = value;
    if (n > MAJOR_FAULTS && state->available[MAJOR_FAULTS] && state->stat_fd >= 0 &&
        ed_proc_pread(state->stat_fd, text, sizeof text) > 0 &&
        ed_proc_stat_field(text, ED_STAT_MAJOR_FAULTS, &value))
        values[MAJOR_FAULTS] = value;
}

static void process_memory_close(void *opaque) {
    struct process_memory *state = opaque;
    if (state->open) {
        ed_proc_close(&state->status_fd);
        ed_proc_close(&state->stat_fd);
    }
    state->open = false;
}

const struct ed_probe ed_probe_process_memory = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "process_memory",
    .summary = "memory of the worker by kind (anonymous, file, swap) and its major page faults",
    .state_bytes = sizeof(struct process_memory),
    .files = (const char *const[]){"proc/PID/status", "proc/PID/stat", NULL},
    .detect = process_memory_detect,
    .attach = process_memory_attach,
    .sample = process_memory_sample,
    .close = process_memory_close,
};
