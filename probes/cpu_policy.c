// SPDX-License-Identifier: Apache-2.0
// What each cpufreq policy (a kind of core, on most devices) was allowed and did: the upper limit that heat
// or a user set (scaling_max_freq), its governor, and from stats/time_in_state the cycles and the time at all
// frequencies and at the highest one. Cycles over time, both as differences, is the mean frequency of a
// window, idle time included at the frequency that was set (kernel documentation, admin-guide/pm/cpufreq and
// cpu-freq/cpufreq-stats).
#include <errno.h>
#include <string.h>

#include "base/governor.h"
#include "probes/file_set.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define FOLDER "sys/devices/system/cpu/cpufreq"
#define POLICIES_MAX 64 // beyond, the first ones alone

enum { LIMIT, GOVERNOR, CYCLES, TIME, AT_MAX, N_PARTS };

struct cpu_policy {
    struct ed_file_set set; // of the limits; the other entries have no descriptor
    int governor_fd[ED_CHANNELS_MAX], stats_fd[ED_CHANNELS_MAX];
};

static const struct {
    const char *part, *quantity, *unit, *file;
    enum ed_channel_kind kind;
} parts[N_PARTS] = {
    [LIMIT] = {"limit", "frequency", "khz", "scaling_max_freq", ED_CHANNEL_GAUGE},
    [GOVERNOR] = {"governor", "state", "count", "scaling_governor", ED_CHANNEL_GAUGE},
    [CYCLES] = {"cycles", "count", "count", "stats/time_in_state", ED_CHANNEL_COUNTER},
    [TIME] = {"time", "time", "ns", "stats/time_in_state", ED_CHANNEL_COUNTER},
    [AT_MAX] = {"time_at_highest", "time", "ns", "stats/time_in_state", ED_CHANNEL_COUNTER},
};

// As base/governor.h numbers them.
static bool governor_read(int fd, int64_t *value) {
    static const char *const known[] = {
#define KNOWN(name) name,
        ED_GOVERNORS(KNOWN)
#undef KNOWN
    };
    char text[32];
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    if (n <= 1 || text[n - 1] != '\n')
        return false;
    text[n - 1] = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(text, known[i]) == 0) {
            *value = (int64_t)i + 1;
            return true;
        }
    if (!text[0] || text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.")])
        return false;
    // A maker's own: a number made of its name, so that a change to another one is seen.
    uint32_t sum = 2166136261u;
    for (const char *p = text; *p; p++)
        sum = (sum ^ (unsigned char)*p) * 16777619u;
    *value = ED_GOVERNOR_OTHERS + sum % 1000000;
    return true;
}

// Lines "1500000 1234": kHz and the time at it in ticks.
static bool stats_read(int fd, int64_t values[N_PARTS]) {
    char text[8192];
    int64_t khz, ticks, highest = 0, cycles = 0, time = 0, at_highest = 0, part;
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    if (n <= 0 || (size_t)n >= sizeof text - 1 || text[n - 1] != '\n')
        return false;
    for (const char *p = text; *p; p++) {
        if (!ed_proc_number(&p, &khz) || *p == '\n' || !ed_proc_number(&p, &ticks) || *p != '\n' ||
            khz <= 0 || ticks < 0)
            return false;
        if (khz > highest)
            highest = khz, at_highest = 0;
        // 1 kHz for one nanosecond is a millionth of a cycle.
        if (__builtin_mul_overflow(khz, ed_tick_ns() / 1000000, &part) ||
            __builtin_mul_overflow(part, ticks, &part) || __builtin_add_overflow(cycles, part, &cycles) ||
            __builtin_add_overflow(time, ticks, &time))
            return false;
        at_highest += khz == highest ? ticks : 0;
    }
    values[CYCLES] = cycles;
    values[TIME] = ed_ticks_to_ns(time);
    values[AT_MAX] = ed_ticks_to_ns(at_highest);
    return values[TIME] != ED_NO_VALUE;
}

static void add_text(struct cpu_policy *state, const struct ed_file_room *room, const struct ed_channel *like,
                     const char *path, int part) {
    int64_t now[N_PARTS];
    if (state->set.n >= room->capacity)
        return;
    struct ed_channel *channel = &room->channels[state->set.n];
    *channel = *like;
    snprintf(channel->source, sizeof channel->source, "/%s", path);
    int fd = -1;
    if (part == TIME || part == AT_MAX) {
        // One descriptor serves the three channels of a table.
        const struct ed_channel *first = channel - (part - CYCLES);
        channel->available = first->available;
        memcpy(channel->reason, first->reason, sizeof channel->reason);
    } else if ((fd = ed_proc_open(room->root_fd, path)) < 0) {
        ed_channel_missing(channel, "/%s: %s", path, ed_channel_why(-fd));
    } else if (part == GOVERNOR ? !governor_read(fd, now) : !stats_read(fd, now)) {
        ed_channel_missing(channel, "/%s is empty or not of its form", path);
    } else {
        ed_channel_found(channel);
    }
    if (!channel->available)
        ed_proc_close(&fd);
    state->governor_fd[state->set.n] = part == GOVERNOR && channel->available ? fd : -1;
    state->stats_fd[state->set.n] = part == CYCLES && channel->available ? fd : -1;
    state->set.entries[state->set.n++].fd = -1;
}

static void add_nothing(struct cpu_policy *state) {
    state->governor_fd[state->set.n] = state->stats_fd[state->set.n] = -1;
    state->set.entries[state->set.n++].fd = -1;
}

static void add_part(struct cpu_policy *state, const struct ed_file_room *room, int number, int part) {
    struct ed_channel like = {.kind = parts[part].kind,
                              .scope = ED_SCOPE_PACKAGE,
                              .period_ns = 500000000,
                              .resolution = part >= TIME ? ed_tick_ns() : 0};
    char path[96];
    snprintf(like.id, sizeof like.id, "cpu_policy.policy%d.%s", number, parts[part].part);
    snprintf(like.quantity, sizeof like.quantity, "%s", parts[part].quantity);
    snprintf(like.unit, sizeof like.unit, "%s", parts[part].unit);
    snprintf(path, sizeof path, FOLDER "/policy%d/%s", number, parts[part].file);
    if (part != LIMIT) {
        add_text(state, room, &like, path, part);
    } else if (state->set.n < room->capacity) {
        state->governor_fd[state->set.n] = state->stats_fd[state->set.n] = -1;
        ed_file_set_add(&state->set, room, &like,
                        (struct ed_file_entry){.factor = 1, .low = 1, .high = 100000000}, path);
    }
}

static bool has_table(int root_fd, int number) {
    char path[96];
    snprintf(path, sizeof path, FOLDER "/policy%d/stats/time_in_state", number);
    int fd = ed_proc_open(root_fd, path);
    const bool there = fd != -ENOENT;
    ed_proc_close(&fd);
    return there;
}

static enum ed_status cpu_policy_detect(void *opaque, const struct ed_probe_args *args,
                                        struct ed_channel *channels, size_t capacity, size_t *n,
                                        struct ed_error *err) {
    (void)err;
    struct cpu_policy *state = opaque;
    const struct ed_file_room room = {args->root_fd, channels,
                                      capacity < ED_CHANNELS_MAX ? capacity : ED_CHANNELS_MAX};
    int numbers[POLICIES_MAX];
    memset(state, 0, sizeof *state);
    const int found = ed_proc_list_numbers(args->root_fd, FOLDER, "policy", numbers, POLICIES_MAX);
    // Limits and governors of all policies first: tables may not be there, or not all fit.
    for (int i = 0; i < found; i++)
        add_part(state, &room, numbers[i], LIMIT);
    for (int i = 0; i < found; i++)
        add_part(state, &room, numbers[i], GOVERNOR);
    bool tables = false;
    for (int i = 0; i < found; i++)
        if (has_table(args->root_fd, numbers[i]) && state->set.n + 3 <= room.capacity) {
            tables = true;
            for (int part = CYCLES; part < N_PARTS; part++)
                add_part(state, &room, numbers[i], part);
        }
    if (found > 0 && !tables && state->set.n < room.capacity) {
        struct ed_channel *channel = &channels[state->set.n];
        *channel = (struct ed_channel){.id = "cpu_policy.time",
                                       .quantity = "time",
                                       .unit = "ns",
                                       .kind = ED_CHANNEL_COUNTER,
                                       .scope = ED_SCOPE_PACKAGE,
                                       .period_ns = 500000000,
                                       .source = "/" FOLDER "/policy*/stats/time_in_state"};
        ed_channel_missing(channel,
                           "no policy has stats/time_in_state (intel_pstate and amd-pstate keep none)");
        add_nothing(state);
    }
    *n = state->set.n;
    if (*n == 0)
        ed_channels_none(channels, capacity, n,
                         &(struct ed_channel){.id = "cpu_policy",
                                              .quantity = "frequency",
                                              .unit = "khz",
                                              .scope = ED_SCOPE_PACKAGE,
                                              .period_ns = 500000000,
                                              .source = "/" FOLDER},
                         "no cpufreq policy below /" FOLDER " (usual in a virtual machine)");
    return ED_OK;
}

static void cpu_policy_sample(void *opaque, int64_t *values, size_t n) {
    struct cpu_policy *state = opaque;
    ed_file_set_sample(&state->set, values, n);
    for (size_t i = 0; i < n && i < state->set.n; i++) {
        int64_t now[N_PARTS];
        if (state->governor_fd[i] >= 0)
            governor_read(state->governor_fd[i], &values[i]);
        if (state->stats_fd[i] < 0 || !stats_read(state->stats_fd[i], now))
            continue;
        for (size_t part = CYCLES; part <= AT_MAX && i + part - CYCLES < n; part++)
            values[i + part - CYCLES] = now[part];
    }
}

static void cpu_policy_close(void *opaque) {
    struct cpu_policy *state = opaque;
    for (size_t i = 0; i < state->set.n; i++) {
        ed_proc_close(&state->governor_fd[i]);
        ed_proc_close(&state->stats_fd[i]);
    }
    ed_file_set_release(&state->set);
}

const struct ed_probe ed_probe_cpu_policy = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "cpu_policy",
    .summary = "frequency limit and governor of each cpufreq policy, its cycles and time by frequency",
    .state_bytes = sizeof(struct cpu_policy),
    .files = (const char *const[]){FOLDER "/policy*/scaling_max_freq", FOLDER "/policy*/scaling_governor",
                                   FOLDER "/policy*/stats/time_in_state", NULL},
    .detect = cpu_policy_detect,
    .attach = ed_probe_no_attach,
    .sample = cpu_policy_sample,
    .close = cpu_policy_close,
};
