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

struct thermal {
    size_t n; // descriptors in use
    int fd[ED_CHANNELS_MAX];
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
    for (char *p = type; *p; p++)
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') &&
            *p != '-' && *p != '_')
            *p = '_';
}

static void thermal_number_duplicates(struct ed_channel *channels, const int *numbers, size_t n) {
    bool shared[ED_CHANNELS_MAX] = {false};
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (strcmp(channels[i].id, channels[k].id) == 0)
                shared[i] = shared[k] = true;
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(channels[i].id);
        if (shared[i])
            snprintf(channels[i].id + used, sizeof channels[i].id - used, "@%d", numbers[i]);
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
    *n = found > 0 ? (size_t)found : 0;
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
            ed_channel_missing(channel, "/%s: %s", path, strerror(-fd));
        else if (!ed_proc_await_number(fd, &mc) || !temperature_plausible(mc))
            ed_channel_missing(channel, "/%s holds no temperature from %d to %d now", path, LOWEST_MC,
                               HIGHEST_MC);
        else
            ed_channel_found(channel);
        if (!channel->available)
            ed_proc_close(&fd);
        state->fd[i] = fd;
    }
    thermal_number_duplicates(channels, numbers, *n);
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
        *n = 1;
    }
    state->n = *n;
    return ED_OK;
}

static void thermal_sample(void *opaque, int64_t *values, size_t n) {
    struct thermal *state = opaque;
    ed_values_clear(values, n);
    for (size_t i = 0; i < n && i < state->n; i++) {
        int64_t mc;
        if (state->fd[i] >= 0 && ed_proc_pread_number(state->fd[i], &mc) && temperature_plausible(mc))
            values[i] = mc;
    }
}

static void thermal_close(void *opaque) {
    struct thermal *state = opaque;
    for (size_t i = 0; i < state->n; i++)
        ed_proc_close(&state->fd[i]);
    state->n = 0;
}

const struct ed_probe ed_probe_thermal = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "thermal",
    .summary = "temperature of each thermal zone",
    .state_bytes = sizeof(struct thermal),
    .detect = thermal_detect,
    .attach = ed_probe_no_attach,
    .sample = thermal_sample,
    .close = thermal_close,
};
