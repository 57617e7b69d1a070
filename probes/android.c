// SPDX-License-Identifier: Apache-2.0
// What Android's services say: thermal status (0 none, 1 light, 2 moderate, 3 severe, 4 critical, 5
// emergency, 6 shutdown; PowerManager.THERMAL_STATUS_*), the battery, and whether the screen is on, by
// dumpsys. `status` of the battery has the codes of the probe power_supply; `plugged` has bits: 1 mains, 2
// USB, 4 wireless, 8 dock.
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define TEXT_BYTES 32768

enum { THERMAL, BATTERY, POWER, N_SERVICES };
enum { STATUS_OF_HEAT, PLUGGED, STATUS, LEVEL, VOLTAGE, TEMPERATURE, CHARGE, AWAKE, N_CHANNELS };

static const char *const services[N_SERVICES] = {"thermalservice", "battery", "power"};
static const struct {
    const char *id, *quantity, *unit, *key;
    int service;
    int64_t factor, low, high;
} rows[N_CHANNELS] = {
    [STATUS_OF_HEAT] = {"thermal_status", "state", "count", "Thermal Status:", THERMAL, 1, 0, 6},
    [PLUGGED] = {"battery.plugged", "flags", "bits", "powered:", BATTERY, 1, 0, 15},
    [STATUS] = {"battery.status", "state", "count", "status:", BATTERY, 1, 1, 5},
    [LEVEL] = {"battery.capacity", "charge", "permille", "level:", BATTERY, 10, 0, 100},
    [VOLTAGE] = {"battery.voltage", "voltage", "uv", "voltage:", BATTERY, 1000, 500, 50000},
    [TEMPERATURE] = {"battery.temperature", "temperature", "mc", "temperature:", BATTERY, 100, -1000, 2000},
    [CHARGE] = {"battery.charge_counter", "charge", "uah", "Charge counter:", BATTERY, 1, 1, 1000000000},
    [AWAKE] = {"screen_on", "state", "count", "mWakefulness=", POWER, 1, 0, 1},
};

struct android {
    const struct ed_probe_host *host;
    bool available[N_CHANNELS];
};

// What follows the key at the start of a line; NULL where no whole line has it.
static const char *after_key(const char *text, const char *key) {
    for (const char *line = text; *line;) {
        const size_t bytes = strcspn(line, "\n");
        const char *p = line + strspn(line, " \t");
        if (line[bytes] == '\n' && strncmp(p, key, strlen(key)) == 0)
            return p + strlen(key);
        line += bytes + (line[bytes] == '\n');
    }
    return NULL;
}

static bool parse_plugged(const char *text, int64_t *value) {
    static const char *const keys[] = {"AC powered:", "USB powered:", "Wireless powered:", "Dock powered:"};
    bool any = false;
    *value = 0;
    for (int i = 0; i < 4; i++) {
        const char *p = after_key(text, keys[i]);
        any = any || p;
        if (p && strncmp(p, " true", 5) == 0)
            *value |= 1 << i;
    }
    return any;
}

static bool parse(const char *text, int channel, int64_t *value) {
    int64_t number;
    if (channel == PLUGGED)
        return parse_plugged(text, value);
    const char *p = after_key(text, rows[channel].key);
    if (!p)
        return false;
    if (channel == AWAKE) {
        *value = strncmp(p, "Awake", 5) == 0;
        return true;
    }
    if (!ed_proc_number(&p, &number) || number < rows[channel].low || number > rows[channel].high)
        return false;
    *value = channel == STATUS ? number - 1 : number * rows[channel].factor;
    return true;
}

static bool ask(const struct android *state, int service, char *text, char *why, size_t why_bytes) {
    const char *const argv[] = {"dumpsys", services[service], NULL};
    struct ed_error err = {0};
    int code;
    const enum ed_status status =
        state->host->command(state->host->context, argv, text, TEXT_BYTES, &code, &err);
    if (status == ED_ERR_NOT_FOUND)
        snprintf(why, why_bytes, "there is no dumpsys: not Android");
    else if (status != ED_OK)
        snprintf(why, why_bytes, "%.100s", err.message);
    else if (code != 0)
        snprintf(why, why_bytes, "dumpsys %s ended with %d", services[service], code);
    return status == ED_OK && code == 0;
}

static void read_services(const struct android *state, const bool *wanted, int64_t values[N_CHANNELS],
                          char why[N_SERVICES][128]) {
    char text[TEXT_BYTES];
    ed_values_clear(values, N_CHANNELS);
    for (int service = 0; service < N_SERVICES; service++) {
        bool any = false;
        for (int i = 0; i < N_CHANNELS; i++)
            any = any || (rows[i].service == service && wanted[i]);
        why[service][0] = 0;
        if (!any || !ask(state, service, text, why[service], sizeof why[service]))
            continue;
        for (int i = 0; i < N_CHANNELS; i++)
            if (rows[i].service == service && wanted[i] && !parse(text, i, &values[i]))
                values[i] = ED_NO_VALUE;
    }
}

static enum ed_status android_detect(void *opaque, const struct ed_probe_args *args,
                                     struct ed_channel *channels, size_t capacity, size_t *n,
                                     struct ed_error *err) {
    (void)err;
    struct android *state = opaque;
    static const bool all[N_CHANNELS] = {true, true, true, true, true, true, true, true};
    int64_t values[N_CHANNELS];
    char why[N_SERVICES][128];
    *state = (struct android){.host = args->host};
    read_services(state, all, values, why);
    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        const int service = rows[i].service;
        channels[i] = (struct ed_channel){.scope = service == BATTERY ? ED_SCOPE_BATTERY : ED_SCOPE_BOARD,
                                          .period_ns = INT64_C(5000000000)};
        snprintf(channels[i].id, sizeof channels[i].id, "android.%s", rows[i].id);
        snprintf(channels[i].quantity, sizeof channels[i].quantity, "%s", rows[i].quantity);
        snprintf(channels[i].unit, sizeof channels[i].unit, "%s", rows[i].unit);
        snprintf(channels[i].source, sizeof channels[i].source, "dumpsys %s", services[service]);
        if (why[service][0])
            ed_channel_missing(&channels[i], "%s", why[service]);
        else if (values[i] == ED_NO_VALUE)
            ed_channel_missing(&channels[i], "dumpsys %s has no \"%s\" that can be read", services[service],
                               rows[i].key);
        else
            ed_channel_found(&channels[i]);
        state->available[i] = channels[i].available;
    }
    return ED_OK;
}

static void android_sample(void *opaque, int64_t *values, size_t n) {
    struct android *state = opaque;
    int64_t now[N_CHANNELS];
    char why[N_SERVICES][128];
    ed_values_clear(values, n);
    read_services(state, state->available, now, why);
    for (size_t i = 0; i < n && i < N_CHANNELS; i++)
        values[i] = now[i];
}

static void android_close(void *opaque) {
    struct android *state = opaque;
    memset(state->available, 0, sizeof state->available);
}

const struct ed_probe ed_probe_android = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "android",
    .summary = "thermal status, battery and screen as Android's services tell them (costly)",
    .state_bytes = sizeof(struct android),
    .flags = ED_PROBE_COSTLY,
    .commands = (const char *const[]){"dumpsys thermalservice", "dumpsys battery",
                                      "dumpsys power # mWakefulness", NULL},
    .detect = android_detect,
    .attach = ed_probe_no_attach,
    .sample = android_sample,
    .close = android_close,
};
