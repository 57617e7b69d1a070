// SPDX-License-Identifier: Apache-2.0
// Memory that the system could still give and the swap that is left, from /proc/meminfo (proc(5)).
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

enum { AVAILABLE, SWAP_FREE, N_CHANNELS };

struct system_memory {
    bool open;
    int fd;
    bool available[N_CHANNELS];
};

static const char *const keys[N_CHANNELS] = {"MemAvailable", "SwapFree"};
static const char *const ids[N_CHANNELS] = {"system_memory.available", "system_memory.swap_free"};

static enum ed_status system_memory_detect(void *opaque, const struct ed_probe_args *args,
                                           struct ed_channel *channels, size_t capacity, size_t *n,
                                           struct ed_error *err) {
    (void)err;
    struct system_memory *state = opaque;
    char text[8192] = "";
    ssize_t size;
    *state = (struct system_memory){.open = true};
    state->fd = ed_proc_open(args->root_fd, "proc/meminfo");
    size = state->fd < 0 ? state->fd : ed_proc_pread(state->fd, text, sizeof text);
    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        int64_t value;
        channels[i] = (struct ed_channel){.quantity = "memory",
                                          .unit = "bytes",
                                          .scope = ED_SCOPE_SYSTEM,
                                          .period_ns = 20000000,
                                          .resolution = 4096};
        snprintf(channels[i].id, sizeof channels[i].id, "%s", ids[i]);
        snprintf(channels[i].source, sizeof channels[i].source, "/proc/meminfo %s", keys[i]);
        if (size < 0)
            ed_channel_missing(&channels[i], "/proc/meminfo: %s", strerror((int)-size));
        else if (ed_proc_kib_field(text, keys[i], &value))
            ed_channel_found(&channels[i]);
        else
            ed_channel_missing(&channels[i], "/proc/meminfo has no %s that can be read", keys[i]);
        state->available[i] = channels[i].available;
    }
    return ED_OK;
}

static void system_memory_sample(void *opaque, int64_t *values, size_t n) {
    struct system_memory *state = opaque;
    char text[8192];
    int64_t value;
    ed_values_clear(values, n);
    if (state->fd < 0 || ed_proc_pread(state->fd, text, sizeof text) <= 0)
        return;
    for (size_t i = 0; i < n && i < N_CHANNELS; i++)
        if (state->available[i] && ed_proc_kib_field(text, keys[i], &value))
            values[i] = value;
}

static void system_memory_close(void *opaque) {
    struct system_memory *state = opaque;
    if (state->open)
        ed_proc_close(&state->fd);
    state->open = false;
}

const struct ed_probe ed_probe_system_memory = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "system_memory",
    .summary = "memory that the system could still give, and free swap",
    .state_bytes = sizeof(struct system_memory),
    .files = (const char *const[]){"proc/meminfo", NULL},
    .detect = system_memory_detect,
    .attach = ed_probe_no_attach,
    .sample = system_memory_sample,
    .close = system_memory_close,
};
