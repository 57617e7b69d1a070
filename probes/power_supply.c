// SPDX-License-Identifier: Apache-2.0
// Batteries and chargers from /sys/class/power_supply (kernel documentation, ABI sysfs-class-power):
// microvolts, microamperes, microwatts, microampere-hours. Values are given as they are read: whether a
// positive current charges or discharges differs by maker, and some drivers show milliamperes where the
// documentation says microamperes; a value that looks so is noted in the channel's source, and not changed.
// `status` is a code: 0 unknown, 1 charging, 2 discharging, 3 not charging, 4 full.
#include <string.h>

#include "probes/file_set.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define FOLDER "sys/class/power_supply"
#define SUPPLIES_MAX 32
#define DISCHARGING 2
#define LITTLE_UA 20000  // a device that is on and draws less than this is not known
#define LITTLE_UV 100000 // 3.9 V in millivolts is 3900

struct power_supply {
    struct ed_file_set set; // status and products have no descriptor there
    int status_fd[ED_CHANNELS_MAX];
    struct ed_file_product products[SUPPLIES_MAX];
    size_t n_products;
};

enum { ONLINE, STATUS, CAPACITY, VOLTAGE, CURRENT, POWER, CHARGE, CHARGE_NOW, ENERGY, TEMPERATURE, N_PARTS };

static const struct part {
    const char *id, *file, *quantity, *unit;
    int64_t factor, low, high;
} parts[N_PARTS] = {
    [ONLINE] = {"online", "online", "state", "count", 1, 0, 10},
    [STATUS] = {"status", "status", "state", "count", 1, 0, 4},
    [CAPACITY] = {"capacity", "capacity", "charge", "permille", 10, 0, 100},
    [VOLTAGE] = {"voltage", "voltage_now", "voltage", "uv", 1, 1, 100000000},
    [CURRENT] = {"current", "current_now", "current", "ua", 1, -100000000, 100000000},
    [POWER] = {"power", "power_now", "power", "uw", 1, -1000000000, 1000000000},
    [CHARGE] = {"charge_counter", "charge_counter", "charge", "uah", 1, -1000000000, 1000000000},
    [CHARGE_NOW] = {"charge", "charge_now", "charge", "uah", 1, 0, 1000000000},
    [ENERGY] = {"energy", "energy_now", "energy", "uj", 3600, 0, 1000000000},
    [TEMPERATURE] = {"temperature", "temp", "temperature", "mc", 100, -1000, 2000},
};

static bool status_read(int fd, int64_t *value) {
    static const char *const words[] = {"Unknown", "Charging", "Discharging", "Not charging", "Full"};
    char text[32];
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    if (n <= 1 || text[n - 1] != '\n')
        return false;
    text[n - 1] = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i]) == 0) {
            *value = (int64_t)i;
            return true;
        }
    return false;
}

static void add_status(struct power_supply *state, const struct ed_file_room *room,
                       const struct ed_channel *like, const char *path) {
    int64_t value;
    struct ed_channel *channel = &room->channels[state->set.n];
    *channel = *like;
    snprintf(channel->source, sizeof channel->source, "/%s", path);
    int fd = ed_proc_open(room->root_fd, path);
    if (fd < 0)
        ed_channel_missing(channel, "/%s: %s", path, ed_channel_why(-fd));
    else if (!status_read(fd, &value))
        ed_channel_missing(channel, "/%s holds no status that is known", path);
    else
        ed_channel_found(channel);
    if (!channel->available)
        ed_proc_close(&fd);
    state->status_fd[state->set.n] = channel->available ? fd : -1;
    state->set.entries[state->set.n++].fd = -1;
}

// In milliunits where the documentation says microunits: told, not corrected. A battery that rests at a
// charger may well have a current of next to nothing.
static bool note_scale(struct ed_channel *channel, int64_t value, int part, bool discharging) {
    const size_t used = strlen(channel->source);
    // The smallest number has no opposite.
    const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    const bool current = part == CURRENT && discharging && size < LITTLE_UA;
    if (!channel->available || value == 0 || (!current && !(part == VOLTAGE && size < LITTLE_UV)))
        return false;
    snprintf(channel->source + used, sizeof channel->source - used, " (perhaps m%c: %lld u%c is little)",
             current ? 'A' : 'V', (long long)value, current ? 'A' : 'V');
    return true;
}

static bool has_file(int root_fd, const char *name, const char *file, char *path, size_t bytes) {
    snprintf(path, bytes, FOLDER "/%s/%s", name, file);
    int fd = ed_proc_open(root_fd, path);
    const bool there = fd != -ENOENT;
    ed_proc_close(&fd);
    return there;
}

static void add_product(struct power_supply *state, const struct ed_file_room *room, const char *name,
                        const char *word, size_t voltage, size_t current, bool doubtful) {
    struct ed_file_product product;
    struct ed_channel *channel = state->n_products == SUPPLIES_MAX
                                     ? NULL
                                     : ed_file_product_add(&state->set, room, voltage, current, &product);
    if (!channel)
        return;
    snprintf(channel->id, sizeof channel->id, "power_supply.%s.power", word);
    snprintf(channel->source, sizeof channel->source, "/" FOLDER "/%.40s/current_now x voltage_now", name);
    if (!room->channels[voltage].available || !room->channels[current].available)
        ed_channel_missing(channel, "voltage_now or current_now of %s cannot be read", word);
    else if (doubtful)
        ed_channel_missing(channel,
                           "voltage_now or current_now seems to be in mV or mA: no power can be told");
    else
        state->products[state->n_products++] = product;
    state->status_fd[product.channel] = -1;
}

static void add_supply(struct power_supply *state, const struct ed_file_room *room, const char *name) {
    char type[24] = "", path[160], word[24];
    size_t voltage = SIZE_MAX, current = SIZE_MAX;
    bool power = false, discharging = false, doubtful = false;
    snprintf(path, sizeof path, FOLDER "/%s/type", name);
    ed_proc_read_word(room->root_fd, path, type, sizeof type);
    const bool battery = strcmp(type, "Battery") == 0;
    snprintf(word, sizeof word, "%.20s", name);
    ed_channel_word(word);
    for (int part = 0; part < N_PARTS && state->set.n < room->capacity; part++) {
        struct ed_channel like = {.scope = battery ? ED_SCOPE_BATTERY : ED_SCOPE_BOARD,
                                  .period_ns = 1000000000,
                                  .resolution = part == CAPACITY      ? 10
                                                : part == TEMPERATURE ? 100
                                                                      : 0};
        if ((part != ONLINE && !battery) ||
            !has_file(room->root_fd, name, parts[part].file, path, sizeof path))
            continue;
        snprintf(like.id, sizeof like.id, "power_supply.%s.%s", word, parts[part].id);
        snprintf(like.quantity, sizeof like.quantity, "%s", parts[part].quantity);
        snprintf(like.unit, sizeof like.unit, "%s", parts[part].unit);
        if (part == STATUS) {
            int64_t status = 0;
            add_status(state, room, &like, path);
            discharging = status_read(state->status_fd[state->set.n - 1], &status) && status == DISCHARGING;
            continue;
        }
        state->status_fd[state->set.n] = -1;
        const struct ed_file_entry entry = {
            .factor = parts[part].factor, .low = parts[part].low, .high = parts[part].high};
        struct ed_channel *channel = ed_file_set_add(&state->set, room, &like, entry, path);
        if (!channel)
            break;
        const size_t place = state->set.n - 1;
        const int64_t now = ed_file_entry_read(&state->set.entries[place]);
        doubtful = note_scale(channel, now, part, discharging) || doubtful;
        power = power || part == POWER;
        if (part == VOLTAGE)
            voltage = place;
        if (part == CURRENT)
            current = place;
    }
    if (!power && voltage != SIZE_MAX && current != SIZE_MAX)
        add_product(state, room, name, word, voltage, current, doubtful);
}

static enum ed_status power_supply_detect(void *opaque, const struct ed_probe_args *args,
                                          struct ed_channel *channels, size_t capacity, size_t *n,
                                          struct ed_error *err) {
    (void)err;
    struct power_supply *state = opaque;
    const struct ed_file_room room = {args->root_fd, channels,
                                      capacity < ED_CHANNELS_MAX ? capacity : ED_CHANNELS_MAX};
    char names[SUPPLIES_MAX][ED_PROC_NAME_BYTES];
    memset(state, 0, sizeof *state);
    const int found = ed_proc_list_names(args->root_fd, FOLDER, "", names, SUPPLIES_MAX);
    for (int i = 0; i < found; i++)
        add_supply(state, &room, names[i]);
    *n = state->set.n;
    if (*n == 0)
        ed_channels_none(channels, capacity, n,
                         &(struct ed_channel){.id = "power_supply",
                                              .quantity = "power",
                                              .unit = "uw",
                                              .scope = ED_SCOPE_BATTERY,
                                              .period_ns = 1000000000,
                                              .source = "/" FOLDER},
                         "no battery or charger below /" FOLDER " (a board or a server has none)");
    return ED_OK;
}

static void power_supply_sample(void *opaque, int64_t *values, size_t n) {
    struct power_supply *state = opaque;
    ed_file_set_sample(&state->set, values, n);
    for (size_t i = 0; i < n && i < state->set.n; i++)
        if (state->status_fd[i] >= 0)
            status_read(state->status_fd[i], &values[i]);
    ed_file_products_sample(state->products, state->n_products, values, n);
}

static void power_supply_close(void *opaque) {
    struct power_supply *state = opaque;
    for (size_t i = 0; i < state->set.n; i++)
        ed_proc_close(&state->status_fd[i]);
    ed_file_set_release(&state->set);
    state->n_products = 0;
}

const struct ed_probe ed_probe_power_supply = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "power_supply",
    .summary = "battery: current, voltage, power, charge, status; and whether a charger is connected",
    .state_bytes = sizeof(struct power_supply),
    .files = (const char *const[]){FOLDER "/*/type", FOLDER "/*/online", FOLDER "/*/status",
                                   FOLDER "/*/capacity", FOLDER "/*/voltage_now", FOLDER "/*/current_now",
                                   FOLDER "/*/power_now", FOLDER "/*/charge_counter", FOLDER "/*/charge_now",
                                   FOLDER "/*/energy_now", FOLDER "/*/temp", NULL},
    .detect = power_supply_detect,
    .attach = ed_probe_no_attach,
    .sample = power_supply_sample,
    .close = power_supply_close,
};
