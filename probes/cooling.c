// SPDX-License-Identifier: Apache-2.0
// What the kernel does against heat: state, transitions and time outside of state 0 of each cooling device,
// from /sys/class/thermal/cooling_deviceN (kernel documentation, driver-api/thermal/sysfs-api). A cooling
// device may be a fan, which is no throttling: its type is in the channel's name. stats/ needs
// CONFIG_THERMAL_STATISTICS.
#include <errno.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/file_set.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define FOLDER "sys/class/thermal"

struct cooling {
    struct ed_file_set set; // time_in_state_ms is no number: its entry has no descriptor
    size_t first_time, n_times;
    int time_fd[ED_CHANNELS_MAX]; // by channel, from first_time on
};

// Lines "state2\t1234": the time in any state but 0.
static bool cooling_time(const char *text, int64_t *ns) {
    int64_t sum = 0, state, ms;
    bool any = false;
    for (const char *p = text; *p; p++) {
        if (strncmp(p, "state", 5) != 0)
            return false;
        p += 5;
        if (!ed_proc_number(&p, &state) || *p == '\n' || !ed_proc_number(&p, &ms) || *p != '\n' || ms < 0)
            return false;
        any = true;
        if (state != 0 && __builtin_add_overflow(sum, ms, &sum))
            return false;
    }
    return any && !__builtin_mul_overflow(sum, 1000000, ns);
}

static bool cooling_read_time(int fd, int64_t *ns) {
    char text[4096];
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    return n > 0 && (size_t)n < sizeof text - 1 && cooling_time(text, ns);
}

static void cooling_name(char type[40], int root_fd, int number) {
    char path[96];
    snprintf(path, sizeof path, FOLDER "/cooling_device%d/type", number);
    if (!ed_proc_read_word(root_fd, path, type, 40))
        snprintf(type, 40, "device%d", number);
    ed_channel_word(type);
}

static void cooling_add_time(struct cooling *state, const struct ed_file_room *room,
                             struct ed_channel *channel, const char *path) {
    int64_t ns;
    snprintf(channel->source, sizeof channel->source, "/%s", path);
    int fd = ed_proc_open(room->root_fd, path);
    if (fd < 0)
        ed_channel_missing(channel, "/%s: %s", path, ed_channel_why(-fd));
    else if (!cooling_read_time(fd, &ns))
        ed_channel_missing(channel, "/%s holds no times of states", path);
    else
        ed_channel_found(channel);
    if (!channel->available)
        ed_proc_close(&fd);
    state->time_fd[state->n_times++] = channel->available ? fd : -1;
    state->set.entries[state->set.n++].fd = -1;
}

static bool has_statistics(int root_fd, int number) {
    char path[96];
    snprintf(path, sizeof path, FOLDER "/cooling_device%d/stats/time_in_state_ms", number);
    int fd = ed_proc_open(root_fd, path);
    const bool there = fd != -ENOENT;
    ed_proc_close(&fd);
    return there;
}

// All states first: a phone with many devices runs out of channels.
static enum ed_status cooling_detect(void *opaque, const struct ed_probe_args *args,
                                     struct ed_channel *channels, size_t capacity, size_t *n,
                                     struct ed_error *err) {
    (void)err;
    static const struct ed_channel state_like = {.quantity = "state",
                                                 .unit = "count",
                                                 .scope = ED_SCOPE_BOARD,
                                                 .period_ns = 500000000,
                                                 .resolution = 1};
    struct cooling *state = opaque;
    const struct ed_file_room room = {args->root_fd, channels,
                                      capacity < ED_CHANNELS_MAX ? capacity : ED_CHANNELS_MAX};
    int numbers[ED_CHANNELS_MAX], owner[ED_CHANNELS_MAX];
    memset(state, 0, sizeof *state);
    const int found = ed_proc_list_numbers(args->root_fd, FOLDER, "cooling_device", numbers, ED_CHANNELS_MAX);
    for (int pass = 0; pass < 3; pass++)
        for (int i = 0; i < found && state->set.n < room.capacity; i++) {
            static const char *const parts[] = {"state", "busy_time", "transitions"};
            static const char *const names[] = {"cur_state", "stats/time_in_state_ms", "stats/total_trans"};
            struct ed_channel like = state_like;
            char type[40], path[96];
            cooling_name(type, args->root_fd, numbers[i]);
            snprintf(like.id, sizeof like.id, "cooling.%s.%s", type, parts[pass]);
            snprintf(path, sizeof path, FOLDER "/cooling_device%d/%s", numbers[i], names[pass]);
            owner[state->set.n] = numbers[i];
            if (pass && !has_statistics(args->root_fd, numbers[i]))
                continue;
            like.kind = pass ? ED_CHANNEL_COUNTER : ED_CHANNEL_GAUGE;
            if (pass == 1) {
                if (!state->n_times)
                    state->first_time = state->set.n;
                snprintf(like.quantity, sizeof like.quantity, "time");
                snprintf(like.unit, sizeof like.unit, "ns");
                like.resolution = 1000000;
                channels[state->set.n] = like;
                cooling_add_time(state, &room, &channels[state->set.n], path);
                continue;
            }
            if (pass == 2)
                snprintf(like.quantity, sizeof like.quantity, "count");
            ed_file_set_add(&state->set, &room, &like,
                            (struct ed_file_entry){.factor = 1, .low = 0, .high = INT64_MAX}, path);
        }
    if (found > 0 && state->n_times == 0 && state->set.n < room.capacity) {
        struct ed_channel *channel = &channels[state->set.n];
        *channel = state_like;
        snprintf(channel->id, sizeof channel->id, "cooling.busy_time");
        snprintf(channel->quantity, sizeof channel->quantity, "time");
        snprintf(channel->unit, sizeof channel->unit, "ns");
        channel->kind = ED_CHANNEL_COUNTER;
        snprintf(channel->source, sizeof channel->source, "/" FOLDER "/cooling_device*/stats");
        ed_channel_missing(channel,
                           "no cooling device has stats: the kernel lacks CONFIG_THERMAL_STATISTICS");
        owner[state->set.n] = -1;
        state->set.entries[state->set.n++].fd = -1;
    }
    *n = state->set.n;
    ed_channels_number_duplicates(channels, owner, *n);
    if (*n == 0)
        ed_channels_none(channels, capacity, n,
                         &(struct ed_channel){.id = "cooling",
                                              .quantity = "state",
                                              .unit = "count",
                                              .scope = ED_SCOPE_BOARD,
                                              .period_ns = 500000000,
                                              .source = "/" FOLDER},
                         "no cooling device below /" FOLDER " (usual in a virtual machine)");
    return ED_OK;
}

static void cooling_sample(void *opaque, int64_t *values, size_t n) {
    struct cooling *state = opaque;
    ed_file_set_sample(&state->set, values, n);
    for (size_t i = 0; i < state->n_times && state->first_time + i < n; i++)
        cooling_read_time(state->time_fd[i], &values[state->first_time + i]);
}

static void cooling_close(void *opaque) {
    struct cooling *state = opaque;
    ed_file_set_release(&state->set);
    for (size_t i = 0; i < state->n_times; i++)
        ed_proc_close(&state->time_fd[i]);
    state->n_times = 0;
}

const struct ed_probe ed_probe_cooling = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "cooling",
    .summary = "state of each cooling device, and its time and transitions outside of state 0",
    .state_bytes = sizeof(struct cooling),
    .files = (const char *const[]){FOLDER "/cooling_device*/type", FOLDER "/cooling_device*/cur_state",
                                   FOLDER "/cooling_device*/stats/time_in_state_ms",
                                   FOLDER "/cooling_device*/stats/total_trans", NULL},
    .detect = cooling_detect,
    .attach = ed_probe_no_attach,
    .sample = cooling_sample,
    .close = cooling_close,
};
