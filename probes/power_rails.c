// SPDX-License-Identifier: Apache-2.0
// Energy by rail of Android's on-device power monitors, which are iio devices with `energy_value` and
// `available_rails` (Pixel 4 and later; on later systems only root may read them). A line
// "CH3(T=123456)[S2M_VDD_CPUCL2], 98765" holds microwatt-seconds since the monitor was started. Rails feed
// one another and are never to be added up without knowing the board.
#include <errno.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define FOLDER "sys/bus/iio/devices"
#define DEVICES_MAX 8
#define TEXT_BYTES 8192

struct power_rails {
    size_t n, n_devices;
    int fd[DEVICES_MAX];
    struct rail {
        char name[40];
        size_t device;
        bool available;
    } rails[ED_CHANNELS_MAX];
};

// Calls for the next line with "[NAME]" and ", VALUE" behind; *text goes behind that line.
static bool rail_next(const char **text, char name[40], int64_t *value) {
    while (**text) {
        const char *line = *text, *end = strchr(line, '\n');
        if (!end)
            return false;
        *text = end + 1;
        const char *open = memchr(line, '[', (size_t)(end - line));
        const char *close = open ? memchr(open, ']', (size_t)(end - open)) : NULL;
        if (!close || close - open - 1 < 1 || close - open - 1 >= 40 || close[1] != ',')
            continue;
        const char *p = close + 2;
        if (!ed_proc_number(&p, value) || p != end || *value < 0)
            continue;
        memcpy(name, open + 1, (size_t)(close - open - 1));
        name[close - open - 1] = 0;
        return true;
    }
    return false;
}

static void add_unreadable(struct power_rails *state, struct ed_channel *channels, size_t capacity,
                           const struct ed_channel *like, const char *path, int number) {
    if (state->n >= capacity)
        return;
    struct ed_channel *channel = &channels[state->n];
    *channel = *like;
    snprintf(channel->id, sizeof channel->id, "power_rails.%d", number);
    snprintf(channel->source, sizeof channel->source, "/%s", path);
    state->rails[state->n++] = (struct rail){.available = false};
}

static void add_rails(struct power_rails *state, struct ed_channel *channels, size_t capacity,
                      const struct ed_channel *like, const char *path, const char *text) {
    char name[40];
    int64_t value;
    while (state->n < capacity && rail_next(&text, name, &value)) {
        struct ed_channel *channel = &channels[state->n];
        struct rail *rail = &state->rails[state->n];
        char word[40];
        *channel = *like;
        *rail = (struct rail){.device = state->n_devices, .available = true};
        memcpy(rail->name, name, sizeof name);
        memcpy(word, name, sizeof word);
        ed_channel_word(word);
        snprintf(channel->id, sizeof channel->id, "power_rails.%s", word);
        snprintf(channel->source, sizeof channel->source, "/%s [%s]", path, name);
        ed_channel_found(channel);
        state->n++;
    }
}

static enum ed_status power_rails_detect(void *opaque, const struct ed_probe_args *args,
                                         struct ed_channel *channels, size_t capacity, size_t *n,
                                         struct ed_error *err) {
    (void)err;
    static const struct ed_channel like = {.id = "power_rails",
                                           .quantity = "energy",
                                           .unit = "uj",
                                           .kind = ED_CHANNEL_COUNTER,
                                           .scope = ED_SCOPE_PACKAGE,
                                           .period_ns = 250000000,
                                           .resolution = 1,
                                           .source = "/" FOLDER "/*/energy_value"};
    struct power_rails *state = opaque;
    int numbers[64];
    memset(state, 0, sizeof *state);
    if (capacity > ED_CHANNELS_MAX)
        capacity = ED_CHANNELS_MAX;
    const int found = ed_proc_list_numbers(args->root_fd, FOLDER, "iio:device", numbers, 64);
    for (int i = 0; i < found && state->n_devices < DEVICES_MAX; i++) {
        char path[96], text[TEXT_BYTES];
        const size_t before = state->n;
        snprintf(path, sizeof path, FOLDER "/iio:device%d/energy_value", numbers[i]);
        int fd = ed_proc_open(args->root_fd, path);
        if (fd == -ENOENT)
            continue;
        if (fd < 0) {
            add_unreadable(state, channels, capacity, &like, path, numbers[i]);
            if (state->n > before)
                ed_channel_missing(&channels[before], "/%s: %s%s", path, strerror(-fd),
                                   fd == -EACCES ? "; adb root (userdebug builds) may read it" : "");
            continue;
        }
        const ssize_t size = ed_proc_pread(fd, text, sizeof text);
        if (size > 0)
            add_rails(state, channels, capacity, &like, path, text);
        if (state->n == before) {
            add_unreadable(state, channels, capacity, &like, path, numbers[i]);
            if (state->n > before)
                ed_channel_missing(&channels[before], "/%s holds no rails", path);
            ed_proc_close(&fd);
            continue;
        }
        state->fd[state->n_devices++] = fd;
    }
    *n = state->n;
    if (*n == 0)
        ed_channels_none(channels, capacity, n, &like,
                         "no power monitor below /" FOLDER " (Pixel phones have them)");
    return ED_OK;
}

static void power_rails_sample(void *opaque, int64_t *values, size_t n) {
    struct power_rails *state = opaque;
    ed_values_clear(values, n);
    for (size_t device = 0; device < state->n_devices; device++) {
        char text[TEXT_BYTES], name[40];
        const char *p = text;
        int64_t value;
        if (ed_proc_pread(state->fd[device], text, sizeof text) <= 0)
            continue;
        while (rail_next(&p, name, &value))
            for (size_t i = 0; i < n && i < state->n; i++)
                if (state->rails[i].available && state->rails[i].device == device &&
                    strcmp(state->rails[i].name, name) == 0)
                    values[i] = value;
    }
}

static void power_rails_close(void *opaque) {
    struct power_rails *state = opaque;
    for (size_t i = 0; i < state->n_devices; i++)
        ed_proc_close(&state->fd[i]);
    state->n_devices = state->n = 0;
}

const struct ed_probe ed_probe_power_rails = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "power_rails",
    .summary = "energy of each rail of a phone's own power monitors (ODPM)",
    .state_bytes = sizeof(struct power_rails),
    .files = (const char *const[]){FOLDER "/iio:device*/energy_value", FOLDER "/iio:device*/available_rails",
                                   NULL},
    .detect = power_rails_detect,
    .attach = ed_probe_no_attach,
    .sample = power_rails_sample,
    .close = power_rails_close,
};
