// SPDX-License-Identifier: Apache-2.0
// The worker's memory with shared pages counted by their share (Pss), from /proc/PID/smaps_rollup (proc(5)).
// The kernel walks all of the process's pages for it, which takes milliseconds for a gigabyte.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

enum { PSS, SWAP_PSS, N_CHANNELS };

struct process_pss {
    bool open;
    int root_fd, fd;
    bool available[N_CHANNELS];
};

static const char *const keys[N_CHANNELS] = {"Pss", "SwapPss"};

static void process_pss_attach(void *opaque, int64_t pid) {
    struct process_pss *state = opaque;
    char path[64];
    ed_proc_close(&state->fd);
    if (pid <= 0)
        return;
    snprintf(path, sizeof path, "proc/%" PRId64 "/smaps_rollup", pid);
    state->fd = ed_proc_open(state->root_fd, path);
}

static enum ed_status process_pss_detect(void *opaque, const struct ed_probe_args *args,
                                         struct ed_channel *channels, size_t capacity, size_t *n,
                                         struct ed_error *err) {
    (void)err;
    struct process_pss *state = opaque;
    char text[4096], path[64] = "proc/self/smaps_rollup";
    *state = (struct process_pss){.open = true, .root_fd = args->root_fd, .fd = -1};
    if (args->pid > 0)
        snprintf(path, sizeof path, "proc/%" PRId64 "/smaps_rollup", args->pid);
    const ssize_t size = ed_proc_read(args->root_fd, path, text, sizeof text);
    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        int64_t value;
        channels[i] = (struct ed_channel){.quantity = "memory",
                                          .unit = "bytes",
                                          .scope = ED_SCOPE_PROCESS,
                                          .period_ns = 1000000000,
                                          .resolution = 1024};
        snprintf(channels[i].id, sizeof channels[i].id, "process_pss.%s", i == PSS ? "pss" : "swap_pss");
        snprintf(channels[i].source, sizeof channels[i].source, "/proc/PID/smaps_rollup %s", keys[i]);
        if (size < 0)
            ed_channel_missing(&channels[i], "/%s: %s%s", path, strerror((int)-size),
                               size == -ENOENT ? " (needs Linux 4.14)" : "");
        else if (!ed_proc_kib_field(text, keys[i], &value))
            ed_channel_missing(&channels[i], "/%s has no %s that can be read", path, keys[i]);
        else
            ed_channel_found(&channels[i]);
        state->available[i] = channels[i].available;
    }
    process_pss_attach(state, args->pid);
    return ED_OK;
}

static void process_pss_sample(void *opaque, int64_t *values, size_t n) {
    struct process_pss *state = opaque;
    char text[4096];
    int64_t value;
    ed_values_clear(values, n);
    if (state->fd < 0 || ed_proc_pread(state->fd, text, sizeof text) <= 0)
        return;
    for (size_t i = 0; i < n && i < N_CHANNELS; i++)
        if (state->available[i] && ed_proc_kib_field(text, keys[i], &value))
            values[i] = value;
}

static void process_pss_close(void *opaque) {
    struct process_pss *state = opaque;
    if (state->open)
        ed_proc_close(&state->fd);
    state->open = false;
}

const struct ed_probe ed_probe_process_pss = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "process_pss",
    .summary = "memory of the worker with its share of what it shares (costly)",
    .state_bytes = sizeof(struct process_pss),
    .flags = ED_PROBE_COSTLY,
    .files = (const char *const[]){"proc/PID/smaps_rollup", NULL},
    .detect = process_pss_detect,
    .attach = process_pss_attach,
    .sample = process_pss_sample,
    .close = process_pss_close,
};
