// SPDX-License-Identifier: Apache-2.0
// NVIDIA's cards through their management library, which comes with the driver: opened at run time, with
// declarations of our own (NVML API reference). Power is a mean over the card's own period, and on some cards
// (A100, H100) of a quarter of the time only (arXiv 2312.02741); the energy counter of Volta and later is the
// better source. All values are of the whole card, whoever uses it. A function that a driver lacks costs its
// own channels alone; values that no card has are none.
#include <dlfcn.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/registry.h"

#define CARDS_MAX 8
#define UPDATE_NS 100000000
// More than any card has; what is told where a driver has no value is far above.
#define POWER_MOST_MW 20000000
#define CLOCK_MOST_MHZ 20000
#define TEMPERATURE_MOST_C 500

typedef void *card_t;
struct memory {
    unsigned long long total, free, used;
};
struct utilization {
    unsigned gpu, memory;
};

struct functions {
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error_text)(int code);
    int (*count)(unsigned *n);
    int (*card)(unsigned index, card_t *card);
    int (*power)(card_t card, unsigned *mw);
    int (*energy)(card_t card, unsigned long long *mj);
    int (*temperature)(card_t card, int sensor, unsigned *celsius);
    int (*clock)(card_t card, int type, unsigned *mhz);
    int (*memory)(card_t card, struct memory *memory);
    int (*utilization)(card_t card, struct utilization *utilization);
    int (*throttle)(card_t card, unsigned long long *bits);
};

enum { POWER, ENERGY, TEMPERATURE, SM_CLOCK, MEMORY_CLOCK, MEMORY, BUSY, THROTTLE, N_PARTS };
enum { CLOCK_SM = 1, CLOCK_MEMORY = 2 }; // nvmlClockType_t

static const struct {
    const char *id, *quantity, *unit, *function;
    enum ed_channel_kind kind;
    int64_t resolution;
} parts[N_PARTS] = {
    [POWER] = {"power", "power", "uw", "nvmlDeviceGetPowerUsage", ED_CHANNEL_GAUGE, 1000},
    [ENERGY] = {"energy", "energy", "uj", "nvmlDeviceGetTotalEnergyConsumption", ED_CHANNEL_COUNTER, 1000},
    [TEMPERATURE] = {"temperature", "temperature", "mc", "nvmlDeviceGetTemperature", ED_CHANNEL_GAUGE, 1000},
    [SM_CLOCK] = {"frequency", "frequency", "khz", "nvmlDeviceGetClockInfo", ED_CHANNEL_GAUGE, 1000},
    [MEMORY_CLOCK] = {"memory_frequency", "frequency", "khz", "nvmlDeviceGetClockInfo", ED_CHANNEL_GAUGE,
                      1000},
    [MEMORY] = {"memory", "memory", "bytes", "nvmlDeviceGetMemoryInfo", ED_CHANNEL_GAUGE, 0},
    [BUSY] = {"busy", "load", "permille", "nvmlDeviceGetUtilizationRates", ED_CHANNEL_GAUGE, 10},
    [THROTTLE] = {"throttle_reasons", "flags", "bits", "nvmlDeviceGetCurrentClocksThrottleReasons",
                  ED_CHANNEL_GAUGE, 1},
};

struct nvml {
    void *handle;
    struct functions calls; // of a part that the driver lacks NULL
    bool lacks[N_PARTS];
    bool started;
    unsigned n_cards;
    card_t cards[CARDS_MAX];
    bool available[CARDS_MAX * N_PARTS];
};

// The first function of those that everything needs and the driver lacks; NULL: none.
static const char *find_functions(struct nvml *state) {
    struct functions *calls = &state->calls;
    const struct {
        const char *name;
        void **place;
    } needed[] = {
        {"nvmlInit_v2", (void **)&calls->init},
        {"nvmlShutdown", (void **)&calls->shutdown},
        {"nvmlErrorString", (void **)&calls->error_text},
        {"nvmlDeviceGetCount_v2", (void **)&calls->count},
        {"nvmlDeviceGetHandleByIndex_v2", (void **)&calls->card},
    };
    void **const places[N_PARTS] = {
        [POWER] = (void **)&calls->power,
        [ENERGY] = (void **)&calls->energy,
        [TEMPERATURE] = (void **)&calls->temperature,
        [SM_CLOCK] = (void **)&calls->clock,
        [MEMORY_CLOCK] = (void **)&calls->clock,
        [MEMORY] = (void **)&calls->memory,
        [BUSY] = (void **)&calls->utilization,
        [THROTTLE] = (void **)&calls->throttle,
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!(*needed[i].place = dlsym(state->handle, needed[i].name)))
            return needed[i].name;
    for (int part = 0; part < N_PARTS; part++)
        state->lacks[part] = !(*places[part] = dlsym(state->handle, parts[part].function));
    return NULL;
}

static const char *error_text(const struct nvml *state, int code) {
    const char *text = state->calls.error_text(code);
    return text ? text : "an error without words";
}

static int64_t scaled(unsigned long long value, int64_t factor) {
    int64_t result;
    return __builtin_mul_overflow(value, factor, &result) ? ED_NO_VALUE : result;
}

// One value; ED_NO_VALUE with NVML's error in *code.
static int64_t read_part(const struct nvml *state, card_t card, int part, int *code) {
    const struct functions *calls = &state->calls;
    struct memory memory = {0};
    struct utilization utilization = {0};
    unsigned long long wide = 0;
    unsigned narrow = 0;
    switch (part) {
    case POWER:
        *code = calls->power(card, &narrow);
        return *code || narrow > POWER_MOST_MW ? ED_NO_VALUE : scaled(narrow, 1000);
    case ENERGY:
        *code = calls->energy(card, &wide);
        return *code ? ED_NO_VALUE : scaled(wide, 1000);
    case TEMPERATURE:
        *code = calls->temperature(card, 0, &narrow);
        return *code || narrow > TEMPERATURE_MOST_C ? ED_NO_VALUE : scaled(narrow, 1000);
    case SM_CLOCK:
    case MEMORY_CLOCK:
        *code = calls->clock(card, part == SM_CLOCK ? CLOCK_SM : CLOCK_MEMORY, &narrow);
        return *code || narrow > CLOCK_MOST_MHZ ? ED_NO_VALUE : scaled(narrow, 1000);
    case MEMORY:
        *code = calls->memory(card, &memory);
        return *code || memory.used > memory.total ? ED_NO_VALUE : scaled(memory.used, 1);
    case BUSY:
        *code = calls->utilization(card, &utilization);
        return *code || utilization.gpu > 100 ? ED_NO_VALUE : scaled(utilization.gpu, 10);
    default:
        *code = calls->throttle(card, &wide);
        return *code ? ED_NO_VALUE : scaled(wide, 1);
    }
}

static bool start(struct nvml *state, const struct ed_probe_host *host, char *why, size_t bytes) {
    struct ed_error err = {0};
    state->handle = host->library(host->context, "libnvidia-ml.so.1", &err);
    if (!state->handle) {
        snprintf(why, bytes, "no NVIDIA driver here: %.90s", err.message);
        return false;
    }
    const char *missing = find_functions(state);
    if (missing) {
        snprintf(why, bytes, "libnvidia-ml.so.1 has no %s: the driver is too old", missing);
        return false;
    }
    int code = state->calls.init();
    state->started = code == 0;
    if (!code)
        code = state->calls.count(&state->n_cards);
    if (code || state->n_cards == 0) {
        snprintf(why, bytes, "NVML: %.100s", code ? error_text(state, code) : "no card");
        state->n_cards = 0;
        return false;
    }
    if (state->n_cards > CARDS_MAX)
        state->n_cards = CARDS_MAX;
    return true;
}

static void nvml_close(void *opaque) {
    struct nvml *state = opaque;
    if (state->started)
        state->calls.shutdown();
    if (state->handle)
        dlclose(state->handle);
    memset(state, 0, sizeof *state);
}

static void add_card(struct nvml *state, struct ed_channel *channels, size_t capacity, size_t *n,
                     unsigned index) {
    int refused = state->calls.card(index, &state->cards[index]);
    for (int part = 0; part < N_PARTS && *n < capacity; part++) {
        struct ed_channel *channel = &channels[*n];
        int code = refused;
        *channel = (struct ed_channel){.kind = parts[part].kind,
                                       .scope = ED_SCOPE_ACCELERATOR,
                                       .period_ns = UPDATE_NS,
                                       .resolution = parts[part].resolution,
                                       .update_ns = part == POWER || part == ENERGY ? UPDATE_NS : 0};
        snprintf(channel->id, sizeof channel->id, "nvml.gpu%u.%s", index, parts[part].id);
        snprintf(channel->quantity, sizeof channel->quantity, "%s", parts[part].quantity);
        snprintf(channel->unit, sizeof channel->unit, "%s", parts[part].unit);
        snprintf(channel->source, sizeof channel->source, "%s", parts[part].function);
        if (state->lacks[part])
            ed_channel_missing(channel, "libnvidia-ml.so.1 has no %s: the driver is too old",
                               parts[part].function);
        else if (refused || read_part(state, state->cards[index], part, &code) == ED_NO_VALUE)
            ed_channel_missing(channel, "%s: %.60s", parts[part].function,
                               code ? error_text(state, code) : "no value that can be");
        else
            ed_channel_found(channel);
        state->available[*n] = channel->available;
        (*n)++;
    }
}

static enum ed_status nvml_detect(void *opaque, const struct ed_probe_args *args, struct ed_channel *channels,
                                  size_t capacity, size_t *n, struct ed_error *err) {
    (void)err;
    struct nvml *state = opaque;
    char why[128] = "";
    memset(state, 0, sizeof *state);
    *n = 0;
    if (!start(state, args->host, why, sizeof why)) {
        nvml_close(state);
        ed_channels_none(channels, capacity, n,
                         &(struct ed_channel){.id = "nvml",
                                              .quantity = "power",
                                              .unit = "uw",
                                              .scope = ED_SCOPE_ACCELERATOR,
                                              .period_ns = UPDATE_NS,
                                              .source = "libnvidia-ml.so.1"},
                         "%s", why);
        return ED_OK;
    }
    for (unsigned i = 0; i < state->n_cards; i++)
        add_card(state, channels, capacity, n, i);
    return ED_OK;
}

static void nvml_sample(void *opaque, int64_t *values, size_t n) {
    struct nvml *state = opaque;
    ed_values_clear(values, n);
    for (size_t i = 0; i < n && i < (size_t)state->n_cards * N_PARTS; i++) {
        int code;
        if (state->available[i])
            values[i] = read_part(state, state->cards[i / N_PARTS], (int)(i % N_PARTS), &code);
    }
}

const struct ed_probe ed_probe_nvml = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "nvml",
    .summary = "power, energy, temperature, clocks, memory, load and throttling of NVIDIA's cards",
    .state_bytes = sizeof(struct nvml),
    .detect = nvml_detect,
    .attach = ed_probe_no_attach,
    .sample = nvml_sample,
    .close = nvml_close,
};
