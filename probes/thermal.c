// SPDX-License-Identifier: Apache-2.0
// Temperatures of /sys/class/thermal/thermal_zoneN/temp in thousandths of a degree Celsius (kernel
// documentation, driver-api/thermal/sysfs-api). A channel is named after the zone's type, since a zone's
// number may change with each boot; where several zones share a type, "@N" is added.
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define FOLDER "sys/class/thermal"
// Outside this range a sensor is switched off or broken (-273000 and -40000000 are seen); it has no
// temperature then.
#define LOWEST_MC (-100000)
#define HIGHEST_MC 500000

#define TRIPS_MAX 16

struct thermal {
    size_t n; // zones and then trips
    size_t n_zones;
    int fd[ED_CHANNELS_MAX];        // of zones
    int64_t trips[ED_CHANNELS_MAX]; // of trips, which are read once
};

static bool temperature_plausible(int64_t mc) {
    return mc >= LOWEST_MC && mc <= HIGHEST_MC;
}

// The zone's type with every character that has no place in an id made '_'.
static void zone_type(int root_fd, int number, char type[40]) {
    char path[64];
    snprintf(path, sizeof path, FOLDER "/thermal_zone%d/type", number);
    if (!ed_proc_read_word(root_fd, path, type, 40))
        snprintf(type, 40, "zone%d", number);
    ed_channel_word(type);
}

// The lowest trip of type "passive", at which the kernel begins to slow the processor down.
static bool passive_trip(int root_fd, int number, int64_t *lowest) {
    bool any = false;
    for (int i = 0; i < TRIPS_MAX; i++) {
        char path[80], type[16];
        int64_t mc;
        snprintf(path, sizeof path, FOLDER "/thermal_zone%d/trip_point_%d_type", number, i);
        if (!ed_proc_read_word(root_fd, path, type, sizeof type))
            break;
        snprintf(path, sizeof path, FOLDER "/thermal_zone%d/trip_point_%d_temp", number, i);
        if (strcmp(type, "passive") != 0 || !ed_proc_read_number(root_fd, path, &mc) ||
            !temperature_plausible(mc) || (any && mc >= *lowest))
            continue;
        *lowest = mc;
        any = true;
    }
    return any;
}

static void add_trips(struct thermal *state, int root_fd, struct ed_channel *channels, size_t capacity,
                      size_t *n, const int *numbers) {
    const size_t zones = *n;
    for (size_t i = 0; i < zones && *n < capacity; i++) {
        if (!passive_trip(root_fd, numbers[i], &state->trips[*n]))
            continue;
        struct ed_channel *channel = &channels[*n];
        *channel = channels[i];
        channel->period_ns = INT64_C(60000000000);
        // A copy: the new channel lies in the same array as the zone's.
        char zone[sizeof channel->id];
        memcpy(zone, channels[i].id, sizeof zone);
        snprintf(channel->id, sizeof channel->id, "%.48s.passive_trip", zone);
        snprintf(channel->source, sizeof channel->source,
                 "/" FOLDER "/thermal_zone%d/trip_point_*, lowest passive, read once", numbers[i]);
        ed_channel_found(channel);
        (*n)++;
    }
}

static enum ed_status thermal_detect(void *opaque, const struct ed_probe_args *args,
                                     struct ed_channel *channels, size_t capacity, size_t *n,
                                     struct ed_error *err) {
    (void)err;
    struct thermal *state = opaque;
    int numbers[ED_CHANNELS_MAX];
    *state = (struct thermal){0};
    if (capacity > ED_CHANNELS_MAX)
        capacity = ED_CHANNELS_MAX;
    int found = ed_proc_list_numbers(args->root_fd, FOLDER, "thermal_zone", numbers, capacity);
    *n = state->n_zones = found > 0 ? (size_t)found : 0;
    for (size_t i = 0; i < *n; i++) {
        struct ed_channel *channel = &channels[i];
        char type[40], path[64];
        int64_t mc;
        *channel = (struct ed_channel){
            .quantity = "temperature", .unit = "mc", .scope = ED_SCOPE_BOARD, .period_ns = 500000000};
        zone_type(args->root_fd, numbers[i], type);
        snprintf(path, sizeof path, FOLDER "/thermal_zone%d/temp", numbers[i]);
        snprintf(channel->id, sizeof channel->id, "thermal.%s", type);
        snprintf(channel->source, sizeof channel->source, "/%s", path);
        int fd = ed_proc_open(args->root_fd, path);
        if (fd < 0)
            ed_channel_missing(channel, "/%s: %s", path, ed_channel_why(-fd));
        else if (!ed_proc_await_number(fd, &mc) || !temperature_plausible(mc))
            ed_channel_missing(channel, "/%s holds no temperature from %d to %d now", path, LOWEST_MC,
                               HIGHEST_MC);
        else
            ed_channel_found(channel);
        if (!channel->available)
            ed_proc_close(&fd);
        state->fd[i] = fd;
    }
    ed_channels_number_duplicates(channels, numbers, *n);
    add_trips(state, args->root_fd, channels, capacity, n, numbers);
    if (*n == 0 && capacity > 0) {
        channels[0] = (struct ed_channel){.id = "thermal",
                                          .quantity = "temperature",
                                          .unit = "mc",
                                          .scope = ED_SCOPE_BOARD,
                                          .period_ns = 500000000,
                                          .source = "/" FOLDER};
        ed_channel_missing(&channels[0], "no thermal zone below /" FOLDER "%s%s (usual in a virtual machine)",
                           found < 0 ? ": " : "", found < 0 ? strerror(-found) : "");
        state->fd[0] = -1;
        *n = state->n_zones = 1;
    }
    state->n = *n;
    return ED_OK;
}

static void thermal_sample(void *opaque, int64_t *values, size_t n) {
    struct thermal *state = opaque;
    ed_values_clear(values, n);
    for (size_t i = 0; i < n && i < state->n_zones; i++) {
        int64_t mc;
        if (state->fd[i] >= 0 && ed_proc_pread_number(state->fd[i], &mc) && temperature_plausible(mc))
            values[i] = mc;
    }
    for (size_t i = state->n_zones; i < n && i < state->n; i++)
        values[i] = state->trips[i];
}

static void thermal_close(void *opaque) {
    struct thermal *state = opaque;
    for (size_t i = 0; i < state->n_zones; i++)
        ed_proc_close(&state->fd[i]);
    state->n = state->n_zones = 0;
}

const struct ed_probe ed_probe_thermal = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "thermal",
    .summary = "temperature of each thermal zone, and where the kernel begins to slow down for it",
    .state_bytes = sizeof(struct thermal),
    .files = (const char *const[]){FOLDER "/thermal_zone*/type", FOLDER "/thermal_zone*/temp",
                                   FOLDER "/thermal_zone*/trip_point_*_type",
                                   FOLDER "/thermal_zone*/trip_point_*_temp", NULL},
    .detect = thermal_detect,
    .attach = ed_probe_no_attach,
    .sample = thermal_sample,
    .close = thermal_close,
};
