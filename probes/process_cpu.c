// SPDX-License-Identifier: Apache-2.0
// Processor time and threads of the worker from /proc/PID/stat (proc(5)): user and system time of all its
// threads, those that ended included, its children not. The kernel shows it in ticks, usually of 10 ms.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

enum { TIME, THREADS, N_CHANNELS };

struct process_cpu {
    bool open;
    int root_fd, stat_fd;
    bool available[N_CHANNELS];
};

static const struct ed_channel channels_known[N_CHANNELS] = {
    [TIME] = {.id = "process_cpu.time",
              .quantity = "cpu_time",
              .unit = "ns",
              .kind = ED_CHANNEL_COUNTER,
              .source = "/proc/PID/stat utime + stime"},
    [THREADS] = {.id = "process_cpu.threads",
                 .quantity = "threads",
                 .unit = "count",
                 .resolution = 1,
                 .source = "/proc/PID/stat num_threads"},
};

static void process_cpu_read(const char *text, int64_t values[N_CHANNELS]) {
    int64_t user, system, threads;
    ed_values_clear(values, N_CHANNELS);
    if (ed_proc_stat_field(text, ED_STAT_USER_TIME, &user) &&
        ed_proc_stat_field(text, ED_STAT_SYSTEM_TIME, &system) &&
        !__builtin_add_overflow(user, system, &user))
        values[TIME] = ed_ticks_to_ns(user);
    if (ed_proc_stat_field(text, ED_STAT_THREADS, &threads) && threads >= 0)
        values[THREADS] = threads;
}

static void process_cpu_attach(void *opaque, int64_t pid) {
    struct process_cpu *state = opaque;
    char path[64];
    ed_proc_close(&state->stat_fd);
    if (pid <= 0)
        return;
    snprintf(path, sizeof path, "proc/%" PRId64 "/stat", pid);
    state->stat_fd = ed_proc_open(state->root_fd, path);
}

static enum ed_status process_cpu_detect(void *opaque, const struct ed_probe_args *args,
                                         struct ed_channel *channels, size_t capacity, size_t *n,
                                         struct ed_error *err) {
    (void)err;
    struct process_cpu *state = opaque;
    char text[2048], path[64] = "proc/self/stat";
    int64_t now[N_CHANNELS];
    *state = (struct process_cpu){.open = true, .root_fd = args->root_fd, .stat_fd = -1};
    if (args->pid > 0)
        snprintf(path, sizeof path, "proc/%" PRId64 "/stat", args->pid);
    ssize_t size = ed_proc_read(args->root_fd, path, text, sizeof text);
    process_cpu_read(text, now);

    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        channels[i] = channels_known[i];
        channels[i].scope = ED_SCOPE_PROCESS;
        channels[i].period_ns = 10 * ed_tick_ns();
        if (i == TIME)
            channels[i].resolution = ed_tick_ns();
        if (size < 0)
            ed_channel_missing(&channels[i], "/%s: %s", path, strerror((int)-size));
        else if (now[i] == ED_NO_VALUE)
            ed_channel_missing(&channels[i], "/%s is empty or not of the form that proc(5) describes", path);
        else
            ed_channel_found(&channels[i]);
        state->available[i] = channels[i].available;
    }
    process_cpu_attach(state, args->pid);
    return ED_OK;
}

static void process_cpu_sample(void *opaque, int64_t *values, size_t n) {
    struct process_cpu *state = opaque;
    char text[2048];
    int64_t now[N_CHANNELS];
    ed_values_clear(values, n);
    if (state->stat_fd < 0 || ed_proc_pread(state->stat_fd, text, sizeof text) <= 0)
        return;
    process_cpu_read(text, now);
    for (size_t i = 0; i < n && i < N_CHANNELS; i++)
        if (state->available[i])
            values[i] = now[i];
}

static void process_cpu_close(void *opaque) {
    struct process_cpu *state = opaque;
    if (state->open)
        ed_proc_close(&state->stat_fd);
    state->open = false;
}

const struct ed_probe ed_probe_process_cpu = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "process_cpu",
    .summary = "processor time and number of threads of the worker",
    .state_bytes = sizeof(struct process_cpu),
    .files = (const char *const[]){"proc/PID/stat", NULL},
    .detect = process_cpu_detect,
    .attach = process_cpu_attach,
    .sample = process_cpu_sample,
    .close = process_cpu_close,
};
