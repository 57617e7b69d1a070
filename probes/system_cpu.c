// SPDX-License-Identifier: Apache-2.0
// Processor time of the whole system from the first line of /proc/stat (proc(5)), summed over the CPUs: busy
// = user + nice + system + irq + softirq (guests are inside user and nice), idle = idle + iowait, and steal,
// which a hypervisor gave to others. Busy less the worker's own time is what others took. iowait may go back
// a little, so idle may too.
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

enum { BUSY, IDLE, STEAL, N_CHANNELS };

struct system_cpu {
    bool open;
    int fd;
    bool available[N_CHANNELS];
};

static const char *const ids[N_CHANNELS] = {"system_cpu.busy", "system_cpu.idle", "system_cpu.steal"};
static const char *const sources[N_CHANNELS] = {
    "/proc/stat user + nice + system + irq + softirq",
    "/proc/stat idle + iowait",
    "/proc/stat steal",
};

// Sums ticks[i] for the set bits of `mask`; ED_NO_VALUE past int64 or below zero.
static int64_t sum_ns(const int64_t *ticks, unsigned mask) {
    int64_t sum = 0;
    for (unsigned i = 0; mask >> i; i++)
        if ((mask >> i & 1) && (ticks[i] < 0 || __builtin_add_overflow(sum, ticks[i], &sum)))
            return ED_NO_VALUE;
    return ed_ticks_to_ns(sum);
}

static void system_cpu_read(const char *text, int64_t values[N_CHANNELS]) {
    enum { USER, NICE, SYSTEM, IDLE_TICKS, IOWAIT, IRQ, SOFTIRQ, STEAL_TICKS, N_FIELDS };
    int64_t ticks[N_FIELDS];
    size_t n = 0;
    const char *p = text + 4;
    ed_values_clear(values, N_CHANNELS);
    // A line that does not end was cut, and its last number may be too.
    if (strncmp(text, "cpu ", 4) != 0 || !strchr(text, '\n'))
        return;
    while (n < N_FIELDS && ed_proc_number(&p, &ticks[n]))
        n++;
    if (n > SOFTIRQ) {
        values[BUSY] = sum_ns(ticks, 1u << USER | 1u << NICE | 1u << SYSTEM | 1u << IRQ | 1u << SOFTIRQ);
        values[IDLE] = sum_ns(ticks, 1u << IDLE_TICKS | 1u << IOWAIT);
    }
    if (n > STEAL_TICKS)
        values[STEAL] = sum_ns(ticks, 1u << STEAL_TICKS);
}

static enum ed_status system_cpu_detect(void *opaque, const struct ed_probe_args *args,
                                        struct ed_channel *channels, size_t capacity, size_t *n,
                                        struct ed_error *err) {
    (void)err;
    struct system_cpu *state = opaque;
    char text[512] = "";
    int64_t now[N_CHANNELS];
    *state = (struct system_cpu){.open = true};
    state->fd = ed_proc_open(args->root_fd, "proc/stat");
    ssize_t size = state->fd < 0 ? state->fd : ed_proc_pread(state->fd, text, sizeof text);
    system_cpu_read(text, now);
    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        channels[i] = (struct ed_channel){.quantity = "cpu_time",
                                          .unit = "ns",
                                          .kind = ED_CHANNEL_COUNTER,
                                          .scope = ED_SCOPE_SYSTEM,
                                          .period_ns = 10 * ed_tick_ns(),
                                          .resolution = ed_tick_ns()};
        snprintf(channels[i].id, sizeof channels[i].id, "%s", ids[i]);
        snprintf(channels[i].source, sizeof channels[i].source, "%s", sources[i]);
        if (size < 0)
            ed_channel_missing(&channels[i], "/proc/stat: %s", strerror((int)-size));
        else if (now[i] == ED_NO_VALUE)
            ed_channel_missing(&channels[i],
                               "the first line of /proc/stat is not of the form that proc(5) describes");
        else
            ed_channel_found(&channels[i]);
        state->available[i] = channels[i].available;
    }
    return ED_OK;
}

static void system_cpu_sample(void *opaque, int64_t *values, size_t n) {
    struct system_cpu *state = opaque;
    char text[512];
    int64_t now[N_CHANNELS];
    ed_values_clear(values, n);
    if (state->fd < 0 || ed_proc_pread(state->fd, text, sizeof text) <= 0)
        return;
    system_cpu_read(text, now);
    for (size_t i = 0; i < n && i < N_CHANNELS; i++)
        if (state->available[i])
            values[i] = now[i];
}

static void system_cpu_close(void *opaque) {
    struct system_cpu *state = opaque;
    if (state->open)
        ed_proc_close(&state->fd);
    state->open = false;
}

const struct ed_probe ed_probe_system_cpu = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "system_cpu",
    .summary = "busy, idle and stolen processor time of the whole system",
    .state_bytes = sizeof(struct system_cpu),
    .files = (const char *const[]){"proc/stat", NULL},
    .detect = system_cpu_detect,
    .attach = ed_probe_no_attach,
    .sample = system_cpu_sample,
    .close = system_cpu_close,
};
