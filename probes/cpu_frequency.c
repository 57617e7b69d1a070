// SPDX-License-Identifier: Apache-2.0
// The clock of each cpufreq policy, from /sys/devices/system/cpu/cpufreq/policyN/scaling_cur_freq, which is
// in kHz (kernel documentation, admin-guide/pm/cpufreq); before Linux 4.3 from cpuN/cpufreq of each CPU. What
// the kernel shows is the last frequency it asked for on some machines and a measured one on others.
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define FOLDER "sys/devices/system/cpu"

struct cpu_frequency {
    size_t n; // descriptors in use
    int fd[ED_CHANNELS_MAX];
};

// Beyond 100 GHz is garbage; an offline CPU shows 0 or "<unknown>".
static bool frequency_plausible(int64_t khz) {
    return khz > 0 && khz <= 100000000;
}

static enum ed_status cpu_frequency_detect(void *opaque, const struct ed_probe_args *args,
                                           struct ed_channel *channels, size_t capacity, size_t *n,
                                           struct ed_error *err) {
    (void)err;
    struct cpu_frequency *state = opaque;
    int numbers[ED_CHANNELS_MAX];
    bool by_policy = true;
    *state = (struct cpu_frequency){0};
    if (capacity > ED_CHANNELS_MAX)
        capacity = ED_CHANNELS_MAX;
    *n = 0;
    int found = ed_proc_list_numbers(args->root_fd, FOLDER "/cpufreq", "policy", numbers, capacity);
    if (found <= 0) {
        by_policy = false;
        found = ed_proc_list_numbers(args->root_fd, FOLDER, "cpu", numbers, capacity);
    }
    for (int i = 0; i < found; i++) {
        struct ed_channel *channel = &channels[*n];
        int64_t khz;
        char path[96];
        if (by_policy)
            snprintf(path, sizeof path, FOLDER "/cpufreq/policy%d/scaling_cur_freq", numbers[i]);
        else
            snprintf(path, sizeof path, FOLDER "/cpu%d/cpufreq/scaling_cur_freq", numbers[i]);
        int fd = ed_proc_open(args->root_fd, path);
        if (!by_policy && fd == -ENOENT)
            continue;
        *channel = (struct ed_channel){
            .quantity = "frequency", .unit = "khz", .scope = ED_SCOPE_PACKAGE, .period_ns = 100000000};
        snprintf(channel->id, sizeof channel->id, "cpu_frequency.%s%d", by_policy ? "policy" : "cpu",
                 numbers[i]);
        snprintf(channel->source, sizeof channel->source, "/%s", path);
        if (fd < 0)
            ed_channel_missing(channel, "/%s: %s", path, ed_channel_why(-fd));
        else if (!ed_proc_await_number(fd, &khz) || !frequency_plausible(khz))
            ed_channel_missing(channel, "/%s holds no frequency now", path);
        else
            ed_channel_found(channel);
        if (!channel->available)
            ed_proc_close(&fd);
        state->fd[(*n)++] = fd;
    }
    if (*n == 0 && capacity > 0) {
        channels[0] = (struct ed_channel){.id = "cpu_frequency",
                                          .quantity = "frequency",
                                          .unit = "khz",
                                          .scope = ED_SCOPE_PACKAGE,
                                          .period_ns = 100000000,
                                          .source = "/" FOLDER "/cpufreq"};
        ed_channel_missing(&channels[0], "no cpufreq policy below /" FOLDER " (usual in a virtual machine)");
        state->fd[0] = -1;
        *n = 1;
    }
    state->n = *n;
    return ED_OK;
}

static void cpu_frequency_sample(void *opaque, int64_t *values, size_t n) {
    struct cpu_frequency *state = opaque;
    ed_values_clear(values, n);
    for (size_t i = 0; i < n && i < state->n; i++) {
        int64_t khz;
        if (state->fd[i] >= 0 && ed_proc_pread_number(state->fd[i], &khz) && frequency_plausible(khz))
            values[i] = khz;
    }
}

static void cpu_frequency_close(void *opaque) {
    struct cpu_frequency *state = opaque;
    for (size_t i = 0; i < state->n; i++)
        ed_proc_close(&state->fd[i]);
    state->n = 0;
}

const struct ed_probe ed_probe_cpu_frequency = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "cpu_frequency",
    .summary = "clock frequency of each cpufreq policy",
    .state_bytes = sizeof(struct cpu_frequency),
    .files = (const char *const[]){FOLDER "/cpufreq/policy*/scaling_cur_freq",
                                   FOLDER "/cpu*/cpufreq/scaling_cur_freq", NULL},
    .detect = cpu_frequency_detect,
    .attach = ed_probe_no_attach,
    .sample = cpu_frequency_sample,
    .close = cpu_frequency_close,
};
