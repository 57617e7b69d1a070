// SPDX-License-Identifier: Apache-2.0
// A Raspberry Pi's firmware through its program vcgencmd: the rails of the Pi 5's power management chip, and
// the throttling bits (probes/raspberry_pi.c has them without a process where the kernel shows them). A line
// " 3V3_SYS_A current(1)=0.05953700A" has a line "3V3_SYS_V volt(9)=3.31230000V" for the same rail. The rails
// are what the chip itself feeds: what hangs on the 5 V input directly, such as USB devices, is not in their
// sum, which is therefore no figure of the board. A sample is two short processes.
#include <string.h>

#include "base/units.h"
#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define RAILS_MAX 24
#define TEXT_BYTES 4096

struct vcgencmd {
    const struct ed_probe_host *host;
    bool throttled, power; // available
    size_t n;              // channels
    size_t n_rails;
    char rails[RAILS_MAX][24];
    bool has_input;
};

struct readings {
    size_t n;
    struct reading {
        char rail[24];
        double amperes, volts; // negative: not told
    } at[RAILS_MAX];
};

static const char *const throttled_argv[] = {"vcgencmd", "get_throttled", NULL};
static const char *const rails_argv[] = {"vcgencmd", "pmic_read_adc", NULL};
static const char input_rail[] = "EXT5V";

// "throttled=0x50000"
static bool parse_throttled(const char *text, int64_t *bits) {
    static const char key[] = "throttled=0x";
    int64_t value = 0;
    if (strncmp(text, key, sizeof key - 1) != 0)
        return false;
    const char *p = text + sizeof key - 1;
    const size_t digits = strspn(p, "0123456789abcdefABCDEF");
    if (digits == 0 || digits > 8 || (p[digits] && p[digits] != '\n'))
        return false;
    for (size_t i = 0; i < digits; i++)
        value = value * 16 + (p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
    *bits = value;
    return true;
}

static struct reading *reading_of(struct readings *readings, const char *rail, size_t n) {
    for (size_t i = 0; i < readings->n; i++)
        if (strlen(readings->at[i].rail) == n && strncmp(readings->at[i].rail, rail, n) == 0)
            return &readings->at[i];
    if (readings->n == RAILS_MAX || n >= sizeof readings->at[0].rail)
        return NULL;
    struct reading *reading = &readings->at[readings->n++];
    memcpy(reading->rail, rail, n);
    reading->rail[n] = 0;
    reading->amperes = reading->volts = -1;
    return reading;
}

// " NAME_A current(N)=VALUEA" and " NAME_V volt(N)=VALUEV"; other lines are passed over.
static void parse_rail(struct readings *readings, const char *line, size_t bytes) {
    char copy[128], number[24];
    double value;
    if (bytes >= sizeof copy)
        return;
    memcpy(copy, line, bytes);
    copy[bytes] = 0;
    const char *name = copy + strspn(copy, " \t");
    const size_t name_n = strcspn(name, " \t");
    const char *equals = strchr(name, '=');
    if (name_n < 3 || name[name_n - 2] != '_' || !equals)
        return;
    const char kind = name[name_n - 1];
    const size_t digits = strspn(equals + 1, "0123456789.");
    if ((kind != 'A' && kind != 'V') || digits == 0 || digits >= sizeof number || equals[1 + digits] != kind)
        return;
    memcpy(number, equals + 1, digits);
    number[digits] = 0;
    if (ed_units_number(number, &value, NULL) != ED_OK || value > 1000)
        return;
    struct reading *reading = reading_of(readings, name, name_n - 2);
    if (reading && kind == 'A')
        reading->amperes = value;
    else if (reading)
        reading->volts = value;
}

static void parse_rails(struct readings *readings, const char *text) {
    readings->n = 0;
    for (const char *line = text; *line;) {
        const size_t bytes = strcspn(line, "\n");
        // A last line without its end may be cut.
        if (line[bytes] != '\n')
            return;
        parse_rail(readings, line, bytes);
        line += bytes + 1;
    }
}

static bool ask(const struct vcgencmd *state, const char *const *argv, char *text, size_t bytes, char *why,
                size_t why_bytes) {
    struct ed_error err = {0};
    int code;
    const enum ed_status status = state->host->command(state->host->context, argv, text, bytes, &code, &err);
    if (status != ED_OK)
        snprintf(why, why_bytes, "%.100s", err.message);
    else if (code != 0)
        snprintf(why, why_bytes, "%s %s ended with %d: %.60s", argv[0], argv[1], code, text);
    why[strcspn(why, "\n")] = 0;
    return status == ED_OK && code == 0;
}

static struct ed_channel *add(struct vcgencmd *state, struct ed_channel *channels, size_t capacity,
                              const char *id, const char *quantity, const char *unit, const char *source) {
    if (state->n >= capacity)
        return NULL;
    struct ed_channel *channel = &channels[state->n++];
    *channel = (struct ed_channel){.scope = ED_SCOPE_PACKAGE, .period_ns = 1000000000};
    snprintf(channel->id, sizeof channel->id, "vcgencmd.%s", id);
    snprintf(channel->quantity, sizeof channel->quantity, "%s", quantity);
    snprintf(channel->unit, sizeof channel->unit, "%s", unit);
    snprintf(channel->source, sizeof channel->source, "%s", source);
    ed_channel_found(channel);
    return channel;
}

static void add_rails(struct vcgencmd *state, struct ed_channel *channels, size_t capacity,
                      const struct readings *readings) {
    for (size_t i = 0; i < readings->n && state->n < capacity; i++) {
        const struct reading *reading = &readings->at[i];
        char id[48];
        if (reading->amperes < 0 || reading->volts < 0)
            continue;
        snprintf(id, sizeof id, "%s.power", reading->rail);
        ed_channel_word(id + strlen(reading->rail) + 1);
        snprintf(state->rails[state->n_rails++], sizeof state->rails[0], "%s", reading->rail);
        add(state, channels, capacity, id, "power", "uw", "vcgencmd pmic_read_adc");
    }
}

// Channels: throttled, the sum of the rails, the voltage of the input, then the rails.
static enum ed_status vcgencmd_detect(void *opaque, const struct ed_probe_args *args,
                                      struct ed_channel *channels, size_t capacity, size_t *n,
                                      struct ed_error *err) {
    (void)err;
    struct vcgencmd *state = opaque;
    struct readings readings;
    char text[TEXT_BYTES], why[128] = "";
    int64_t bits;
    memset(state, 0, sizeof *state);
    state->host = args->host;
    struct ed_channel *channel =
        add(state, channels, capacity, "throttled", "flags", "bits", "vcgencmd get_throttled");
    state->throttled = ask(state, throttled_argv, text, sizeof text, why, sizeof why);
    if (state->throttled && !parse_throttled(text, &bits)) {
        state->throttled = false;
        snprintf(why, sizeof why, "vcgencmd get_throttled answers \"%.40s\"", text);
        why[strcspn(why, "\n")] = 0;
    }
    if (channel) {
        channel->scope = ED_SCOPE_BOARD;
        if (!state->throttled)
            ed_channel_missing(channel, "%s", why);
    }
    channel = add(state, channels, capacity, "power", "power", "uw",
                  "vcgencmd pmic_read_adc, sum of the rails: less than the board");
    state->power = ask(state, rails_argv, text, sizeof text, why, sizeof why);
    if (state->power) {
        parse_rails(&readings, text);
        for (size_t i = 0; i < readings.n; i++)
            state->has_input = state->has_input || strcmp(readings.at[i].rail, input_rail) == 0;
        if (state->has_input)
            add(state, channels, capacity, "EXT5V.voltage", "voltage", "uv",
                "vcgencmd pmic_read_adc EXT5V_V");
        add_rails(state, channels, capacity, &readings);
        state->power = state->n_rails > 0;
        snprintf(why, sizeof why, "vcgencmd pmic_read_adc names no rails (a Raspberry Pi 5 has them)");
    }
    if (channel && !state->power)
        ed_channel_missing(channel, "%s", why);
    *n = state->n;
    return ED_OK;
}

static int64_t power_of(const struct readings *readings, const char *rail) {
    for (size_t i = 0; i < readings->n; i++)
        if (strcmp(readings->at[i].rail, rail) == 0 && readings->at[i].amperes >= 0 &&
            readings->at[i].volts >= 0)
            return (int64_t)(readings->at[i].amperes * readings->at[i].volts * 1e6 + 0.5);
    return ED_NO_VALUE;
}

static void vcgencmd_sample(void *opaque, int64_t *values, size_t n) {
    struct vcgencmd *state = opaque;
    struct readings readings;
    char text[TEXT_BYTES], why[128];
    ed_values_clear(values, n);
    if (n > 0 && state->throttled && ask(state, throttled_argv, text, sizeof text, why, sizeof why))
        parse_throttled(text, &values[0]);
    if (n < 2 || !state->power || !ask(state, rails_argv, text, sizeof text, why, sizeof why))
        return;
    parse_rails(&readings, text);
    const size_t first = state->has_input ? 3 : 2;
    int64_t sum = 0;
    for (size_t i = 0; i < state->n_rails; i++) {
        const int64_t power = power_of(&readings, state->rails[i]);
        if (first + i < n)
            values[first + i] = power;
        // A sum that lacks a rail is none.
        if (power == ED_NO_VALUE || sum == ED_NO_VALUE || __builtin_add_overflow(sum, power, &sum))
            sum = ED_NO_VALUE;
    }
    values[1] = sum;
    for (size_t i = 0; state->has_input && n > 2 && i < readings.n; i++)
        if (strcmp(readings.at[i].rail, input_rail) == 0 && readings.at[i].volts >= 0)
            values[2] = (int64_t)(readings.at[i].volts * 1e6 + 0.5);
}

static void vcgencmd_close(void *opaque) {
    struct vcgencmd *state = opaque;
    state->throttled = state->power = false;
    state->n = 0;
}

const struct ed_probe ed_probe_vcgencmd = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "vcgencmd",
    .summary = "power of the rails of a Raspberry Pi 5, and throttling, by its program vcgencmd",
    .state_bytes = sizeof(struct vcgencmd),
    .commands = (const char *const[]){"vcgencmd get_throttled", "vcgencmd pmic_read_adc", NULL},
    .detect = vcgencmd_detect,
    .attach = ed_probe_no_attach,
    .sample = vcgencmd_sample,
    .close = vcgencmd_close,
};
