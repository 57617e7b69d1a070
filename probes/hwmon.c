// SPDX-License-Identifier: Apache-2.0
// Sensors of /sys/class/hwmon/hwmonN (kernel documentation, hwmon/sysfs-interface): temperature in
// millidegrees, voltage in millivolts, current in milliamperes, power in microwatts, energy in microjoules.
// Channels are named after the chip and the sensor's label, since numbers change with each boot. A power
// monitor that shows voltage and current alone (INA3221 on Jetson boards) gets their product as its power.
#include <string.h>

#include "probes/file_set.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define FOLDER "sys/class/hwmon"
#define CHIPS_MAX 64
#define FILES_MAX 128

struct hwmon {
    struct ed_file_set set;
    size_t n_products;
    struct ed_file_product products[ED_CHANNELS_MAX / 3];
    int numbers[ED_CHANNELS_MAX]; // of the chip of each channel
};

static const struct kind {
    const char *prefix, *suffix; // PREFIXnSUFFIX
    const char *quantity, *unit;
    int64_t factor, low, high; // range of what is read
    enum ed_channel_kind kind;
} kinds[] = {
    {"temp", "_input", "temperature", "mc", 1, -100000, 500000, ED_CHANNEL_GAUGE},
    {"in", "_input", "voltage", "uv", 1000, -1000000, 1000000, ED_CHANNEL_GAUGE},
    {"curr", "_input", "current", "ua", 1000, -10000000, 10000000, ED_CHANNEL_GAUGE},
    {"power", "_input", "power", "uw", 1, -INT64_C(10000000000), INT64_C(10000000000), ED_CHANNEL_GAUGE},
    {"power", "_average", "power", "uw", 1, -INT64_C(10000000000), INT64_C(10000000000), ED_CHANNEL_GAUGE},
    {"energy", "_input", "energy", "uj", 1, 0, INT64_MAX, ED_CHANNEL_COUNTER},
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0], VOLTAGE = 1, CURRENT = 2, POWER = 3 };

struct chip {
    int number;
    char name[24];
    bool monitor;      // an INA chip
    int64_t update_ns; // 0 where it is not told
    char (*files)[ED_PROC_NAME_BYTES];
    int n_files;
    size_t voltage[16], current[16]; // places in the set + 1, by the sensor's number
    char label[16][24];
    bool has_power;
};

// "temp12_input" of kind temp: 12. Negative: another file.
static int sensor_number(const char *file, const struct kind *kind) {
    const char *p = file + strlen(kind->prefix);
    int64_t number;
    char digits[8];
    if (strncmp(file, kind->prefix, strlen(kind->prefix)) != 0)
        return -1;
    const size_t n = strspn(p, "0123456789");
    if (n == 0 || n >= sizeof digits || strcmp(p + n, kind->suffix) != 0)
        return -1;
    memcpy(digits, p, n);
    digits[n] = 0;
    return ed_proc_number_alone(digits, &number) ? (int)number : -1;
}

static void sensor_label(char *label, size_t bytes, int root_fd, const struct chip *chip,
                         const struct kind *kind, int number) {
    char path[128];
    snprintf(path, sizeof path, FOLDER "/hwmon%d/%s%d_label", chip->number, kind->prefix, number);
    if (!ed_proc_read_word(root_fd, path, label, bytes))
        snprintf(label, bytes, "%s%d", kind->prefix, number);
    ed_channel_word(label);
}

// What feeds everything: the names that boards give to their input rail.
static enum ed_channel_scope sensor_scope(const struct chip *chip, const struct kind *kind,
                                          const char *label) {
    if (kind->unit[0] == 'm')
        return ED_SCOPE_BOARD;
    if (chip->monitor && (strcmp(label, "VDD_IN") == 0 || strcmp(label, "POM_5V_IN") == 0))
        return ED_SCOPE_BOARD;
    if (strcmp(chip->name, "amdgpu") == 0 || strcmp(chip->name, "nouveau") == 0 ||
        strcmp(chip->name, "xe") == 0)
        return ED_SCOPE_ACCELERATOR;
    return ED_SCOPE_PACKAGE;
}

// The step of an INA3221: 40 uV over its shunt, which the driver tells in microohms.
static int64_t current_step_ua(int root_fd, const struct chip *chip, int number) {
    char path[96];
    int64_t micro_ohm;
    snprintf(path, sizeof path, FOLDER "/hwmon%d/shunt%d_resistor", chip->number, number);
    return ed_proc_read_number(root_fd, path, &micro_ohm) && micro_ohm >= 40 && micro_ohm <= 40000000
               ? 40000000 / micro_ohm
               : 1000;
}

static void add_sensor(struct hwmon *state, const struct ed_file_room *room, struct chip *chip, size_t k,
                       const char *file, int number) {
    const struct kind *kind = &kinds[k];
    struct ed_channel like = {.kind = kind->kind, .period_ns = 100000000, .update_ns = chip->update_ns};
    char label[24], path[160];
    sensor_label(label, sizeof label, room->root_fd, chip, kind, number);
    like.scope = sensor_scope(chip, kind, label);
    like.resolution = k == CURRENT && chip->monitor  ? current_step_ua(room->root_fd, chip, number)
                      : k == CURRENT || k == VOLTAGE ? kind->factor
                                                     : 0;
    if (like.update_ns > like.period_ns)
        like.period_ns = like.update_ns;
    snprintf(like.quantity, sizeof like.quantity, "%s", kind->quantity);
    snprintf(like.unit, sizeof like.unit, "%s", kind->unit);
    // A rail's voltage, current and power may share one label.
    snprintf(like.id, sizeof like.id, "hwmon.%s.%s%s%s", chip->name, label,
             strncmp(label, kind->prefix, strlen(kind->prefix)) == 0 ? "" : ".",
             strncmp(label, kind->prefix, strlen(kind->prefix)) == 0 ? "" : kind->quantity);
    snprintf(path, sizeof path, FOLDER "/hwmon%d/%s", chip->number, file);
    const size_t place = state->set.n;
    if (!ed_file_set_add(&state->set, room, &like,
                         (struct ed_file_entry){.factor = kind->factor, .low = kind->low, .high = kind->high},
                         path))
        return;
    state->numbers[place] = chip->number;
    chip->has_power = chip->has_power || k >= POWER;
    if (number < 16 && k == VOLTAGE) {
        chip->voltage[number] = place + 1;
        snprintf(chip->label[number], sizeof chip->label[number], "%s", label);
    } else if (number < 16 && k == CURRENT) {
        chip->current[number] = place + 1;
    }
}

static void add_products(struct hwmon *state, const struct ed_file_room *room, const struct chip *chip) {
    for (int i = 0; chip->monitor && !chip->has_power && i < 16; i++) {
        struct ed_file_product product;
        if (!chip->voltage[i] || !chip->current[i] || state->n_products == ED_CHANNELS_MAX / 3)
            continue;
        struct ed_channel *channel =
            ed_file_product_add(&state->set, room, chip->voltage[i] - 1, chip->current[i] - 1, &product);
        if (!channel)
            return;
        const struct ed_channel *voltage = &room->channels[product.voltage],
                                *current = &room->channels[product.current];
        const int64_t volts_uv = ed_file_entry_read(&state->set.entries[product.voltage]);
        snprintf(channel->id, sizeof channel->id, "hwmon.%s.%s.power", chip->name, chip->label[i]);
        channel->scope = voltage->scope;
        channel->resolution = volts_uv > 0 ? current->resolution * volts_uv / 1000000 : 0;
        snprintf(channel->source, sizeof channel->source, "/" FOLDER "/hwmon%d/in%d_input x curr%d_input",
                 chip->number, i, i);
        if (!voltage->available || !current->available)
            ed_channel_missing(channel, "in%d_input or curr%d_input of hwmon%d cannot be read", i, i,
                               chip->number);
        else
            ed_channel_found(channel);
        state->numbers[product.channel] = chip->number;
        if (channel->available)
            state->products[state->n_products++] = product;
    }
}

static void add_chip(struct hwmon *state, const struct ed_file_room *room, int number) {
    char names[FILES_MAX][ED_PROC_NAME_BYTES], path[96];
    struct chip chip = {.number = number, .files = names};
    int64_t ms;
    snprintf(path, sizeof path, FOLDER "/hwmon%d/name", number);
    if (!ed_proc_read_word(room->root_fd, path, chip.name, sizeof chip.name))
        snprintf(chip.name, sizeof chip.name, "hwmon%d", number);
    ed_channel_word(chip.name);
    chip.monitor = strncmp(chip.name, "ina", 3) == 0;
    snprintf(path, sizeof path, FOLDER "/hwmon%d/update_interval", number);
    if (ed_proc_read_number(room->root_fd, path, &ms) && ms > 0 && ms < 3600000)
        chip.update_ns = ms * 1000000;
    snprintf(path, sizeof path, FOLDER "/hwmon%d", number);
    chip.n_files = ed_proc_list_names(room->root_fd, path, "", names, FILES_MAX);
    for (size_t k = 0; k < N_KINDS; k++)
        for (int i = 0; i < chip.n_files; i++) {
            const int sensor = sensor_number(names[i], &kinds[k]);
            if (sensor >= 0)
                add_sensor(state, room, &chip, k, names[i], sensor);
        }
    add_products(state, room, &chip);
}

static enum ed_status hwmon_detect(void *opaque, const struct ed_probe_args *args,
                                   struct ed_channel *channels, size_t capacity, size_t *n,
                                   struct ed_error *err) {
    (void)err;
    struct hwmon *state = opaque;
    const struct ed_file_room room = {args->root_fd, channels,
                                      capacity < ED_CHANNELS_MAX ? capacity : ED_CHANNELS_MAX};
    int numbers[CHIPS_MAX];
    memset(state, 0, sizeof *state);
    const int found = ed_proc_list_numbers(args->root_fd, FOLDER, "hwmon", numbers, CHIPS_MAX);
    for (int i = 0; i < found; i++)
        add_chip(state, &room, numbers[i]);
    *n = state->set.n;
    ed_channels_number_duplicates(channels, state->numbers, *n);
    if (*n == 0)
        ed_channels_none(channels, capacity, n,
                         &(struct ed_channel){.id = "hwmon",
                                              .quantity = "temperature",
                                              .unit = "mc",
                                              .scope = ED_SCOPE_BOARD,
                                              .period_ns = 100000000,
                                              .source = "/" FOLDER},
                         "no sensor below /" FOLDER " (usual in a virtual machine)");
    return ED_OK;
}

static void hwmon_sample(void *opaque, int64_t *values, size_t n) {
    struct hwmon *state = opaque;
    ed_file_set_sample(&state->set, values, n);
    ed_file_products_sample(state->products, state->n_products, values, n);
}

static void hwmon_close(void *opaque) {
    struct hwmon *state = opaque;
    ed_file_set_release(&state->set);
    state->n_products = 0;
}

const struct ed_probe ed_probe_hwmon = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "hwmon",
    .summary = "temperature, voltage, current, power and energy of each hwmon sensor",
    .state_bytes = sizeof(struct hwmon),
    .files = (const char *const[]){FOLDER "/hwmon*/name", FOLDER "/hwmon*/update_interval",
                                   FOLDER "/hwmon*/temp*_input", FOLDER "/hwmon*/in*_input",
                                   FOLDER "/hwmon*/curr*_input", FOLDER "/hwmon*/power*_input",
                                   FOLDER "/hwmon*/power*_average", FOLDER "/hwmon*/energy*_input",
                                   FOLDER "/hwmon*/*_label", FOLDER "/hwmon*/shunt*_resistor", NULL},
    .detect = hwmon_detect,
    .attach = ed_probe_no_attach,
    .sample = hwmon_sample,
    .close = hwmon_close,
};
